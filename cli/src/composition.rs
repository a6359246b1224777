//! The options that compose a message.

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser as _};
use clap::{Arg, ArgAction, Args, ValueEnum, ValueHint};
use secsmtp::error::Error;
use secsmtp::message::{self, Field, Message, Part};

use crate::addresses::Addresses;
use crate::failure::{OfOption as _, unreadable};
use crate::in_order::{InOrder, OptionValue};
use crate::value::{self, HeaderField, LabelledFile};

/// The importance that a mail program shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Priority {
    Low,
    Normal,
    High,
}

/// A file in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PartFile {
    Attachment(PathBuf),
    Inline(LabelledFile),
    Typed(LabelledFile),
}

/// A header field of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
enum CustomField {
    /// To be encoded.
    Plain(HeaderField),
    /// Sent as it is.
    Finished(HeaderField),
}

/// The components of a message.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Composing")]
pub(crate) struct Composition {
    /// Subject, in any language
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    subject: Option<String>,

    /// Text of the message
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        overrides_with = "text_file"
    )]
    text: Option<String>,

    /// Text of the message in this file (UTF-8)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    text_file: Option<PathBuf>,

    /// HTML form of the message
    #[arg(
        long,
        value_name = "HTML",
        allow_hyphen_values = true,
        overrides_with = "html_file"
    )]
    html: Option<String>,

    /// HTML form of the message in this file (UTF-8)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    html_file: Option<PathBuf>,

    #[command(flatten)]
    parts: InOrder<PartFile>,

    /// Further form of the text, for example text/x-amp-html=mail.html; repeatable
    ///
    /// The last = ends the type.
    #[arg(long = "alternative", value_name = "TYPE=FILE", value_parser = value::typed_file)]
    alternatives: Vec<LabelledFile>,

    /// Invitation, for example REQUEST=meeting.ics
    ///
    /// METHOD is that of the file.
    #[arg(long, value_name = "METHOD=FILE", value_parser = value::calendar_file)]
    calendar: Option<LabelledFile>,

    /// Recipients of a copy, separated by commas; repeatable
    #[arg(long, value_name = "ADDRESSES", allow_hyphen_values = true)]
    cc: Vec<String>,

    /// Recipients that are not shown to others, separated by commas; repeatable
    #[arg(long, value_name = "ADDRESSES", allow_hyphen_values = true)]
    bcc: Vec<String>,

    /// Addresses for answers, separated by commas; repeatable
    #[arg(long, value_name = "ADDRESSES", allow_hyphen_values = true)]
    reply_to: Vec<String>,

    /// The sender of the message, needed if --from names several authors
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    sender: Vec<String>,

    /// Sender of the envelope instead of --from, <> for none
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    envelope_from: Option<String>,

    #[command(flatten)]
    fields: InOrder<CustomField>,

    /// Importance
    #[arg(long, value_enum, value_name = "PRIORITY")]
    priority: Option<Priority>,

    /// Message-ID instead of a random one
    #[arg(long, value_name = "ID")]
    message_id: Option<String>,

    /// Message-ID that this message answers; repeatable
    #[arg(long, value_name = "ID")]
    in_reply_to: Vec<String>,

    /// Message-ID of the conversation, the oldest first; repeatable
    #[arg(long = "reference", value_name = "ID")]
    references: Vec<String>,

    /// Address to unsubscribe at, https: or mailto:; repeatable
    #[arg(long = "unsubscribe", value_name = "URI", value_hint = ValueHint::Url)]
    unsubscribe_uris: Vec<String>,

    /// With --unsubscribe https:...: a POST to it unsubscribes (RFC 8058)
    #[arg(long)]
    one_click: bool,
}

