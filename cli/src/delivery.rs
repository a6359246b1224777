//! What is asked of the server beyond delivery, on the command line.

use secsmtp::error::Error;
use secsmtp::message::Message;
use secsmtp::message::delivery::{ByMode, DeliverBy, FutureRelease, Notify, Return};
use secsmtp::status::Status;

use crate::options::quote;

/// The options of it that have a value.
pub(crate) const OPTIONS: [&str; 8] = [
    "notify",
    "return",
    "envelope-id",
    "original-recipient",
    "deliver-by",
    "hold",
    "hold-until",
    "mt-priority",
];

/// Options and their values, in the order given.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    given: Vec<(String, String)>,
    pub(crate) trace: bool,
    pub(crate) require_tls: bool,
}

impl Delivery {
    /// Keeps an option of [`OPTIONS`].
    pub(crate) fn add(&mut self, option: &str, value: String) {
        self.given.push((option.to_owned(), value));
    }

    /// Whether a time limit is among them.
    pub(crate) fn has_deliver_by(&self) -> bool {
        self.given.iter().any(|(option, _)| option == "deliver-by")
    }

    /// Asks it for a message.
    pub(crate) fn ask(&self, message: &mut Message) -> Result<(), Error> {
        let mut originals = 0;
        for (option, value) in &self.given {
            match option.as_str() {
                "notify" => message.set_notify(events(value)?)?,
                "return" => {
                    let choices = [("header", Return::Header), ("full", Return::Full)];
                    message.set_return(Some(choice("return", value, choices)?));
                }
                "envelope-id" => message.set_envelope_id(value)?,
                "original-recipient" => {
                    message.set_original_recipient(originals, value)?;
                    originals += 1;
                }
                "deliver-by" => {
                    let wrong = || wrong("deliver by", "is not SECONDS:return or SECONDS:notify");
                    let (seconds, late) = value.split_once(':').ok_or_else(wrong)?;
                    let choices = [("return", ByMode::Return), ("notify", ByMode::Notify)];
                    message.set_deliver_by(Some(DeliverBy {
                        seconds: number("deliver by", seconds)?,
                        mode: choice("deliver by", late, choices)?,
                        trace: self.trace,
                    }))?;
                }
                "hold" => message.set_hold(Some(FutureRelease::For(number("hold", value)?)))?,
                "hold-until" => {
                    message.set_hold(Some(FutureRelease::Until(number("hold until", value)?)))?;
                }
                _ => message.set_mt_priority(Some(number("priority", value)?))?,
            }
        }
        if self.require_tls {
            message.set_require_tls(true);
        }
        Ok(())
    }
}

fn wrong(argument: &'static str, why: &str) -> Error {
    Error::argument(Status::Value, argument, why)
}

fn number<N: std::str::FromStr>(argument: &'static str, text: &str) -> Result<N, Error> {
    let number = text.parse();
    number.map_err(|_| wrong(argument, &format!("{} is no number that fits", quote(text))))
}

fn choice<T: Copy>(
    argument: &'static str,
    word: &str,
    choices: [(&str, T); 2],
) -> Result<T, Error> {
    let found = choices.iter().find(|choice| choice.0 == word);
    let [(one, _), (other, _)] = choices;
    let why = || {
        wrong(
            argument,
            &format!("takes {one} or {other}, not {}", quote(word)),
        )
    };
    found.map(|choice| choice.1).ok_or_else(why)
}

fn events(words: &str) -> Result<i32, Error> {
    let known = [
        ("success", Notify::SUCCESS),
        ("failure", Notify::FAILURE),
        ("delay", Notify::DELAY),
        ("never", Notify::NEVER),
    ];
    let mut events = 0;
    for word in words.split(',') {
        let found = known.iter().find(|known| known.0 == word);
        let why = || {
            let why = format!(
                "{} is none of success, failure, delay and never",
                quote(word)
            );
            wrong("notify", &why)
        };
        events |= found.ok_or_else(why)?.1;
    }
    Ok(events)
}
