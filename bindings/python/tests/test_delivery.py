"""Through the reference server on this machine, and past the hotel, which must get nothing."""

import contextlib
import socket
import subprocess
import sys
import threading
import unittest
import uuid
from email.message import EmailMessage

from . import common
import secsmtp
from secsmtp import _abi

from .scripted import wire_forms

MODES = ("implicit", "starttls")


class DeliveryCase(common.LibraryCase):
    """One reference server and one hotel for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stack = contextlib.ExitStack()
        cls.server = stack.enter_context(common.peers.reference_server())
        cls.addClassCleanup(stack.close)

    def client(self, mode="implicit", connect=None, password=None, logger=None, **trust):
        server = self.server
        trust = trust or {"ca_files": server.ca_file}
        with secsmtp.Policy(tls=mode, **trust) as policy:
            secret = server.password if password is None else password
            with secsmtp.Password(server.user, secret) as login:
                return secsmtp.Client(
                    server.name,
                    policy=policy,
                    credential=login,
                    connect=connect or getattr(server, mode),
                    timeout=20,
                    logger=logger,
                )

    def raw(self):
        marker = uuid.uuid4().hex.encode()
        mail = (
            b"From: a@mail.test\r\nTo: reader@mail.test\r\nSubject: " + marker + b"\r\n"
            b"Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMessage-ID: <" + marker + b"@mail.test>\r\n"
            b"\r\n.\r\n..\r\n.leading dot\r\n" + b"w" * 990 + b"\r\n\r\n\r\nlast\r\n"
        )
        return marker, mail


class Reference(DeliveryCase):
    def test_bytes_arrive_unchanged(self):
        for mode in MODES:
            with self.subTest(mode), self.client(mode) as client:
                marker, mail = self.raw()
                receipt = client.send(mail, "a@mail.test", [self.server.address])
                self.assertEqual(self.server.wait_for_mail(marker), mail)
                self.assertEqual(receipt.outcome, "accepted")
                self.assertEqual(receipt.message_id, f"<{marker.decode()}@mail.test>")

    def test_email_message(self):
        marker = uuid.uuid4().hex
        message = EmailMessage()
        message["From"], message["To"] = "Älice <a@mail.test>", self.server.address
        message["Bcc"], message["Subject"] = "hidden@mail.test", "Grüße " + marker
        message["Message-ID"] = f"<{marker}@mail.test>"
        message["Date"] = "Mon, 05 Jan 2026 10:00:00 +0000"
        message.set_content("Text\n.\n", cte="quoted-printable")
        message.add_attachment(bytes(range(256)), maintype="application", subtype="x", filename="ü")
        message.set_boundary(marker)
        with self.client() as client:
            receipt = client.send(message)
        self.assertEqual(
            [r.address for r in receipt.recipients], [self.server.address, "hidden@mail.test"]
        )
        stored = self.server.wait_for_mail(marker.encode())
        self.assertNotIn(b"hidden", stored)
        del message["Bcc"]
        self.assertEqual(stored, message.as_bytes(policy=message.policy.clone(linesep="\r\n")))

    def test_pins(self):
        for trust in (
            {"pins": self.server.pin},
            {"pins": ("00" * 32, self.server.pin), "ca_files": [self.server.ca_file]},
            {"ca": self.server.ca_file.read_bytes()},
        ):
            with self.subTest(**trust), self.client(**trust) as client:
                marker, mail = self.raw()
                receipt = client.send(mail, "a@mail.test", [self.server.address])
                self.assertEqual(
                    receipt.peer.matched_pin, self.server.pin if "pins" in trust else None
                )
                self.assertIn(self.server.pin, receipt.peer.spki_sha256)

    def test_a_handler_may_send_too(self):
        # As an alarm by mail would: a call of its own, inside the one that is logged.
        first, second = self.raw(), self.raw()
        records = common.Records()
        outcomes = []
        with self.client(logger=records.logger) as client:

            def emit(record):
                records.emit = records.records.append
                receipt = client.send(second[1], "a@mail.test", [self.server.address])
                outcomes.append(receipt.outcome)

            records.emit = emit
            outcomes.append(client.send(first[1], "a@mail.test", [self.server.address]).outcome)
        self.assertEqual(outcomes, ["accepted", "accepted"])

    def test_wrong_password(self):
        records = common.Records()
        password = b"not the password"
        for mode in MODES:
            with self.client(mode, password=password, logger=records.logger) as client:
                with self.assertRaises(secsmtp.Refused) as caught:
                    client.send(self.raw()[1], "a@mail.test", [self.server.address])
            error = caught.exception
            self.assertEqual((error.smtp_code, error.stage), (535, "auth"))
            self.assertTrue(error.secret_released)
            self.assertFalse(error.content_released)
            self.assertEqual(error.receipt.outcome, "refused")
            text = records.text() + str(error) + repr(vars(error))
            for form in wire_forms(self.server.user, password):
                self.assertNotIn(form.decode(), text)

    def test_wrong_pin(self):
        for mode in MODES:
            with self.client(mode, pins="00" * 32, ca_files=self.server.ca_file) as client:
                with self.assertRaises(secsmtp.TrustError) as caught:
                    client.send(self.raw()[1], "a@mail.test", [self.server.address])
            error = caught.exception
            self.assertEqual((error.status, error.stage), (_abi.E_PIN_MISMATCH, "tls"))
            self.assertEqual(error.status_name, "SECSMTP_E_PIN_MISMATCH")
            self.assertFalse(error.secret_released or error.content_released)
            # The test compares the reported identity with the expected one.
            self.assertIn(self.server.pin, error.receipt.peer.spki_sha256)

    def test_wrong_name(self):
        with secsmtp.Policy(ca_files=self.server.ca_file) as policy:
            with secsmtp.Client(
                "other.test", policy=policy, connect=self.server.implicit, timeout=20
            ) as client:
                with self.assertRaises(secsmtp.TrustError):
                    client.send(self.raw()[1], "a@mail.test", [self.server.address])

    def test_probe(self):
        for mode in MODES:
            with self.subTest(mode), self.client(mode) as client:
                report = client.probe()
            self.assertTrue(report.trusted, report.verdict_text)
            self.assertEqual((report.verdict, report.verdict_name), (0, "SECSMTP_OK"))
            self.assertEqual(report.certificates[0].spki_sha256, self.server.pin)
            self.assertIn(self.server.pin, report.text)
            self.assertIn("mail.test", report.certificates[0].names)
            self.assertEqual(report.tls_version, "1.3")
            self.assertIn("PLAIN", report.mechanisms)
            self.assertTrue(report.greeting)
            self.assertTrue(any(c.startswith("AUTH") for c in report.capabilities))

    def test_probe_without_trust(self):
        with secsmtp.Policy() as policy:
            with secsmtp.Client(
                self.server.name, policy=policy, connect=self.server.implicit, timeout=20
            ) as client:
                report = client.probe()
        self.assertFalse(report.trusted)
        self.assertEqual(report.verdict, _abi.E_NO_TRUST)
        self.assertIn("to compare with", report.verdict_text)

    def test_example(self):
        marker = f"reader+{uuid.uuid4().hex}@mail.test"
        done = subprocess.run(
            [sys.executable, "-B", common.TOP / "bindings/python/examples/send.py"]
            + [common.peers.library(), self.server.name, "%s:%d" % self.server.implicit]
            + [self.server.ca_file, self.server.user, self.server.path("PASSWORD_FILE")]
            + ["a@mail.test", marker],
            env={"PYTHONPATH": str(common.TOP / "bindings" / "python")},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("accepted", done.stdout)
        self.assertIn(b"Over a verified channel.", self.server.wait_for_mail(marker.encode()))


@contextlib.contextmanager
def passed_on(target):
    """An address from which a connection is passed on to `target`. The block ends when `target` has closed it,
    and so has read all that was sent."""

    def carry(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve():
        with listener.accept()[0] as near, socket.create_connection(target) as far:
            back = threading.Thread(target=carry, args=(far, near))
            back.start()
            carry(near, far)
            back.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()
        thread.join(60)


class Hotel(DeliveryCase):
    def address(self, name):
        host, _, port = self.server.env[name].rpartition(":")
        return host, int(port)

    def seen(self):
        return b"".join(
            self.server.path(name).read_bytes()
            for name in ("HOTEL_CLEAR_FILE", "HOTEL_DECRYPTED_FILE")
        )

    def attempt(self, kind, status, mode, place, **trust):
        marker, mail = self.raw()
        with passed_on(self.address(place)) as way:
            with self.client(mode, connect=way, **trust) as client:
                with self.assertRaises(kind) as caught:
                    client.send(mail, "a@mail.test", [self.server.address])
        error = caught.exception
        self.assertFalse(error.secret_released or error.content_released)
        self.assertEqual(error.outcome, "not_sent")
        if status:
            self.assertEqual(error.status_name, "SECSMTP_" + status)
        seen = self.seen()
        forbidden = wire_forms(self.server.user, self.server.password)
        forbidden += [marker, b"a@mail.test", self.server.address.encode(), b"AUTH P", b"MAIL FROM"]
        for secret in forbidden:
            self.assertNotIn(secret, seen)
        return error, seen

    def test_hidden_starttls(self):
        error, seen = self.attempt(secsmtp.TrustError, None, "starttls", "HOTEL_HIDE")
        self.assertEqual(error.stage, "starttls")
        # The counterpart of the search for secrets: the hotel does record what it receives.
        self.assertIn(b"EHLO", seen)

    def test_certificate_of_another_authority(self):
        for mode, place in (("implicit", "HOTEL_TLS_IMPLICIT"), ("starttls", "HOTEL_TLS_STARTTLS")):
            with self.subTest(mode):
                error, _ = self.attempt(secsmtp.TrustError, None, mode, place)
                self.assertEqual(error.stage, "tls")

    def test_certificate_of_a_trusted_authority_against_a_pin(self):
        # The system trusts the hotel's CA; the policy pins the key.
        authorities = [self.server.ca_file, self.server.path("HOTEL_CA_FILE")]
        for mode, place in (("implicit", "HOTEL_TLS_IMPLICIT"), ("starttls", "HOTEL_TLS_STARTTLS")):
            with self.subTest(mode):
                error, _ = self.attempt(
                    secsmtp.TrustError,
                    "E_PIN_MISMATCH",
                    mode,
                    place,
                    ca_files=authorities,
                    pins=self.server.pin,
                )
                self.assertNotIn(self.server.pin, error.receipt.peer.spki_sha256)

    def test_a_policy_that_trusts_the_hotels_ca_is_intercepted(self):
        # The counterpart of the rejections above: the hotel is a working proxy.
        with self.client(
            connect=self.address("HOTEL_TLS_IMPLICIT"), ca_files=self.server.path("HOTEL_CA_FILE")
        ) as client:
            report = client.probe()
        self.assertTrue(report.trusted, report.verdict_text)


if __name__ == "__main__":
    unittest.main()
