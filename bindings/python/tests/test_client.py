"""Sends against scripted and silent peers: outcomes, deadlines, cancel, the log."""

import concurrent.futures
import contextlib
import gc
import logging
import signal
import socket
import threading
import unittest
from email.message import EmailMessage

from . import common
import secsmtp
from secsmtp import _abi, _library
from .scripted import HANG_UP, scripted, silent, wire_forms

MAIL = b"Subject: x\r\n\r\nthe content\r\n"
ENVELOPE = ("a@script.test", ["b@script.test"])
PASSWORD = b"correct horse 7"


class ClientCase(common.LibraryCase):
    def client(self, server, login=True, **named):
        """A client of a scripted server."""
        named.setdefault("timeout", 20)
        with secsmtp.Policy(ca_files=(), certificate_files=server.certificate) as policy:
            with secsmtp.Password("alice", PASSWORD) as credential:
                return secsmtp.Client(
                    "script.test",
                    policy=policy,
                    credential=credential if login else None,
                    connect=server.address,
                    **named,
                )

    def to(self, address, **named):
        """A client of something that is no mail server."""
        with secsmtp.Policy(pins="00" * 32) as policy:
            return secsmtp.Client("script.test", policy=policy, connect=address, **named)

    @contextlib.contextmanager
    def beside(self, work):
        """Runs `work` on a thread of its own while the block runs."""
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            done = pool.submit(work)
            yield
            done.result(60)


