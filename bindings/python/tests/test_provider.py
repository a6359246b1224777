"""Secrets that are asked for when they are needed: from Python, and from C by bare calls."""

import base64
import contextlib
import ctypes
import itertools
import socket
import unittest

from . import common
import secsmtp
from secsmtp import _abi, _library
from .scripted import EHLO, scripted, wire_forms
from .test_client import ENVELOPE, MAIL, ClientCase

PASSWORD = "correct horse 7"
OAUTH = EHLO.replace("PLAIN LOGIN", "XOAUTH2")


def auth_lines(server):
    return [line for line in server.lines if line.upper().startswith("AUTH")]


class ProviderCase(ClientCase):
    def asking(self, server, credential, **named):
        named.setdefault("timeout", 20)
        with secsmtp.Policy(ca_files=(), certificate_files=server.certificate) as policy:
            with credential:
                return secsmtp.Client(
                    "script.test", policy=policy, credential=credential, connect=server.address, **named
                )

    def refused(self, server, ask, kind=secsmtp.Password):
        """The exception of a send whose function is `ask`; no part of a login was sent."""
        with self.asking(server, kind("alice", ask)) as client:
            with self.assertRaises(BaseException) as caught:
                client.send(MAIL, *ENVELOPE)
        self.assertEqual(auth_lines(server), [])
        return caught.exception


