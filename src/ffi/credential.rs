//! secsmtp_credential: a login.

use std::sync::Arc;

use super::arguments::{self, Argument, BytesIn, ErrorOut, HandleOut, Place, TextIn, UserIn};
use super::handle::HandleKind;
use super::secret_request::{self, secsmtp_secret_callback};
use super::{boundary, handle};
use crate::credential::Credential;
use crate::error::Error;
use crate::process::ForkMutex;
use crate::sasl::{BindingType, ChannelBinding};

/// A login: a user with a password or a token, which is given or asked for when it is needed, or the
/// policy's client certificate. A secret that is given is wiped from memory when the last object that
/// uses it is freed, and is sent to a verified server only.
/// Functions: secsmtp_credential_new_password, _new_password_text,
/// _new_token, _new_token_text, _new_asked, _new_external, _add_mechanism,
/// _set_min_mechanism, _set_channel_binding, _set_binding_type, _set_max_iterations, _free.
pub struct secsmtp_credential(());

impl HandleKind for secsmtp_credential {
    type Object = ForkMutex<Credential>;
    const NOUN: &'static str = "credential";
}

/// A copy of the credential of a handle; the secret itself is shared.
pub(super) fn copy(credential: *const secsmtp_credential) -> Result<Arc<Credential>, Error> {
    let object = handle::get(credential)?;
    let copy = object.lock()?.clone();
    Ok(Arc::new(copy))
}

fn hand_out(
    credential: Result<Credential, Error>,
    credential_out: Place<*mut secsmtp_credential>,
) -> Result<(), Error> {
    credential_out.hand_out(ForkMutex::new(credential?))
}

/// Makes a credential of a user name and a password, for SCRAM (RFC 5802, RFC 7677), PLAIN
/// (RFC 4616) and LOGIN.
/// Ownership: both are copied; *credential_out is the caller's; secsmtp_credential_free.
/// Threads: any. Errors: SECSMTP_E_USER, SECSMTP_E_SECRET.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_new_password(
    user: TextIn,
    user_len: i64,
    password: BytesIn,
    password_len: usize,
    credential_out: HandleOut<secsmtp_credential>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let credential_out = credential_out.require("credential_out")?;
        let user = user.get("user", user_len)?;
        let password = password.get("password", password_len)?;
        hand_out(Credential::password(user, password), credential_out)
    })
}

/// Makes a credential as secsmtp_credential_new_password does, of a password that is a text: for callers
/// whose strings are texts, and who can't wipe them.
/// Ownership: both are copied, and the copy of the password is wiped; *credential_out is the caller's;
/// secsmtp_credential_free. Threads: any. Errors: those of secsmtp_credential_new_password,
/// SECSMTP_E_UTF8.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_new_password_text(
    user: TextIn,
    user_len: i64,
    password: TextIn,
    password_len: i64,
    credential_out: HandleOut<secsmtp_credential>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let credential_out = credential_out.require("credential_out")?;
        let user = user.get("user", user_len)?;
        let password = password.get("password", password_len)?.as_bytes();
        hand_out(Credential::password(user, password), credential_out)
    })
}

/// Makes a credential of a user name and an OAuth 2.0 access token, for OAUTHBEARER (RFC 7628)
/// and XOAUTH2.
/// Ownership: both are copied; *credential_out is the caller's; secsmtp_credential_free.
/// Threads: any. Errors: SECSMTP_E_USER, SECSMTP_E_SECRET.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_new_token(
    user: TextIn,
    user_len: i64,
    token: BytesIn,
    token_len: usize,
    credential_out: HandleOut<secsmtp_credential>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let credential_out = credential_out.require("credential_out")?;
        let user = user.get("user", user_len)?;
        let token = token.get("token", token_len)?;
        hand_out(Credential::token(user, token), credential_out)
    })
}

/// Makes a credential as secsmtp_credential_new_token does, of a token that is a text.
/// Ownership: both are copied, and the copy of the token is wiped; *credential_out is the caller's;
/// secsmtp_credential_free. Threads: any. Errors: those of secsmtp_credential_new_token, SECSMTP_E_UTF8.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_new_token_text(
    user: TextIn,
    user_len: i64,
    token: TextIn,
    token_len: i64,
    credential_out: HandleOut<secsmtp_credential>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let credential_out = credential_out.require("credential_out")?;
        let user = user.get("user", user_len)?;
        let token = token.get("token", token_len)?.as_bytes();
        hand_out(Credential::token(user, token), credential_out)
    })
}

