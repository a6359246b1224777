//! secsmtp_event: one thing that happened to a job.

use std::ffi::c_char;
use std::sync::Arc;

use super::error::{ErrorObject, secsmtp_error};
use super::handle::{self, Handle};
use super::receipt::{ReceiptObject, secsmtp_receipt};
use super::text::Text;
use super::{arg, constants, guard};
use crate::client::jobs::{Event, EventData};
use crate::error::Error;
use crate::sasl::CredentialKind;
use crate::status::Status;

/// An event of a job of a client. Its kind (SECSMTP_EVENT_...) determines what it contains; a getter of
/// what this kind does not contain gives 0 or the empty text.
/// Functions: secsmtp_event_kind, _job, _tag, _status, _receipt, _error, _stage, _level, _text,
/// _written, _total, _index, _outcome, _smtp_code, _secret_kind, _secret_reason, _dropped, _free.
pub struct secsmtp_event(());

/// An event with its text made ready for C.
pub(super) struct EventObject {
    event: Event,
    text: Text,
}

impl EventObject {
    pub(super) fn new(event: Event) -> Self {
        let text = match &event.news {
            EventData::Line(_, _, text) => Text::new(text),
            EventData::Recipient(_, recipient) => Text::new(&recipient.address),
            EventData::SecretWanted(question) => Text::new(&question.user),
            EventData::Completed(completion) => match &**completion {
                Ok(record) => Text::of(record.reply.as_ref().map(|a| a.text.as_str())),
                Err(error) => Text::new(&error.to_string()),
            },
            EventData::Stage(_) | EventData::Progress(..) | EventData::Dropped(_) => {
                Text::default()
            }
        };
        Self { event, text }
    }
}

fn get(event: *const secsmtp_event) -> Result<Arc<EventObject>, Error> {
    handle::get(Handle::of(event), "event")
}

/// The kind: SECSMTP_EVENT_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_kind(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| Ok(get(notice)?.event.news.kind() as i32))
}

/// The number of the job, as secsmtp_client_submit gave it. 0 with SECSMTP_EVENT_DROPPED.
/// Threads: any. Errors: 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_job(notice: *const secsmtp_event) -> u64 {
    guard::number(|| Ok(get(notice)?.event.job))
}

/// The tag that was given to secsmtp_client_submit. 0 with SECSMTP_EVENT_DROPPED.
/// Threads: any. Errors: 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_tag(notice: *const secsmtp_event) -> u64 {
    guard::number(|| Ok(get(notice)?.event.tag))
}

/// With SECSMTP_EVENT_COMPLETED: SECSMTP_OK if the message was accepted, else the status of its error.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_status(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| {
        Ok(match &get(notice)?.event.news {
            EventData::Completed(completion) => match &**completion {
                Ok(_) => 0,
                Err(error) => error.status().number(),
            },
            _ => 0,
        })
    })
}

/// With SECSMTP_EVENT_COMPLETED and an accepted message: its receipt.
/// Ownership: *receipt_out is a new object of the caller's; secsmtp_receipt_free. Threads: any. Errors:
/// SECSMTP_E_NOTHING where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_receipt(
    notice: *const secsmtp_event,
    receipt_out: *mut *mut secsmtp_receipt,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(notice, std::ptr::null_mut(), || {
            arg::place("receipt_out", receipt_out)?;
            let object = get(notice)?;
            match &object.event.news {
                EventData::Completed(completion) => match &**completion {
                    Ok(record) => arg::hand_out(receipt_out, ReceiptObject::new(record.clone())),
                    Err(_) => Err(nothing("no receipt: the mail was not accepted")),
                },
                _ => Err(nothing("no receipt")),
            }
        })
    }
}

/// With SECSMTP_EVENT_COMPLETED and a message that was not accepted: the error that secsmtp_client_send
/// would have given.
/// Ownership: *failure_out is a new object of the caller's; secsmtp_error_free. Threads: any. Errors:
/// SECSMTP_E_NOTHING where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_error(
    notice: *const secsmtp_event,
    failure_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(notice, std::ptr::null_mut(), || {
            arg::place("failure_out", failure_out)?;
            let object = get(notice)?;
            match &object.event.news {
                EventData::Completed(completion) => match &**completion {
                    Err(error) => arg::hand_out(failure_out, ErrorObject::new(error.clone())),
                    Ok(_) => Err(nothing("no error: the mail was accepted")),
                },
                _ => Err(nothing("no error")),
            }
        })
    }
}

