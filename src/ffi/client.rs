//! secsmtp_client: a server, and the blocking calls that send to it.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use super::arguments::{self, Argument, ErrorOut, HandleOut, Place, TextIn, UserIn};
use super::boundary;
use super::callback::Callback;
use super::client_object::{ClientObject, LogCallback, get, secsmtp_client};
use super::constants::SECSMTP_FOREVER;
use super::credential::{self, secsmtp_credential};
use super::message::{self, secsmtp_message};
use super::policy::{self, secsmtp_policy};
use super::receipt::{ReceiptObject, secsmtp_receipt};
use super::report::{ReportObject, secsmtp_report};
use crate::client::Client;
use crate::error::{Error, Stage};
use crate::log::Level;
use crate::status::Status;

/// Receives a line of the log: level (SECSMTP_LOG_...), stage (SECSMTP_STAGE_...), and the text in
/// UTF-8, NUL-terminated after text_len bytes and valid for the call. Called on the thread that is
/// inside secsmtp_client_send, _send_batch or _probe, with no lock held. It may call any function of the
/// library, even free the client; a function that would have to wait returns SECSMTP_E_REENTRANT. It
/// must return normally: no longjmp, no exception.
pub type secsmtp_log_callback = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        level: i32,
        stage: i32,
        text: *const c_char,
        text_len: usize,
    ),
>;

/// Makes a client for the server whose certificate must name `host`: a host name or an IP address. Port
/// 0 means 465 with implicit TLS and 587 with STARTTLS. No connection is made yet.
/// Ownership: host and policy are copied; *client_out is the caller's; secsmtp_client_free. Threads:
/// any. Errors: SECSMTP_E_HOST, SECSMTP_E_PORT.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_new(
    host: TextIn,
    host_len: i64,
    port: u32,
    policy: *const secsmtp_policy,
    client_out: HandleOut<secsmtp_client>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let client_out = client_out.require("client_out")?;
        let host = host.get("host", host_len)?;
        let client = Client::new(host, port, &policy::copy(policy)?)?;
        client_out.hand_out(ClientObject::new(client))
    })
}

/// Sets the address or name, and the port, to connect to. The name that is verified is still the host.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_HOST, SECSMTP_E_PORT.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_connect(
    client: *mut secsmtp_client,
    address: TextIn,
    address_len: i64,
    port: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let address = address.get("address", address_len)?;
        get(client)?.client.set_connect(address, port)
    })
}

/// Sets the credential of the login. NULL: no login.
/// Ownership: copied (the secret is shared until its last user is freed). Threads: any. Errors: those of
/// the handles.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_credential(
    client: *mut secsmtp_client,
    credential: *const secsmtp_credential,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let object = get(client)?;
        let credential = if credential.is_null() {
            None
        } else {
            Some(credential::copy(credential)?)
        };
        object.client.set_credential(credential);
        Ok(())
    })
}

/// Sets the name in the EHLO command inside TLS. In clear a neutral name is always used.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_EHLO_NAME.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_ehlo_name(
    client: *mut secsmtp_client,
    name: TextIn,
    name_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let name = name.get("name", name_len)?;
        get(client)?.client.set_ehlo_name(name)
    })
}

/// Sets the timeout of a stage (SECSMTP_STAGE_...) in milliseconds, or with SECSMTP_STAGE_ALL that of a
/// whole call, which has none by default. Defaults: 10 s to resolve; 30 s each to connect, for STARTTLS
/// and for the handshake; 60 s each for greeting, EHLO and login; 5 min each for MAIL and RCPT; 2 min
/// for DATA; 3 min per 64 KiB of content; 10 min for the final reply. SECSMTP_FOREVER removes the
/// timeout; 0 is an error, because it would end each call at once. It holds for connections that are used
/// from now on: jobs that join one over which others are being sent have its timeouts.
/// Threads: any. Errors: SECSMTP_E_VALUE for a number that is not a stage, and for 0 milliseconds.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_timeout(
    client: *mut secsmtp_client,
    stage: i32,
    milliseconds: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let stage = arguments::choice(
            "stage",
            stage,
            Stage::ALL.map(|stage| (stage as i32, stage)),
        )?;
        let timeout = match milliseconds {
            0 => {
                return Err(Error::argument(
                    Status::Value,
                    "milliseconds",
                    "must not be 0",
                ));
            }
            SECSMTP_FOREVER => Duration::MAX,
            time => Duration::from_millis(u64::from(time)),
        };
        get(client)?.client.set_timeout(stage, timeout);
        Ok(())
    })
}

