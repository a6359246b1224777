//! What MAIL declares, and whether this server can take the message at all.

use crate::error::Cause;
use crate::message::Parts;
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
    if facts.eight_bit && !offers.eight_bit_mime {
        return Err(Cause::Needs8Bit);
    }
    let addresses = parts.sender.into_iter().chain(parts.recipients);
    let beyond_ascii = addresses.into_iter().find(|a| !a.is_ascii());
    if let Some(address) = beyond_ascii
        && !offers.smtputf8
    {
        return Err(Cause::NeedsSmtputf8 {
            address: address.to_string(),
        });
    }
    Ok(MailParameters {
        size: offers.size.and(facts.size),
        body: match facts.eight_bit {
            true => Body::Eight,
            false => Body::Seven,
        },
        utf8: beyond_ascii.is_some(),
    })
}
