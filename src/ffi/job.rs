//! secsmtp_client: jobs, which are messages that are sent while the caller does something else.

use std::ffi::c_void;
use std::time::Duration;

use super::arguments::{self, Argument, BytesIn, ErrorOut, HandleOut, Out, Place, TextIn, UserIn};
use super::boundary;
use super::callback::{self, Callback, reentrant};
use super::client_object::{EventThread, get, secsmtp_client};
use super::constants::SECSMTP_FOREVER;
use super::event::{EventObject, secsmtp_event};
use super::handle;
use super::message::{self, secsmtp_message};
use super::receipt::{ReceiptObject, secsmtp_receipt};
use crate::client::Rate;
use crate::client::jobs::{EventMask, EventWait, JobWait, Kind, Limits, PollResult};
use crate::deadline::Deadline;
use crate::error::{Cause, Error};
use crate::log::Level;
use crate::smtp::Window;
use crate::status::Status;

/// Receives an event of a job. The event belongs to the library: it is valid for the call and freed
/// afterwards. Called on the thread that is inside secsmtp_client_dispatch, or on a thread of the
/// library if that was asked for; then one call at a time, and never with a lock held. It may call any
/// function of the library, even free the client; a function that would have to wait returns
/// SECSMTP_E_REENTRANT. It must return normally: no longjmp, no exception.
pub type secsmtp_event_callback =
    Option<unsafe extern "C" fn(user: *mut c_void, notice: *const secsmtp_event)>;

/// The deadline of a call: 0 does not wait, SECSMTP_FOREVER has no end. Inside a callback no call waits.
fn deadline(milliseconds: u32) -> Deadline {
    match milliseconds {
        0 => Deadline::after(Duration::ZERO),
        _ if callback::is_inside() => Deadline::after(Duration::ZERO),
        SECSMTP_FOREVER => Deadline::NEVER,
        time => Deadline::after(Duration::from_millis(u64::from(time))),
    }
}

/// The error of a call whose time is over, or which would have had to wait inside a callback.
fn not_in_time(milliseconds: u32, argument: &'static str, why: &str) -> Error {
    match milliseconds > 0 && callback::is_inside() {
        true => reentrant(argument),
        false => nothing(argument, why),
    }
}

fn nothing(argument: &'static str, why: &str) -> Error {
    Error::argument(Status::Nothing, argument, why)
}

/// Queues a message, which a worker of the client sends, and gives the number of the job at once.
/// Numbers grow and are never used again. When there are as many jobs as secsmtp_client_set_limits
/// allows, take the completion of one and try again, so that messages need not be made before there is
/// room for them. tag is any number of the caller's: each event of the job carries it
/// (secsmtp_event_tag), also one that another thread or a callback gets before this function has
/// returned the job's number. The job ends with one completion: a SECSMTP_EVENT_COMPLETED, or the result
/// of secsmtp_client_wait, whichever takes it first.
/// Ownership: the message is copied. Threads: any; a worker is started when a job waits and none is
/// free, keeps its connection for the jobs that follow, and ends when there is nothing left to do.
/// Errors: SECSMTP_E_FULL, SECSMTP_E_CLOSED, and errors that secsmtp_client_send would give before it
/// connects.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_submit(
    client: *mut secsmtp_client,
    message: *const secsmtp_message,
    tag: u64,
    job_out: Out<u64>,
    error_out: ErrorOut,
) -> i32 {
    boundary::send(client, error_out, || {
        let job_out = job_out.require("job_out")?;
        let object = get(client)?;
        let message = message::copy(message)?;
        job_out.write(object.client.submit_tagged(&message, tag)?);
        Ok(())
    })
}

