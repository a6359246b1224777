/*
 * libsecsmtp: mail submission to the named server over a verified channel, or an error that says why
 *
 * CONVENTIONS
 *   A function that can fail returns a status, SECSMTP_OK (0) or one of SECSMTP_E_*.
 *   Text in is UTF-8: a pointer and its length in bytes, or SECSMTP_NUL_TERMINATED (-1) for a text that
 *   ends at its first NUL; any other negative length is SECSMTP_E_LENGTH. Bytes in are a pointer and a
 *   length. NULL with length 0 is empty; NULL with any other length is an error.
 *   A text has at most 64 KiB; texts and header fields of a message, chains of certificates, and bytes
 *   have at most 2 GiB (1 GiB where pointers have 32 bits). More is SECSMTP_E_LENGTH.
 *   Arguments are copied: they need to live for the call only.
 *   Outputs are written only on success. Flags are 0 or 1.
 *   A setter that fails leaves its object as it was. A policy can't be used after that, so that no
 *   client trusts more than was intended (see secsmtp_policy).
 *   A call that gets no memory for a large argument gives SECSMTP_E_RESOURCE.
 *   A getter of a number returns it (0 or more), or minus SECSMTP_E_BAD_HANDLE or another status.
 *   A getter of a text returns NUL-terminated UTF-8, "" when there is none, and stores the length
 *   in *len_out unless len_out is NULL.
 *   Policy, credential and message are copied by the call that takes them: later changes to them
 *   have no effect there, and they may be freed at once.
 *
 * TRUST
 *   A new policy trusts no server. Each kind of trust that is added must hold; secsmtp_policy says what
 *   each proves and what it does not.
 *
 * LINKING
 *   Use the shared library: pkg-config secsmtp, or -lsecsmtp. The static one carries Rust's
 *   runtime; link it only as the single Rust archive of a program. Never unload the library.
 *   CMake: find_package(secsmtp), then secsmtp::secsmtp. Whole programs (a send, jobs in an event
 *   loop, a mail with attachments) are installed in share/doc/libsecsmtp/examples.
 *
 * THREADS
 *   Every function may be called from any thread, on any handle. secsmtp_client_cancel ends
 *   the sends, batches and probes that run in a client: they return SECSMTP_E_CANCELLED.
 *   The library starts threads for these alone: to look a name up, as long as the lookup takes; for
 *   the connections of secsmtp_client_send_batch after the first, until it returns; for jobs
 *   (secsmtp_client_submit), while there are some or their connections are kept; and for events, with
 *   secsmtp_client_set_event_callback and on_any_thread 1.
 *   Each callback says on which thread it is called: on that of the call that needs it or, for jobs,
 *   further connections of a batch and events, on one of these. None is called with a lock held.
 *   Inside a callback every function may be called, and none waits for another call or callback:
 *   secsmtp_client_close and _dispatch return SECSMTP_E_REENTRANT, and so do secsmtp_client_wait and
 *   _poll_event when they would have to wait. A callback must return normally: no longjmp, no
 *   exception.
 *   In a child of fork() a client of the parent's gives SECSMTP_E_FORKED. Other objects may be used,
 *   unless another thread was inside a function of one at the fork: that one gives SECSMTP_E_FORKED.
 *   Each may be freed. No function of the library hangs in the child because of the parent's threads;
 *   limits of the C library (its resolver, for instance) still apply there.
 *
 * JOBS AND EVENTS
 *   A program that must not wait calls secsmtp_client_submit. It returns at once with the number of
 *   a job. Its progress and result are events, which also have the caller's tag. Each job completes
 *   exactly once, also when it is cancelled, when its client is closed, and when its secret is not
 *   answered. The completion is reported by SECSMTP_EVENT_COMPLETED or by secsmtp_client_wait,
 *   whichever takes it first. Other kinds of events are made when they are asked for
 *   (secsmtp_client_set_events); when the queue is full they are dropped and counted
 *   (SECSMTP_EVENT_DROPPED). Completions are never dropped: with too many of them in the queue,
 *   secsmtp_client_submit gives SECSMTP_E_FULL (secsmtp_client_set_limits).
 *   Take events in one of three ways. A thread that may wait, or a timer that may not:
 *   secsmtp_client_poll_event with a time, or with 0. An event loop: wait until
 *   secsmtp_client_descriptor is readable, then poll with a time of 0 until SECSMTP_E_NOTHING. Or
 *   secsmtp_client_set_event_callback, which is called inside secsmtp_client_dispatch.
 *   At the end secsmtp_client_close lets the jobs finish for a time and cancels what is left; then
 *   take the completions, then secsmtp_client_free. Freeing at once is allowed: jobs then end
 *   without an event.
 *
 * MEMORY
 *   A handle looks like a pointer and is a number, never 0 and below 2^53, so that a double
 *   holds it exactly. It is never dereferenced: one that is freed, invented or of another kind gives
 *   SECSMTP_E_BAD_HANDLE. Each handle that a function gives out belongs to the caller, who frees it
 *   once by the _free of its kind. _free also takes NULL.
 *   The errors of the handle, which every function that takes one can give: SECSMTP_E_NULL,
 *   SECSMTP_E_BAD_HANDLE, SECSMTP_E_FORKED after a fork (see THREADS), and SECSMTP_E_PANIC for an
 *   object that a panic has left in an unknown state.
 *   Texts belong to their object and are valid until it is freed, unless the function says less.
 *   Nothing else is to be freed.
 *
 * ERRORS
 *   The last parameter of most functions, error_out, may be NULL. Otherwise it is set to NULL on
 *   success, and on failure to a new error object that says what happened, at which stage, and
 *   whether login or content had left, or to NULL if there is no memory for one: the status alone says
 *   whether a call failed. A panic inside is caught and becomes SECSMTP_E_PANIC.
 *   The error of a send, a submission, an entry of a batch or a completion has the outcome of its
 *   message (1 to 4); any other is not about a message and has SECSMTP_OUTCOME_NONE (0).
 *   Numbers come in thousands: 1 the caller's arguments, 2 lifecycle, 3 name and connection,
 *   4 TLS and trust, 5 protocol, 6 refusals of the server, 9 internal. Take an unknown number as
 *   one of its thousand.
 *
 * VERSIONING
 *   SECSMTP_ABI_VERSION grows when functions or numbers are added; refuse a library whose
 *   secsmtp_abi_version() is below the one compiled against. A released function keeps its name,
 *   parameters and meaning, a number is never used again, and there are no public structures.
 *   Removing something needs a new soname.
 */

#ifndef SECSMTP_H
#define SECSMTP_H

/* Generated by `make generate` from src/ffi. Do not edit. */

#include <stddef.h>
#include <stdint.h>

/**
 * Grows by one whenever functions or numbers are added; compare it at load time.
 */
#define SECSMTP_ABI_VERSION 1

/**
 * As the length of a text argument: the text ends at its first NUL.
 */
#define SECSMTP_NUL_TERMINATED -1

/**
 * TLS from the first byte, usually port 465 (RFC 8314 section 3.3).
 */
#define SECSMTP_TLS_MODE_IMPLICIT 0

/**
 * STARTTLS, required, usually port 587 (RFC 3207).
 */
#define SECSMTP_TLS_MODE_STARTTLS 1

/**
 * TLS 1.2 or newer: the default.
 */
#define SECSMTP_TLS_1_2 12

/**
 * TLS 1.3 only.
 */
#define SECSMTP_TLS_1_3 13

/**
 * The login is never bound to the TLS channel.
 */
#define SECSMTP_CHANNEL_BINDING_OFF 0

/**
 * The login is bound to the TLS channel when the server offers that: the default.
 */
#define SECSMTP_CHANNEL_BINDING_PREFER 1

/**
 * No login that is not bound to the TLS channel (RFC 5802 section 6, RFC 9266).
 */
#define SECSMTP_CHANNEL_BINDING_REQUIRE 2

/**
 * The login is bound to the TLS session (tls-exporter, RFC 9266): the default.
 */
#define SECSMTP_BINDING_TLS_EXPORTER 0

/**
 * The login is bound to the server's certificate (tls-server-end-point, RFC 5929).
 */
#define SECSMTP_BINDING_TLS_SERVER_END_POINT 1

/**
 * A password is asked for.
 */
#define SECSMTP_SECRET_PASSWORD 1

/**
 * An OAuth 2.0 access token is asked for.
 */
#define SECSMTP_SECRET_TOKEN 2

/**
 * A secret is asked for the first login of a send.
 */
#define SECSMTP_REASON_FIRST 1

/**
 * A secret is asked for because the server rejected the last token: get a fresh one. It is used on a
 * new connection, which is verified again; there is no third question.
 */
#define SECSMTP_REASON_REFUSED 2

/**
 * The error is not about a message: that of any function but a send, a submission, an entry of a
 * batch or a completion.
 */
#define SECSMTP_OUTCOME_NONE 0

/**
 * Certainly not delivered: sending again is safe.
 */
#define SECSMTP_OUTCOME_NOT_SENT 1

/**
 * The verified server rejected the message, with a 4yz or 5yz reply.
 */
#define SECSMTP_OUTCOME_REFUSED 2

/**
 * The verified server replied 2yz to the content.
 */
#define SECSMTP_OUTCOME_ACCEPTED 3

/**
 * The connection ended between the last byte of the content and the reply to it: the message may have
 * been delivered.
 */
#define SECSMTP_OUTCOME_UNKNOWN 4

/**
 * Before any network. As a timeout: the whole call.
 */
#define SECSMTP_STAGE_ALL 0

/**
 * Looking up the host name.
 */
#define SECSMTP_STAGE_RESOLVE 1

/**
 * Opening the TCP connection.
 */
#define SECSMTP_STAGE_CONNECT 2

/**
 * Waiting for the server's 220.
 */
#define SECSMTP_STAGE_GREETING 3

/**
 * EHLO and its reply.
 */
#define SECSMTP_STAGE_EHLO 4

/**
 * STARTTLS and its reply.
 */
#define SECSMTP_STAGE_STARTTLS 5

/**
 * The TLS handshake and the verdict on the peer.
 */
#define SECSMTP_STAGE_TLS 6

/**
 * The login.
 */
#define SECSMTP_STAGE_AUTH 7

/**
 * MAIL and its reply.
 */
#define SECSMTP_STAGE_MAIL 8

/**
 * RCPT and its reply.
 */
#define SECSMTP_STAGE_RCPT 9

/**
 * DATA and its reply.
 */
#define SECSMTP_STAGE_DATA 10

/**
 * Writing the content.
 */
#define SECSMTP_STAGE_CONTENT 11

/**
 * Waiting for the reply to the content.
 */
#define SECSMTP_STAGE_REPLY 12

/**
 * The From field: the authors.
 */
#define SECSMTP_FIELD_FROM 1

/**
 * The Sender field: the sender on behalf of several authors.
 */
#define SECSMTP_FIELD_SENDER 2

/**
 * The Reply-To field.
 */
#define SECSMTP_FIELD_REPLY_TO 3

/**
 * The To field.
 */
#define SECSMTP_FIELD_TO 4

/**
 * The Cc field.
 */
#define SECSMTP_FIELD_CC 5

/**
 * Bcc: recipients that the header does not name.
 */
#define SECSMTP_FIELD_BCC 6

/**
 * The message can wait.
 */
#define SECSMTP_PRIORITY_LOW 1

/**
 * The usual priority: no field.
 */
#define SECSMTP_PRIORITY_NORMAL 2

/**
 * The message should be read soon.
 */
#define SECSMTP_PRIORITY_HIGH 3

/**
 * A report when the message was delivered.
 */
#define SECSMTP_NOTIFY_SUCCESS 1

/**
 * A report when it could not be delivered.
 */
#define SECSMTP_NOTIFY_FAILURE 2

/**
 * A report when it is delayed.
 */
#define SECSMTP_NOTIFY_DELAY 4

/**
 * No report at all.
 */
#define SECSMTP_NOTIFY_NEVER 8

/**
 * A report of failure brings back the header.
 */
#define SECSMTP_RETURN_HEADER 1

/**
 * A report of failure brings back the whole message.
 */
#define SECSMTP_RETURN_FULL 2

/**
 * A message whose time is over is returned.
 */
#define SECSMTP_LATE_RETURN 1

/**
 * A message whose time is over goes on, and its sender is notified.
 */
#define SECSMTP_LATE_NOTIFY 2

/**
 * No priority is asked for.
 */
#define SECSMTP_MT_PRIORITY_NONE -100

/**
 * A size that is not known beforehand.
 */
#define SECSMTP_SIZE_UNKNOWN -1

/**
 * Content with a bare CR or LF is an error with the line's number; without this each becomes CRLF.
 */
#define SECSMTP_CONTENT_STRICT 1

/**
 * Content that DATA can't carry (a NUL, a line over 998 bytes) is sent to a server with BINARYMIME: byte
 * by byte where the header's lines end in CRLF, else with CRLF for each line end; without this it is
 * an error.
 */
#define SECSMTP_CONTENT_BINARY 2

/**
 * Sender and recipients are those of the content's header: Sender or From, To, Cc and Bcc, or the
 * Resent- fields alone where there are any (RFC 5322 section 3.6.6). Names may be in any character set;
 * an address that is not UTF-8 is an error.
 */
#define SECSMTP_CONTENT_ENVELOPE 4

/**
 * Another try needs a change first, or the error is not about a message.
 */
#define SECSMTP_RETRY_NEVER 0

/**
 * Another try may succeed later, and can't deliver twice.
 */
#define SECSMTP_RETRY_LATER 1

/**
 * The message may have been delivered: look for its Message-ID before another try.
 */
#define SECSMTP_RETRY_UNKNOWN 2

/**
 * The cause of a failure.
 */
#define SECSMTP_LOG_ERROR 1

/**
 * A warning about the policy or the clock.
 */
#define SECSMTP_LOG_WARNING 2

/**
 * A stage begins or ends.
 */
#define SECSMTP_LOG_INFO 3

/**
 * A command or a reply.
 */
#define SECSMTP_LOG_DEBUG 4

/**
 * A line of the log of a job.
 */
#define SECSMTP_EVENT_LOG 1

/**
 * A stage of a job begins.
 */
#define SECSMTP_EVENT_STAGE 2

/**
 * Bytes of the content were handed to the operating system; only the latest is kept for each job.
 */
#define SECSMTP_EVENT_PROGRESS 4

/**
 * The server replied about a recipient; the receipt or error has all of these replies again.
 */