impl OptionValue for PartFile {
    fn options() -> Vec<Arg> {
        let part = |name, value_name, help| {
            let part = Arg::new(name).long(name).value_name(value_name).help(help);
            part.action(ArgAction::Append)
        };
        vec![
            part("attach", "FILE", "Attachment; repeatable")
                .value_hint(ValueHint::FilePath)
                .value_parser(PathBufValueParser::new().map(Self::Attachment)),
            part("inline", "ID=FILE", "Picture that the HTML shows as cid:ID; repeatable")
                .value_parser(|text: &str| value::identified_file(text).map(Self::Inline)),
            part("part", "TYPE=FILE", "Attachment of this type; repeatable")
                .long_help(
                    "Attachment of this type; repeatable\n\nThe last = ends the type. Files of the types \
                     message/rfc822 and multipart/... are finished content, which is sent as it is.",
                )
                .value_parser(|text: &str| value::typed_file(text).map(Self::Typed)),
        ]
    }
}

impl OptionValue for CustomField {
    fn options() -> Vec<Arg> {
        let field = |name, help| {
            let field = Arg::new(name)
                .long(name)
                .value_name("NAME: VALUE")
                .help(help);
            field.action(ArgAction::Append).allow_hyphen_values(true)
        };
        vec![
            field(
                "header",
                "Header field, encoded where it is not ASCII; repeatable",
            )
            .value_parser(|text: &str| value::header_field(text).map(Self::Plain)),
            field("finished-header", "Header field, sent as it is; repeatable")
                .value_parser(|text: &str| value::header_field(text).map(Self::Finished)),
        ]
    }
}

impl Composition {
    /// Returns whether any of the options is given: then the message is composed, not finished.
    pub(crate) fn is_asked_for(&self) -> bool {
        *self != Self::default()
    }

    /// Returns whether it names recipients besides --to.
    pub(crate) fn has_copies(&self) -> bool {
        !(self.cc.is_empty() && self.bcc.is_empty())
    }

    /// Options that need each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.one_click && self.unsubscribe_uris.is_empty() {
            true => Err("--one-click needs --unsubscribe".to_owned()),
            false => Ok(()),
        }
    }

    /// The message.
    pub(crate) fn message(&self, addresses: &Addresses) -> Result<Message, Error> {
        addresses.check_from()?;
        let mut message = Message::new();
        self.address(&mut message, addresses)?;
        if let Some(subject) = &self.subject {
            message.set_subject(subject).of_option("--subject")?;
        }
        self.add_content(&mut message)?;
        self.add_fields(&mut message)?;
        Ok(message)
    }

    fn address(&self, message: &mut Message, addresses: &Addresses) -> Result<(), Error> {
        for (option, field, lists) in [
            ("--from", Field::From, &addresses.from),
            ("--to", Field::To, &addresses.to),
            ("--cc", Field::Cc, &self.cc),
            ("--bcc", Field::Bcc, &self.bcc),
            ("--reply-to", Field::ReplyTo, &self.reply_to),
            ("--sender", Field::Sender, &self.sender),
        ] {
            for list in lists {
                message.add_addresses(field, list).of_option(option)?;
            }
        }
        if let Some(sender) = &self.envelope_from {
            let sender = if sender == "<>" { "" } else { sender };
            message.set_sender(sender).of_option("--envelope-from")?;
        }
        Ok(())
    }

    fn add_content(&self, message: &mut Message) -> Result<(), Error> {
        if let Some(text) = &self.text {
            message.set_text(text.as_str());
        }
        if let Some(path) = &self.text_file {
            message.set_text(read_text("--text-file", path)?);
        }
        if let Some(html) = &self.html {
            message.set_html(html.as_str());
        }
        if let Some(path) = &self.html_file {
            message.set_html(read_text("--html-file", path)?);
        }
        for part in &self.parts.0 {
            let (option, part) = match part {
                PartFile::Attachment(path) => ("--attach", Part::file(path)),
                PartFile::Inline(file) => ("--inline", identified_part(file)),
                PartFile::Typed(file) => ("--part", typed_part(file)),
            };
            let added = part.and_then(|part| message.add_part(&part));
            added.of_option(option)?;
        }
        for file in &self.alternatives {
            let added = typed_part(file).and_then(|part| message.add_alternative(&part));
            added.of_option("--alternative")?;
        }
        if let Some(LabelledFile { label, path }) = &self.calendar {
            let calendar = read_text("--calendar", path)?;
            let set = message.set_calendar(label, &calendar);
            set.of_option("--calendar")?;
        }
        Ok(())
    }

    fn add_fields(&self, message: &mut Message) -> Result<(), Error> {
        for field in &self.fields.0 {
            match field {
                CustomField::Plain(HeaderField { name, value }) => {
                    message.add_header(name, value).of_option("--header")
                }
                CustomField::Finished(HeaderField { name, value }) => {
                    let added = message.add_finished_header(name, value);
                    added.of_option("--finished-header")
                }
            }?;
        }
        if let Some(priority) = self.priority {
            message.set_priority(match priority {
                Priority::Low => message::Priority::Low,
                Priority::Normal => message::Priority::Normal,
                Priority::High => message::Priority::High,
            });
        }
        if let Some(id) = &self.message_id {
            message.set_message_id(id).of_option("--message-id")?;
        }
        for id in &self.in_reply_to {
            message.add_in_reply_to(id).of_option("--in-reply-to")?;
        }
        for id in &self.references {
            message.add_reference(id).of_option("--reference")?;
        }
        for uri in &self.unsubscribe_uris {
            message.add_unsubscribe(uri).of_option("--unsubscribe")?;
        }
        message.set_one_click(self.one_click);
        Ok(())
    }
}