/// Waits until a job is complete, and gives what secsmtp_client_send would have given. The job then has
/// no SECSMTP_EVENT_COMPLETED. A time of 0 does not wait; SECSMTP_FOREVER has no timeout.
/// Ownership: *receipt_out is the caller's, on success only; secsmtp_receipt_free. NULL: no receipt is
/// made. Threads: any; of several that wait for one job, one gets it. Errors: SECSMTP_E_NOTHING if it is
/// not over in time, SECSMTP_E_TAKEN if its completion was taken before, SECSMTP_E_VALUE for a number
/// that is not a job, SECSMTP_E_REENTRANT if it is not over and this was called from inside a callback,
/// where nothing waits, each with SECSMTP_OUTCOME_NONE. An error with an outcome is the job's own; that
/// of SECSMTP_E_PANIC is unknown, because the completion may be lost.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_wait(
    client: *mut secsmtp_client,
    job: u64,
    milliseconds: u32,
    receipt_out: HandleOut<secsmtp_receipt>,
    error_out: ErrorOut,
) -> i32 {
    boundary::outcome(client, error_out, || {
        let object = get(client)?;
        let receipt_out = receipt_out.optional().map(Place::reserve).transpose()?;
        match object.client.wait(job, deadline(milliseconds))? {
            JobWait::Done(completion) => {
                let record = (*completion)?;
                if let Some(receipt_out) = receipt_out {
                    receipt_out.hand_out(ReceiptObject::new(record));
                }
                Ok(())
            }
            JobWait::Pending => Err(not_in_time(milliseconds, "job", "is not complete yet")),
            JobWait::Taken => Err(Error::argument(
                Status::Taken,
                "job",
                "was completed, and its completion was taken before",
            )),
        }
    })
}

/// Ends a job. A waiting job is not sent. A running one completes at once with its outcome, which is
/// unknown if all of it was written. Others on its connection are not disturbed. The completion is
/// reported as usual. A job that is complete is left alone.
/// Threads: any. Errors: SECSMTP_E_VALUE for a number that is not a job.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_cancel_job(
    client: *mut secsmtp_client,
    job: u64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || get(client)?.client.cancel_job(job))
}

/// Gives the next event of any job, and waits for one if there is none: a time of 0 does not wait,
/// SECSMTP_FOREVER has no timeout.
/// Ownership: *event_out is the caller's; secsmtp_event_free. Threads: any; each event is given to one
/// caller. Errors: SECSMTP_E_NOTHING when the time is over or secsmtp_client_wake was called;
/// SECSMTP_E_CLOSED when the client is closed and all events were taken; SECSMTP_E_REENTRANT if there is
/// no event and this was called from inside a callback, where nothing waits.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_poll_event(
    client: *mut secsmtp_client,
    milliseconds: u32,
    event_out: HandleOut<secsmtp_event>,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let event_out = event_out.require("event_out")?;
        let object = get(client)?;
        // The handle first: a completion must not be lost for lack of one.
        let event_out = event_out.reserve()?;
        match object.client.poll(deadline(milliseconds))? {
            PollResult::Event(event) => {
                event_out.hand_out(EventObject::new(event));
                Ok(())
            }
            PollResult::Nothing => Err(not_in_time(
                milliseconds,
                "event",
                "is not there: none has happened",
            )),
            PollResult::Closed => Err(Error::local(Cause::Closed)),
        }
    })
}

/// Sets the callback for events. With on_any_thread 0 it is called inside secsmtp_client_dispatch, on
/// the thread of that call; with 1 on a thread of the library, as soon as there is an event. NULL
/// removes the callback. When this returns, an earlier callback is not running and is not called again;
/// called from inside a callback, it does not wait for that.
/// Ownership: user stays the caller's, and must live until another callback is set or the client is
/// freed. Threads: any. Errors: SECSMTP_E_VALUE for any other number than 0 and 1, SECSMTP_E_RESOURCE
/// when there is no thread.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_event_callback(
    client: *mut secsmtp_client,
    callback: Argument<secsmtp_event_callback>,
    user: UserIn,
    on_any_thread: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let own_thread = arguments::flag("on_any_thread", on_any_thread)?;
        let object = get(client)?;
        let callback = Callback::new(&callback, &user);
        // The thread first: if none can be started, the callback before stays.
        let thread = match callback {
            Some(_) if own_thread => Some(EventThread::start(&object)?),
            _ => None,
        };
        object.set_event_callback(callback, thread);
        Ok(())
    })
}

