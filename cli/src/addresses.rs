//! The options that name author and recipients.

use clap::Args;
use secsmtp::error::Error;
use secsmtp::status::Status;

/// The sender and the recipients.
#[derive(Debug, Args)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct Addresses {
    /// Author of a composed message, repeatable; of a finished one the envelope's sender, <> for none
    ///
    /// When composing, as people write it: 'Anna <anna@example.com>'.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub(crate) from: Vec<String>,

    /// Recipient; repeatable, and when composing a list, separated by commas
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub(crate) to: Vec<String>,
}

impl Addresses {
    /// The error of a message without an author or sender.
    pub(crate) fn check_from(&self) -> Result<(), Error> {
        match self.from.is_empty() {
            true => Err(Error::argument(Status::NoSender, "--from", "is missing")),
            false => Ok(()),
        }
    }

    /// The error of a message without a recipient.
    pub(crate) fn check_to(&self) -> Result<(), Error> {
        match self.to.is_empty() {
            true => Err(Error::argument(Status::NoRecipient, "--to", "is missing")),
            false => Ok(()),
        }
    }
}