fn identified_part(file: &LabelledFile) -> Result<Part, Error> {
    let mut part = Part::file(&file.path)?;
    part.set_content_id(&file.label)?;
    Ok(part)
}

fn typed_part(file: &LabelledFile) -> Result<Part, Error> {
    let mut part = Part::file(&file.path)?;
    part.set_type(&file.label)?;
    Ok(part)
}

fn read_text(option: &'static str, path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| unreadable(path, option, &error))
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches as _};

    use super::*;

    fn composition(line: &str) -> Composition {
        let command = Composition::augment_args(Command::new("compose")).no_binary_name(true);
        let matches = command.try_get_matches_from(line.split(' ')).expect(line);
        Composition::from_arg_matches(&matches).expect(line)
    }

    #[test]
    fn parts_and_fields_stay_in_the_order_given() {
        let given = composition(
            "--part text/csv=1 --attach 2 --finished-header A:3 --inline p=4 --header B:5 --attach 6 \
             --finished-header C:7",
        );
        let path = |part: &PartFile| match part {
            PartFile::Attachment(path) => path.clone(),
            PartFile::Inline(file) | PartFile::Typed(file) => file.path.clone(),
        };
        let paths: Vec<PathBuf> = given.parts.0.iter().map(path).collect();
        assert_eq!(paths, ["1", "2", "4", "6"].map(PathBuf::from));
        let value = |field: &CustomField| match field {
            CustomField::Plain(field) | CustomField::Finished(field) => field.value.clone(),
        };
        let values: Vec<String> = given.fields.0.iter().map(value).collect();
        assert_eq!(values, ["3", "5", "7"]);
    }

    #[test]
    fn of_text_and_text_file_the_last_one_counts() {
        let given = composition("--text a --text-file b --html-file c --html d");
        assert_eq!((given.text, given.text_file), (None, Some("b".into())));
        assert_eq!((given.html, given.html_file), (Some("d".to_owned()), None));
    }

    #[test]
    fn any_of_the_options_makes_the_message_a_composed_one() {
        for line in [
            "--attach a",
            "--header A:b",
            "--text x",
            "--cc a@b",
            "--priority low",
        ] {
            assert!(composition(line).is_asked_for(), "{line}");
        }
        assert!(!Composition::default().is_asked_for());
    }
}
