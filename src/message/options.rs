//! Requests of a message to the server beyond delivery. A server that does not offer it gets nothing of
//! the message: nothing is left out in silence.

use std::sync::Arc;

use super::Message;
use super::address::{Address, MAX_RECIPIENTS};
use super::delivery::{ByMode, DeliverBy, FutureRelease, Notify, Options, Return, envelope_id};
use crate::error::Error;
use crate::status::Status;
use crate::support::date::MAX_SECONDS;

/// The largest number of nine digits.
const MAX_TIME: i32 = 999_999_999;

impl Message {
    /// When delivery is to be reported (DSN NOTIFY): a sum of [`Notify`]'s events, `NEVER` alone, or 0
    /// to leave it to the server.
    ///
    /// # Errors
    /// [`Status::Value`].
    pub fn set_notify(&mut self, events: i32) -> Result<(), Error> {
        let notify = Notify::new(events);
        if notify.is_none() && events != 0 {
            let why = format!("is {events}, expected a sum of its values");
            return Err(Error::argument(Status::Value, "events", why));
        }
        self.asked().notify = notify;
        Ok(())
    }

    /// Sets the part of the message that a report of failure returns (DSN RET).
    pub fn set_return(&mut self, what: Option<Return>) {
        self.asked().ret = what;
    }

    /// A name for this sending of the message, which reports repeat (DSN ENVID); empty for none.
    ///
    /// # Errors
    /// [`Status::Value`] for what is not printable ASCII, or too long.
    pub fn set_envelope_id(&mut self, id: &str) -> Result<(), Error> {
        if !id.is_empty() {
            let checked = envelope_id(id);
            checked.map_err(|why| Error::argument(Status::Value, "envelope id", why))?;
        }
        self.asked().envelope_id = Some(id.to_owned()).filter(|id| !id.is_empty());
        Ok(())
    }

    /// Sets the original recipient of the recipient of this index, which reports repeat (DSN ORCPT).
    ///
    /// # Errors
    /// [`Status::Address`], [`Status::Value`] for an index beyond the most recipients.
    pub fn set_original_recipient(&mut self, index: usize, address: &str) -> Result<(), Error> {
        if index >= MAX_RECIPIENTS {
            return Err(Error::argument(Status::Value, "index", "is beyond 9999"));
        }
        let wrong = |why| Error::argument(Status::Address, "original recipient", why);
        let address = Address::parse(address).map_err(wrong)?;
        let original = &mut self.asked().original;
        original.retain(|(other, _)| *other != index);
        original.push((index, address));
        Ok(())
    }

    /// Within how many seconds it is to be delivered, and what becomes of it then (DELIVERBY).
    ///
    /// # Errors
    /// [`Status::Value`] beyond nine digits, and for a return without time.
    pub fn set_deliver_by(&mut self, by: Option<DeliverBy>) -> Result<(), Error> {
        let least = |by: &DeliverBy| match by.mode {
            ByMode::Return => 1,
            ByMode::Notify => -MAX_TIME,
        };
        if let Some(by) = &by
            && !(least(by)..=MAX_TIME).contains(&by.seconds)
        {
            let why = format!("is {}, expected {} to {MAX_TIME}", by.seconds, least(by));
            return Err(Error::argument(Status::Value, "seconds", why));
        }
        self.asked().deliver_by = by;
        Ok(())
    }

    /// When it is to leave the server (FUTURERELEASE).
    ///
    /// # Errors
    /// [`Status::Value`] for 0 or more than nine digits of seconds, or a moment beyond 9999.
    pub fn set_hold(&mut self, hold: Option<FutureRelease>) -> Result<(), Error> {
        let good = match hold {
            Some(FutureRelease::For(seconds)) => (1..=MAX_TIME.unsigned_abs()).contains(&seconds),
            Some(FutureRelease::Until(moment)) => (1..=MAX_SECONDS).contains(&moment),
            None => true,
        };
        if !good {
            return Err(Error::argument(
                Status::Value,
                "hold",
                "is not between 1 second and the year 9999",
            ));
        }
        self.asked().hold = hold;
        Ok(())
    }

    /// Sets the priority of the delivery, -9 to 9 (MT-PRIORITY), which the header does not show.
    ///
    /// # Errors
    /// [`Status::Value`].
    pub fn set_mt_priority(&mut self, priority: Option<i32>) -> Result<(), Error> {
        let narrow = |priority: i32| {
            let narrow = i8::try_from(priority).ok().filter(|p| (-9..=9).contains(p));
            narrow.ok_or_else(|| {
                let why = format!("is {priority}, expected -9 to 9");
                Error::argument(Status::Value, "priority", why)
            })
        };
        self.asked().priority = priority.map(narrow).transpose()?;
        Ok(())
    }

    fn asked(&mut self) -> &mut Options {
        Arc::make_mut(self.options.get_or_insert_default())
    }

    /// Sets that each server on the way must pass it on over verified TLS alone (REQUIRETLS).
    pub fn set_require_tls(&mut self, require: bool) {
        self.asked().require_tls = require;
    }
}