/// With SECSMTP_EVENT_STAGE the stage that begins, with SECSMTP_EVENT_LOG that of the line, with
/// SECSMTP_EVENT_COMPLETED the last one reached: SECSMTP_STAGE_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_stage(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| {
        Ok(match &get(notice)?.event.news {
            EventData::Stage(stage) | EventData::Line(_, stage, _) => *stage as i32,
            EventData::Completed(completion) => match &**completion {
                Ok(record) => record.stage as i32,
                Err(error) => error.record.stage as i32,
            },
            _ => 0,
        })
    })
}

/// With SECSMTP_EVENT_LOG: SECSMTP_LOG_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_level(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| {
        Ok(match get(notice)?.event.news {
            EventData::Line(level, _, _) => level as i32,
            _ => 0,
        })
    })
}

/// The line of the log, the address of the recipient, the user whose secret is needed, or with
/// SECSMTP_EVENT_COMPLETED the text of the server's reply or of the error.
/// Ownership: the event's. Threads: any. Errors: the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_text(
    notice: *const secsmtp_event,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointers are as the header asks.
    unsafe { guard::text(notice.cast(), len_out, |o: &EventObject| Some(&o.text)) }
}

/// With SECSMTP_EVENT_PROGRESS: how many bytes of the content were handed to the operating system.
/// Threads: any. Errors: 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_written(notice: *const secsmtp_event) -> u64 {
    guard::number(|| {
        Ok(match get(notice)?.event.news {
            EventData::Progress(written, _) => written,
            _ => 0,
        })
    })
}

/// With SECSMTP_EVENT_PROGRESS: the size of the content in bytes, or 0 if it is not known before its
/// end.
/// Threads: any. Errors: 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_total(notice: *const secsmtp_event) -> u64 {
    guard::number(|| {
        Ok(match get(notice)?.event.news {
            EventData::Progress(_, total) => total.unwrap_or(0),
            _ => 0,
        })
    })
}

/// With SECSMTP_EVENT_RECIPIENT: the index of the recipient, from 0.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_index(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| {
        Ok(match get(notice)?.event.news {
            EventData::Recipient(index, _) => i32::try_from(index).unwrap_or(i32::MAX),
            _ => 0,
        })
    })
}

/// The outcome of the message, or with SECSMTP_EVENT_RECIPIENT its outcome for this recipient so far:
/// SECSMTP_OUTCOME_...; SECSMTP_OUTCOME_NONE for any other kind.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_outcome(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| {
        Ok(match &get(notice)?.event.news {
            EventData::Recipient(_, recipient) => recipient.outcome as i32,
            EventData::Completed(completion) => match &**completion {
                Ok(record) => record.outcome as i32,
                Err(error) => error.record.outcome as i32,
            },
            _ => 0,
        })
    })
}

/// The code of the server's reply to the recipient or, with SECSMTP_EVENT_COMPLETED, of the
/// decisive one; 0 if there was none.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_smtp_code(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| {
        let object = get(notice)?;
        let answer = match &object.event.news {
            EventData::Recipient(_, recipient) => recipient.reply.as_ref(),
            EventData::Completed(completion) => match &**completion {
                Ok(record) => record.reply.as_ref(),
                Err(error) => error.record.reply.as_ref(),
            },
            _ => None,
        };
        Ok(answer.map_or(0, |answer| i32::from(answer.code)))
    })
}

/// With SECSMTP_EVENT_SECRET: SECSMTP_SECRET_PASSWORD or SECSMTP_SECRET_TOKEN, to be answered by
/// secsmtp_client_answer_secret.
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_secret_kind(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| {
        Ok(match &get(notice)?.event.news {
            EventData::SecretWanted(question) => match question.credential_kind {
                CredentialKind::Token => constants::SECSMTP_SECRET_TOKEN,
                _ => constants::SECSMTP_SECRET_PASSWORD,
            },
            _ => 0,
        })
    })
}

/// With SECSMTP_EVENT_SECRET: SECSMTP_REASON_...
/// Threads: any. Errors: a negative status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_secret_reason(notice: *const secsmtp_event) -> i32 {
    guard::integer(|| {
        Ok(match &get(notice)?.event.news {
            EventData::SecretWanted(question) => question.reason as i32,
            _ => 0,
        })
    })
}

/// With SECSMTP_EVENT_DROPPED: how many events were dropped because the queue was full.
/// Threads: any. Errors: 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_dropped(notice: *const secsmtp_event) -> u64 {
    guard::number(|| {
        Ok(match get(notice)?.event.news {
            EventData::Dropped(count) => count,
            _ => 0,
        })
    })
}

/// Frees an event and its text. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_event_free(notice: *mut secsmtp_event) -> i32 {
    guard::free::<EventObject>(notice.cast(), "event")
}

fn nothing(why: &str) -> Error {
    Error::argument(Status::Nothing, "event", why)
}
