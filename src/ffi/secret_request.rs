//! secsmtp_secret_request: a question for a password or token, for as long as its callback runs.

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::callback::Callback;
use super::constants::{SECSMTP_SECRET_PASSWORD, SECSMTP_SECRET_TOKEN};
use super::error::secsmtp_error;
use super::handle::{self, Handle};
use super::text::Text;
use super::{arg, guard};
use crate::credential::{
    Credential, NoSecret, Reason, SecretProvider, SecretRequest, check_secret,
};
use crate::error::Error;
use crate::process::ForkMutex;
use crate::sasl::CredentialKind;
use crate::status::Status;
use crate::support::secret::Secret;

/// A question for a password or token: its kind, its user, and the reason. It is valid only during the
/// callback that it was given to, and its server is verified.
/// Functions: secsmtp_secret_request_host, _port, _user, _kind, _reason, _answer.
pub struct secsmtp_secret_request(());

/// Called when a password or token is needed: after the server was verified and has a mechanism for it,
/// not before. It gives the secret to secsmtp_secret_request_answer and returns 0. Any other number, or
/// 0 without an answer, means that there is none, and the send ends with SECSMTP_E_NO_SECRET. Called on
/// the thread that is inside secsmtp_client_send, or for a batch on each thread that has a connection,
/// perhaps on several at a time; with no lock held. It may call any function of the library, free its credential and client, and cancel; a function that would have to wait returns
/// SECSMTP_E_REENTRANT. It may take its time: a cancel, or the deadline of the whole call, takes effect
/// when it returns. A send from inside it that would have to ask in turn gets SECSMTP_E_NO_SECRET. It
/// must return normally: no longjmp, no exception.
pub type secsmtp_secret_callback =
    Option<unsafe extern "C" fn(context: *mut c_void, request: *mut secsmtp_secret_request) -> i32>;

struct Object {
    host: Text,
    user: Text,
    port: u16,
    credential_kind: CredentialKind,
    reason: Reason,
    answer: ForkMutex<Option<Secret>>,
}

type Ask = unsafe extern "C" fn(*mut c_void, *mut secsmtp_secret_request) -> i32;

/// Asks the host.
struct Host(Callback<Ask>);

thread_local! {
    /// Whether a callback is being asked on this thread. What it starts is not asked again: that
    /// would go on for as long as the stack lasts.
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

/// Ends with the question, however that ends.
struct Asking;

impl Asking {
    fn begin() -> Result<Self, NoSecret> {
        match ASKING.replace(true) {
            true => Err(NoSecret::Declined),
            false => Ok(Self),
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ASKING.set(false);
    }
}

impl SecretProvider for Host {
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        let _asking = Asking::begin()?;
        let meant = request.secret_context();
        let question = handle::insert(Object {
            host: Text::new(meant.host),
            user: Text::new(meant.user),
            port: meant.port,
            credential_kind: meant.credential_kind,
            reason: meant.reason,
            answer: ForkMutex::new(None),
        })?;
        // SAFETY: the host gave this function for this purpose, and the handle is a live one.
        let ask = |ask: Ask, context| unsafe { ask(context, question.as_ptr()) };
        let status = self.0.call(ask);
        let object = handle::remove::<Object>(question, "secret request")?;
        let answer = object.answer.lock()?.take();
        answer.filter(|_| status == 0).ok_or(NoSecret::Declined)
    }
}

/// Stands where there is no callback: jobs ask by an event, and nothing else can ask.
struct Nobody;

impl SecretProvider for Nobody {
    fn secret(&self, _: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        let why = "is NULL: the secret can be asked for by the event of a job alone";
        Err(Error::argument(Status::NoSecret, "callback", why).into())
    }
}

/// A credential that asks.
pub(super) fn credential(
    user: &str,
    kind: i32,
    callback: secsmtp_secret_callback,
    context: *mut c_void,
) -> Result<Credential, Error> {
    let kinds = [
        (SECSMTP_SECRET_PASSWORD, CredentialKind::Password),
        (SECSMTP_SECRET_TOKEN, CredentialKind::Token),
    ];
    let credential_kind = arg::choice("kind", kind, kinds)?;
    let host: Arc<dyn SecretProvider> = match callback {
        Some(callback) => Arc::new(Host(Callback::new(callback, context))),
        None => Arc::new(Nobody),
    };
    match credential_kind {
        CredentialKind::Token => Credential::token_from(user, host),
        _ => Credential::password_from(user, host),
    }
}

/// The host that was verified, as the client was made for it.
/// Ownership: valid until the callback returns. Threads: any. Errors: "" for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_secret_request_host(
    request: *const secsmtp_secret_request,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointer is as the header asks.
    unsafe { guard::text::<Object>(request.cast(), len_out, |object| Some(&object.host)) }
}

/// The port of the client.
/// Threads: any. Errors: negative for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_secret_request_port(
    request: *const secsmtp_secret_request,
) -> i32 {
    guard::integer(|| Ok(i32::from(get(request)?.port)))
}

/// The user of the credential.
/// Ownership: valid until the callback returns. Threads: any. Errors: "" for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_secret_request_user(
    request: *const secsmtp_secret_request,
    len_out: *mut usize,
) -> *const c_char {
    // SAFETY: the pointer is as the header asks.
    unsafe { guard::text::<Object>(request.cast(), len_out, |object| Some(&object.user)) }
}

/// The kind of secret: SECSMTP_SECRET_PASSWORD or SECSMTP_SECRET_TOKEN.
/// Threads: any. Errors: negative for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_secret_request_kind(
    request: *const secsmtp_secret_request,
) -> i32 {
    guard::integer(|| {
        Ok(match get(request)?.credential_kind {
            CredentialKind::Token => SECSMTP_SECRET_TOKEN,
            _ => SECSMTP_SECRET_PASSWORD,
        })
    })
}

/// The reason for the question: SECSMTP_REASON_FIRST or SECSMTP_REASON_REFUSED.
/// Threads: any. Errors: negative for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_secret_request_reason(
    request: *const secsmtp_secret_request,
) -> i32 {
    guard::integer(|| Ok(get(request)?.reason as i32))
}

/// Answers with the password or token. A second answer replaces the first.
/// Ownership: copied, and wiped when its connection ends; the caller wipes its own copy. Threads: any,
/// while the callback runs. Errors: SECSMTP_E_SECRET for a value that can't be one; an earlier answer
/// stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secsmtp_secret_request_answer(
    request: *mut secsmtp_secret_request,
    secret: *const u8,
    secret_len: usize,
    error_out: *mut *mut secsmtp_error,
) -> i32 {
    // SAFETY: the pointers are as the header asks.
    unsafe {
        guard::status(request, error_out, || {
            let object = get(request)?;
            let bytes = arg::bytes("secret", secret, secret_len)?;
            check_secret(object.credential_kind, bytes)?;
            *object.answer.lock()? = Some(Secret::new(bytes));
            Ok(())
        })
    }
}

fn get(request: *const secsmtp_secret_request) -> Result<Arc<Object>, Error> {
    handle::get(Handle::of(request), "secret request")
}