/// Calls the callback set by secsmtp_client_set_event_callback for each event that is there now, on this
/// thread, and waits for the first if there is none: a time of 0 does not wait, SECSMTP_FOREVER has no
/// timeout. Events that arrive meanwhile are left for the next call.
/// Threads: any. Errors: SECSMTP_E_NOTHING when there was no event; SECSMTP_E_CLOSED when the client is
/// closed and all events were taken; SECSMTP_E_NULL when no callback is set; SECSMTP_E_REENTRANT from
/// inside a callback.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_dispatch(
    client: *mut secsmtp_client,
    milliseconds: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let object = get(client)?;
        if callback::is_inside() {
            return Err(reentrant("dispatch"));
        }
        if object.events.current().is_none() {
            return Err(Error::argument(Status::Null, "callback", "is not set"));
        }
        match object.client.await_event(deadline(milliseconds))? {
            EventWait::Event => {}
            EventWait::Nothing => return Err(nothing("event", "is not there: none has happened")),
            EventWait::Closed => return Err(Error::local(Cause::Closed)),
        }
        let (mark, mut delivered) = (object.client.mark(), false);
        // Until there are no more or the callback is removed; events that are left stay in the queue.
        while let Some((generation, _)) = object.events.current() {
            let next = || object.client.poll_before(mark);
            if !object.deliver(handle::reserve()?, generation, next)? {
                break;
            }
            delivered = true;
        }
        match delivered {
            true => Ok(()),
            false => Err(nothing("event", "was taken by another thread")),
        }
    })
}

/// Ends the calls of secsmtp_client_poll_event and _dispatch that are waiting now, with
/// SECSMTP_E_NOTHING. If none is waiting it ends the next one, even when there is an event, which the
/// call after that gets.
/// Threads: any. Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_wake(client: *mut secsmtp_client, error_out: ErrorOut) -> i32 {
    boundary::status(client, error_out, || {
        get(client)?.client.wake();
        Ok(())
    })
}

/// Takes no more sends and jobs, waits for those that are there, and cancels what is left when the time
/// is over. Idle connections are closed, and all workers have ended. Events can still be taken. A time
/// of 0 cancels at once; SECSMTP_FOREVER has no timeout.
/// Threads: any. Errors: SECSMTP_E_TIMEOUT if something had to be cancelled; SECSMTP_E_REENTRANT from
/// inside a callback, where everything is cancelled without waiting.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_close(
    client: *mut secsmtp_client,
    milliseconds: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let object = get(client)?;
        if callback::is_inside() {
            object.client.abandon();
            return Err(reentrant("close"));
        }
        let closed = object.client.close(match milliseconds {
            SECSMTP_FOREVER => Duration::MAX,
            time => Duration::from_millis(u64::from(time)),
        });
        if object.has_event_thread() {
            object.client.wait_until_told(deadline(10_000));
        }
        closed
    })
}

/// Sets how many connections jobs have at a time (default 4, at most 64), how many jobs there may be
/// whose completion has not been taken (default 1024), and how many droppable events may wait (default
/// 1024). All events but completions and questions for a secret are droppable; those that are dropped
/// are counted and reported by SECSMTP_EVENT_DROPPED.
/// Threads: any. Errors: SECSMTP_E_VALUE for 0, for more than 64 connections, and for more than a million
/// jobs or events.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_limits(
    client: *mut secsmtp_client,
    max_connections: u32,
    max_jobs: u32,
    max_events: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let number = |value| usize::try_from(value).unwrap_or(usize::MAX);
        get(client)?.client.set_limits(Limits {
            connections: number(max_connections),
            jobs: number(max_jobs),
            events: number(max_events),
        })
    })
}

/// Sets how many jobs and bytes may be in flight on each connection of jobs (default 128 and 1048576):
/// the next job is written while the replies to the last are on their way. If the connection breaks,
/// these are the jobs whose outcome may be unknown. With 1 job, each waits for the final reply to the
/// last. Jobs are shared out among the connections, and each has its own outcome.
/// Threads: any; applies to what is begun from now on. Errors: SECSMTP_E_VALUE for 0 jobs.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_window(
    client: *mut secsmtp_client,
    jobs: u32,
    bytes: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        get(client)?.client.set_window(Window {
            messages: usize::try_from(jobs).unwrap_or(usize::MAX),
            bytes: u64::from(bytes),
        })
    })
}

