//! The fields, texts and parts of a composed message, for Rust programs.

use std::convert::Infallible;
use std::sync::Arc;

use super::Message;
use super::mime::draft::{Draft, Field, Priority};
use super::mime::part::Part;
use crate::error::Error;

/// Composition. Each of these takes the place of content given whole; any of them gives a message
/// that was already sent a new Message-ID, unless that was set.
impl Message {
    /// Adds a mailbox to an address field. The address is bare; the name is for people to read, and
    /// is never looked into for an address.
    ///
    /// # Errors
    /// [`crate::status::Status::Address`], [`crate::status::Status::Header`] for a name with
    /// control or bidirectional characters, [`crate::status::Status::Length`].
    pub fn add_address(&mut self, field: Field, address: &str, name: &str) -> Result<(), Error> {
        self.compose(|draft| draft.add_address(field, address, name))
    }

    /// Adds a list as people write it: `Name <a@b>, "N, M" <c@d>, Team: e@f, g@h;`.
    ///
    /// # Errors
    /// As [`Message::add_address`], with the place.
    pub fn add_addresses(&mut self, field: Field, list: &str) -> Result<(), Error> {
        self.compose(|draft| draft.add_addresses(field, list))
    }

    /// The subject, in any language.
    ///
    /// # Errors
    /// [`crate::status::Status::Header`], [`crate::status::Status::Length`].
    pub fn set_subject(&mut self, subject: &str) -> Result<(), Error> {
        self.compose(|draft| draft.set_subject(subject))
    }

    /// The date in seconds since 1970, and the zone's minutes east of Greenwich; without this it is
    /// the moment at which the message is first needed, in UTC.
    ///
    /// # Errors
    /// [`crate::status::Status::Value`].
    pub fn set_date(&mut self, seconds: i64, offset: i32) -> Result<(), Error> {
        self.compose(|draft| draft.set_date(seconds, offset))
    }

    /// The Message-ID, with or without its angle brackets; without this a random one is made.
    ///
    /// # Errors
    /// [`crate::status::Status::Header`].
    pub fn set_message_id(&mut self, id: &str) -> Result<(), Error> {
        self.compose(|draft| draft.set_message_id(id))
    }

    /// Adds the Message-ID that this one answers.
    ///
    /// # Errors
    /// [`crate::status::Status::Header`].
    pub fn add_in_reply_to(&mut self, id: &str) -> Result<(), Error> {
        self.compose(|draft| draft.add_in_reply_to(id))
    }

    /// Adds a Message-ID of the conversation so far, oldest first.
    ///
    /// # Errors
    /// [`crate::status::Status::Header`].
    pub fn add_reference(&mut self, id: &str) -> Result<(), Error> {
        self.compose(|draft| draft.add_reference(id))
    }

    /// Adds a field that has no function of its own. A value that is ASCII stays as it is and is
    /// folded at white space; what is beyond ASCII is encoded by the syntax of the field.
    ///
    /// # Errors
    /// [`crate::status::Status::Header`], [`crate::status::Status::Length`] for a word that no line
    /// can hold.
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.compose(|draft| draft.add_header(name, value))
    }

    /// Adds a field that is sent as it is. It may be folded: a line end with white space and text
    /// behind it.
    ///
    /// # Errors
    /// As [`Message::add_header`].
    pub fn add_finished_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.compose(|draft| draft.add_finished_header(name, value))
    }

    /// Sets the urgency.
    pub fn set_priority(&mut self, priority: Priority) {
        self.set(|draft| draft.priority = Some(priority));
    }

    /// Adds a way to unsubscribe (RFC 2369): a `https:` or `mailto:` address.
    ///
    /// # Errors
    /// [`crate::status::Status::Header`].
    pub fn add_unsubscribe(&mut self, uri: &str) -> Result<(), Error> {
        self.compose(|draft| draft.add_unsubscribe(uri))
    }

    /// Sets that a POST to the `https:` address unsubscribes at once (RFC 8058). Without such an address
    /// the message is not complete.
    pub fn set_one_click(&mut self, one_click: bool) {
        self.set(|draft| draft.set_one_click(one_click));
    }

    /// The plain text.
    pub fn set_text(&mut self, text: impl Into<String>) {
        let text = Arc::new(text.into());
        self.set(|draft| draft.text = Some(text));
    }

    /// The HTML; with a plain text too, readers choose.
    pub fn set_html(&mut self, html: impl Into<String>) {
        let html = Arc::new(html.into());
        self.set(|draft| draft.html = Some(html));
    }

    /// A calendar object (RFC 5545) and what is asked for with it: `REQUEST`, `CANCEL`, ...
    ///
    /// # Errors
    /// [`crate::status::Status::Header`] for what is no method, or not the calendar's METHOD.
    pub fn set_calendar(&mut self, method: &str, calendar: &str) -> Result<(), Error> {
        self.compose(|draft| draft.set_calendar(method, calendar))
    }

    /// Adds a part: one with a content id is shown by the HTML, any other is an attachment.
    ///
    /// # Errors
    /// [`crate::status::Status::Header`] for a content id that another part has,
    /// [`crate::status::Status::Length`] beyond 1000 parts.
    pub fn add_part(&mut self, part: &Part) -> Result<(), Error> {
        self.compose(|draft| draft.add_part(part))
    }

    /// Adds a further form of the text, AMP for instance (`text/x-amp-html`): behind the plain text and
    /// before the HTML, a calendar behind both. Readers show the last form that they know.
    ///
    /// # Errors
    /// [`crate::status::Status::Header`] for a part without a type, and as [`Message::add_part`].
    pub fn add_alternative(&mut self, part: &Part) -> Result<(), Error> {
        self.compose(|draft| draft.add_alternative(part))
    }

    /// Changes the draft in a way that can't fail.
    fn set(&mut self, change: impl FnOnce(&mut Draft)) {
        let Ok(()) = self.compose::<Infallible>(|draft| {
            change(draft);
            Ok(())
        });
    }
}
