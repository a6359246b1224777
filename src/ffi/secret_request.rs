//! secsmtp_secret_request: a question for a password or token, while its callback runs. Its getters are in
//! `getters.txt`.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::Arc;

use super::arguments::{self, Argument, BytesIn, ErrorOut, TextIn, UserIn};
use super::callback::Callback;
use super::constants::{SECSMTP_SECRET_PASSWORD, SECSMTP_SECRET_TOKEN};
use super::handle::HandleKind;
use super::text::Text;
use super::{boundary, handle};
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
/// Functions: secsmtp_secret_request_host, _port, _user, _kind, _reason, _answer,
/// _answer_text.
pub struct secsmtp_secret_request(());

/// Called when a password or token is needed: after the server was verified and has a mechanism for it,
/// not before. It gives the secret to secsmtp_secret_request_answer and returns 0. Any other number, or
/// 0 without an answer, means that there is none, and the send ends with SECSMTP_E_NO_SECRET. Called on
/// the thread that is inside secsmtp_client_send, or for a batch on each thread that has a connection,
/// perhaps on several at a time; with no lock held. It may call any function of the library,
/// free its credential and client, and cancel; a function that would have to wait returns
/// SECSMTP_E_REENTRANT. It may take its time: a cancel, or the deadline of the whole call, takes effect
/// when it returns. A send from inside it that would have to ask in turn gets SECSMTP_E_NO_SECRET. It
/// must return normally: no longjmp, no exception.
pub type secsmtp_secret_callback =
    Option<unsafe extern "C" fn(context: *mut c_void, request: *mut secsmtp_secret_request) -> i32>;

pub(super) struct SecretRequestObject {
    pub(super) host: Text,
    pub(super) user: Text,
    pub(super) port: u16,
    credential_kind: CredentialKind,
    pub(super) reason: Reason,
    answer: ForkMutex<Option<Secret>>,
}

impl SecretRequestObject {
    pub(super) fn kind(&self) -> i32 {
        secret_kind(self.credential_kind)
    }
}

/// A kind of secret as a number of the header.
pub(super) fn secret_kind(kind: CredentialKind) -> i32 {
    match kind {
        CredentialKind::Token => SECSMTP_SECRET_TOKEN,
        _ => SECSMTP_SECRET_PASSWORD,
    }
}

impl HandleKind for secsmtp_secret_request {
    type Object = SecretRequestObject;
    const NOUN: &'static str = "secret request";
}

type SecretFunction = unsafe extern "C" fn(*mut c_void, *mut secsmtp_secret_request) -> i32;

/// Asks by a callback.
struct SecretCallback(Callback<SecretFunction>);

thread_local! {
    /// True inside a secret callback of this thread. A send from inside it does not ask in turn, which
    /// could go on for as long as the stack lasts.
    static ASKS: Cell<bool> = const { Cell::new(false) };
}

/// The question of this thread, while it lives.
struct CurrentRequest(());

impl CurrentRequest {
    fn begin() -> Result<Self, NoSecret> {
        match ASKS.replace(true) {
            true => Err(NoSecret::Declined),
            false => Ok(Self(())),
        }
    }
}

impl Drop for CurrentRequest {
    fn drop(&mut self) {
        ASKS.set(false);
    }
}

impl SecretProvider for SecretCallback {
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        let _current = CurrentRequest::begin()?;
        let context = request.secret_context();
        let handle: *mut secsmtp_secret_request = handle::insert(SecretRequestObject {
            host: Text::new(context.host),
            user: Text::new(context.user),
            port: context.port,
            credential_kind: context.credential_kind,
            reason: context.reason,
            answer: ForkMutex::new(None),
        })?;
        let ask = |function: SecretFunction, user| {
            // SAFETY: function and pointer are as the contract of `Argument` says.
            unsafe { function(user, handle) }
        };
        let status = self.0.call(ask);
        let object = handle::remove(handle)?;
        let answer = object.answer.lock()?.take();
        answer.filter(|_| status == 0).ok_or(NoSecret::Declined)
    }
}

/// Stands for a NULL callback: jobs ask by an event, and a blocking call can't ask.
struct NoCallback;

impl SecretProvider for NoCallback {
    fn secret(&self, _: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        let why = "is NULL: only a job can ask for its secret, by an event";
        Err(Error::argument(Status::NoSecret, "callback", why).into())
    }
}

/// Makes a credential that asks for its secret.
pub(super) fn credential(
    user: &str,
    kind: i32,
    callback: &Argument<secsmtp_secret_callback>,
    context: &UserIn,
) -> Result<Credential, Error> {
    let kinds = [
        (SECSMTP_SECRET_PASSWORD, CredentialKind::Password),
        (SECSMTP_SECRET_TOKEN, CredentialKind::Token),
    ];
    let credential_kind = arguments::choice("kind", kind, kinds)?;
    let provider: Arc<dyn SecretProvider> = match Callback::new(callback, context) {
        Some(callback) => Arc::new(SecretCallback(callback)),
        None => Arc::new(NoCallback),
    };
    match credential_kind {
        CredentialKind::Token => Credential::token_from(user, provider),
        _ => Credential::password_from(user, provider),
    }
}

/// Answers with the password or token. A second answer replaces the first.
/// Ownership: copied, and wiped when its connection ends; the caller wipes its own copy. Threads: any,
/// while the callback runs. Errors: SECSMTP_E_SECRET for a value that can't be one; an earlier answer
/// stays.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_secret_request_answer(
    request: *mut secsmtp_secret_request,
    secret: BytesIn,
    secret_len: usize,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(request, error_out, || {
        answer(request, secret.get("secret", secret_len)?)
    })
}

/// Answers with the password or token as a text. A second answer replaces the first.
/// Ownership: copied, and wiped when its connection ends. Threads: any, while the callback runs. Errors:
/// SECSMTP_E_SECRET for a value that can't be one, SECSMTP_E_UTF8; an earlier answer stays.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_secret_request_answer_text(
    request: *mut secsmtp_secret_request,
    secret: TextIn,
    secret_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(request, error_out, || {
        answer(request, secret.get("secret", secret_len)?.as_bytes())
    })
}

fn answer(request: *const secsmtp_secret_request, secret: &[u8]) -> Result<(), Error> {
    let object = handle::get(request)?;
    check_secret(object.credential_kind, secret)?;
    *object.answer.lock()? = Some(Secret::new(secret));
    Ok(())
}
