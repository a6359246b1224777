//! A mail composed on the command line.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use secsmtp::error::{Error, io_words};
use secsmtp::message::{Field, Message, Part, Priority, Signer};
use secsmtp::status::Status;

use crate::actions::shown;
use crate::options::{Options, quote};

/// The options that compose, each with a value and its place in [`Composition`].
pub(crate) const OPTIONS: [&str; 22] = [
    "subject",
    "text",
    "text-file",
    "html",
    "html-file",
    "attach",
    "inline",
    "part",
    "alternative",
    "sender",
    "cc",
    "bcc",
    "reply-to",
    "header",
    "finished-header",
    "calendar",
    "priority",
    "in-reply-to",
    "reference",
    "message-id",
    "unsubscribe",
    "envelope-from",
];

/// Options and their values, in the order given.
#[derive(Debug, Default)]
pub(crate) struct Composition(Vec<(String, String)>);

impl Composition {
    /// Keeps an option of [`OPTIONS`].
    pub(crate) fn add(&mut self, option: &str, value: String) {
        self.0.push((option.to_owned(), value));
    }

    /// Whether the mail is composed, and not taken whole from a file.
    pub(crate) fn is_asked_for(&self) -> bool {
        !self.0.is_empty()
    }
}

/// The mail that the options describe.
pub(crate) fn message(o: &Options) -> Result<Message, Error> {
    let mut message = Message::new();
    message.partial = o.partial;
    for from in &o.from {
        message.add_addresses(Field::From, from)?;
    }
    for to in &o.to {
        message.add_addresses(Field::To, to)?;
    }
    for (option, value) in &o.composition.0 {
        set(&mut message, option, value)?;
    }
    if o.one_click {
        message.set_one_click(true);
    }
    for signer in signers(o)? {
        message.add_signer(&signer)?;
    }
    Ok(message)
}

/// Those whom the options name to sign.
pub(crate) fn signers(o: &Options) -> Result<Vec<Signer>, Error> {
    let each = o.signers.each();
    each.map(|(domain, selector, key)| {
        let mut signer = Signer::from_file(domain, selector, key)?;
        if let Some(absent) = &o.signers.absent {
            signer.set_absent_fields(absent)?;
        }
        Ok(signer)
    })
    .collect()
}

fn set(message: &mut Message, option: &str, value: &str) -> Result<(), Error> {
    match option {
        "subject" => message.set_subject(value),
        "text" => {
            message.set_text(value);
            Ok(())
        }
        "text-file" => {
            message.set_text(&text("text file", value)?);
            Ok(())
        }
        "html" => {
            message.set_html(value);
            Ok(())
        }
        "html-file" => {
            message.set_html(&text("HTML file", value)?);
            Ok(())
        }
        "attach" => message.add_part(&Part::file(Path::new(value))?),
        "inline" => {
            let (id, path) = pair("inline", value, "ID=FILE")?;
            let mut part = Part::file(Path::new(path))?;
            part.set_content_id(id)?;
            message.add_part(&part)
        }
        "sender" => message.add_addresses(Field::Sender, value),
        "part" => message.add_part(&typed("part", value)?),
        "alternative" => message.add_alternative(&typed("alternative", value)?),
        "cc" => message.add_addresses(Field::Cc, value),
        "bcc" => message.add_addresses(Field::Bcc, value),
        "reply-to" => message.add_addresses(Field::ReplyTo, value),
        "header" => {
            let (name, value) = header("header", value)?;
            message.add_header(name, value)
        }
        "finished-header" => {
            let (name, value) = header("finished header", value)?;
            message.add_finished_header(name, value)
        }
        "calendar" => {
            let (method, path) = pair("calendar", value, "METHOD=FILE")?;
            message.set_calendar(method, &text("calendar file", path)?)
        }
        "priority" => {
            let priority = match value {
                "low" => Priority::Low,
                "normal" => Priority::Normal,
                "high" => Priority::High,
                _ => {
                    let why = format!("takes low, normal or high, not {}", quote(value));
                    return Err(Error::argument(Status::Value, "priority", why));
                }
            };
            message.set_priority(priority);
            Ok(())
        }
        "in-reply-to" => message.add_in_reply_to(value),
        "reference" => message.add_reference(value),
        "message-id" => message.set_message_id(value),
        "unsubscribe" => message.add_unsubscribe(value),
        _ => message.set_sender(if value == "<>" { "" } else { value }),
    }
}

/// Writes the mail as it would be sent to a file or to standard output.
pub(crate) fn preview(o: &Options) -> Result<(), Error> {
    let message = message(o)?;
    message.size()?;
    let failed = |error: io::Error| {
        let why = format!("can't be written ({})", io_words(&error));
        Error::argument(Status::Output, "output", why)
    };
    let mut out: Box<dyn io::Write> = match &o.output {
        Some(path) => Box::new(File::create(path).map_err(failed)?),
        None => Box::new(io::stdout().lock()),
    };
    message.preview(&mut |octets| out.write_all(octets).map_err(failed))?;
    out.flush().map_err(failed)
}

fn header<'a>(argument: &'static str, value: &'a str) -> Result<(&'a str, &'a str), Error> {
    let wrong = || Error::argument(Status::Header, argument, "is not \"Name: value\"");
    let (name, value) = value.split_once(':').ok_or_else(wrong)?;
    Ok((name, value.trim_matches(' ')))
}

fn pair<'a>(
    argument: &'static str,
    value: &'a str,
    form: &str,
) -> Result<(&'a str, &'a str), Error> {
    let wrong = || Error::argument(Status::Value, argument, format!("takes {form}"));
    value.split_once('=').ok_or_else(wrong)
}

/// A part of `TYPE=FILE`, where the type may have parameters.
fn typed(argument: &'static str, value: &str) -> Result<Part, Error> {
    let wrong = || Error::argument(Status::Value, argument, "takes TYPE=FILE");
    let (media_type, path) = value.rsplit_once('=').ok_or_else(wrong)?;
    let mut part = Part::file(Path::new(path))?;
    part.set_type(media_type)?;
    Ok(part)
}

fn text(argument: &'static str, path: &str) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| {
        let path = shown(Path::new(path));
        let why = match error.kind() {
            io::ErrorKind::InvalidData => format!("{path} is not UTF-8 text"),
            _ => format!("{path} can't be read ({})", io_words(&error)),
        };
        Error::argument(Status::File, argument, why)
    })
}
