//! secsmtp_batch: messages that one call sends, and the outcome of each.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::arguments::{self, ErrorOut, HandleOut};
use super::client_object::{self, secsmtp_client};
use super::error_object::{ErrorObject, secsmtp_error};
use super::handle::HandleKind;
use super::message::{self, secsmtp_message};
use super::receipt::{ReceiptObject, secsmtp_receipt};
use super::{boundary, handle};
use crate::client::{BatchOptions, MAX_CONNECTIONS};
use crate::error::{Cause, Error, Record};
use crate::message::Message;
use crate::process::{ForkMutex, Process};
use crate::smtp::Window;
use crate::status::Status;

/// Messages that one call sends, and the result of each. Where the server offers PIPELINING, one
/// connection carries them as a stream: the next message is written while the replies to the last are on
/// their way.
/// Functions: secsmtp_batch_new, _add, _set_connections, _set_window, _set_stop_on_error,
/// secsmtp_client_send_batch, secsmtp_batch_count, _status, _receipt, _error, _clear, _free.
pub struct secsmtp_batch(());

pub(super) struct BatchObject(ForkMutex<BatchState>);

impl Default for BatchObject {
    fn default() -> Self {
        Self(ForkMutex::new(BatchState::Ready(Batch::default())))
    }
}

enum BatchState {
    Ready(Batch),
    /// A thread of this process sends it. No lock is held then, so that a callback may call any function.
    Sending(Process),
}

impl BatchState {
    fn batch(&mut self) -> Result<&mut Batch, Error> {
        match self {
            Self::Ready(batch) => Ok(batch),
            Self::Sending(process) => Err(busy(process)),
        }
    }
}

impl BatchObject {
    /// Runs `send` on the batch without the lock. The batch is back afterwards, also after a panic: the
    /// outcome of each message without a result is unknown then.
    fn run<R>(&self, send: impl FnOnce(&mut Batch) -> R) -> Result<R, Error> {
        let mut batch = {
            let mut state = self.0.lock()?;
            let batch = std::mem::take(state.batch()?);
            *state = BatchState::Sending(Process::current());
            batch
        };
        let sent = catch_unwind(AssertUnwindSafe(|| send(&mut batch)));
        if sent.is_err() {
            for result in &mut batch.results {
                result.get_or_insert_with(|| Err(Error::after_panic()));
            }
        }
        *self.0.lock()? = BatchState::Ready(batch);
        Ok(sent.unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

#[derive(Default)]
struct Batch {
    messages: Vec<Arc<Message>>,
    /// The result of each message that was begun, in the order of the messages.
    results: Vec<Option<Result<Record, Error>>>,
    options: BatchOptions,
}

impl HandleKind for secsmtp_batch {
    type Object = BatchObject;
    const NOUN: &'static str = "batch";
}

fn busy(process: &Process) -> Error {
    match process.is_current() {
        true => Error::argument(Status::Value, "batch", "is being sent"),
        false => Error::local(Cause::Forked),
    }
}

/// Reads or changes a batch under its lock. `body` drops no message, because that may run a callback.
fn with<R>(
    batch: *const secsmtp_batch,
    body: impl FnOnce(&mut Batch) -> Result<R, Error>,
) -> Result<R, Error> {
    body(handle::get(batch)?.0.lock()?.batch()?)
}

/// The outcome of one message; `None` if it was not begun.
fn result<R>(
    batch: *const secsmtp_batch,
    index: i32,
    pick: impl FnOnce(Option<&Result<Record, Error>>) -> Result<R, Error>,
) -> Result<R, Error> {
    with(batch, |batch| {
        let index = usize::try_from(index).ok();
        let Some(index) = index.filter(|index| *index < batch.messages.len()) else {
            let why = "is beyond the last message";
            return Err(Error::argument(Status::Value, "index", why));
        };
        pick(batch.results.get(index).and_then(Option::as_ref))
    })
}

fn nothing(why: &'static str) -> Error {
    Error::argument(Status::Nothing, "message", why)
}

/// Makes an empty batch: one connection, a window of 128 messages and 1 MiB, no stop on error.
/// Ownership: *batch_out is the caller's; secsmtp_batch_free. Threads: any. Errors: SECSMTP_E_NULL.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_new(
    batch_out: HandleOut<secsmtp_batch>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let batch_out = batch_out.require("batch_out")?;
        batch_out.hand_out(BatchObject::default())
    })
}