class FromPython(ProviderCase):
    def test_the_function_is_called_with_the_purpose_of_the_secret(self):
        seen = []

        def ask(request):
            seen.append(request)
            return PASSWORD

        log = common.Records()
        with scripted() as server, self.asking(server, secsmtp.Password("alice", ask), logger=log.logger) as client:
            receipt = client.send(MAIL, *ENVELOPE)
        self.assertEqual(receipt.outcome, "accepted")
        self.assertEqual(seen, [secsmtp.SecretRequest("script.test", 465, "alice", "password", False)])
        for form in wire_forms("alice", PASSWORD.encode()):
            self.assertNotIn(form, log.text().encode())

    def test_bytes_and_bytearray_do_as_well(self):
        for secret in (PASSWORD.encode(), bytearray(PASSWORD.encode())):
            with scripted() as server:
                with self.asking(server, secsmtp.Password("alice", lambda _: secret)) as client:
                    self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")

    def test_f23_an_unverified_server_is_no_reason_to_ask(self):
        with scripted() as server, scripted() as other:
            server.certificate, own = other.certificate, server.certificate
            error = self.refused(server, lambda _: self.fail("asked"))
            server.certificate = own
        self.assertIsInstance(error, secsmtp.TrustError)

    def test_a_refused_token_is_renewed_once_on_a_new_connection(self):
        seen, answers = [], iter(("535 5.7.8 Token expired", "235 in"))

        def ask(request):
            seen.append(request.refused)
            self.assertEqual(request.kind, "token")
            return "fresh" if request.refused else "stale"

        with scripted(EHLO=OAUTH, AUTH=lambda _line: next(answers)) as server:
            with self.asking(server, secsmtp.Token("alice", ask)) as client:
                self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")
        self.assertEqual(seen, [False, True])
        self.assertEqual(sum(line.startswith("EHLO") for line in server.lines), 2)
        self.assertEqual(len(auth_lines(server)), 2)
        with scripted(EHLO=OAUTH, AUTH="535 5.7.8 No") as server:
            with self.asking(server, secsmtp.Token("alice", ask)) as client:
                with self.assertRaises(secsmtp.Refused):
                    client.send(MAIL, *ENVELOPE)
        self.assertEqual(len(auth_lines(server)), 2)

    def test_no_secret_is_a_status_of_its_own(self):
        def ask(_request):
            raise secsmtp.NoSecret("the user is away")

        for kind, offer in ((secsmtp.Password, EHLO), (secsmtp.Token, OAUTH)):
            with scripted(EHLO=offer) as server:
                error = self.refused(server, ask, kind)
            self.assertIsInstance(error, secsmtp.NoSecret)
            self.assertEqual((error.status, error.stage), (_abi.E_NO_SECRET, "auth"))
            self.assertEqual((error.outcome, error.retry), ("not_sent", "never"))
            self.assertFalse(error.secret_released)

    def test_send_raises_what_the_function_raises(self):
        for raised in (KeyError("x"), KeyboardInterrupt(), SystemExit(3)):

            def ask(_request):
                raise raised

            with scripted() as server:
                error = self.refused(server, ask)
            self.assertIs(error, raised)
            self.assertEqual(error.secsmtp_receipt.outcome, "not_sent")
            self.assertIsInstance(error.__cause__, secsmtp.NoSecret)

    def test_i03_nonsense_is_refused_and_not_shown(self):
        for nonsense in ("", b"", "a\0b", "a\r\nb", "x" * 7169, None, 7, ["secret-in-a-list"]):
            with scripted() as server:
                error = self.refused(server, lambda _request: nonsense)
            self.assertIsInstance(error, (secsmtp.ArgumentError, TypeError), repr(nonsense))
            self.assertNotIn("secret-in", str(error))

    def test_cancel_close_and_send_from_inside(self):
        def cancel(client, _credential):
            client.cancel()

        def close(client, _credential):
            client.close()

        for act in (cancel, close):
            place = []

            def ask(_request):
                act(*place)
                return PASSWORD

            with scripted() as server:
                credential = secsmtp.Password("alice", ask)
                client = self.asking(server, credential)
                place += [client, credential]
                with client, self.assertRaises(secsmtp.Cancelled) as caught:
                    client.send(MAIL, *ENVELOPE)
            self.assertEqual((caught.exception.outcome, auth_lines(server)), ("not_sent", []))
        # Another mail from inside, by a login that is not asked for, is a mail like any other.
        with scripted() as server, scripted() as other, self.client(other) as inner:

            def send_too(_request):
                self.assertEqual(inner.send(MAIL, *ENVELOPE).outcome, "accepted")
                return PASSWORD

            with self.asking(server, secsmtp.Password("alice", send_too)) as client:
                self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")

    def test_a_job_is_not_waited_for_from_inside(self):
        # A server that says nothing: the job is not over, and would be waited for without end.
        with scripted() as server, socket.create_server(("127.0.0.1", 0)) as silent:
            raised = []

            def ask(_request):
                job = inner.submit(MAIL, *ENVELOPE)
                with self.assertRaises(secsmtp.Error) as caught:
                    job.wait()
                raised.append(caught.exception.status)
                return PASSWORD

            with secsmtp.Policy(mozilla_roots=True) as policy, secsmtp.Client(
                "script.test", policy=policy, connect=silent.getsockname()
            ) as inner:
                with self.asking(server, secsmtp.Password("alice", ask)) as client:
                    self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")
        self.assertEqual(raised, [_abi.E_REENTRANT])

    def test_a_send_inside_the_function_ends_with_an_error(self):
        # Another server, for this one serves one after the other.
        with scripted() as server, scripted() as other:
            place, depth = [], itertools.count()

            def ask(_request):
                next(depth)
                with self.assertRaises(secsmtp.NoSecret):
                    place[0].send(MAIL, *ENVELOPE)
                return PASSWORD

            with self.asking(server, secsmtp.Password("alice", ask)) as client, self.asking(
                other, secsmtp.Password("alice", ask)
            ) as inner:
                place.append(inner)
                self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")
                self.assertEqual(next(depth), 1)
                # and afterwards it is asked as before
                self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")

    def test_the_credential_may_be_gone(self):
        with scripted() as server:
            client = self.asking(server, secsmtp.Password("alice", lambda _: PASSWORD))
            with client:
                self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")