#define SECSMTP_EVENT_RECIPIENT 8

/**
 * A job needs a password or token; its server is verified.
 */
#define SECSMTP_EVENT_SECRET 16

/**
 * A job is complete: exactly once for each.
 */
#define SECSMTP_EVENT_COMPLETED 32

/**
 * Events were dropped because the queue was full.
 */
#define SECSMTP_EVENT_DROPPED 64

/**
 * As a time in milliseconds: no timeout.
 */
#define SECSMTP_FOREVER 4294967295

/**
 * Success.
 */
#define SECSMTP_OK 0

/**
 * A handle was freed, is of another kind, or is not a handle.
 */
#define SECSMTP_E_BAD_HANDLE 1001

/**
 * A pointer that must not be NULL is NULL.
 */
#define SECSMTP_E_NULL 1002

/**
 * A length is greater than the argument may have.
 */
#define SECSMTP_E_LENGTH 1003

/**
 * A text is not valid UTF-8.
 */
#define SECSMTP_E_UTF8 1004

/**
 * A number is not a value of the argument.
 */
#define SECSMTP_E_VALUE 1005

/**
 * The host is neither a host name nor an IP address.
 */
#define SECSMTP_E_HOST 1006

/**
 * The port is not between 1 and 65535, or 0 for the default.
 */
#define SECSMTP_E_PORT 1007

/**
 * The user name is empty, too long, or has a control character.
 */
#define SECSMTP_E_USER 1008

/**
 * A mail address is not valid in SMTP.
 */
#define SECSMTP_E_ADDRESS 1009

/**
 * The EHLO name is neither a domain nor an address literal.
 */
#define SECSMTP_E_EHLO_NAME 1010

/**
 * The password or token is empty, too long, or has a NUL or line break.
 */
#define SECSMTP_E_SECRET 1011

/**
 * The library does not have this mechanism for this kind of credential.
 */
#define SECSMTP_E_MECHANISM 1012

/**
 * A pin is neither sha256//BASE64 of 32 bytes nor 64 hexadecimal digits.
 */
#define SECSMTP_E_PIN 1013

/**
 * A certificate can't be read as PEM or DER.
 */
#define SECSMTP_E_CERTIFICATE 1014

/**
 * A file can't be read.
 */
#define SECSMTP_E_FILE 1015

/**
 * The policy trusts no server: it has no pin, CA, certificate or named roots.
 */
#define SECSMTP_E_NO_TRUST 1016

/**
 * The message has no sender.
 */
#define SECSMTP_E_NO_SENDER 1017

/**
 * The message has no recipient.
 */
#define SECSMTP_E_NO_RECIPIENT 1018

/**
 * The message has no content.
 */
#define SECSMTP_E_NO_CONTENT 1019

/**
 * The content can't be sent as it is, or signed: it has a NUL, for example, or a line over 998 bytes.
 */
#define SECSMTP_E_CONTENT 1020

/**
 * This machine's trusted roots were not found or can't be read.
 */
#define SECSMTP_E_ROOTS 1021

/**
 * The login is by client certificate, and the policy has none.
 */
#define SECSMTP_E_NO_CLIENT_CERTIFICATE 1022

/**
 * The password or token was asked for, and none was given.
 */
#define SECSMTP_E_NO_SECRET 1023

/**
 * A part of the message could not be read while it was sent.
 */
#define SECSMTP_E_SOURCE 1025

/**
 * A header field, file name, content type or id can't be used as it is.
 */
#define SECSMTP_E_HEADER 1026

/**
 * The message has raw content and composed parts, and only one of them is allowed.
 */
#define SECSMTP_E_COMPOSITION 1027

/**
 * The composed message can't be written to the given place.
 */
#define SECSMTP_E_OUTPUT 1028

/**
 * The content needs BINARYMIME, and the server does not offer it.
 */
#define SECSMTP_E_NEEDS_BINARY 1029

/**
 * A signing key is not RSA of 2048 to 4096 bits or Ed25519.
 */
#define SECSMTP_E_SIGNING_KEY 1030

/**
 * This build of the library does not have the feature.
 */
#define SECSMTP_E_NOT_BUILT 1031

/**
 * The call was cancelled.
 */
#define SECSMTP_E_CANCELLED 2001

/**
 * A timeout passed.
 */
#define SECSMTP_E_TIMEOUT 2002

/**
 * There is no such object or value.
 */
#define SECSMTP_E_NOTHING 2003

/**
 * The client was closed.
 */
#define SECSMTP_E_CLOSED 2004

/**
 * The client has as many jobs as it may have: take completions first.
 */
#define SECSMTP_E_FULL 2005

/**
 * The job's completion was taken before.
 */
#define SECSMTP_E_TAKEN 2006

/**
 * The function would have to wait for the callback that it was called from.
 */
#define SECSMTP_E_REENTRANT 2007

/**
 * The client belongs to the process that this one was forked from, or the object was in use there at
 * the fork.
 */
#define SECSMTP_E_FORKED 2008

/**
 * The server closed the last connection (421), and the next one is not due yet.
 */
#define SECSMTP_E_BACK_OFF 2009

/**
 * The host name has no address.
 */
#define SECSMTP_E_LOOKUP 3001

/**
 * The system has not finished too many earlier look-ups of names.
 */
#define SECSMTP_E_LOOKUP_BUSY 3002

/**
 * No address of the server accepted the connection.
 */
#define SECSMTP_E_CONNECT 3003

/**
 * The connection was lost.
 */
#define SECSMTP_E_CONNECTION_LOST 3004

/**
 * The peer sent clear text where TLS was expected.
 */
#define SECSMTP_E_NOT_TLS 4001

/**
 * The TLS handshake failed.
 */
#define SECSMTP_E_HANDSHAKE 4002

/**
 * The peer's key is not a pinned one.
 */
#define SECSMTP_E_PIN_MISMATCH 4003

/**
 * The peer's certificate is not the trusted one.
 */
#define SECSMTP_E_CERTIFICATE_MISMATCH 4004

/**
 * The peer's certificate leads to no trusted CA.
 */
#define SECSMTP_E_UNKNOWN_ISSUER 4005

/**
 * The peer's certificate is for another name.
 */
#define SECSMTP_E_NAME_MISMATCH 4006

/**
 * The peer's certificate has expired.
 */
#define SECSMTP_E_EXPIRED 4007

/**
 * The peer's certificate is not valid yet.
 */
#define SECSMTP_E_NOT_YET_VALID 4008

/**
 * The peer's certificate is malformed, or not valid for a server.
 */
#define SECSMTP_E_BAD_CERTIFICATE 4009

/**
 * The server does not offer STARTTLS.
 */
#define SECSMTP_E_STARTTLS_MISSING 4010

/**
 * The server rejected STARTTLS.
 */
#define SECSMTP_E_STARTTLS_REFUSED 4011

/**
 * Clear text followed the reply to STARTTLS.
 */
#define SECSMTP_E_BYTES_BEFORE_TLS 4012

/**
 * The peer's certificate, or one of its issuers, was revoked.
 */
#define SECSMTP_E_REVOKED 4013

/**
 * Revocation lists were given, and none covers the peer's certificate.
 */
#define SECSMTP_E_REVOCATION_UNKNOWN 4014

/**
 * The revocation list for the peer's certificate is out of date.
 */
#define SECSMTP_E_CRL_EXPIRED 4015

/**
 * A reply is not SMTP.
 */
#define SECSMTP_E_MALFORMED_REPLY 5001

/**
 * A reply has more lines or bytes than are accepted.
 */
#define SECSMTP_E_REPLY_TOO_LONG 5002

/**
 * A reply is not one of those expected for the command.
 */
#define SECSMTP_E_UNEXPECTED_REPLY 5003

/**
 * The server is closing the connection (421).
 */
#define SECSMTP_E_CLOSING 5004

/**
 * The server sent a reply without a command.
 */
#define SECSMTP_E_UNSOLICITED 5005

/**
 * A login is set, and the server offers none.
 */
#define SECSMTP_E_AUTH_MISSING 5006

/**
 * The server offers none of the allowed mechanisms.
 */
#define SECSMTP_E_MECHANISM_MISSING 5007

/**
 * The message is larger than the server accepts.
 */
#define SECSMTP_E_TOO_LARGE 5008

/**
 * The content has bytes above 127, and the server does not offer 8BITMIME.
 */
#define SECSMTP_E_NEEDS_8BIT 5009

/**
 * An address or a header field is not ASCII, and the server does not offer SMTPUTF8.
 */
#define SECSMTP_E_NEEDS_SMTPUTF8 5010

/**
 * Channel binding is required and not available.
 */
#define SECSMTP_E_CHANNEL_BINDING 5011

/**
 * The server did not prove that it knows the password.
 */
#define SECSMTP_E_SERVER_NOT_AUTHENTICATED 5012

/**
 * The message has more recipients than the server accepts.
 */
#define SECSMTP_E_TOO_MANY_RECIPIENTS 5020

/**
 * The message needs an extension that the server does not offer.
 */
#define SECSMTP_E_EXTENSION_MISSING 5021

/**
 * The message needs another time than the server allows.
 */
#define SECSMTP_E_BEYOND_LIMIT 5022

/**
 * The server rejected the login.
 */
#define SECSMTP_E_AUTH_REFUSED 6001

/**
 * The server rejected the sender.
 */
#define SECSMTP_E_SENDER_REFUSED 6002

/**
 * The server rejected a recipient.
 */
#define SECSMTP_E_RECIPIENT_REFUSED 6003

/**
 * The server rejected the content.
 */
#define SECSMTP_E_CONTENT_REFUSED 6004

/**
 * The server rejected the session, by its greeting or its reply to EHLO or RSET.
 */
#define SECSMTP_E_SESSION_REFUSED 6005

/**
 * A fault inside the library was caught; the object can't be used any more.
 */
#define SECSMTP_E_PANIC 9001

/**
 * The system gave no descriptor, thread or memory.
 */
#define SECSMTP_E_RESOURCE 9002

/**
 * The system gave no random numbers.
 */
#define SECSMTP_E_RANDOM 9003

/**
 * Messages that one call sends, and the result of each. Where the server offers PIPELINING, one
 * connection carries them as a stream: the next message is written while the replies to the last are on
 * their way.
 * Functions: secsmtp_batch_new, _add, _set_connections, _set_window, _set_stop_on_error,
 * secsmtp_client_send_batch, secsmtp_batch_count, _status, _receipt, _error, _clear, _free.
 */
typedef struct secsmtp_batch secsmtp_batch;

/**
 * A server to submit mail to.
 * Functions: secsmtp_client_new, _set_connect, _set_credential, _set_ehlo_name, _set_timeout,
 * _set_reuse, _set_log, _send, _send_batch, _probe, _cancel, _free; for jobs: _set_limits,
 * _set_window, _set_rate, _set_events, _set_event_callback, _submit, _wait, _cancel_job, _answer_secret,
 * _answer_secret_text, _poll_event, _dispatch, _descriptor, _wake, _close.
 */
typedef struct secsmtp_client secsmtp_client;

/**
 * A login: a user with a password or a token, which is given or asked for when it is needed, or the
 * policy's client certificate. A secret that is given is wiped from memory when the last object that
 * uses it is freed, and is sent to a verified server only.
 * Functions: secsmtp_credential_new_password, _new_password_text,
 * _new_token, _new_token_text, _new_asked, _new_external, _add_mechanism,
 * _set_min_mechanism, _set_channel_binding, _set_binding_type, _set_max_iterations, _free.
 */
typedef struct secsmtp_credential secsmtp_credential;

/**
 * The error of a call: its cause, its stage, and what left the machine. Texts and numbers behave as those
 * of secsmtp_receipt.
 * Functions: secsmtp_error_status, _stage, _outcome, _secret_released, _content_released, _retry,
 * _smtp_code, _enhanced_code, _server_text, _argument, _text, _receipt, _json, _free.
 */
typedef struct secsmtp_error secsmtp_error;

/**
 * An event of a job of a client. Its kind (SECSMTP_EVENT_...) determines what it contains; a getter of
 * what this kind does not contain gives 0 or the empty text.
 * Functions: secsmtp_event_kind, _job, _tag, _status, _receipt, _error, _stage, _level, _text,
 * _written, _total, _index, _outcome, _smtp_code, _secret_kind, _secret_reason, _dropped, _json,
 * _free.
 */
typedef struct secsmtp_event secsmtp_event;

/**
 * A message: the envelope (sender and recipients) and the content, which is either given whole
 * (secsmtp_message_set_content) or composed of fields, texts and parts. It can be sent as often as
 * needed, also at the same time; a send works on a copy. A composed message is put together when it is
 * first needed and stays the same, with its Message-ID and date, until it is changed.
 * Functions, for the envelope: secsmtp_message_new, _set_sender, _add_recipient, _set_partial,
 * _free; finished content: _set_content, _set_content_by, _set_content_file, _set_content_reader;
 * composed: _add_address, _add_addresses, _set_subject, _set_date, _set_message_id,
 * _add_in_reply_to, _add_reference, _add_header, _add_finished_header, _set_priority,
 * _add_unsubscribe, _set_one_click, _set_text, _set_html, _set_calendar, _attach_file,
 * _attach_memory, _add_part, _add_alternative; signatures: _add_signer; options of delivery:
 * _set_notify, _set_return, _set_envelope_id, _set_original_recipient, _set_deliver_by,
 * _set_hold_for, _set_hold_until, _set_mt_priority, _set_require_tls; reading it: _id, _size,
 * _preview, _preview_buffer, _preview_file.
 */
typedef struct secsmtp_message secsmtp_message;

/**
 * A part of messages: an attachment, or with a content id a picture that the HTML shows. One part can
 * be added to many messages, which share its bytes.
 * Functions: secsmtp_part_new_file, _new_memory, _new_reader, _set_name, _set_type, _set_content_id,
 * _set_cached, _free.
 */
typedef struct secsmtp_part secsmtp_part;

