//! The options that ask the server for more than delivery.

use clap::{ArgAction, Args, ValueEnum};
use secsmtp::error::Error;
use secsmtp::message::Message;
use secsmtp::message::delivery::{self, DeliverBy, FutureRelease};

use crate::failure::OfOption as _;
use crate::value::{self, TimeLimit};

/// An event on which a recipient's server reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Event {
    /// The message was delivered
    Success,
    /// The message could not be delivered
    Failure,
    /// The message is delayed
    Delay,
    /// No report at all; not together with another
    Never,
}

impl Event {
    fn bit(self) -> i32 {
        match self {
            Self::Success => delivery::Notify::SUCCESS,
            Self::Failure => delivery::Notify::FAILURE,
            Self::Delay => delivery::Notify::DELAY,
            Self::Never => delivery::Notify::NEVER,
        }
    }
}

/// The content of a report of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Returned {
    /// The header of the message
    Header,
    /// All of it
    Full,
}

/// The requests to the server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct Delivery {
    /// Events to be reported to the sender (DSN), separated by commas
    #[arg(
        long,
        value_name = "EVENTS",
        value_enum,
        value_delimiter = ',',
        action = ArgAction::Set,
        num_args = 1
    )]
    notify: Option<Vec<Event>>,

    /// The part of the message in a report of failure
    #[arg(long = "return", value_name = "WHAT", value_enum)]
    returned: Option<Returned>,

    /// Name of this sending, which reports repeat
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    envelope_id: Option<String>,

    /// Address that the recipient at this place stands for; repeatable
    ///
    /// The first is that of the first recipient, and so on.
    #[arg(
        long = "original-recipient",
        value_name = "ADDRESS",
        allow_hyphen_values = true
    )]
    original_recipients: Vec<String>,

    /// Time limit for delivery: then the message is returned, or the sender notified
    #[arg(
        long,
        value_name = "SECONDS:return|notify",
        value_parser = value::time_limit,
        allow_hyphen_values = true
    )]
    deliver_by: Option<TimeLimit>,

    /// With --deliver-by: each server on the way reports
    #[arg(long)]
    trace: bool,

    /// Let the message leave the server after this time
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = value::number::<u32>,
        overrides_with = "hold_until"
    )]
    hold: Option<u32>,

    /// Let the message leave the server at this time, in seconds since 1970
    #[arg(long, value_name = "UNIXTIME", value_parser = value::number::<i64>)]
    hold_until: Option<i64>,

    /// Priority on the way, from -9 to 9
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = value::number::<i32>,
        allow_hyphen_values = true
    )]
    mt_priority: Option<i32>,

    /// Deliver over verified TLS all the way, or not at all (REQUIRETLS)
    ///
    /// For the opposite, compose with --header 'TLS-Required: No'.
    #[arg(long)]
    require_tls: bool,
}

impl Delivery {
    /// Options that need or exclude each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.trace && self.deliver_by.is_none() {
            return Err("--trace needs --deliver-by".to_owned());
        }
        let events = self.notify.as_deref().unwrap_or_default();
        if events.contains(&Event::Never) && events.iter().any(|event| *event != Event::Never) {
            return Err("--notify takes never alone, not with another event".to_owned());
        }
        Ok(())
    }

    /// Asks it for a message.
    pub(crate) fn apply(&self, message: &mut Message) -> Result<(), Error> {
        if let Some(events) = &self.notify {
            let events = events.iter().fold(0, |bits, event| bits | event.bit());
            message.set_notify(events).of_option("--notify")?;
        }
        message.set_return(self.returned.map(|returned| match returned {
            Returned::Header => delivery::Return::Header,
            Returned::Full => delivery::Return::Full,
        }));
        if let Some(id) = &self.envelope_id {
            message.set_envelope_id(id).of_option("--envelope-id")?;
        }
        for (index, address) in self.original_recipients.iter().enumerate() {
            let set = message.set_original_recipient(index, address);
            set.of_option("--original-recipient")?;
        }
        if let Some(TimeLimit { seconds, mode }) = self.deliver_by {
            let limit = DeliverBy {
                seconds,
                mode,
                trace: self.trace,
            };
            let set = message.set_deliver_by(Some(limit));
            set.of_option("--deliver-by")?;
        }
        if let Some(seconds) = self.hold {
            let set = message.set_hold(Some(FutureRelease::For(seconds)));
            set.of_option("--hold")?;
        }
        if let Some(time) = self.hold_until {
            let set = message.set_hold(Some(FutureRelease::Until(time)));
            set.of_option("--hold-until")?;
        }
        if let Some(priority) = self.mt_priority {
            let set = message.set_mt_priority(Some(priority));
            set.of_option("--mt-priority")?;
        }
        if self.require_tls {
            message.set_require_tls(true);
        }
        Ok(())
    }
}