class FromC(ProviderCase):
    """Mistakes that a C program could make in its callback."""

    @contextlib.contextmanager
    def bare(self, callback, kind=_abi.SECRET_PASSWORD, offer=EHLO):
        """Client and server, with a credential made by the C functions alone."""
        lib = _library.library()
        keep = _library.SecretCallback(callback)
        credential = _library.new_handle("credential")
        made = lib.credential_new_asked(b"alice", 5, kind, keep, 77, ctypes.byref(credential), None)
        self.assertEqual(made, 0)
        with scripted(EHLO=offer) as server, self.client(server, login=False) as client:
            self.assertEqual(lib.client_set_credential(client._open_handle(), credential, None), 0)
            yield client, server, credential
        lib.credential_free(credential)

    def test_right(self):
        lib = _library.library()

        def callback(context, request):
            self.assertEqual(context, 77)
            self.assertEqual(lib.secret_request_kind(request), _abi.SECRET_PASSWORD)
            self.assertEqual(lib.secret_request_reason(request), _abi.REASON_FIRST)
            wrong, right = (_library.bytes_argument("secret", b) for b in (b"not this", PASSWORD.encode()))
            self.assertEqual(lib.secret_request_answer(request, *wrong, None), 0)
            self.assertEqual(lib.secret_request_answer(request, *right, None), 0)
            # An invalid secret does not replace the valid one.
            unfit = _library.bytes_argument("secret", b"a\0b")
            self.assertEqual(lib.secret_request_answer(request, *unfit, None), _abi.E_SECRET)
            self.assertEqual(lib.secret_request_answer(request, None, 4, None), _abi.E_NULL)
            return 0

        with self.bare(callback) as (client, server, _):
            self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")
            blob = base64.b64encode(b"\0alice\0" + PASSWORD.encode()).decode()
            self.assertEqual(auth_lines(server), ["AUTH PLAIN " + blob])

    def test_nonsense_is_no_secret(self):
        lib = _library.library()

        def answered(request, status):
            lib.secret_request_answer(request, *_library.bytes_argument("secret", b"given"), None)
            return status

        for callback in (
            lambda _context, _request: 0,
            lambda _context, _request: -1,
            lambda _context, request: answered(request, 1),
            lambda _context, request: answered(request, -(2**31)),
        ):
            with self.bare(callback) as (client, server, _):
                with self.assertRaises(secsmtp.NoSecret):
                    client.send(MAIL, *ENVELOPE)
                self.assertEqual(auth_lines(server), [])

    def test_the_request_ends_with_the_call_and_takes_no_other_handle(self):
        lib, kept = _library.library(), []

        def callback(_context, request):
            kept.append(ctypes.cast(request, ctypes.c_void_p).value)
            # Freed by the function of another type.
            credential = ctypes.cast(request, _library.HANDLE_TYPES["credential"])
            self.assertEqual(lib.credential_free(credential), _abi.E_BAD_HANDLE)
            lib.secret_request_answer(request, *_library.bytes_argument("secret", PASSWORD.encode()), None)
            return 0

        with self.bare(callback) as (client, _, credential):
            self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")
            request = _library.HANDLE_TYPES["secret_request"]
            for stale in (
                ctypes.cast(kept[0], request),
                ctypes.cast(credential, request),
                ctypes.cast(12345, request),
                request(),
            ):
                answer = lib.secret_request_answer(stale, *_library.bytes_argument("secret", b"x"), None)
                self.assertIn(answer, (_abi.E_BAD_HANDLE, _abi.E_NULL))
                self.assertLess(lib.secret_request_port(stale), 0)
                self.assertLess(lib.secret_request_kind(stale), 0)
                self.assertLess(lib.secret_request_reason(stale), 0)
                self.assertEqual(_library.text(lib.secret_request_host, stale), "")
                self.assertEqual(_library.text(lib.secret_request_user, stale), "")

    def test_credential_and_client_freed_from_inside(self):
        lib, place = _library.library(), []

        def callback(_context, request):
            client, credential = place
            self.assertEqual(lib.credential_free(credential), 0)
            client.close()
            lib.secret_request_answer(request, *_library.bytes_argument("secret", PASSWORD.encode()), None)
            return 0

        keep = _library.SecretCallback(callback)
        credential = _library.new_handle("credential")
        lib.credential_new_asked(b"a", 1, _abi.SECRET_PASSWORD, keep, None, ctypes.byref(credential), None)
        with scripted() as server, self.client(server, login=False) as client:
            lib.client_set_credential(client._open_handle(), credential, None)
            place += [client, credential]
            with self.assertRaises(secsmtp.Cancelled):
                client.send(MAIL, *ENVELOPE)
            self.assertEqual(auth_lines(server), [])

    def test_without_a_callback_a_send_fails_and_a_job_requests_by_an_event(self):
        lib = _library.library()
        credential = _library.new_handle("credential")
        no_callback = _library.SecretCallback()
        made = lib.credential_new_asked(
            b"alice", 5, _abi.SECRET_PASSWORD, no_callback, None, ctypes.byref(credential), None
        )
        self.assertEqual(made, 0)
        message = _library.new_handle("message")
        lib.message_new(ctypes.byref(message), None)
        lib.message_set_sender(message, *_library.text_argument("address", ENVELOPE[0]), None)
        lib.message_add_recipient(message, *_library.text_argument("address", ENVELOPE[1][0]), None)
        lib.message_set_content(message, *_library.bytes_argument("secret", MAIL), None)
        with scripted() as server, self.client(server, login=False) as client:
            lib.client_set_credential(client._open_handle(), credential, None)
            lib.credential_free(credential)
            with self.assertRaises(secsmtp.NoSecret) as caught:
                client.send(MAIL, *ENVELOPE)
            self.assertIn("job", str(caught.exception))
            self.assertEqual(auth_lines(server), [])
            for secret, status in ((b"", _abi.E_NO_SECRET), (PASSWORD.encode(), 0)):
                job = ctypes.c_uint64()
                handle = client._open_handle()
                self.assertEqual(lib.client_submit(handle, message, 0, ctypes.byref(job), None), 0)
                event = self.event(handle)
                self.assertEqual(lib.event_kind(event), _abi.EVENT_SECRET)
                self.assertEqual(lib.event_secret_kind(event), _abi.SECRET_PASSWORD)
                self.assertEqual(lib.event_secret_reason(event), _abi.REASON_FIRST)
                self.assertEqual(_library.text(lib.event_text, event), "alice")
                lib.event_free(event)
                answer = _library.bytes_argument("secret", secret)
                wrong = _library.bytes_argument("secret", b"a\0b")
                self.assertEqual(lib.client_answer_secret(handle, job, *answer, None), 0)
                late = lib.client_answer_secret(handle, job, *wrong, None)
                self.assertEqual(late, _abi.E_NOTHING)
                receipt = _library.new_handle("receipt")
                done = lib.client_wait(handle, job, 20000, ctypes.byref(receipt), None)
                self.assertEqual(done, status)
                lib.receipt_free(receipt)
            # One login: the first job had no secret for it.
            self.assertEqual(len(auth_lines(server)), 1)
        lib.message_free(message)

    def event(self, client):
        place = _library.new_handle("event")
        taken = _library.library().client_poll_event(client, 20000, ctypes.byref(place), None)
        self.assertEqual(taken, 0)
        return place

    def test_arguments(self):
        lib = _library.library()
        keep = _library.SecretCallback(lambda _context, _request: 0)
        place = _library.new_handle("credential")
        for user, kind, callback, out, status in (
            (b"a", 3, keep, ctypes.byref(place), _abi.E_VALUE),
            (b"", _abi.SECRET_TOKEN, keep, ctypes.byref(place), _abi.E_USER),
            (b"a", _abi.SECRET_TOKEN, keep, None, _abi.E_NULL),
        ):
            made = lib.credential_new_asked(user, len(user), kind, callback, None, out, None)
            self.assertEqual(made, status)
            self.assertFalse(place)


class External(ProviderCase):
    def test_without_a_certificate_nothing_is_connected(self):
        with scripted() as server, self.asking(server, secsmtp.External("bob")) as client:
            with self.assertRaises(secsmtp.ArgumentError) as caught:
                client.send(MAIL, *ENVELOPE)
            self.assertEqual(caught.exception.status, _abi.E_NO_CLIENT_CERTIFICATE)
            self.assertEqual(server.lines, [])
        with self.assertRaises(secsmtp.ArgumentError):
            secsmtp.External("a\0b")
        self.assertEqual(repr(secsmtp.External("bob")), "External(user='bob')")


if __name__ == "__main__":
    unittest.main()