/// Adds a message. Indexes begin at 0.
/// Ownership: copied; large content is shared until the last user of it is freed. Threads: any. Errors:
/// those of the handles.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_add(
    batch: *mut secsmtp_batch,
    message: *const secsmtp_message,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(batch, error_out, || {
        let message = message::copy(message)?;
        with(batch, |batch| {
            if batch.messages.len() >= i32::MAX as usize {
                let why = "is one more than a batch may have";
                return Err(Error::argument(Status::Length, "message", why));
            }
            batch.messages.try_reserve(1)?;
            batch.messages.push(Arc::clone(&message));
            Ok(())
        })
    })
}

/// Sets how many connections are open at a time, 1 to 64. Each but the first has a thread of its own for
/// the duration of the call.
/// Threads: any. Errors: SECSMTP_E_VALUE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_set_connections(
    batch: *mut secsmtp_batch,
    connections: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(batch, error_out, || {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        if !(1..=MAX_CONNECTIONS).contains(&connections) {
            let why = format!("is {connections}, expected 1 to {MAX_CONNECTIONS}");
            return Err(Error::argument(Status::Value, "connections", why));
        }
        with(batch, |batch| {
            batch.options.connections = connections;
            Ok(())
        })
    })
}

/// Sets how many messages and bytes may be in flight on one connection. If the connection breaks, these
/// are the messages whose outcome may be unknown. With 1 message, each waits for the final reply to the
/// last.
/// Threads: any. Errors: SECSMTP_E_VALUE for 0 messages.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_set_window(
    batch: *mut secsmtp_batch,
    messages: u32,
    bytes: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(batch, error_out, || {
        if messages == 0 {
            return Err(Error::argument(Status::Value, "messages", "must not be 0"));
        }
        with(batch, |batch| {
            batch.options.window = Window {
                messages: usize::try_from(messages).unwrap_or(usize::MAX),
                bytes: u64::from(bytes),
            };
            Ok(())
        })
    })
}

/// With 1, the first message that is not accepted ends the call: no other is begun, and those in flight
/// get their own outcomes. With 0, the default, each message is tried.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_set_stop_on_error(
    batch: *mut secsmtp_batch,
    stop: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(batch, error_out, || {
        let stop = arguments::flag("stop", stop)?;
        with(batch, |batch| {
            batch.options.stop_on_error = stop;
            Ok(())
        })
    })
}

/// Sends all messages of the batch and waits for their outcomes. Each message has its own outcome. Where
/// the server ends a connection that has carried a message, the messages of which it can have accepted
/// nothing go over another connection, after a second, with no more in flight than the last one carried.
/// On a client that was closed or cancelled, the first message of each connection gets that error and no
/// other is begun.
/// Ownership: the results stay in the batch, and replace those of an earlier call. Threads: any; during
/// the call every other function on the batch but _free is an error. Errors: SECSMTP_E_VALUE for a batch
/// that is being sent; that of the first message that was not accepted; SECSMTP_OK if all were.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_send_batch(
    client: *mut secsmtp_client,
    batch: *mut secsmtp_batch,
    error_out: ErrorOut,
) -> i32 {
    boundary::outcome(client, error_out, || {
        let client = client_object::get(client)?;
        let object = handle::get(batch)?;
        let failed = object.run(|batch| {
            let Batch {
                messages,
                results,
                options,
            } = batch;
            results.clear();
            results.try_reserve_exact(messages.len())?;
            results.resize_with(messages.len(), || None);
            client.logged(|log| {
                let done = |number: u64, result| {
                    let index = usize::try_from(number).unwrap_or(usize::MAX);
                    if let Some(slot) = results.get_mut(index) {
                        *slot = Some(result);
                    }
                };
                client
                    .client
                    .send_many(messages.iter().map(|m| &**m), options, done, log)
            });
            let mut results = results.iter().flatten();
            let failed = results.find_map(|result| result.as_ref().err().cloned());
            Ok::<_, Error>(failed)
        })??;
        failed.map_or(Ok(()), Err)
    })
}

