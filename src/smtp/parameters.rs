//! The parameters of MAIL, and the check that the server supports what the message needs.

use std::sync::Arc;

use super::wire::ehlo::Capabilities;
use super::wire::transaction_commands::{Body, MailParameters};
use crate::error::{Cause, NotAscii};
use crate::message::Prepared;
use crate::message::content::properties::Properties;
use crate::message::delivery::{ByMode, FutureRelease, Options};

/// The parameters of MAIL that this message needs and the server offers.
///
/// # Errors
/// The message needs an extension that the server does not offer.
pub(super) fn parameters(
    offers: &Capabilities,
    message: &Prepared,
) -> Result<MailParameters, Cause> {
    let properties = message.content().properties();
    if let (Some(Some(limit)), Some(size)) = (offers.size, properties.size)
        && size > limit
    {
        return Err(Cause::TooLarge { size, limit });
    }
    if properties.binary && !(offers.binary_mime && offers.chunking) {
        return Err(Cause::NeedsBinary);
    }
    if properties.eight_bit && !properties.binary && !offers.eight_bit_mime {
        return Err(Cause::Needs8Bit);
    }
    let addresses = message.sender().into_iter().chain(message.recipients());
    let beyond_ascii = addresses.into_iter().find(|a| !a.is_ascii());
    // A non-ASCII header needs it as well (RFC 6532).
    let utf8 = match (beyond_ascii, &properties.utf8_field) {
        (Some(address), _) => Some(NotAscii::Address(Arc::clone(address.text()))),
        (None, Some(name)) => Some(NotAscii::Field(Arc::clone(name))),
        (None, None) => None,
    };
    if let Some(what) = &utf8
        && !offers.smtputf8
    {
        let what = what.clone();
        return Err(Cause::NeedsSmtputf8 { what });
    }
    asked_for(offers, message.options())?;
    Ok(MailParameters {
        size: offers.size.and(properties.size),
        body: match properties {
            Properties { binary: true, .. } => Body::Binary,
            Properties {
                eight_bit: true, ..
            } => Body::Eight,
            _ => Body::Seven,
        },
        utf8: utf8.is_some(),
    })
}

/// The requests of the message beyond delivery: none is dropped silently.
fn asked_for(offers: &Capabilities, options: &Options) -> Result<(), Cause> {
    let needs = [
        (options.needs_dsn(), offers.dsn, "DSN"),
        (
            options.deliver_by.is_some(),
            offers.deliver_by.is_some(),
            "DELIVERBY",
        ),
        (
            options.hold.is_some(),
            offers.future_release.is_some(),
            "FUTURERELEASE",
        ),
        (
            options.priority.is_some(),
            offers.mt_priority,
            "MT-PRIORITY",
        ),
        (options.require_tls, offers.require_tls, "REQUIRETLS"),
    ];
    let missing = needs
        .into_iter()
        .find(|(needed, offered, _)| *needed && !offered);
    if let Some((_, _, extension)) = missing {
        return Err(Cause::ExtensionMissing { extension });
    }
    if let (Some(by), Some(Some(least))) = (options.deliver_by, offers.deliver_by)
        && by.mode == ByMode::Return
        && u64::try_from(by.seconds).is_ok_and(|seconds| seconds < least)
    {
        return Err(Cause::BeyondLimit {
            extension: "DELIVERBY",
            limit: least,
        });
    }
    if let (Some(FutureRelease::For(seconds)), Some(most)) = (options.hold, offers.future_release)
        && u64::from(seconds) > most
    {
        return Err(Cause::BeyondLimit {
            extension: "FUTURERELEASE",
            limit: most,
        });
    }
    Ok(())
}
