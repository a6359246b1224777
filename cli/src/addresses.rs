//! The options that name author and recipients.

use clap::Args;

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