/**
 * All that decides whether a server is trusted. Within a kind (certificates, pins, CAs and roots) any
 * entry may match; every kind that is given must hold. A client copies it; later changes have no effect
 * on the client.
 *
 * This is what each kind proves, once the handshake has proven that the peer holds its certificate's key:
 * - CAs and roots: one of them, or an intermediate CA below it, vouches for the host's name, today. It
 *   is not proven that no other of them, or an employer or a state with power over one of them, is in
 *   between.
 * - Pins with CAs: that, and that the key of the server, or of an issuer on the path that was
 *   validated, is one you chose. A valid chain with another key is refused.
 * - Pins alone: the server's key is one you chose; its name and dates are only reported (strict: they
 *   decide). If an issuer's key is pinned and the server sends that issuer: any certificate that
 *   issuer signs for the name, within its dates.
 * - A certificate alone: the server's certificate is this one, byte for byte; name and dates as
 *   with pins alone.
 * - Revocation lists: that the CAs had not revoked the path when they made the lists; nothing newer.
 *   Without lists, revocation is not checked; a stapled OCSP response is not evaluated.
 *
 * None of them proves what the server does with the message.
 *
 * After a call on a policy has failed the policy can't be used: a client made with it would trust more
 * than was intended, so secsmtp_client_new fails with the status of that call.
 *
 * Functions: secsmtp_policy_new, _set_tls_mode, _set_min_tls, _set_strict, _add_ca, _add_ca_file,
 * _add_system_roots, _add_mozilla_roots, _add_pin, _add_pin_with_window, _add_pin_file,
 * _add_known_servers, _add_certificate, _add_certificate_file, _add_crl, _add_crl_file,
 * _set_client_certificate, _set_client_certificate_text, _verify_chain, _free.
 */
typedef struct secsmtp_policy secsmtp_policy;

/**
 * The record of one send: the outcome of the message and of each recipient, what left the machine, and
 * who the server was. An error of a send has one too (secsmtp_error_receipt).
 * Texts are UTF-8, valid until the receipt is freed, and empty where there is no value; their
 * length is stored in *len_out, which may be NULL. A number below 0 is a negative status: the handle is
 * not a live receipt, or the index is beyond the last.
 * Functions: secsmtp_receipt_outcome, _stage, _secret_released, _content_released,
 * _connection_reused, _smtp_code, _enhanced_code, _server_text, _message_id, _tls_version,
 * _cipher_suite, _mechanism, _channel_binding, _matched_pin, _spki_count, _spki, _recipient_count,
 * _recipient_address, _recipient_outcome, _recipient_smtp_code, _recipient_enhanced_code,
 * _recipient_text, _json, _free.
 */
typedef struct secsmtp_receipt secsmtp_receipt;

/**
 * The result of a probe: who the server is, its chain, what it offers, and whether the policy trusts
 * it. Texts and numbers behave as those of secsmtp_receipt. Names and dates are claims of the
 * certificates.
 * Functions: secsmtp_report_verdict, _verdict_text, _text, _greeting, _tls_version, _cipher_suite,
 * _matched_pin, _certificate_count, _certificate_spki, _certificate_subject, _certificate_issuer,
 * _certificate_names, _certificate_not_before, _certificate_not_after, _capability_count, _capability,
 * _mechanism_count, _mechanism, _json, _free.
 */
typedef struct secsmtp_report secsmtp_report;

/**
 * A question for a password or token: its kind, its user, and the reason. It is valid only during the
 * callback that it was given to, and its server is verified.
 * Functions: secsmtp_secret_request_host, _port, _user, _kind, _reason, _answer,
 * _answer_text.
 */
typedef struct secsmtp_secret_request secsmtp_secret_request;

/**
 * A signer of messages (DKIM, RFC 6376 and RFC 8463): a domain, a selector and a private key, whose
 * public key is in the DNS under SELECTOR._domainkey.DOMAIN. The key is RSA of 2048 to 4096 bits
 * (PKCS#8 or PKCS#1) or Ed25519 (PKCS#8), in PEM or DER, without a passphrase; the bytes of its
 * file, base64 and DER are wiped once the key was parsed. One signer can be added to many messages.
 * In a build without DKIM (secsmtp_feature) these functions exist and fail.
 * Functions: secsmtp_signer_new, _new_text, _new_file, _set_lifetime, _set_fields, _set_absent_fields,
 * _free; secsmtp_message_add_signer.
 */
typedef struct secsmtp_signer secsmtp_signer;

/**
 * Receives a line of the log: level (SECSMTP_LOG_...), stage (SECSMTP_STAGE_...), and the text in
 * UTF-8, NUL-terminated after text_len bytes and valid for the call. Called on the thread that is
 * inside secsmtp_client_send, _send_batch or _probe, with no lock held. It may call any function of the
 * library, even free the client; a function that would have to wait returns SECSMTP_E_REENTRANT. It
 * must return normally: no longjmp, no exception.
 */
typedef void (*secsmtp_log_callback)(void *user,
                                     int32_t level,
                                     int32_t stage,
                                     const char *text,
                                     size_t text_len);

/**
 * Called when a password or token is needed: after the server was verified and has a mechanism for it,
 * not before. It gives the secret to secsmtp_secret_request_answer and returns 0. Any other number, or
 * 0 without an answer, means that there is none, and the send ends with SECSMTP_E_NO_SECRET. Called on
 * the thread that is inside secsmtp_client_send, or for a batch on each thread that has a connection,
 * perhaps on several at a time; with no lock held. It may call any function of the library,
 * free its credential and client, and cancel; a function that would have to wait returns
 * SECSMTP_E_REENTRANT. It may take its time: a cancel, or the deadline of the whole call, takes effect
 * when it returns. A send from inside it that would have to ask in turn gets SECSMTP_E_NO_SECRET. It
 * must return normally: no longjmp, no exception.
 */
typedef int32_t (*secsmtp_secret_callback)(void *context, secsmtp_secret_request *request);

/**
 * Receives an event of a job. The event belongs to the library: it is valid for the call and freed
 * afterwards. Called on the thread that is inside secsmtp_client_dispatch, or on a thread of the
 * library if that was asked for; then one call at a time, and never with a lock held. It may call any
 * function of the library, even free the client; a function that would have to wait returns
 * SECSMTP_E_REENTRANT. It must return normally: no longjmp, no exception.
 */
typedef void (*secsmtp_event_callback)(void *user, const secsmtp_event *notice);

/**
 * Puts up to room bytes of a part or of a finished message, from offset on, into buffer, and returns
 * their number: 0 at the end, or a negative number on failure; the message is then not delivered. Each
 * reading begins at offset 0 and goes on without gaps. Called on the thread that sends (or sets the
 * content), with no lock held; by several threads at once when several messages that have it are sent
 * at once. It may call any function of the library, even free the client; a function that would have to
 * wait returns SECSMTP_E_REENTRANT. A call that does not return blocks its send, which
 * secsmtp_client_cancel can't end before that. It must return normally: no longjmp, no exception.
 */
typedef int64_t (*secsmtp_read_callback)(void *user, uint64_t offset, uint8_t *buffer, size_t room);

/**
 * Called once, when a read callback will not be called again: the part or content, and every message
 * and send that had it, are gone. Called on the thread that freed, cancelled or sent the last of them,
 * with no lock held; for a job that was sent, that is a thread of the library. It may call any function
 * of the library; a function that would have to wait returns SECSMTP_E_REENTRANT. It must return
 * normally: no longjmp, no exception.
 */
typedef void (*secsmtp_release_callback)(void *user);

/**
 * Receives bytes of a message, valid for the call, and returns 0 to continue. Called on the thread that
 * is inside secsmtp_message_preview, with no lock held. It may call any function of the library; a
 * function that would have to wait returns SECSMTP_E_REENTRANT. It must return normally: no longjmp, no
 * exception.
 */