/// Limits how many messages are begun in a time, counting jobs and secsmtp_client_send_batch together
/// over all connections: `messages` in so many milliseconds, evenly, and up to burst of them at once
/// after a pause. 0 messages, the default, is no limit. A message waits for its turn in the queue, or
/// inside secsmtp_client_send_batch, and can be cancelled there. secsmtp_client_send does not wait and
/// is not counted. The clock is monotonic.
/// Threads: any; applies to what is begun from now on. Errors: SECSMTP_E_VALUE for messages with 0
/// milliseconds or a burst of 0.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_rate(
    client: *mut secsmtp_client,
    messages: u32,
    milliseconds: u32,
    burst: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let rate = (messages > 0).then(|| Rate {
            messages,
            per: Duration::from_millis(u64::from(milliseconds)),
            burst,
        });
        get(client)?.client.set_rate(rate)
    })
}

/// Sets which events are made for jobs that begin from now on: a sum of SECSMTP_EVENT_..., and for
/// SECSMTP_EVENT_LOG the most detailed level (SECSMTP_LOG_...). Completions, questions for a secret and
/// SECSMTP_EVENT_DROPPED are always made; by default no others are.
/// Threads: any. Errors: SECSMTP_E_VALUE for another kind or level.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_events(
    client: *mut secsmtp_client,
    kinds: i32,
    max_level: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let known = Kind::ALL.into_iter().fold(0, |all, kind| all | kind as i32);
        if kinds & !known != 0 {
            let why = format!("is {kinds}, and has bits that are no kind of event");
            return Err(Error::argument(Status::Value, "kinds", why));
        }
        let levels = Level::ALL.map(|level| (level as i32, level));
        let level = Some(arguments::choice("max_level", max_level, levels)?);
        get(client)?.client.set_events(EventMask { kinds, level });
        Ok(())
    })
}

/// Answers a job's SECSMTP_EVENT_SECRET with a password or token. Length 0 means that there is none, and
/// the job ends with SECSMTP_E_NO_SECRET.
/// Ownership: copied, and wiped after use. Threads: any. Errors: SECSMTP_E_VALUE for a number that is
/// not a job, SECSMTP_E_NOTHING for a job that does not ask now.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_answer_secret(
    client: *mut secsmtp_client,
    job: u64,
    secret: BytesIn,
    secret_len: usize,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        answer(client, job, secret.get("secret", secret_len)?)
    })
}

/// Answers a job's SECSMTP_EVENT_SECRET with a password or token as a text. The empty text means that
/// there is none, and the job ends with SECSMTP_E_NO_SECRET.
/// Ownership: copied, and wiped after use. Threads: any. Errors: those of secsmtp_client_answer_secret,
/// SECSMTP_E_UTF8.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_answer_secret_text(
    client: *mut secsmtp_client,
    job: u64,
    secret: TextIn,
    secret_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        answer(client, job, secret.get("secret", secret_len)?.as_bytes())
    })
}

fn answer(client: *mut secsmtp_client, job: u64, secret: &[u8]) -> Result<(), Error> {
    let secret = (!secret.is_empty()).then_some(secret);
    get(client)?.client.answer_secret(job, secret)
}

/// Gives what an event loop can wait for: on Unix a file descriptor that is readable (poll, select,
/// epoll, kqueue), on Windows an event (WaitForMultipleObjects), while there is an event to take or a
/// wake. Wait for it and do nothing else with it; then take events with a time of 0 until there are
/// none.
/// Ownership: the client's, until it is freed; stop waiting for it before that. Threads: any. Errors:
/// SECSMTP_E_RESOURCE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_descriptor(
    client: *mut secsmtp_client,
    descriptor_out: Out<i64>,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let descriptor_out = descriptor_out.require("descriptor_out")?;
        descriptor_out.write(get(client)?.descriptor()?);
        Ok(())
    })
}
