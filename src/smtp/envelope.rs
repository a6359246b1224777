//! What MAIL declares, and whether this server can take the message at all.

use crate::error::Cause;
use crate::message::Parts;
use crate::proto::content::Facts;
use crate::proto::ehlo::Capabilities;
use crate::proto::transaction::{Body, MailParameters};

/// The parameters of MAIL that this message needs and the server offers.
///
/// # Errors
/// What the message needs and the server lacks.
pub(super) fn parameters(
    offers: &Capabilities,
    parts: &Parts<'_>,
) -> Result<MailParameters, Cause> {
    let facts = parts.content.facts();
    if let (Some(Some(limit)), Some(size)) = (offers.size, facts.size)
        && size > limit
    {
        return Err(Cause::TooLarge { size, limit });
    }
    if facts.binary && !(offers.binary_mime && offers.chunking) {
        return Err(Cause::NeedsBinary);
    }
    if facts.eight_bit && !facts.binary && !offers.eight_bit_mime {
        return Err(Cause::Needs8Bit);
    }
    let addresses = parts.sender.into_iter().chain(parts.recipients);
    let beyond_ascii = addresses.into_iter().find(|a| !a.is_ascii());
    // An address in the header alone needs it as well (RFC 6532).
    let utf8 = match beyond_ascii {
        Some(address) => Some(address.to_string()),
        None => facts.utf8_header.then(|| "in the header".to_owned()),
    };
    if let Some(address) = &utf8
        && !offers.smtputf8
    {
        let address = address.clone();
        return Err(Cause::NeedsSmtputf8 { address });
    }
    Ok(MailParameters {
        size: offers.size.and(facts.size),
        body: match facts {
            Facts { binary: true, .. } => Body::Binary,
            Facts {
                eight_bit: true, ..
            } => Body::Eight,
            _ => Body::Seven,
        },
        utf8: utf8.is_some(),
    })
}