typedef int32_t (*secsmtp_write_callback)(void *user, const uint8_t *bytes, size_t bytes_len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes an empty batch: one connection, a window of 128 messages and 1 MiB, no stop on error.
 * Ownership: *batch_out is the caller's; secsmtp_batch_free. Threads: any. Errors: SECSMTP_E_NULL.
 */
int32_t secsmtp_batch_new(secsmtp_batch **batch_out, secsmtp_error **error_out);

/**
 * Adds a message. Indexes begin at 0.
 * Ownership: copied; large content is shared until the last user of it is freed. Threads: any. Errors:
 * those of the handles.
 */
int32_t secsmtp_batch_add(secsmtp_batch *batch,
                          const secsmtp_message *message,
                          secsmtp_error **error_out);

/**
 * Sets how many connections are open at a time, 1 to 64. Each but the first has a thread of its own for
 * the duration of the call.
 * Threads: any. Errors: SECSMTP_E_VALUE.
 */
int32_t secsmtp_batch_set_connections(secsmtp_batch *batch,
                                      uint32_t connections,
                                      secsmtp_error **error_out);

/**
 * Sets how many messages and bytes may be in flight on one connection. If the connection breaks, these
 * are the messages whose outcome may be unknown. With 1 message, each waits for the final reply to the
 * last.
 * Threads: any. Errors: SECSMTP_E_VALUE for 0 messages.
 */
int32_t secsmtp_batch_set_window(secsmtp_batch *batch,
                                 uint32_t messages,
                                 uint32_t bytes,
                                 secsmtp_error **error_out);

/**
 * With 1, the first message that is not accepted ends the call: no other is begun, and those in flight
 * get their own outcomes. With 0, the default, each message is tried.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_batch_set_stop_on_error(secsmtp_batch *batch,
                                        int32_t stop,
                                        secsmtp_error **error_out);

/**
 * Sends all messages of the batch and waits for their outcomes. Each message has its own outcome. Where
 * the server ends a connection that has carried a message, the messages of which it can have accepted
 * nothing go over another connection, after a second, with no more in flight than the last one carried.
 * On a client that was closed or cancelled, the first message of each connection gets that error and no
 * other is begun.
 * Ownership: the results stay in the batch, and replace those of an earlier call. Threads: any; during
 * the call every other function on the batch but _free is an error. Errors: SECSMTP_E_VALUE for a batch
 * that is being sent; that of the first message that was not accepted; SECSMTP_OK if all were.
 */
int32_t secsmtp_client_send_batch(secsmtp_client *client,
                                  secsmtp_batch *batch,
                                  secsmtp_error **error_out);

/**
 * The number of messages.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_batch_count(const secsmtp_batch *batch);

/**
 * The result of the message with this index: SECSMTP_OK if it was accepted, SECSMTP_E_NOTHING if it was
 * not begun, else the status of its error.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_batch_status(const secsmtp_batch *batch, int32_t index);

/**
 * Gives the record of a message that was begun, accepted or not.
 * Ownership: *receipt_out is the caller's; secsmtp_receipt_free. Threads: any.
 * Errors: SECSMTP_E_VALUE, SECSMTP_E_NOTHING for a message that was not begun.
 */
int32_t secsmtp_batch_receipt(const secsmtp_batch *batch,
                              int32_t index,
                              secsmtp_receipt **receipt_out,
                              secsmtp_error **error_out);

/**
 * Gives the error of a message that was begun and not accepted.
 * Ownership: *failure_out is the caller's; secsmtp_error_free. Threads: any.
 * Errors: SECSMTP_E_VALUE, SECSMTP_E_NOTHING for a message that was accepted or not begun.
 */
int32_t secsmtp_batch_error(const secsmtp_batch *batch,
                            int32_t index,
                            secsmtp_error **failure_out,
                            secsmtp_error **error_out);

/**
 * Removes all messages and results. The settings stay.
 * Threads: any. Errors: those of the handle.
 */
int32_t secsmtp_batch_clear(secsmtp_batch *batch, secsmtp_error **error_out);

/**
 * Frees a batch. A call that is sending it continues to its end. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_batch_free(secsmtp_batch *batch);

/**
 * Makes a client for the server whose certificate must name `host`: a host name or an IP address. Port
 * 0 means 465 with implicit TLS and 587 with STARTTLS. No connection is made yet.
 * Ownership: host and policy are copied; *client_out is the caller's; secsmtp_client_free. Threads:
 * any. Errors: SECSMTP_E_HOST, SECSMTP_E_PORT.
 */
int32_t secsmtp_client_new(const char *host,
                           int64_t host_len,
                           uint32_t port,
                           const secsmtp_policy *policy,
                           secsmtp_client **client_out,
                           secsmtp_error **error_out);

/**
 * Sets the address or name, and the port, to connect to. The name that is verified is still the host.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HOST, SECSMTP_E_PORT.
 */
int32_t secsmtp_client_set_connect(secsmtp_client *client,
                                   const char *address,
                                   int64_t address_len,
                                   uint32_t port,
                                   secsmtp_error **error_out);

/**
 * Sets the credential of the login. NULL: no login.
 * Ownership: copied (the secret is shared until its last user is freed). Threads: any. Errors: those of
 * the handles.
 */
int32_t secsmtp_client_set_credential(secsmtp_client *client,
                                      const secsmtp_credential *credential,
                                      secsmtp_error **error_out);

/**
 * Sets the name in the EHLO command inside TLS. In clear a neutral name is always used.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_EHLO_NAME.
 */
int32_t secsmtp_client_set_ehlo_name(secsmtp_client *client,
                                     const char *name,
                                     int64_t name_len,
                                     secsmtp_error **error_out);

/**
 * Sets the timeout of a stage (SECSMTP_STAGE_...) in milliseconds, or with SECSMTP_STAGE_ALL that of a
 * whole call, which has none by default. Defaults: 10 s to resolve; 30 s each to connect, for STARTTLS
 * and for the handshake; 60 s each for greeting, EHLO and login; 5 min each for MAIL and RCPT; 2 min
 * for DATA; 3 min per 64 KiB of content; 10 min for the final reply. SECSMTP_FOREVER removes the
 * timeout; 0 is an error, because it would end each call at once. It holds for connections that are used
 * from now on: jobs that join one over which others are being sent have its timeouts.
 * Threads: any. Errors: SECSMTP_E_VALUE for a number that is not a stage, and for 0 milliseconds.
 */
int32_t secsmtp_client_set_timeout(secsmtp_client *client,
                                   int32_t stage,
                                   uint32_t milliseconds,
                                   secsmtp_error **error_out);

/**
 * Keeps a connection open while it has been idle for less than idle_milliseconds, for at most
 * max_messages messages. With 0 milliseconds each message has a connection of its own. By default
 * secsmtp_client_send closes its connection when it returns, and jobs keep theirs for 5 s. A connection
 * on which the server has sent something or closed in the meantime is not used, and none survives a
 * change of credential, address or EHLO name.
 * Threads: any. Errors: SECSMTP_E_VALUE for 0 messages.
 */
int32_t secsmtp_client_set_reuse(secsmtp_client *client,
                                 uint32_t idle_milliseconds,
                                 uint32_t max_messages,
                                 secsmtp_error **error_out);

/**
 * Sets the callback that receives the log of calls that begin from now on, up to and including
 * max_level (SECSMTP_LOG_...). A NULL callback turns the log off, whatever max_level is. The log has no
 * secret and no content. When this returns, an earlier callback is not running and is not called again;
 * called from inside a callback, it does not wait for that. Jobs have SECSMTP_EVENT_LOG instead.
 * Ownership: user stays the caller's, and must live until another callback is set or the client is
 * freed. Threads: any. Errors: SECSMTP_E_VALUE for a number that is not a level.
 */
int32_t secsmtp_client_set_log(secsmtp_client *client,
                               secsmtp_log_callback callback,
                               void *user,
                               int32_t max_level,
                               secsmtp_error **error_out);

/**
 * Sends a message and waits for its outcome. Before the server is verified only EHLO (with a neutral
 * name), STARTTLS and QUIT are written.
 * Ownership: *receipt_out is the caller's, on success only; secsmtp_receipt_free. NULL: no receipt is
 * made. Threads: any; several sends of one client run in parallel, each on the thread of its call.
 * Errors: one of any thousand (see ERRORS); secsmtp_error_outcome is the outcome of the message, and
 * never SECSMTP_OUTCOME_NONE.
 */
int32_t secsmtp_client_send(secsmtp_client *client,
                            const secsmtp_message *message,
                            secsmtp_receipt **receipt_out,
                            secsmtp_error **error_out);

/**
 * Connects and reads who the server is. Only EHLO, STARTTLS and QUIT are written. The policy may be
 * empty. A server that is not trusted is not an error: see secsmtp_report_verdict.
 * Ownership: *report_out is the caller's, on success only; secsmtp_report_free. Threads: any. Errors:
 * those of name, connection, TLS handshake and protocol.
 */
int32_t secsmtp_client_probe(secsmtp_client *client,
                             secsmtp_report **report_out,
                             secsmtp_error **error_out);

/**
 * Ends each send and probe of this client that is running now, at once: they return SECSMTP_E_CANCELLED
 * with their outcome. Calls that begin later are not affected.
 * Threads: any. Errors: those of the handle.
 */
int32_t secsmtp_client_cancel(secsmtp_client *client, secsmtp_error **error_out);

/**
 * Frees a client. Sends and probes that are running are cancelled and return on their own threads. Jobs
 * end without an event: not sent, or unknown if all of the content was written (close the client first
 * to learn which). When this returns, no log, event or secret callback is running and none is called
 * again; called from inside a callback, it does not wait for that. Read callbacks of jobs that were
 * running may be called until their release callback is. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_client_free(secsmtp_client *client);

/**
 * Makes a credential of a user name and a password, for SCRAM (RFC 5802, RFC 7677), PLAIN
 * (RFC 4616) and LOGIN.
 * Ownership: both are copied; *credential_out is the caller's; secsmtp_credential_free.
 * Threads: any. Errors: SECSMTP_E_USER, SECSMTP_E_SECRET.
 */
int32_t secsmtp_credential_new_password(const char *user,
                                        int64_t user_len,
                                        const uint8_t *password,
                                        size_t password_len,
                                        secsmtp_credential **credential_out,
                                        secsmtp_error **error_out);

/**
 * Makes a credential as secsmtp_credential_new_password does, of a password that is a text: for callers
 * whose strings are texts, and who can't wipe them.
 * Ownership: both are copied, and the copy of the password is wiped; *credential_out is the caller's;
 * secsmtp_credential_free. Threads: any. Errors: those of secsmtp_credential_new_password,
 * SECSMTP_E_UTF8.
 */
int32_t secsmtp_credential_new_password_text(const char *user,
                                             int64_t user_len,
                                             const char *password,
                                             int64_t password_len,
                                             secsmtp_credential **credential_out,
                                             secsmtp_error **error_out);

/**
 * Makes a credential of a user name and an OAuth 2.0 access token, for OAUTHBEARER (RFC 7628)
 * and XOAUTH2.
 * Ownership: both are copied; *credential_out is the caller's; secsmtp_credential_free.
 * Threads: any. Errors: SECSMTP_E_USER, SECSMTP_E_SECRET.
 */
int32_t secsmtp_credential_new_token(const char *user,
                                     int64_t user_len,
                                     const uint8_t *token,
                                     size_t token_len,
                                     secsmtp_credential **credential_out,
                                     secsmtp_error **error_out);

/**
 * Makes a credential as secsmtp_credential_new_token does, of a token that is a text.
 * Ownership: both are copied, and the copy of the token is wiped; *credential_out is the caller's;
 * secsmtp_credential_free. Threads: any. Errors: those of secsmtp_credential_new_token, SECSMTP_E_UTF8.
 */
int32_t secsmtp_credential_new_token_text(const char *user,
                                          int64_t user_len,
                                          const char *token,
                                          int64_t token_len,
                                          secsmtp_credential **credential_out,
                                          secsmtp_error **error_out);

/**
 * Makes a credential whose password or token (kind: SECSMTP_SECRET_PASSWORD or _TOKEN) is asked for in
 * each send that logs in, once the server is verified and not before. secsmtp_client_send calls
 * callback, with context, on the thread of that call, and secsmtp_client_send_batch on the thread of
 * each connection; a job asks by SECSMTP_EVENT_SECRET. With a NULL
 * callback only jobs can log in, and a send ends with SECSMTP_E_NO_SECRET. When a server rejects a
 * token there is one more question, with SECSMTP_REASON_REFUSED, and one more login, on a new
 * connection that is verified again. A password that was rejected is not tried again.
 * Ownership: user is copied; context stays the caller's, and must live as long as clients have this
 * credential; *credential_out is the caller's; secsmtp_credential_free. Threads: any. Errors:
 * SECSMTP_E_USER, SECSMTP_E_VALUE for another kind.
 */
int32_t secsmtp_credential_new_asked(const char *user,
                                     int64_t user_len,
                                     int32_t kind,
                                     secsmtp_secret_callback callback,
                                     void *context,
                                     secsmtp_credential **credential_out,
                                     secsmtp_error **error_out);

/**
 * Makes a credential of the policy's client certificate (secsmtp_policy_set_client_certificate), for
 * EXTERNAL (RFC 4422 appendix A): the server identifies the client by its certificate, and there is no
 * secret. identity is the authorization identity; empty leaves it to the certificate.
 * Ownership: copied; *credential_out is the caller's; secsmtp_credential_free. Threads: any. Errors:
 * SECSMTP_E_USER. With a policy without a certificate a send is SECSMTP_E_NO_CLIENT_CERTIFICATE before
 * it connects.
 */
int32_t secsmtp_credential_new_external(const char *identity,
                                        int64_t identity_len,
                                        secsmtp_credential **credential_out,
                                        secsmtp_error **error_out);

/**
 * Allows only this mechanism and those added before. By default all mechanisms that fit the credential
 * are allowed.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_MECHANISM.
 */
int32_t secsmtp_credential_add_mechanism(secsmtp_credential *credential,
                                         const char *mechanism,
                                         int64_t mechanism_len,
                                         secsmtp_error **error_out);

/**
 * Allows no mechanism weaker than this one: no smaller hash, and with -PLUS none without channel
 * binding. The order, strongest first: SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, then
 * these without -PLUS, PLAIN, LOGIN; for tokens OAUTHBEARER, XOAUTH2; for a client certificate EXTERNAL
 * alone.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_MECHANISM.
 */
int32_t secsmtp_credential_set_min_mechanism(secsmtp_credential *credential,
                                             const char *mechanism,
                                             int64_t mechanism_len,
                                             secsmtp_error **error_out);

/**
 * Chooses whether the login is bound to the TLS channel, so that an attacker in between can't relay it
 * (RFC 5802 section 6, RFC 9266): SECSMTP_CHANNEL_BINDING_OFF, _PREFER (the default) or _REQUIRE.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_credential_set_channel_binding(secsmtp_credential *credential,
                                               int32_t channel_binding,
                                               secsmtp_error **error_out);

/**
 * Chooses what a login is bound to: SECSMTP_BINDING_TLS_EXPORTER (the default), the TLS session, or
 * _TLS_SERVER_END_POINT, the server's certificate, for a server that knows only that type (RFC 5929).
 * The latter is undefined for a certificate whose signature has no single hash (Ed25519). A server that
 * knows another type rejects the login, and nothing else is tried.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_credential_set_binding_type(secsmtp_credential *credential,
                                            int32_t binding_type,
                                            secsmtp_error **error_out);

/**
 * Sets the greatest iteration count of a SCRAM server that is accepted: 4096 to 10000000, default
 * 100000. A server that asks for more is an error before any computation. 100000 iterations take about
 * 50 ms, 10000000 take seconds, during which a cancel waits.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_credential_set_max_iterations(secsmtp_credential *credential,
                                              uint32_t max_iterations,
                                              secsmtp_error **error_out);

/**
 * Frees a credential; clients that were given it keep it. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_credential_free(secsmtp_credential *credential);

/**
 * Gives the record of the send that failed: recipients, keys of the server, and so on.
 * Ownership: *receipt_out is a new object of the caller's; secsmtp_receipt_free. Threads: any. Errors:
 * SECSMTP_E_NOTHING for an error that came before any connection.
 */
int32_t secsmtp_error_receipt(const secsmtp_error *error, secsmtp_receipt **receipt_out);

/**
 * Frees an error and its texts. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_error_free(secsmtp_error *error);

/**
 * With SECSMTP_EVENT_COMPLETED and an accepted message: its receipt.
 * Ownership: *receipt_out is a new object of the caller's; secsmtp_receipt_free. Threads: any. Errors:
 * SECSMTP_E_NOTHING where there is none.
 */
int32_t secsmtp_event_receipt(const secsmtp_event *notice, secsmtp_receipt **receipt_out);

/**
 * With SECSMTP_EVENT_COMPLETED and a message that was not accepted: the error that secsmtp_client_send
 * would have given.
 * Ownership: *failure_out is a new object of the caller's; secsmtp_error_free. Threads: any. Errors:
 * SECSMTP_E_NOTHING where there is none.
 */
int32_t secsmtp_event_error(const secsmtp_event *notice, secsmtp_error **failure_out);

/**
 * Frees an event and its text. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_event_free(secsmtp_event *notice);

/**
 * The status that the call returned: SECSMTP_E_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_error_status(const secsmtp_error *error);

/**
 * The stage at which it failed: SECSMTP_STAGE_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_error_stage(const secsmtp_error *error);

/**
 * The outcome of the message: SECSMTP_OUTCOME_..., and SECSMTP_OUTCOME_NONE for an error that is not
 * about a message. A timeout of secsmtp_client_wait, a completion that was taken before, and a
 * secsmtp_client_close that had to cancel have none: the outcome of the message is reported elsewhere.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_error_outcome(const secsmtp_error *error);

/**
 * 1 if a byte of the secret, or of anything computed from it, was written.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_error_secret_released(const secsmtp_error *error);

/**
 * 1 if a byte of the content was written.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_error_content_released(const secsmtp_error *error);

/**
 * The advice on sending the message again: SECSMTP_RETRY_..., and SECSMTP_RETRY_NEVER for an error that
 * is not about a message.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_error_retry(const secsmtp_error *error);

/**
 * The code of the deciding reply, or 0 if there was none (RFC 5321 section 4.2).
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_error_smtp_code(const secsmtp_error *error);

/**
 * The enhanced status code of the deciding reply (RFC 3463), for instance "5.7.8".
 * Ownership: the error's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_error_enhanced_code(const secsmtp_error *error, size_t *len_out);

/**
 * The text of the deciding reply: controls escaped, own secrets removed, at most 1000 characters.
 * Ownership: the error's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_error_server_text(const secsmtp_error *error, size_t *len_out);

/**
 * The argument that can't be used, under its name in the library: "pin", "CA file". The text of
 * secsmtp_error_text begins with it. Empty for an error that is not about an argument.
 * Ownership: the error's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_error_argument(const secsmtp_error *error, size_t *len_out);

/**
 * The whole error as text for people: what failed, its cause, what left the machine, and what to do.
 * Ownership: the error's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_error_text(const secsmtp_error *error, size_t *len_out);

/**
 * The whole error as one JSON text: an object with all values of the error, as
 * docs/json/error.schema.json describes. It is empty if there is no memory for it; a later call
 * tries again.
 * Ownership: the error's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_error_json(const secsmtp_error *error, size_t *len_out);

/**
 * The kind: SECSMTP_EVENT_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_kind(const secsmtp_event *notice);

/**
 * The number of the job, as secsmtp_client_submit gave it. 0 with SECSMTP_EVENT_DROPPED.
 * Threads: any. Errors: 0.
 */
uint64_t secsmtp_event_job(const secsmtp_event *notice);

/**
 * The tag that was given to secsmtp_client_submit. 0 with SECSMTP_EVENT_DROPPED.
 * Threads: any. Errors: 0.
 */
uint64_t secsmtp_event_tag(const secsmtp_event *notice);

/**
 * With SECSMTP_EVENT_COMPLETED: SECSMTP_OK if the message was accepted, else the status of its error.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_status(const secsmtp_event *notice);

/**
 * With SECSMTP_EVENT_STAGE the stage that begins, with SECSMTP_EVENT_LOG that of the line, with
 * SECSMTP_EVENT_COMPLETED the last one reached: SECSMTP_STAGE_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_stage(const secsmtp_event *notice);

/**
 * With SECSMTP_EVENT_LOG: SECSMTP_LOG_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_level(const secsmtp_event *notice);

/**
 * The line of the log, the address of the recipient, the user whose secret is needed, or with
 * SECSMTP_EVENT_COMPLETED the text of the server's reply or of the error.
 * Ownership: the event's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_event_text(const secsmtp_event *notice, size_t *len_out);

/**
 * With SECSMTP_EVENT_PROGRESS: how many bytes of the content were handed to the operating system.
 * Threads: any. Errors: 0.
 */
uint64_t secsmtp_event_written(const secsmtp_event *notice);

/**
 * With SECSMTP_EVENT_PROGRESS: the size of the content in bytes, or 0 if it is not known before its
 * end.
 * Threads: any. Errors: 0.
 */
uint64_t secsmtp_event_total(const secsmtp_event *notice);

/**
 * With SECSMTP_EVENT_RECIPIENT: the index of the recipient, from 0.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_index(const secsmtp_event *notice);

/**
 * The outcome of the message, or with SECSMTP_EVENT_RECIPIENT its outcome for this recipient so far:
 * SECSMTP_OUTCOME_...; SECSMTP_OUTCOME_NONE for any other kind.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_outcome(const secsmtp_event *notice);

/**
 * The code of the server's reply to the recipient or, with SECSMTP_EVENT_COMPLETED, of the deciding
 * reply; 0 if there was none.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_smtp_code(const secsmtp_event *notice);

/**
 * With SECSMTP_EVENT_SECRET: SECSMTP_SECRET_PASSWORD or SECSMTP_SECRET_TOKEN, to be answered by
 * secsmtp_client_answer_secret.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_secret_kind(const secsmtp_event *notice);

/**
 * With SECSMTP_EVENT_SECRET: SECSMTP_REASON_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_event_secret_reason(const secsmtp_event *notice);

/**
 * With SECSMTP_EVENT_DROPPED: how many events were dropped because the queue was full.
 * Threads: any. Errors: 0.
 */
uint64_t secsmtp_event_dropped(const secsmtp_event *notice);

/**
 * The whole event as one JSON text: an object with all values of the event, as
 * docs/json/event.schema.json describes. It is empty if there is no memory for it; a later call
 * tries again.
 * Ownership: the event's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_event_json(const secsmtp_event *notice, size_t *len_out);

/**
 * The outcome of the message: SECSMTP_OUTCOME_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_outcome(const secsmtp_receipt *receipt);

/**
 * The last stage reached: SECSMTP_STAGE_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_stage(const secsmtp_receipt *receipt);

/**
 * 1 if a byte of the secret, or of anything computed from it, was written.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_secret_released(const secsmtp_receipt *receipt);

/**
 * 1 if a byte of the content was written.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_content_released(const secsmtp_receipt *receipt);

/**
 * 1 if the connection had carried another message before. A secret was then released when the
 * connection was opened, if there was a login.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_connection_reused(const secsmtp_receipt *receipt);

/**
 * The code of the deciding reply, or 0 if there was none (RFC 5321 section 4.2).
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_smtp_code(const secsmtp_receipt *receipt);

/**
 * The enhanced status code of the deciding reply (RFC 3463), for instance "2.0.0".
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_enhanced_code(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * The text of the deciding reply: controls escaped, own secrets removed, at most 1000 characters.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_server_text(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * The Message-ID of the content, with its angle brackets.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_message_id(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * The TLS version, "1.2" or "1.3".
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_tls_version(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * The cipher suite by its IANA name.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_cipher_suite(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * The SASL mechanism of the login.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_mechanism(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * The channel binding of the login.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_channel_binding(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * The pin that matched, as "sha256//BASE64".
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_matched_pin(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * The number of certificates that the server sent.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_spki_count(const secsmtp_receipt *receipt);

/**
 * The SHA-256 of the public key of a certificate that the server sent, as "sha256//BASE64"; index 0 is
 * the leaf.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_spki(const secsmtp_receipt *receipt, int32_t index, size_t *len_out);

/**
 * The number of recipients of the message.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_recipient_count(const secsmtp_receipt *receipt);

/**
 * A recipient's address, in the order given.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_recipient_address(const secsmtp_receipt *receipt,
                                              int32_t index,
                                              size_t *len_out);

/**
 * The outcome of the message for a recipient: SECSMTP_OUTCOME_...
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_recipient_outcome(const secsmtp_receipt *receipt, int32_t index);

/**
 * The code of the last reply about a recipient, or 0.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_receipt_recipient_smtp_code(const secsmtp_receipt *receipt, int32_t index);

/**
 * The enhanced status code of the last reply about a recipient.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_recipient_enhanced_code(const secsmtp_receipt *receipt,
                                                    int32_t index,
                                                    size_t *len_out);

/**
 * The text of the last reply about a recipient.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_recipient_text(const secsmtp_receipt *receipt,
                                           int32_t index,
                                           size_t *len_out);

/**
 * The whole receipt as one JSON text: an object with all values of the receipt, as
 * docs/json/receipt.schema.json describes. It is empty if there is no memory for it; a later call
 * tries again.
 * Ownership: the receipt's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_receipt_json(const secsmtp_receipt *receipt, size_t *len_out);

/**
 * 0 if the policy trusts the server, else the status that gives the reason.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_report_verdict(const secsmtp_report *report);

/**
 * The verdict as text.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_verdict_text(const secsmtp_report *report, size_t *len_out);

/**
 * The whole report as text for people, with pins that can be copied.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_text(const secsmtp_report *report, size_t *len_out);

/**
 * The text of the server's greeting. With STARTTLS the greeting is in clear and can be forged.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_greeting(const secsmtp_report *report, size_t *len_out);

/**
 * The TLS version, "1.2" or "1.3".
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_tls_version(const secsmtp_report *report, size_t *len_out);

/**
 * The cipher suite by its IANA name.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_cipher_suite(const secsmtp_report *report, size_t *len_out);

/**
 * The pin that matched, as "sha256//BASE64".
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_matched_pin(const secsmtp_report *report, size_t *len_out);

/**
 * The number of certificates that the server sent and that can be parsed.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_report_certificate_count(const secsmtp_report *report);

/**
 * The SHA-256 of a certificate's public key, as "sha256//BASE64"; index 0 is the leaf.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_certificate_spki(const secsmtp_report *report,
                                            int32_t index,
                                            size_t *len_out);

/**
 * A certificate's subject (RFC 4514).
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_certificate_subject(const secsmtp_report *report,
                                               int32_t index,
                                               size_t *len_out);

/**
 * A certificate's issuer (RFC 4514).
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_certificate_issuer(const secsmtp_report *report,
                                              int32_t index,
                                              size_t *len_out);

/**
 * The DNS names and addresses in a certificate, separated by ", ".
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_certificate_names(const secsmtp_report *report,
                                             int32_t index,
                                             size_t *len_out);

/**
 * The beginning of a certificate's validity in UTC, as "2026-11-23T00:00:00Z".
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_certificate_not_before(const secsmtp_report *report,
                                                  int32_t index,
                                                  size_t *len_out);

/**
 * The end of a certificate's validity in UTC.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_certificate_not_after(const secsmtp_report *report,
                                                 int32_t index,
                                                 size_t *len_out);

/**
 * The number of capabilities that the server offers inside TLS.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_report_capability_count(const secsmtp_report *report);

/**
 * A capability with its parameters, as the server wrote it.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_capability(const secsmtp_report *report, int32_t index, size_t *len_out);

/**
 * The number of SASL mechanisms that the server offers.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_report_mechanism_count(const secsmtp_report *report);

/**
 * A mechanism's name.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_mechanism(const secsmtp_report *report, int32_t index, size_t *len_out);

/**
 * The whole report as one JSON text: an object with all values of the report, as
 * docs/json/report.schema.json describes. It is empty if there is no memory for it; a later call
 * tries again.
 * Ownership: the report's. Threads: any. Errors: the empty text.
 */
const char *secsmtp_report_json(const secsmtp_report *report, size_t *len_out);

/**
 * The host that was verified, as the client was made for it.
 * Ownership: valid until the callback returns. Threads: any. Errors: the empty text.
 */
const char *secsmtp_secret_request_host(const secsmtp_secret_request *request, size_t *len_out);

/**
 * The port of the client.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_secret_request_port(const secsmtp_secret_request *request);

/**
 * The user of the credential.
 * Ownership: valid until the callback returns. Threads: any. Errors: the empty text.
 */
const char *secsmtp_secret_request_user(const secsmtp_secret_request *request, size_t *len_out);

/**
 * The kind of secret: SECSMTP_SECRET_PASSWORD or SECSMTP_SECRET_TOKEN.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_secret_request_kind(const secsmtp_secret_request *request);

/**
 * The reason for the question: SECSMTP_REASON_FIRST or SECSMTP_REASON_REFUSED.
 * Threads: any. Errors: a negative status.
 */
int32_t secsmtp_secret_request_reason(const secsmtp_secret_request *request);

/**
 * Queues a message, which a worker of the client sends, and gives the number of the job at once.
 * Numbers grow and are never used again. When there are as many jobs as secsmtp_client_set_limits
 * allows, take the completion of one and try again, so that messages need not be made before there is
 * room for them. tag is any number of the caller's: each event of the job carries it
 * (secsmtp_event_tag), also one that another thread or a callback gets before this function has
 * returned the job's number. The job ends with one completion: a SECSMTP_EVENT_COMPLETED, or the result
 * of secsmtp_client_wait, whichever takes it first.
 * Ownership: the message is copied. Threads: any; a worker is started when a job waits and none is
 * free, keeps its connection for the jobs that follow, and ends when there is nothing left to do.
 * Errors: SECSMTP_E_FULL, SECSMTP_E_CLOSED, and errors that secsmtp_client_send would give before it
 * connects.
 */
int32_t secsmtp_client_submit(secsmtp_client *client,
                              const secsmtp_message *message,
                              uint64_t tag,
                              uint64_t *job_out,
                              secsmtp_error **error_out);

/**
 * Waits until a job is complete, and gives what secsmtp_client_send would have given. The job then has
 * no SECSMTP_EVENT_COMPLETED. A time of 0 does not wait; SECSMTP_FOREVER has no timeout.
 * Ownership: *receipt_out is the caller's, on success only; secsmtp_receipt_free. NULL: no receipt is
 * made. Threads: any; of several that wait for one job, one gets it. Errors: SECSMTP_E_NOTHING if it is
 * not over in time, SECSMTP_E_TAKEN if its completion was taken before, SECSMTP_E_VALUE for a number
 * that is not a job, SECSMTP_E_REENTRANT if it is not over and this was called from inside a callback,
 * where nothing waits, each with SECSMTP_OUTCOME_NONE. An error with an outcome is the job's own; that
 * of SECSMTP_E_PANIC is unknown, because the completion may be lost.
 */
int32_t secsmtp_client_wait(secsmtp_client *client,
                            uint64_t job,
                            uint32_t milliseconds,
                            secsmtp_receipt **receipt_out,
                            secsmtp_error **error_out);

/**
 * Ends a job. A waiting job is not sent. A running one completes at once with its outcome, which is
 * unknown if all of it was written. Others on its connection are not disturbed. The completion is
 * reported as usual. A job that is complete is left alone.
 * Threads: any. Errors: SECSMTP_E_VALUE for a number that is not a job.
 */
int32_t secsmtp_client_cancel_job(secsmtp_client *client, uint64_t job, secsmtp_error **error_out);

/**
 * Gives the next event of any job, and waits for one if there is none: a time of 0 does not wait,
 * SECSMTP_FOREVER has no timeout.
 * Ownership: *event_out is the caller's; secsmtp_event_free. Threads: any; each event is given to one
 * caller. Errors: SECSMTP_E_NOTHING when the time is over or secsmtp_client_wake was called;
 * SECSMTP_E_CLOSED when the client is closed and all events were taken; SECSMTP_E_REENTRANT if there is
 * no event and this was called from inside a callback, where nothing waits.
 */
int32_t secsmtp_client_poll_event(secsmtp_client *client,
                                  uint32_t milliseconds,
                                  secsmtp_event **event_out,
                                  secsmtp_error **error_out);

/**
 * Sets the callback for events. With on_any_thread 0 it is called inside secsmtp_client_dispatch, on
 * the thread of that call; with 1 on a thread of the library, as soon as there is an event. NULL
 * removes the callback. When this returns, an earlier callback is not running and is not called again;
 * called from inside a callback, it does not wait for that.
 * Ownership: user stays the caller's, and must live until another callback is set or the client is
 * freed. Threads: any. Errors: SECSMTP_E_VALUE for any other number than 0 and 1, SECSMTP_E_RESOURCE
 * when there is no thread.
 */
int32_t secsmtp_client_set_event_callback(secsmtp_client *client,
                                          secsmtp_event_callback callback,
                                          void *user,
                                          int32_t on_any_thread,
                                          secsmtp_error **error_out);

/**
 * Calls the callback set by secsmtp_client_set_event_callback for each event that is there now, on this
 * thread, and waits for the first if there is none: a time of 0 does not wait, SECSMTP_FOREVER has no
 * timeout. Events that arrive meanwhile are left for the next call.
 * Threads: any. Errors: SECSMTP_E_NOTHING when there was no event; SECSMTP_E_CLOSED when the client is
 * closed and all events were taken; SECSMTP_E_NULL when no callback is set; SECSMTP_E_REENTRANT from
 * inside a callback.
 */
int32_t secsmtp_client_dispatch(secsmtp_client *client,
                                uint32_t milliseconds,
                                secsmtp_error **error_out);

/**
 * Ends the calls of secsmtp_client_poll_event and _dispatch that are waiting now, with
 * SECSMTP_E_NOTHING. If none is waiting it ends the next one, even when there is an event, which the
 * call after that gets.
 * Threads: any. Errors: those of the handle.
 */
int32_t secsmtp_client_wake(secsmtp_client *client, secsmtp_error **error_out);

/**
 * Takes no more sends and jobs, waits for those that are there, and cancels what is left when the time
 * is over. Idle connections are closed, and all workers have ended. Events can still be taken. A time
 * of 0 cancels at once; SECSMTP_FOREVER has no timeout.
 * Threads: any. Errors: SECSMTP_E_TIMEOUT if something had to be cancelled; SECSMTP_E_REENTRANT from
 * inside a callback, where everything is cancelled without waiting.
 */
int32_t secsmtp_client_close(secsmtp_client *client,
                             uint32_t milliseconds,
                             secsmtp_error **error_out);

/**
 * Sets how many connections jobs have at a time (default 4, at most 64), how many jobs there may be
 * whose completion has not been taken (default 1024), and how many droppable events may wait (default
 * 1024). All events but completions and questions for a secret are droppable; those that are dropped
 * are counted and reported by SECSMTP_EVENT_DROPPED.
 * Threads: any. Errors: SECSMTP_E_VALUE for 0, for more than 64 connections, and for more than a million
 * jobs or events.
 */
int32_t secsmtp_client_set_limits(secsmtp_client *client,
                                  uint32_t max_connections,
                                  uint32_t max_jobs,
                                  uint32_t max_events,
                                  secsmtp_error **error_out);

/**
 * Sets how many jobs and bytes may be in flight on each connection of jobs (default 128 and 1048576):
 * the next job is written while the replies to the last are on their way. If the connection breaks,
 * these are the jobs whose outcome may be unknown. With 1 job, each waits for the final reply to the
 * last. Jobs are shared out among the connections, and each has its own outcome.
 * Threads: any; applies to what is begun from now on. Errors: SECSMTP_E_VALUE for 0 jobs.
 */
int32_t secsmtp_client_set_window(secsmtp_client *client,
                                  uint32_t jobs,
                                  uint32_t bytes,
                                  secsmtp_error **error_out);

/**
 * Limits how many messages are begun in a time, counting jobs and secsmtp_client_send_batch together
 * over all connections: `messages` in so many milliseconds, evenly, and up to burst of them at once
 * after a pause. 0 messages, the default, is no limit. A message waits for its turn in the queue, or
 * inside secsmtp_client_send_batch, and can be cancelled there. secsmtp_client_send does not wait and
 * is not counted. The clock is monotonic.
 * Threads: any; applies to what is begun from now on. Errors: SECSMTP_E_VALUE for messages with 0
 * milliseconds or a burst of 0.
 */
int32_t secsmtp_client_set_rate(secsmtp_client *client,
                                uint32_t messages,
                                uint32_t milliseconds,
                                uint32_t burst,
                                secsmtp_error **error_out);

/**
 * Sets which events are made for jobs that begin from now on: a sum of SECSMTP_EVENT_..., and for
 * SECSMTP_EVENT_LOG the most detailed level (SECSMTP_LOG_...). Completions, questions for a secret and
 * SECSMTP_EVENT_DROPPED are always made; by default no others are.
 * Threads: any. Errors: SECSMTP_E_VALUE for another kind or level.
 */
int32_t secsmtp_client_set_events(secsmtp_client *client,
                                  int32_t kinds,
                                  int32_t max_level,
                                  secsmtp_error **error_out);

/**
 * Answers a job's SECSMTP_EVENT_SECRET with a password or token. Length 0 means that there is none, and
 * the job ends with SECSMTP_E_NO_SECRET.
 * Ownership: copied, and wiped after use. Threads: any. Errors: SECSMTP_E_VALUE for a number that is
 * not a job, SECSMTP_E_NOTHING for a job that does not ask now.
 */
int32_t secsmtp_client_answer_secret(secsmtp_client *client,
                                     uint64_t job,
                                     const uint8_t *secret,
                                     size_t secret_len,
                                     secsmtp_error **error_out);

/**
 * Answers a job's SECSMTP_EVENT_SECRET with a password or token as a text. The empty text means that
 * there is none, and the job ends with SECSMTP_E_NO_SECRET.
 * Ownership: copied, and wiped after use. Threads: any. Errors: those of secsmtp_client_answer_secret,
 * SECSMTP_E_UTF8.
 */
int32_t secsmtp_client_answer_secret_text(secsmtp_client *client,
                                          uint64_t job,
                                          const char *secret,
                                          int64_t secret_len,
                                          secsmtp_error **error_out);

/**
 * Gives what an event loop can wait for: on Unix a file descriptor that is readable (poll, select,
 * epoll, kqueue), on Windows an event (WaitForMultipleObjects), while there is an event to take or a
 * wake. Wait for it and do nothing else with it; then take events with a time of 0 until there are
 * none.
 * Ownership: the client's, until it is freed; stop waiting for it before that. Threads: any. Errors:
 * SECSMTP_E_RESOURCE.
 */
int32_t secsmtp_client_descriptor(secsmtp_client *client,
                                  int64_t *descriptor_out,
                                  secsmtp_error **error_out);

/**
 * Adds a pin that was confirmed for host and port to the file of known mail servers at path, which is
 * created if there is none; its other lines are left alone. It must be a regular file, or a symbolic
 * link to one. The file is replaced atomically. One writer waits for another for up to 5 seconds, but
 * not for one that was killed: the lock is the system's, on path with .lock appended. The text by names
 * the person who confirmed the pin. A send never writes this file.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HOST, SECSMTP_E_PORT, SECSMTP_E_PIN;
 * SECSMTP_E_VALUE for a text by that is empty, over 200 bytes, or has a control character;
 * SECSMTP_E_FILE if the file can't be read or written, is not a regular file, or a line of it is wrong.
 */
int32_t secsmtp_known_servers_learn(const char *path,
                                    int64_t path_len,
                                    const char *host,
                                    int64_t host_len,
                                    uint32_t port,
                                    const char *pin,
                                    int64_t pin_len,
                                    const char *by,
                                    int64_t by_len,
                                    secsmtp_error **error_out);

/**
 * The number of the ABI. Compare it with SECSMTP_ABI_VERSION before any other call.
 * Threads: any. Errors: none.
 */
uint32_t secsmtp_abi_version(void);

/**
 * The release as a number: major * 1000000 + minor * 1000 + patch.
 * Threads: any. Errors: none.
 */
uint32_t secsmtp_version_number(void);

/**
 * The release as text, for instance "0.1.0".
 * Ownership: the library's, and always valid. Threads: any. Errors: none.
 */
const char *secsmtp_version_string(void);

/**
 * The name of a status, for instance "SECSMTP_E_PIN_MISMATCH"; empty for a number that is not a status.
 * Ownership: the library's, and always valid. Threads: any. Errors: none.
 */
const char *secsmtp_status_name(int32_t status);

/**
 * A sentence about a status; empty for a number that is not a status.
 * Ownership: the library's, and always valid. Threads: any. Errors: none.
 */
const char *secsmtp_status_text(int32_t status);

/**
 * The name of a stage, for instance "connect"; empty for a number that is not a stage.
 * Ownership: the library's, and always valid. Threads: any. Errors: none.
 */
const char *secsmtp_stage_name(int32_t stage);

/**
 * The name of an outcome, for instance "not_sent"; empty for a number that is not an outcome.
 * Ownership: the library's, and always valid. Threads: any. Errors: none.
 */
const char *secsmtp_outcome_name(int32_t outcome);

/**
 * The number of handles in this process that are not freed: 0 once a program has freed all of its own.
 * Threads: any. Errors: none.
 */
int64_t secsmtp_debug_live_handles(void);

/**
 * The value of a number of this header by its name, for instance "SECSMTP_E_HOST", for hosts that can't
 * read a header.
 * Ownership: name is borrowed for the call. Threads: any. Errors: a negative status (-1000 or less),
 * minus SECSMTP_E_NOTHING for an unknown name.
 */
int64_t secsmtp_constant(const char *name, int64_t name_len);

/**
 * 1 if this build of the library has a feature, else 0: "implicit-tls", "starttls", "tls-1.2",
 * "tls-1.3", "client-certificates", "pins", "crl", "known-servers", "mozilla-roots",
 * "system-roots", "scram", "channel-binding", "oauth", "external", "idn", "composition", "jobs", "dkim".
 * Ask before you call what an older or smaller build may lack; an unknown name is a
 * feature that is not there.
 * Ownership: name is borrowed for the call. Threads: any. Errors: a negative status.
 */
int32_t secsmtp_feature(const char *name, int64_t name_len);

/**
 * Makes an empty message.
 * Ownership: *message_out is the caller's; secsmtp_message_free. Threads: any.
 * Errors: SECSMTP_E_NULL for message_out.
 */
int32_t secsmtp_message_new(secsmtp_message **message_out, secsmtp_error **error_out);

/**
 * Sets the sender of the envelope, which receives reports of failure (RFC 5321 section 4.1.1.2). The
 * empty text is the null reverse-path.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS.
 */
int32_t secsmtp_message_set_sender(secsmtp_message *message,
                                   const char *address,
                                   int64_t address_len,
                                   secsmtp_error **error_out);

/**
 * Adds a recipient to the envelope (RFC 5321 section 4.1.1.3): the bare address, 10000 at most.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS, SECSMTP_E_LENGTH.
 */
int32_t secsmtp_message_add_recipient(secsmtp_message *message,
                                      const char *address,
                                      int64_t address_len,
                                      secsmtp_error **error_out);

/**
 * Sets the content: header and body in the form of RFC 5322, as bytes. Any line end becomes CRLF; Bcc
 * and Resent-Bcc fields are removed; everything else is sent as it is.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_NO_CONTENT if it is empty, SECSMTP_E_CONTENT for a
 * NUL or a line over 998 bytes, with the line's number and place, and for content that begins with the
 * "From " line that stands before a message in an mbox file.
 */
int32_t secsmtp_message_set_content(secsmtp_message *message,
                                    const uint8_t *content,
                                    size_t content_len,
                                    secsmtp_error **error_out);

/**
 * Sets the content by other rules: a sum of SECSMTP_CONTENT_STRICT, _BINARY and _ENVELOPE.
 * Ownership: copied. Threads: any. Errors: as secsmtp_message_set_content, with the line's number;
 * SECSMTP_E_VALUE for an unknown rule; SECSMTP_E_ADDRESS, SECSMTP_E_NO_SENDER or
 * SECSMTP_E_NO_RECIPIENT for a header from which no envelope can be taken without doubt.
 */
int32_t secsmtp_message_set_content_by(secsmtp_message *message,
                                       const uint8_t *content,
                                       size_t content_len,
                                       int32_t rules,
                                       secsmtp_error **error_out);

/**
 * With 1, delivers to the accepted recipients when others are rejected. With 0, the default, a rejected
 * recipient means that the message is not sent to any.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_message_set_partial(secsmtp_message *message,
                                    int32_t partial,
                                    secsmtp_error **error_out);

/**
 * Frees a message; sends under way keep their copy. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_message_free(secsmtp_message *message);

/**
 * Sets the plain text of the message: UTF-8, at most 2 GiB (1 GiB where pointers have 32 bits). Any line
 * end becomes CRLF.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_UTF8, SECSMTP_E_LENGTH.
 */
int32_t secsmtp_message_set_text(secsmtp_message *message,
                                 const char *text,
                                 int64_t text_len,
                                 secsmtp_error **error_out);

/**
 * Sets the HTML of the message: UTF-8, at most 2 GiB (1 GiB where pointers have 32 bits). With both text
 * and HTML, mail programs show one of them.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_UTF8, SECSMTP_E_LENGTH.
 */
int32_t secsmtp_message_set_html(secsmtp_message *message,
                                 const char *html,
                                 int64_t html_len,
                                 secsmtp_error **error_out);

/**
 * Adds a calendar object (RFC 5545, UTF-8) as a further form of the text, and its method: REQUEST,
 * CANCEL, REPLY, PUBLISH (RFC 5546), the METHOD inside it.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for a text that is not a method, or not the
 * METHOD of the calendar.
 */
int32_t secsmtp_message_set_calendar(secsmtp_message *message,
                                     const char *calendar_method,
                                     int64_t calendar_method_len,
                                     const char *calendar,
                                     int64_t calendar_len,
                                     secsmtp_error **error_out);

/**
 * Attaches a file under its own name, from which the type is guessed. The file is read again by each
 * send and never held in memory. If it was removed or changed since, the send fails and nothing is
 * delivered.
 * Ownership: path copied. Threads: any; the file is read on the thread that sends. Errors:
 * SECSMTP_E_FILE for a path that can't be read or is not a regular file.
 */
int32_t secsmtp_message_attach_file(secsmtp_message *message,
                                    const char *path,
                                    int64_t path_len,
                                    secsmtp_error **error_out);

/**
 * Attaches bytes under a file name, from which the type is guessed.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for the name, SECSMTP_E_LENGTH.
 */
int32_t secsmtp_message_attach_memory(secsmtp_message *message,
                                      const char *name,
                                      int64_t name_len,
                                      const uint8_t *bytes,
                                      size_t bytes_len,
                                      secsmtp_error **error_out);

/**
 * Adds a part. One with a content id is shown where the HTML has `cid:ID`; any other is an attachment.
 * Later changes of the part have no effect on the message.
 * Ownership: the part stays the caller's, who may free it; its bytes are shared. Threads: any. Errors:
 * SECSMTP_E_HEADER if another part has its content id, SECSMTP_E_LENGTH beyond 1000 parts.
 */
int32_t secsmtp_message_add_part(secsmtp_message *message,
                                 const secsmtp_part *part,
                                 secsmtp_error **error_out);

/**
 * Adds a part as a further form of the text, for instance AMP (text/x-amp-html). It is placed after the
 * plain text and before the HTML; a calendar (text/calendar) is placed after both. Mail programs show
 * the last form that they support.
 * Ownership: the part stays the caller's, who may free it; its bytes are shared. Threads: any. Errors:
 * SECSMTP_E_HEADER for a part without a type, and as secsmtp_message_add_part.
 */
int32_t secsmtp_message_add_alternative(secsmtp_message *message,
                                        const secsmtp_part *part,
                                        secsmtp_error **error_out);

/**
 * Sets the content from a regular file, header and body in the form of RFC 5322. It is read once now
 * and again by each send, and never held in memory. Rules: 0, or a sum as for
 * secsmtp_message_set_content_by. If the file was removed or changed since, the send fails and nothing
 * is delivered.
 * Ownership: path copied. Threads: any; the file is read on the thread that calls or sends. Errors: as
 * secsmtp_message_set_content_by; SECSMTP_E_FILE for a path that can't be read or is not a regular
 * file, SECSMTP_E_SOURCE for a failure to read, SECSMTP_E_CONTENT for a header over 2 MiB.
 */
int32_t secsmtp_message_set_content_file(secsmtp_message *message,
                                         const char *path,
                                         int64_t path_len,
                                         int32_t rules,
                                         secsmtp_error **error_out);

/**
 * Sets the content from a callback, as secsmtp_message_set_content_file does from a file. size is the
 * number of bytes, or SECSMTP_SIZE_UNKNOWN. The content is read to its end now, and again by each send;
 * if the bytes differ from the first time the send fails, and nothing is delivered.
 * Ownership: `user` stays the caller's, and must be there until release was called with it, or, without
 * a release, until the message is freed or has other content and no send of it runs; a failed call does
 * not call release. Threads: any; read is called on the thread that calls or sends. Errors: as
 * secsmtp_message_set_content_file; SECSMTP_E_NULL for read, SECSMTP_E_VALUE for another negative size.
 */
int32_t secsmtp_message_set_content_reader(secsmtp_message *message,
                                           secsmtp_read_callback read,
                                           secsmtp_release_callback release,
                                           void *user,
                                           int64_t size,
                                           int32_t rules,
                                           secsmtp_error **error_out);

/**
 * Adds an address to an address field (SECSMTP_FIELD_...): the bare address, and the display name,
 * which may be empty and is never searched for an address. Unless the envelope has recipients of its
 * own, its recipients are all addresses of To, Cc and Bcc, each once; its sender is Sender, or From.
 * Bcc is never part of the header. A domain beyond ASCII is written as A-labels; a local part beyond
 * ASCII needs a server with SMTPUTF8.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS; SECSMTP_E_HEADER for a name with controls
 * or with bidirectional control characters; SECSMTP_E_LENGTH beyond 10000.
 */
int32_t secsmtp_message_add_address(secsmtp_message *message,
                                    int32_t field,
                                    const char *address,
                                    int64_t address_len,
                                    const char *name,
                                    int64_t name_len,
                                    secsmtp_error **error_out);

/**
 * Adds addresses as people write them (RFC 5322 section 3.4), for instance `Anna Bee <a@example.com>,
 * "Cee, Dee" <c@example.com>, Team: e@example.com, f@example.com;`.
 * Ownership: copied. Threads: any. Errors: as secsmtp_message_add_address; a list that is ambiguous is
 * SECSMTP_E_ADDRESS.
 */
int32_t secsmtp_message_add_addresses(secsmtp_message *message,
                                      int32_t field,
                                      const char *list,
                                      int64_t list_len,
                                      secsmtp_error **error_out);

/**
 * Sets the subject, in any language.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for controls (CR, LF, NUL and the like) and
 * for bidirectional control characters.
 */
int32_t secsmtp_message_set_subject(secsmtp_message *message,
                                    const char *subject,
                                    int64_t subject_len,
                                    secsmtp_error **error_out);

/**
 * Sets the date: seconds since 1970, and the offset of its zone east of UTC in minutes. By default it
 * is the moment at which the message is first needed, in UTC.
 * Threads: any. Errors: SECSMTP_E_VALUE.
 */
int32_t secsmtp_message_set_date(secsmtp_message *message,
                                 int64_t seconds,
                                 int32_t zone_minutes,
                                 secsmtp_error **error_out);

/**
 * Sets the Message-ID, with or without its angle brackets. By default a random one is made with the
 * domain of the From address.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
 */
int32_t secsmtp_message_set_message_id(secsmtp_message *message,
                                       const char *id,
                                       int64_t id_len,
                                       secsmtp_error **error_out);

/**
 * Adds the Message-ID of a message that this one replies to (In-Reply-To), unchanged, with or without
 * its angle brackets, visible ASCII.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
 */
int32_t secsmtp_message_add_in_reply_to(secsmtp_message *message,
                                        const char *id,
                                        int64_t id_len,
                                        secsmtp_error **error_out);

/**
 * Adds a Message-ID of the conversation so far (References), the oldest first, unchanged, with or
 * without its angle brackets, visible ASCII.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER, SECSMTP_E_LENGTH beyond 1000.
 */
int32_t secsmtp_message_add_reference(secsmtp_message *message,
                                      const char *id,
                                      int64_t id_len,
                                      secsmtp_error **error_out);

/**
 * Adds a header field of one's own. A value that is ASCII stays as it is, and is folded at white space.
 * Characters beyond ASCII are encoded by the syntax of the field: in addresses
 * (Disposition-Notification-To and the like), List-Id and Keywords the names; in URLs (List-Archive and
 * other List- fields, Archived-At) by percent; in parameters (Auto-Submitted) by RFC 2231; in JSON
 * (X-SMTPAPI and the like) as escapes; in ids, dates and tags (Autocrypt, Supersedes) they are an
 * error. In any other field the value is text, of which each word beyond ASCII is encoded (RFC 2047),
 * and so is one that looks encoded already: what was given is read back, but for white space at the
 * ends, which receivers drop. A tab is white space. Fields that have a function here, Content-, Resent-
 * and transport fields are refused.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for an invalid name, and for a value with
 * controls, with bidirectional control characters, or not of the field's syntax; SECSMTP_E_LENGTH for a
 * word that is too long for a line of 998 bytes, and beyond 1000 fields.
 */
int32_t secsmtp_message_add_header(secsmtp_message *message,
                                   const char *name,
                                   int64_t name_len,
                                   const char *value,
                                   int64_t value_len,
                                   secsmtp_error **error_out);

/**
 * Adds a header field of your own that is sent as it is, for instance with encoded words that are made
 * already. It may be folded: a line end (LF or CRLF, sent as CRLF) followed by white space and text.
 * With characters beyond ASCII it needs a server with SMTPUTF8.
 * Ownership: copied. Threads: any. Errors: as secsmtp_message_add_header; any other line end is
 * SECSMTP_E_HEADER, and a line over 998 bytes SECSMTP_E_LENGTH.
 */
int32_t secsmtp_message_add_finished_header(secsmtp_message *message,
                                            const char *name,
                                            int64_t name_len,
                                            const char *value,
                                            int64_t value_len,
                                            secsmtp_error **error_out);

/**
 * Sets the priority that the header shows: SECSMTP_PRIORITY_...
 * Threads: any. Errors: SECSMTP_E_VALUE.
 */
int32_t secsmtp_message_set_priority(secsmtp_message *message,
                                     int32_t priority,
                                     secsmtp_error **error_out);

/**
 * Adds a URI for unsubscribing (List-Unsubscribe, RFC 2369): https: or mailto:.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
 */
int32_t secsmtp_message_add_unsubscribe(secsmtp_message *message,
                                        const char *uri,
                                        int64_t uri_len,
                                        secsmtp_error **error_out);

/**
 * With 1, a POST to the https: URI unsubscribes at once (RFC 8058). With 0, the default, the field is
 * left out. A message with 1 and without an https: URI is not complete: it is SECSMTP_E_HEADER where
 * the message is used.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_message_set_one_click(secsmtp_message *message,
                                      int32_t one_click,
                                      secsmtp_error **error_out);

/**
 * Asks the servers of the recipients for delivery status notifications (DSN, RFC 3461): a sum of
 * SECSMTP_NOTIFY_SUCCESS, _FAILURE and _DELAY, or _NEVER alone; 0 leaves it to the server. An extension
 * that the server does not offer is never left out silently: the send ends with
 * SECSMTP_E_EXTENSION_MISSING before anything of the message is written. This holds for all options of
 * delivery.
 * Threads: any. Errors: SECSMTP_E_VALUE.
 */
int32_t secsmtp_message_set_notify(secsmtp_message *message,
                                   int32_t events,
                                   secsmtp_error **error_out);

/**
 * Sets what a notification of failure returns (DSN RET): the header (SECSMTP_RETURN_HEADER) or the
 * whole message (SECSMTP_RETURN_FULL); 0 leaves it to the server.
 * Threads: any. Errors: SECSMTP_E_VALUE.
 */
int32_t secsmtp_message_set_return(secsmtp_message *message,
                                   int32_t what,
                                   secsmtp_error **error_out);

/**
 * Sets the envelope id, which notifications repeat (DSN ENVID): printable ASCII, at most 100 bytes as
 * it is sent; empty for none.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_VALUE.
 */
int32_t secsmtp_message_set_envelope_id(secsmtp_message *message,
                                        const char *id,
                                        int64_t id_len,
                                        secsmtp_error **error_out);

/**
 * Sets the original recipient of the recipient with this index, from 0, for instance a list or an
 * alias; notifications repeat it (DSN ORCPT).
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_ADDRESS, SECSMTP_E_VALUE.
 */
int32_t secsmtp_message_set_original_recipient(secsmtp_message *message,
                                               int32_t index,
                                               const char *address,
                                               int64_t address_len,
                                               secsmtp_error **error_out);

/**
 * Sets a time limit for the delivery (DELIVERBY, RFC 2852): after so many seconds the message is
 * returned (SECSMTP_LATE_RETURN, 1 to 999999999), or its sender is notified (SECSMTP_LATE_NOTIFY, also
 * below 0). With trace 1, each server on the way is asked to report. With late 0 there is no limit.
 * Threads: any. Errors: SECSMTP_E_VALUE; the send's SECSMTP_E_BEYOND_LIMIT below the server's least.
 */
int32_t secsmtp_message_set_deliver_by(secsmtp_message *message,
                                       int32_t seconds,
                                       int32_t late,
                                       int32_t trace,
                                       secsmtp_error **error_out);

/**
 * Asks the server to keep the message for so many seconds before it leaves (FUTURERELEASE, RFC 4865),
 * 1 to 999999999; 0 for none.
 * Threads: any. Errors: SECSMTP_E_VALUE; the send's SECSMTP_E_BEYOND_LIMIT above the server's most.
 */
int32_t secsmtp_message_set_hold_for(secsmtp_message *message,
                                     uint32_t seconds,
                                     secsmtp_error **error_out);

/**
 * Asks the server to keep the message until this moment, in seconds since 1970 (FUTURERELEASE); 0 for
 * none.
 * Threads: any. Errors: SECSMTP_E_VALUE.
 */
int32_t secsmtp_message_set_hold_until(secsmtp_message *message,
                                       int64_t moment,
                                       secsmtp_error **error_out);

/**
 * Sets the priority of the transfer, -9 to 9 (MT-PRIORITY, RFC 6710); the priority in the header is
 * that of secsmtp_message_set_priority. SECSMTP_MT_PRIORITY_NONE asks for none.
 * Threads: any. Errors: SECSMTP_E_VALUE.
 */
int32_t secsmtp_message_set_mt_priority(secsmtp_message *message,
                                        int32_t priority,
                                        secsmtp_error **error_out);

/**
 * With 1, each server on the way must pass the message on over verified TLS or not at all
 * (REQUIRETLS, RFC 8689). Its opposite is the header field TLS-Required: No, which
 * secsmtp_message_add_header adds.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number but 0.
 */
int32_t secsmtp_message_set_require_tls(secsmtp_message *message,
                                        int32_t require,
                                        secsmtp_error **error_out);

/**
 * The Message-ID with its angle brackets; empty while the message is incomplete. A composed message has
 * one from the first time that it is asked for or sent, until the message is changed.
 * Ownership: the text is the message's, and valid until the message is changed or freed. Threads: any,
 * but none may change the message while another reads the text. Errors: the empty text.
 */
const char *secsmtp_message_id(const secsmtp_message *message, size_t *len_out);

/**
 * The size in bytes of the message as it would be sent, or SECSMTP_SIZE_UNKNOWN if that of a part is
 * not known.
 * Threads: any. Errors: a negative status, beginning at -1000.
 */
int64_t secsmtp_message_size(const secsmtp_message *message);

/**
 * Gives the message as it would be sent (header and body, lines ended by CRLF) to a callback, piece by
 * piece.
 * Ownership: `user` is passed to the callback. Threads: any; a copy of the message is shown. Errors:
 * those of an incomplete message; SECSMTP_E_SOURCE for a part that can't be read; SECSMTP_E_OUTPUT when
 * the callback returned another number than 0.
 */
int32_t secsmtp_message_preview(const secsmtp_message *message,
                                secsmtp_write_callback write,
                                void *user,
                                secsmtp_error **error_out);

/**
 * Writes the message as it would be sent into a buffer with room for secsmtp_message_size bytes.
 * Ownership: *len_out becomes the number of bytes; len_out may be NULL. Threads: any. Errors: as
 * secsmtp_message_preview; SECSMTP_E_OUTPUT when there is too little room, SECSMTP_E_LENGTH for a room of
 * more than half of the address space.
 */
int32_t secsmtp_message_preview_buffer(const secsmtp_message *message,
                                       uint8_t *buffer,
                                       size_t room,
                                       size_t *len_out,
                                       secsmtp_error **error_out);

/**
 * Writes the message as it would be sent to a file, in place of what was in it. After an error the
 * file may hold a part of it.
 * Ownership: path copied. Threads: any. Errors: as secsmtp_message_preview; SECSMTP_E_OUTPUT when the
 * file can't be written.
 */
int32_t secsmtp_message_preview_file(const secsmtp_message *message,
                                     const char *path,
                                     int64_t path_len,
                                     secsmtp_error **error_out);

/**
 * Makes a part of a regular file. Its name is that of the file and its type is guessed from it, unless
 * others are set. The file is read again by each send and never held in memory. If it was removed or
 * changed since, the send fails and nothing is delivered.
 * Ownership: path copied; *part_out is the caller's; secsmtp_part_free. Threads: any; the file is read
 * on the thread that sends. Errors: SECSMTP_E_FILE.
 */
int32_t secsmtp_part_new_file(const char *path,
                              int64_t path_len,
                              secsmtp_part **part_out,
                              secsmtp_error **error_out);

/**
 * Makes a part of bytes in memory.
 * Ownership: copied; *part_out is the caller's; secsmtp_part_free. Threads: any. Errors:
 * SECSMTP_E_LENGTH.
 */
int32_t secsmtp_part_new_memory(const uint8_t *bytes,
                                size_t bytes_len,
                                secsmtp_part **part_out,
                                secsmtp_error **error_out);

/**
 * Makes a part whose bytes come from a callback. size is their number, or SECSMTP_SIZE_UNKNOWN. Another
 * number of bytes than announced fails the send, and nothing is delivered.
 * Ownership: `user` stays the caller's, and must be there until release was called with it, or, without
 * a release, until the part and each message that has it are freed and no send of them runs; a failed
 * call does not call release. *part_out is the caller's; secsmtp_part_free. Threads: any; read is
 * called on the threads that send. Errors: SECSMTP_E_NULL for read, SECSMTP_E_VALUE for another
 * negative size.
 */
int32_t secsmtp_part_new_reader(secsmtp_read_callback read,
                                secsmtp_release_callback release,
                                void *user,
                                int64_t size,
                                secsmtp_part **part_out,
                                secsmtp_error **error_out);

/**
 * Sets the file name. Everything up to the last slash or backslash is cut off. The type is guessed from
 * the name unless one is set.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for controls, bidirectional control
 * characters, nothing but dots, or more than 255 bytes.
 */
int32_t secsmtp_part_set_name(secsmtp_part *part,
                              const char *name,
                              int64_t name_len,
                              secsmtp_error **error_out);

/**
 * Sets the media type, image/png for instance, with its parameters. A text type without charset gets
 * charset=utf-8 where the bytes are UTF-8; those of a reader are not looked at.
 * A part of a multipart/ or message/ type is finished content of that type, message/rfc822 or
 * multipart/signed with its boundary for instance, and goes as it is (RFC 2045 section 6.4): its lines
 * get CRLF, nothing else changes. It is read through when the message is first needed; a NUL or a line
 * over 998 bytes, a byte above 127 or mixed line ends in multipart/signed, and a missing boundary line
 * are SECSMTP_E_CONTENT then. A byte above 127 in another asks for 8BITMIME. A multipart alone is the
 * message's body, as OpenPGP and S/MIME ask for.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER; also for multipart/ without its boundary.
 */
int32_t secsmtp_part_set_type(secsmtp_part *part,
                              const char *media_type,
                              int64_t media_type_len,
                              secsmtp_error **error_out);

/**
 * Sets the content id, without angle brackets: the HTML shows the part where it has `cid:ID`.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER.
 */
int32_t secsmtp_part_set_content_id(secsmtp_part *part,
                                    const char *id,
                                    int64_t id_len,
                                    secsmtp_error **error_out);

/**
 * With 1, the encoded form of the part is kept in memory from the first send on, whatever its size, for
 * parts that many messages share: 1.37 bytes for each byte. With 0, the default, it is kept from the
 * second message on that has the part, if the part has no more than 8 MiB and does not come from a
 * callback; a larger one is read and encoded again by each send. It is freed with the last message that
 * has it.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_part_set_cached(secsmtp_part *part, int32_t cached, secsmtp_error **error_out);

/**
 * Frees a part; messages that have it keep it. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_part_free(secsmtp_part *part);

/**
 * Makes a policy without any trust: implicit TLS, TLS 1.2 or newer.
 * Ownership: *policy_out is the caller's; secsmtp_policy_free. Threads: any. Errors: SECSMTP_E_NULL for
 * policy_out.
 */
int32_t secsmtp_policy_new(secsmtp_policy **policy_out, secsmtp_error **error_out);

/**
 * Sets how the connection becomes encrypted: SECSMTP_TLS_MODE_IMPLICIT or _STARTTLS.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_policy_set_tls_mode(secsmtp_policy *policy,
                                    int32_t tls_mode,
                                    secsmtp_error **error_out);

/**
 * Sets the oldest TLS version that is accepted: SECSMTP_TLS_1_2 or SECSMTP_TLS_1_3.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_policy_set_min_tls(secsmtp_policy *policy,
                                   int32_t tls_version,
                                   secsmtp_error **error_out);

/**
 * Trusts CAs: PEM with one certificate or more, or a single one in DER.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_CERTIFICATE.
 */
int32_t secsmtp_policy_add_ca(secsmtp_policy *policy,
                              const uint8_t *certificates,
                              size_t certificates_len,
                              secsmtp_error **error_out);

/**
 * Trusts the CAs in a file, which is read now.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE, SECSMTP_E_CERTIFICATE.
 */
int32_t secsmtp_policy_add_ca_file(secsmtp_policy *policy,
                                   const char *path,
                                   int64_t path_len,
                                   secsmtp_error **error_out);

/**
 * Trusts the roots of this machine: the CAs that its vendor, owner or administrator has installed. They
 * are read from the platform's store or from well-known paths; the environment is not read.
 * Threads: any. Errors: SECSMTP_E_ROOTS.
 */
int32_t secsmtp_policy_add_system_roots(secsmtp_policy *policy, secsmtp_error **error_out);

/**
 * Trusts Mozilla's list of roots, as of this release.
 * Threads: any. Errors: those of the handle.
 */
int32_t secsmtp_policy_add_mozilla_roots(secsmtp_policy *policy, secsmtp_error **error_out);

/**
 * Adds SPKI pins: "sha256//BASE64", several separated by ";", or 64 hexadecimal digits.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_PIN.
 */
int32_t secsmtp_policy_add_pin(secsmtp_policy *policy,
                               const char *pin,
                               int64_t pin_len,
                               secsmtp_error **error_out);

/**
 * Trusts exactly this certificate of the server, byte for byte: PEM or DER. To survive its
 * renewal with the same key, pin the key instead.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_CERTIFICATE.
 */
int32_t secsmtp_policy_add_certificate(secsmtp_policy *policy,
                                       const uint8_t *certificate,
                                       size_t certificate_len,
                                       secsmtp_error **error_out);

/**
 * Trusts exactly the certificate in a file, which is read now.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE, SECSMTP_E_CERTIFICATE.
 */
int32_t secsmtp_policy_add_certificate_file(secsmtp_policy *policy,
                                            const char *path,
                                            int64_t path_len,
                                            secsmtp_error **error_out);

/**
 * Frees a policy; clients made with it keep their copy. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_policy_free(secsmtp_policy *policy);

/**
 * With pins or a certificate alone, name and dates of the certificate decide too (1), or are only
 * reported (0, the default). With CAs or roots they always decide.
 * Threads: any. Errors: SECSMTP_E_VALUE for any other number.
 */
int32_t secsmtp_policy_set_strict(secsmtp_policy *policy,
                                  int32_t strict,
                                  secsmtp_error **error_out);

/**
 * Adds SPKI pins, in the form of secsmtp_policy_add_pin, that match from not_before to not_after, in
 * seconds since 1970, both included. Outside that time they match nothing: an expired pin never turns
 * pinning off.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_PIN, SECSMTP_E_VALUE for a negative time.
 */
int32_t secsmtp_policy_add_pin_with_window(secsmtp_policy *policy,
                                           const char *pin,
                                           int64_t pin_len,
                                           int64_t not_before,
                                           int64_t not_after,
                                           secsmtp_error **error_out);

/**
 * Adds the pin of the one key in a file, which is read now: a certificate or a public key (BEGIN
 * CERTIFICATE, BEGIN PUBLIC KEY), PEM or DER.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE; SECSMTP_E_PIN if the file holds no key,
 * several, or a private one.
 */
int32_t secsmtp_policy_add_pin_file(secsmtp_policy *policy,
                                    const char *path,
                                    int64_t path_len,
                                    secsmtp_error **error_out);

/**
 * Adds the pins that a file of known mail servers, which is read now, has for host and port. The file
 * has one pin per line: host, port, pin, the time at which it was added (2026-11-23T00:00:00Z), and the
 * person who confirmed it, separated by spaces. Lines that begin with # are comments.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE if it can't be read, is neither a regular
 * file nor a symbolic link to one, or a line of it is wrong; SECSMTP_E_HOST, SECSMTP_E_PORT;
 * SECSMTP_E_NO_TRUST if it has no pin for host and port.
 */
int32_t secsmtp_policy_add_known_servers(secsmtp_policy *policy,
                                         const char *path,
                                         int64_t path_len,
                                         const char *host,
                                         int64_t host_len,
                                         uint32_t port,
                                         secsmtp_error **error_out);

/**
 * Requires a revocation list for each certificate of a path below its CA: PEM (BEGIN X509 CRL, one or
 * more), or one in DER. A revoked certificate, a certificate that no list covers, and a list that is
 * out of date are errors of each connection. Of two lists of one CA the one added later counts.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_CERTIFICATE.
 */
int32_t secsmtp_policy_add_crl(secsmtp_policy *policy,
                               const uint8_t *list,
                               size_t list_len,
                               secsmtp_error **error_out);

/**
 * Requires the revocation lists in a file, which is read now.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_FILE, SECSMTP_E_CERTIFICATE.
 */
int32_t secsmtp_policy_add_crl_file(secsmtp_policy *policy,
                                    const char *path,
                                    int64_t path_len,
                                    secsmtp_error **error_out);

/**
 * Sets the certificate for a server that asks for one, which is sent after the server was verified: a
 * chain, leaf first, and its key without a passphrase, both in PEM. Raises the minimum to TLS 1.3,
 * because TLS 1.2 sends the certificate in clear. A probe never sends it.
 * Ownership: copied; the caller wipes its own copy of the key. Threads: any. Errors:
 * SECSMTP_E_CERTIFICATE if they can't be parsed or don't belong together.
 */
int32_t secsmtp_policy_set_client_certificate(secsmtp_policy *policy,
                                              const uint8_t *chain,
                                              size_t chain_len,
                                              const uint8_t *key,
                                              size_t key_len,
                                              secsmtp_error **error_out);

/**
 * Sets the certificate as secsmtp_policy_set_client_certificate does; chain and key are texts.
 * Ownership: copied. Threads: any. Errors: those of secsmtp_policy_set_client_certificate,
 * SECSMTP_E_UTF8.
 */
int32_t secsmtp_policy_set_client_certificate_text(secsmtp_policy *policy,
                                                   const char *chain,
                                                   int64_t chain_len,
                                                   const char *key,
                                                   int64_t key_len,
                                                   secsmtp_error **error_out);

/**
 * Computes the verdict on a chain for host without a network, as a connection would: PEM, leaf first,
 * or a single certificate in DER; at a time in seconds since 1970, or now if it is negative. Only a
 * connection proves that the server holds the leaf's key. A chain that is not trusted is not an error:
 * see secsmtp_report_verdict.
 * Ownership: copied; *report_out is the caller's, on success only; secsmtp_report_free. Threads: any.
 * Errors: SECSMTP_E_HOST; SECSMTP_E_CERTIFICATE if there is no chain that can be parsed.
 */
int32_t secsmtp_policy_verify_chain(const secsmtp_policy *policy,
                                    const char *host,
                                    int64_t host_len,
                                    const uint8_t *chain,
                                    size_t chain_len,
                                    int64_t at_unix_seconds,
                                    secsmtp_report **report_out,
                                    secsmtp_error **error_out);

/**
 * Frees a receipt and its texts. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_receipt_free(secsmtp_receipt *receipt);

/**
 * Frees a report and its texts. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_report_free(secsmtp_report *report);

/**
 * Answers with the password or token. A second answer replaces the first.
 * Ownership: copied, and wiped when its connection ends; the caller wipes its own copy. Threads: any,
 * while the callback runs. Errors: SECSMTP_E_SECRET for a value that can't be one; an earlier answer
 * stays.
 */
int32_t secsmtp_secret_request_answer(secsmtp_secret_request *request,
                                      const uint8_t *secret,
                                      size_t secret_len,
                                      secsmtp_error **error_out);

/**
 * Answers with the password or token as a text. A second answer replaces the first.
 * Ownership: copied, and wiped when its connection ends. Threads: any, while the callback runs. Errors:
 * SECSMTP_E_SECRET for a value that can't be one, SECSMTP_E_UTF8; an earlier answer stays.
 */
int32_t secsmtp_secret_request_answer_text(secsmtp_secret_request *request,
                                           const char *secret,
                                           int64_t secret_len,
                                           secsmtp_error **error_out);

/**
 * Makes a signer of a key in memory.
 * Ownership: copied, the copy is wiped, and the caller wipes its own; *signer_out is the
 * caller's; secsmtp_signer_free. Threads: any. Errors: SECSMTP_E_VALUE for an invalid domain or
 * selector, SECSMTP_E_SIGNING_KEY, SECSMTP_E_NOT_BUILT in a build without DKIM.
 */
int32_t secsmtp_signer_new(const char *domain,
                           int64_t domain_len,
                           const char *selector,
                           int64_t selector_len,
                           const uint8_t *key,
                           size_t key_len,
                           secsmtp_signer **signer_out,
                           secsmtp_error **error_out);

/**
 * Makes a signer of a key in memory that is a text, in PEM.
 * Ownership: copied, and the copy is wiped; *signer_out is the caller's; secsmtp_signer_free.
 * Threads: any. Errors: those of secsmtp_signer_new, SECSMTP_E_UTF8.
 */
int32_t secsmtp_signer_new_text(const char *domain,
                                int64_t domain_len,
                                const char *selector,
                                int64_t selector_len,
                                const char *key,
                                int64_t key_len,
                                secsmtp_signer **signer_out,
                                secsmtp_error **error_out);

/**
 * Makes a signer of a key file, which is read now.
 * Ownership: path copied; *signer_out is the caller's; secsmtp_signer_free. Threads: any. Errors:
 * SECSMTP_E_FILE, and those of secsmtp_signer_new.
 */
int32_t secsmtp_signer_new_file(const char *domain,
                                int64_t domain_len,
                                const char *selector,
                                int64_t selector_len,
                                const char *path,
                                int64_t path_len,
                                secsmtp_signer **signer_out,
                                secsmtp_error **error_out);

/**
 * Sets for how many seconds a signature is valid (x=); 0, the default, is without an end. A message is
 * not sent with a signature that has expired.
 * Threads: any. Errors: SECSMTP_E_VALUE beyond a hundred years.
 */
int32_t secsmtp_signer_set_lifetime(secsmtp_signer *signer,
                                    uint32_t seconds,
                                    secsmtp_error **error_out);

/**
 * Sets the names of the fields that are signed if a message has them, separated by colons, in place of
 * the default: the fields that mail programs show, and those that describe the body. From is always
 * signed. Fields that a message has once are signed in such a way that a second one breaks the
 * signature.
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for a text that is not the name of a field
 * or has a semicolon, SECSMTP_E_LENGTH beyond 200.
 */
int32_t secsmtp_signer_set_fields(secsmtp_signer *signer,
                                  const char *names,
                                  int64_t names_len,
                                  secsmtp_error **error_out);

/**
 * Sets the names of the fields, separated by colons, that the signature covers also if a message does
 * not have them, in place of Cc and Reply-To: a field that is added on the way then breaks the signature
 * (RFC 6376 section 5.4). The empty text means none. Each must be among the signed fields
 * (secsmtp_signer_set_fields).
 * Ownership: copied. Threads: any. Errors: SECSMTP_E_HEADER for one that is not signed, and for Date,
 * Message-ID, Sender and To, which servers add where they are missing.
 */
int32_t secsmtp_signer_set_absent_fields(secsmtp_signer *signer,
                                         const char *names,
                                         int64_t names_len,
                                         secsmtp_error **error_out);

/**
 * Frees a signer; messages that have it keep it. NULL is a no-op.
 * Threads: any. Errors: SECSMTP_E_BAD_HANDLE.
 */
int32_t secsmtp_signer_free(secsmtp_signer *signer);

/**
 * Adds a signer, at most ten. The message is signed when it is first needed, for which its content is
 * read once more, and the signature with its time stays the same until the message is changed. Content
 * for BINARYMIME, without a From field or with several, or with a line in its header that is not a
 * field, can't be signed: the send is then SECSMTP_E_CONTENT, before it connects.
 * Ownership: the signer stays the caller's, who may free it; later changes of it have no effect on the
 * message. Threads: any. Errors: SECSMTP_E_LENGTH beyond ten.
 */
int32_t secsmtp_message_add_signer(secsmtp_message *message,
                                   const secsmtp_signer *signer,
                                   secsmtp_error **error_out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SECSMTP_H */