class Outcomes(ClientCase):
    def test_accepted(self):
        with scripted() as server, self.client(server) as client:
            receipt = client.send(MAIL, *ENVELOPE)
        self.assertEqual((receipt.outcome, receipt.smtp_code), ("accepted", 250))
        self.assertEqual((receipt.enhanced_code, receipt.stage), ("2.0.0", "reply"))
        self.assertIn("kept", receipt.server_text)
        self.assertTrue(receipt.secret_released and receipt.content_released)
        self.assertEqual([r.address for r in receipt.recipients], ENVELOPE[1])
        self.assertEqual(receipt.recipients[0].outcome, "accepted")
        self.assertEqual(receipt.peer.tls_version, "1.3")
        self.assertEqual(receipt.peer.mechanism, "PLAIN")
        self.assertRegex(receipt.peer.spki_sha256[0], r"^sha256//[A-Za-z0-9+/]{43}=$")
        self.assertIsNone(receipt.peer.matched_pin)
        self.assertEqual(server.content, MAIL)
        with self.assertRaises(AttributeError):
            receipt.outcome = "x"

    def test_refused_recipient_stops_everything(self):
        replies = {"RCPT TO:<no@script.test>": "550 5.1.1 no such user"}
        with scripted(**replies) as server, self.client(server) as client:
            with self.assertRaises(secsmtp.Refused) as caught:
                client.send(MAIL, "a@script.test", ["b@script.test", "no@script.test"])
        error = caught.exception
        self.assertEqual((error.smtp_code, error.enhanced_code), (550, "5.1.1"))
        self.assertEqual((error.stage, error.outcome, error.retry), ("rcpt", "refused", "never"))
        self.assertIn("no such user", error.server_text)
        self.assertTrue(error.secret_released)
        self.assertFalse(error.content_released)
        answers = {r.address: r.smtp_code for r in error.receipt.recipients}
        self.assertEqual(answers["no@script.test"], 550)
        self.assertNotIn("DATA", server.lines)

    def test_partial(self):
        replies = {"RCPT TO:<no@script.test>": "550 5.1.1 no such user"}
        with scripted(**replies) as server, self.client(server) as client:
            receipt = client.send(
                MAIL, "a@script.test", ["no@script.test", "b@script.test"], partial=True
            )
        self.assertEqual(receipt.outcome, "accepted")
        self.assertEqual([r.outcome for r in receipt.recipients], ["refused", "accepted"])
        self.assertEqual(receipt.recipients[0].enhanced_code, "5.1.1")
        self.assertEqual(server.content, MAIL)

    def test_temporary_refusal_of_the_content(self):
        with scripted(CONTENT="451 4.3.0 later") as server, self.client(server) as client:
            with self.assertRaises(secsmtp.Refused) as caught:
                client.send(MAIL, *ENVELOPE)
        self.assertEqual((caught.exception.smtp_code, caught.exception.retry), (451, "later"))
        self.assertTrue(caught.exception.content_released)

    def test_line_lost_before_the_answer_is_unknown(self):
        with scripted(CONTENT=HANG_UP) as server, self.client(server) as client:
            with self.assertRaises(secsmtp.Unknown) as caught:
                client.send(MAIL, *ENVELOPE)
        error = caught.exception
        self.assertNotIsInstance(error, secsmtp.NotSent)
        self.assertEqual(
            (error.outcome, error.stage, error.retry), ("unknown", "reply", "unknown")
        )
        self.assertEqual(error.receipt.outcome, "unknown")

    def test_email_message(self):
        message = EmailMessage()
        message["From"] = "Alice <a@script.test>"
        message["To"], message["Bcc"] = "b@script.test", "c@script.test"
        message["Subject"] = "Grüße"
        message.set_content("one\n.two\n.\n")
        with scripted() as server, self.client(server) as client:
            receipt = client.send(message)
        self.assertEqual(
            [r.address for r in receipt.recipients], ["b@script.test", "c@script.test"]
        )
        self.assertNotIn(b"c@script.test", server.content)
        self.assertTrue(server.content.endswith(b"\r\n\r\none\r\n.two\r\n.\r\n"))

    def test_one_at_a_time_over_one_connection(self):
        with common.peers.reference_server() as server:
            policy = secsmtp.Policy(ca_files=[server.ca_file])
            login = secsmtp.Password(server.user, server.password)
            host, port = server.implicit
            with secsmtp.Client(
                server.name, policy=policy, credential=login, connect=(host, port), idle=60,
                max_messages=2,
            ) as client:
                reused = [client.send(MAIL, *ENVELOPE).connection_reused for _ in range(4)]
            self.assertEqual(reused, [False, True, False, True])
            with self.raises(secsmtp.ArgumentError, "max_messages"):
                secsmtp.Client("h", policy=policy, idle=1, max_messages=0)
            policy.close()
            login.close()

    def test_smtputf8(self):
        message = EmailMessage()
        message["From"], message["To"] = "a@script.test", "jörg@script.test"
        message.set_content("text\n")
        with scripted() as server, self.client(server) as client:
            client.send(message)
        (mail,) = [line for line in server.lines if line.startswith("MAIL")]
        self.assertIn("SMTPUTF8", mail)
        self.assertIn("RCPT TO:<jörg@script.test>", server.lines)
        self.assertIn("To: jörg@script.test".encode(), server.content)


class Secrets(ClientCase):
    def forbid_secret(self, text):
        for form in wire_forms("alice", PASSWORD):
            self.assertNotIn(form, text.encode("utf-8", "backslashreplace"))

    def test_nowhere_even_when_the_server_repeats_it(self):
        def echo(line):
            return f"535 5.7.8 no: {line} or {PASSWORD.decode()}"

        records = common.Records()
        with scripted(AUTH=echo) as server:
            with self.client(server, logger=records.logger) as client:
                with self.assertRaises(secsmtp.Refused) as caught:
                    client.send(MAIL, *ENVELOPE)
        error = caught.exception
        # The counterpart: the server received it, and its text is reported.
        self.assertTrue(any(line.startswith("AUTH PLAIN ") for line in server.lines))
        self.assertIn("no:", error.server_text)
        self.assertEqual((error.smtp_code, error.stage), (535, "auth"))
        self.assertTrue(error.secret_released)
        for text in (str(error), repr(error), repr(vars(error)), records.text()):
            self.forbid_secret(text)

    def test_log_of_a_whole_send(self):
        records = common.Records()
        with scripted() as server, self.client(server, logger=records.logger) as client:
            client.send(MAIL, *ENVELOPE)
        text = records.text()
        self.forbid_secret(text)
        self.assertNotIn("the content", text)
        self.assertIn("encrypted and verified", text)
        for expected in ("EHLO", "AUTH", "MAIL FROM:<a@script.test>", "RCPT TO:<b@script.test>"):
            self.assertIn(expected, text)
        self.assertLessEqual(
            {"auth", "mail", "rcpt"}, {record.secsmtp_stage for record in records.records}
        )
        self.assertEqual({record.secsmtp_host for record in records.records}, {"script.test"})
        self.assertLessEqual(
            {record.levelno for record in records.records},
            {logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR},
        )