/// Keeps a connection open while it has been idle for less than idle_milliseconds, for at most
/// max_messages messages. With 0 milliseconds each message has a connection of its own. By default
/// secsmtp_client_send closes its connection when it returns, and jobs keep theirs for 5 s. A connection
/// on which the server has sent something or closed in the meantime is not used, and none survives a
/// change of credential, address or EHLO name.
/// Threads: any. Errors: SECSMTP_E_VALUE for 0 messages.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_reuse(
    client: *mut secsmtp_client,
    idle_milliseconds: u32,
    max_messages: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let idle = Duration::from_millis(u64::from(idle_milliseconds));
        get(client)?.client.set_reuse(idle, max_messages)
    })
}

/// Sets the callback that receives the log of calls that begin from now on, up to and including
/// max_level (SECSMTP_LOG_...). A NULL callback turns the log off, whatever max_level is. The log has no
/// secret and no content. When this returns, an earlier callback is not running and is not called again;
/// called from inside a callback, it does not wait for that. Jobs have SECSMTP_EVENT_LOG instead.
/// Ownership: user stays the caller's, and must live until another callback is set or the client is
/// freed. Threads: any. Errors: SECSMTP_E_VALUE for a number that is not a level.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_set_log(
    client: *mut secsmtp_client,
    callback: Argument<secsmtp_log_callback>,
    user: UserIn,
    max_level: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let log = Callback::new(&callback, &user).map(|callback| {
            let levels = Level::ALL.map(|level| (level as i32, level));
            let max = arguments::choice("max_level", max_level, levels)?;
            Ok::<_, Error>(LogCallback { callback, max })
        });
        get(client)?.log.set(log.transpose()?);
        Ok(())
    })
}

/// Sends a message and waits for its outcome. Before the server is verified only EHLO (with a neutral
/// name), STARTTLS and QUIT are written.
/// Ownership: *receipt_out is the caller's, on success only; secsmtp_receipt_free. NULL: no receipt is
/// made. Threads: any; several sends of one client run in parallel, each on the thread of its call.
/// Errors: one of any thousand (see ERRORS); secsmtp_error_outcome is the outcome of the message, and
/// never SECSMTP_OUTCOME_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_send(
    client: *mut secsmtp_client,
    message: *const secsmtp_message,
    receipt_out: HandleOut<secsmtp_receipt>,
    error_out: ErrorOut,
) -> i32 {
    boundary::send(client, error_out, || {
        let object = get(client)?;
        let message = message::copy(message)?;
        let receipt_out = receipt_out.optional().map(Place::reserve).transpose()?;
        let record = object.logged(|log| object.client.send(&message, log))?;
        if let Some(receipt_out) = receipt_out {
            receipt_out.hand_out(ReceiptObject::new(record));
        }
        Ok(())
    })
}

/// Connects and reads who the server is. Only EHLO, STARTTLS and QUIT are written. The policy may be
/// empty. A server that is not trusted is not an error: see secsmtp_report_verdict.
/// Ownership: *report_out is the caller's, on success only; secsmtp_report_free. Threads: any. Errors:
/// those of name, connection, TLS handshake and protocol.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_probe(
    client: *mut secsmtp_client,
    report_out: HandleOut<secsmtp_report>,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(client, error_out, || {
        let report_out = report_out.require("report_out")?;
        let object = get(client)?;
        let report = object.logged(|log| object.client.probe(log))?;
        report_out.hand_out(ReportObject::new(report))
    })
}

/// Ends each send and probe of this client that is running now, at once: they return SECSMTP_E_CANCELLED
/// with their outcome. Calls that begin later are not affected.
/// Threads: any. Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_cancel(client: *mut secsmtp_client, error_out: ErrorOut) -> i32 {
    boundary::status(client, error_out, || {
        get(client)?.client.cancel();
        Ok(())
    })
}

/// Frees a client. Sends and probes that are running are cancelled and return on their own threads. Jobs
/// end without an event: not sent, or unknown if all of the content was written (close the client first
/// to learn which). When this returns, no log, event or secret callback is running and none is called
/// again; called from inside a callback, it does not wait for that. Read callbacks of jobs that were
/// running may be called until their release callback is. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_client_free(client: *mut secsmtp_client) -> i32 {
    boundary::free_after(client, ClientObject::end)
}