/// The number of messages.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_count(batch: *const secsmtp_batch) -> i32 {
    boundary::integer(|| {
        with(batch, |batch| {
            Ok(i32::try_from(batch.messages.len()).unwrap_or(i32::MAX))
        })
    })
}

/// The result of the message with this index: SECSMTP_OK if it was accepted, SECSMTP_E_NOTHING if it was
/// not begun, else the status of its error.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_status(batch: *const secsmtp_batch, index: i32) -> i32 {
    boundary::integer(|| {
        result(batch, index, |result| {
            Ok(match result {
                None => Status::Nothing.number(),
                Some(Ok(_)) => 0,
                Some(Err(error)) => error.status().number(),
            })
        })
    })
}

/// Gives the record of a message that was begun, accepted or not.
/// Ownership: *receipt_out is the caller's; secsmtp_receipt_free. Threads: any.
/// Errors: SECSMTP_E_VALUE, SECSMTP_E_NOTHING for a message that was not begun.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_receipt(
    batch: *const secsmtp_batch,
    index: i32,
    receipt_out: HandleOut<secsmtp_receipt>,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(batch, error_out, || {
        let receipt_out = receipt_out.require("receipt_out")?;
        let record = result(batch, index, |result| match result {
            None => Err(nothing("was not begun")),
            Some(Ok(record)) => Ok(record.clone()),
            Some(Err(error)) => Ok((*error.record).clone()),
        })?;
        receipt_out.hand_out(ReceiptObject::new(record))
    })
}

/// Gives the error of a message that was begun and not accepted.
/// Ownership: *failure_out is the caller's; secsmtp_error_free. Threads: any.
/// Errors: SECSMTP_E_VALUE, SECSMTP_E_NOTHING for a message that was accepted or not begun.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_error(
    batch: *const secsmtp_batch,
    index: i32,
    failure_out: HandleOut<secsmtp_error>,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(batch, error_out, || {
        let failure_out = failure_out.require("failure_out")?;
        let error = result(batch, index, |result| match result {
            Some(Err(error)) => Ok(error.clone()),
            _ => Err(nothing("has no error")),
        })?;
        failure_out.hand_out(ErrorObject::new(error))
    })
}

/// Removes all messages and results. The settings stay.
/// Threads: any. Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_clear(batch: *mut secsmtp_batch, error_out: ErrorOut) -> i32 {
    boundary::status(batch, error_out, || {
        let _cleared = with(batch, |batch| {
            batch.results.clear();
            Ok(std::mem::take(&mut batch.messages))
        })?;
        Ok(())
    })
}

/// Frees a batch. A call that is sending it continues to its end. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_batch_free(batch: *mut secsmtp_batch) -> i32 {
    boundary::free(batch)
}

#[cfg(test)]
#[allow(clippy::panic, reason = "it is what is tested")]
mod tests {
    use super::*;
    use crate::error::Outcome;

    #[test]
    fn a_batch_whose_call_panicked_can_be_used_and_its_messages_are_in_doubt() {
        let object = BatchObject::default();
        let call = || {
            let sent: Result<(), Error> = object.run(|batch| {
                batch.results = vec![Some(Ok(Record::default())), None];
                assert_eq!(object.run(|_| ()).unwrap_err().status(), Status::Value);
                panic!("on purpose")
            });
            sent
        };
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
        let outcomes = object
            .run(|batch| std::mem::take(&mut batch.results))
            .unwrap();
        let [Some(Ok(_)), Some(Err(error))] = outcomes.as_slice() else {
            panic!("{outcomes:?}");
        };
        assert_eq!(error.record.outcome, Outcome::Unknown);
        assert!(object.run(|_| ()).is_ok());
    }
}