class Logger(ClientCase):
    def test_default_logger(self):
        with scripted() as server, self.client(server) as client:
            with self.assertLogs("secsmtp", logging.DEBUG) as caught:
                client.send(MAIL, *ENVELOPE)
        self.assertTrue(caught.records)

    def test_level_of_the_logger_holds(self):
        records = common.Records()
        records.logger.setLevel(logging.ERROR)
        with scripted() as server, self.client(server, logger=records.logger) as client:
            client.send(MAIL, *ENVELOPE)
        self.assertEqual(records.records, [])

    def test_exception_of_a_handler_is_raised_with_the_outcome(self):
        for kind in (ZeroDivisionError, KeyboardInterrupt):
            with self.subTest(kind=kind):
                records = common.Records()

                def emit(record, kind=kind):
                    raise kind("from the handler")

                records.emit = emit
                with scripted() as server, self.client(server, logger=records.logger) as client:
                    with self.assertRaisesRegex(kind, "from the handler") as caught:
                        client.send(MAIL, *ENVELOPE)
                    self.assertEqual(caught.exception.secsmtp_receipt.outcome, "accepted")
                    self.assertEqual(server.content, MAIL)
                    # It is raised once.
                    records.emit = lambda record: None
                    client.send(MAIL, *ENVELOPE)

    def test_exception_of_a_handler_and_of_the_send(self):
        records = common.Records()

        def emit(record):
            raise ZeroDivisionError

        records.emit = emit
        with scripted(MAIL="550 5.7.1 no") as server:
            with self.client(server, logger=records.logger) as client:
                with self.assertRaises(ZeroDivisionError) as caught:
                    client.send(MAIL, *ENVELOPE)
        self.assertIsInstance(caught.exception.__cause__, secsmtp.Refused)
        self.assertEqual(caught.exception.secsmtp_receipt.outcome, "refused")

    def test_callback_outlives_collection(self):
        records = common.Records()
        with scripted() as server, self.client(server, logger=records.logger) as client:
            gc.collect()
            client.send(MAIL, *ENVELOPE)
        self.assertTrue(records.records)