/// Makes a credential whose password or token (kind: SECSMTP_SECRET_PASSWORD or _TOKEN) is asked for in
/// each send that logs in, once the server is verified and not before. secsmtp_client_send calls
/// callback, with context, on the thread of that call, and secsmtp_client_send_batch on the thread of
/// each connection; a job asks by SECSMTP_EVENT_SECRET. With a NULL
/// callback only jobs can log in, and a send ends with SECSMTP_E_NO_SECRET. When a server rejects a
/// token there is one more question, with SECSMTP_REASON_REFUSED, and one more login, on a new
/// connection that is verified again. A password that was rejected is not tried again.
/// Ownership: user is copied; context stays the caller's, and must live as long as clients have this
/// credential; *credential_out is the caller's; secsmtp_credential_free. Threads: any. Errors:
/// SECSMTP_E_USER, SECSMTP_E_VALUE for another kind.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_new_asked(
    user: TextIn,
    user_len: i64,
    kind: i32,
    callback: Argument<secsmtp_secret_callback>,
    context: UserIn,
    credential_out: HandleOut<secsmtp_credential>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let credential_out = credential_out.require("credential_out")?;
        let user = user.get("user", user_len)?;
        let credential = secret_request::credential(user, kind, &callback, &context);
        hand_out(credential, credential_out)
    })
}

/// Makes a credential of the policy's client certificate (secsmtp_policy_set_client_certificate), for
/// EXTERNAL (RFC 4422 appendix A): the server identifies the client by its certificate, and there is no
/// secret. identity is the authorization identity; empty leaves it to the certificate.
/// Ownership: copied; *credential_out is the caller's; secsmtp_credential_free. Threads: any. Errors:
/// SECSMTP_E_USER. With a policy without a certificate a send is SECSMTP_E_NO_CLIENT_CERTIFICATE before
/// it connects.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_new_external(
    identity: TextIn,
    identity_len: i64,
    credential_out: HandleOut<secsmtp_credential>,
    error_out: ErrorOut,
) -> i32 {
    boundary::create(error_out, || {
        let credential_out = credential_out.require("credential_out")?;
        let identity = identity.get("identity", identity_len)?;
        hand_out(Credential::external(identity), credential_out)
    })
}

/// Allows only this mechanism and those added before. By default all mechanisms that fit the credential
/// are allowed.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_MECHANISM.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_add_mechanism(
    credential: *mut secsmtp_credential,
    mechanism: TextIn,
    mechanism_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(credential, error_out, || {
        let name = mechanism.get("mechanism", mechanism_len)?;
        let object = handle::get(credential)?;
        object.lock()?.add_mechanism(name)
    })
}

/// Allows no mechanism weaker than this one: no smaller hash, and with -PLUS none without channel
/// binding. The order, strongest first: SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, then
/// these without -PLUS, PLAIN, LOGIN; for tokens OAUTHBEARER, XOAUTH2; for a client certificate EXTERNAL
/// alone.
/// Ownership: copied. Threads: any. Errors: SECSMTP_E_MECHANISM.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_set_min_mechanism(
    credential: *mut secsmtp_credential,
    mechanism: TextIn,
    mechanism_len: i64,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(credential, error_out, || {
        let name = mechanism.get("mechanism", mechanism_len)?;
        let object = handle::get(credential)?;
        object.lock()?.set_min_mechanism(name)
    })
}

/// Chooses whether the login is bound to the TLS channel, so that an attacker in between can't relay it
/// (RFC 5802 section 6, RFC 9266): SECSMTP_CHANNEL_BINDING_OFF, _PREFER (the default) or _REQUIRE.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_set_channel_binding(
    credential: *mut secsmtp_credential,
    channel_binding: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(credential, error_out, || {
        let policies = ChannelBinding::ALL.map(|policy| (policy as i32, policy));
        let policy = arguments::choice("channel_binding", channel_binding, policies)?;
        let object = handle::get(credential)?;
        object.lock()?.set_channel_binding(policy);
        Ok(())
    })
}

/// Chooses what a login is bound to: SECSMTP_BINDING_TLS_EXPORTER (the default), the TLS session, or
/// _TLS_SERVER_END_POINT, the server's certificate, for a server that knows only that type (RFC 5929).
/// The latter is undefined for a certificate whose signature has no single hash (Ed25519). A server that
/// knows another type rejects the login, and nothing else is tried.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_set_binding_type(
    credential: *mut secsmtp_credential,
    binding_type: i32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(credential, error_out, || {
        let types = BindingType::ALL.map(|kind| (kind as i32, kind));
        let kind = arguments::choice("binding_type", binding_type, types)?;
        let object = handle::get(credential)?;
        object.lock()?.set_binding_type(kind);
        Ok(())
    })
}

/// Sets the greatest iteration count of a SCRAM server that is accepted: 4096 to 10000000, default
/// 100000. A server that asks for more is an error before any computation. 100000 iterations take about
/// 50 ms, 10000000 take seconds, during which a cancel waits.
/// Threads: any. Errors: SECSMTP_E_VALUE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_set_max_iterations(
    credential: *mut secsmtp_credential,
    max_iterations: u32,
    error_out: ErrorOut,
) -> i32 {
    boundary::status(credential, error_out, || {
        let object = handle::get(credential)?;
        object.lock()?.set_max_iterations(max_iterations)
    })
}

/// Frees a credential; clients that were given it keep it. NULL is a no-op.
/// Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn secsmtp_credential_free(credential: *mut secsmtp_credential) -> i32 {
    boundary::free(credential)
}