class Waiting(ClientCase):
    def test_timeout(self):
        # Time enough to connect on a busy machine.
        for named in ({"timeout": 2}, {"timeouts": {"tls": 0.3}, "timeout": 30}):
            with self.subTest(**named), silent() as peer, self.to(peer.address, **named) as client:
                with self.assertRaises(secsmtp.TimedOut) as caught:
                    client.send(MAIL, *ENVELOPE)
                self.assertIsInstance(caught.exception, secsmtp.NotSent)
                self.assertEqual((caught.exception.stage, caught.exception.retry), ("tls", "later"))
                self.assertFalse(caught.exception.secret_released)

    def test_timeout_after_the_content_is_unknown(self):
        given_up = threading.Event()

        def late(line):
            given_up.wait(60)
            return "250 2.0.0 kept"

        with scripted(CONTENT=late) as server:
            with self.client(server, timeouts={"reply": 0.3}) as client:
                with self.assertRaises(secsmtp.TimedOut) as caught:
                    client.send(MAIL, *ENVELOPE)
            given_up.set()
        self.assertIsInstance(caught.exception, secsmtp.Unknown)

    def test_cancel_from_another_thread(self):
        for call in ("send", "probe"):
            with (
                self.subTest(call),
                silent() as peer,
                self.to(peer.address, timeout=60) as client,
                self.beside(lambda: (peer.wait_for_client(), client.cancel())),
            ):
                with self.assertRaises(secsmtp.Cancelled) as caught:
                    client.send(MAIL, *ENVELOPE) if call == "send" else client.probe()
                # A probe has no mail, and so no outcome.
                self.assertEqual(isinstance(caught.exception, secsmtp.NotSent), call == "send")
                self.assertEqual(caught.exception.outcome, "not_sent" if call == "send" else None)

    def test_cancel_is_not_remembered(self):
        with scripted() as server, self.client(server) as client:
            client.cancel()
            self.assertEqual(client.send(MAIL, *ENVELOPE).outcome, "accepted")

    def test_close_cancels_what_another_thread_sends(self):
        with silent() as peer:
            client = self.to(peer.address, timeout=60)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                job = pool.submit(client.send, MAIL, *ENVELOPE)
                peer.wait_for_client()
                client.close()
                self.assertIsInstance(job.exception(60), secsmtp.Cancelled)

    def test_several_threads_share_a_client(self):
        records = common.Records()
        with scripted() as server, self.client(server, logger=records.logger) as client:
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                jobs = [pool.submit(client.send, MAIL, *ENVELOPE) for _ in range(6)]
                self.assertEqual([job.result(60).outcome for job in jobs], ["accepted"] * 6)

    def test_other_threads_run_during_a_send(self):
        ticks = []
        with silent() as peer, self.to(peer.address, timeout=60) as client:

            def tick():
                peer.wait_for_client()
                ticks.extend(range(10000))
                client.cancel()

            # Without another thread that runs meanwhile it would end by its time.
            with self.beside(tick), self.assertRaises(secsmtp.Cancelled):
                client.send(MAIL, *ENVELOPE)
        self.assertEqual(len(ticks), 10000)

    @unittest.skipUnless(hasattr(signal, "SIGUSR1"), "signals of Unix")
    def test_signal_does_not_break_a_send(self):
        # The system call under the send ends with EINTR; it must be taken up again.
        noticed = []
        before = signal.signal(signal.SIGUSR1, lambda *_: noticed.append(None))
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        # Python's handler of the system's signal writes a byte, in the middle of the send.
        reader, writer = socket.socketpair()
        self.addCleanup(reader.close)
        self.addCleanup(writer.close)
        writer.setblocking(False)
        self.addCleanup(signal.set_wakeup_fd, signal.set_wakeup_fd(writer.fileno()))
        with silent() as peer, self.to(peer.address, timeout=60) as client:

            def interrupt():
                peer.wait_for_client()
                for _ in range(2):
                    signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
                    reader.recv(1)
                client.cancel()

            with self.beside(interrupt), self.assertRaises(secsmtp.Cancelled):
                client.send(MAIL, *ENVELOPE)
        self.assertTrue(noticed)

    def test_closed_port(self):
        # The local port of a connection of our own: no program can listen there meanwhile.
        with silent() as peer, socket.create_connection(peer.address) as held:
            self.refused(held.getsockname())

    def refused(self, address):
        with self.to(address, timeout=30) as client:
            with self.assertRaises(secsmtp.ConnectionFailed) as caught:
                client.send(MAIL, *ENVELOPE)
        self.assertEqual((caught.exception.stage, caught.exception.retry), ("connect", "later"))

    def test_context_manager_closes_after_an_error(self):
        with silent() as peer:
            with self.assertRaises(secsmtp.TimedOut):
                with self.to(peer.address, timeout=0.2) as client:
                    client.send(MAIL, *ENVELOPE)
            self.assertTrue(client.closed)


class Objects(common.LibraryCase):
    def test_double_free_is_a_status(self):
        lib = _library.library()
        handle = _library.new_handle("policy")
        error = _library.new_handle("error")
        self.assertEqual(lib.policy_free(handle), 0)  # NULL
        self.assertEqual(lib.policy_new(handle, error), 0)
        self.assertEqual(lib.policy_free(handle), 0)
        self.assertEqual(lib.policy_free(handle), _abi.E_BAD_HANDLE)


if __name__ == "__main__":
    unittest.main()
