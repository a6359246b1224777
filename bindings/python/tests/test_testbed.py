"""Through real servers: SECSMTP_TESTBED=DIR names a folder with the file `env` of a test bed."""

import pathlib
import os
import time
import unittest
import uuid
from email.message import EmailMessage

from . import common
import secsmtp

from .scripted import wire_forms

# The mail folders of the servers; those that keep CRLF, and those that keep the mail exactly as sent.
STORES = {
    "POSTFIX": ("MAIL_POSTFIX", b"\n"),
    "EXIM": ("MAIL_EXIM", b"\n"),
    "OPENSMTPD": ("MAIL_OPENSMTPD", b"\n"),
    "DOVECOT23": ("MAIL_POSTFIX", b"\n"),
    "DOVECOT24": ("MAIL_POSTFIX", b"\n"),
    "NODEMAILER": ("MAIL_NODEMAILER", b"\r\n"),
    "HARAKA": ("MAIL_HARAKA", b"\r\n"),
}
MUST_BE_REFUSED = (
    "ONLY11", "EXPIRED", "WRONGNAME", "SELFSIGNED", "OTHERCA", "NOISSUER",
)  # fmt: skip


class RealServers(common.LibraryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bed = os.environ.get("SECSMTP_TESTBED")
        common.peers.require(bed, "no real server is given (SECSMTP_TESTBED)")
        cls.bed = pathlib.Path(bed)
        lines = (cls.bed / "env").read_text("utf-8").splitlines()
        cls.env = common.peers.read_env(lines)
        cls.servers = [name for name in STORES if name + "_SUBMISSION" in cls.env]

    def client(self, port, mode="implicit", user="ALICE", password=None, **named):
        trust = named.pop("trust", None) or {"ca_files": self.bed / self.env["CA_FILE"]}
        host, _, number = self.env[port].rpartition(":")
        secret = self.env[user + "_PASSWORD"] if password is None else password
        with secsmtp.Policy(tls=mode, **trust) as policy:
            with secsmtp.Password(self.env[user + "_USER"], secret) as login:
                return secsmtp.Client(
                    self.env["SERVER_NAME"],
                    policy=policy,
                    credential=login,
                    connect=(host, int(number)),
                    timeout=30,
                    **named,
                )

    def ports(self, server):
        return ((server + "_SUBMISSIONS", "implicit"), (server + "_SUBMISSION", "starttls"))

    def stored(self, store, marker, count=1):
        folder = self.bed / self.env[store]
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            files = [path for path in folder.rglob("new/*") if path.is_file()]
            found = [text for text in map(pathlib.Path.read_bytes, files) if marker in text]
            if len(found) >= count:
                return found
            time.sleep(0.05)
        self.fail(f"no mail with {marker!r} below {folder}")

    def raw(self):
        marker = uuid.uuid4().hex.encode()
        address = self.env["ALICE_ADDRESS"].encode()
        return marker, (
            b"From: " + address + b"\r\nTo: " + address + b"\r\nSubject: " + marker + b"\r\n"
            b"Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMessage-ID: <" + marker + b"@mail.test>\r\n"
            b"\r\n.\r\n..\r\n.leading dot\r\n" + b"w" * 990 + b"\r\n\r\n\r\nlast\r\n"
        )

    def test_bytes_arrive_unchanged(self):
        address = self.env["ALICE_ADDRESS"]
        for server in self.servers:
            store, line_end = STORES[server]
            for port, mode in self.ports(server):
                with self.subTest(port), self.client(port, mode) as client:
                    marker, mail = self.raw()
                    receipt = client.send(mail, address, [address])
                    self.assertEqual(receipt.outcome, "accepted")
                    # Servers put their trace fields before the mail.
                    kept = self.stored(store, marker)[0]
                    self.assertTrue(kept.endswith(mail.replace(b"\r\n", line_end)), kept)

    def test_email_message_with_bcc(self):
        for server in self.servers:
            with self.subTest(server), self.client(server + "_SUBMISSIONS", user="BOB") as client:
                marker = uuid.uuid4().hex
                message = EmailMessage()
                message["From"], message["To"] = self.env["BOB_ADDRESS"], self.env["ALICE_ADDRESS"]
                message["Bcc"], message["Subject"] = self.env["BOB_ADDRESS"], "Grüße " + marker
                message["Date"] = "Mon, 05 Jan 2026 10:00:00 +0000"
                message["Message-ID"] = f"<{marker}@mail.test>"
                message.set_content("text\n")
                client.send(message)
                # Per recipient where each has a mailbox.
                count = 2 if STORES[server][1] == b"\n" else 1
                for kept in self.stored(STORES[server][0], marker.encode(), count):
                    # In the mail itself; the trace before it names whose copy it is.
                    own = (b"\n" + kept).partition(b"\nFrom:")[2]
                    self.assertTrue(own)
                    self.assertNotIn(b"bcc", own.lower())

    def test_smtputf8(self):
        common.peers.require("POSTFIX" in self.servers, "the test bed runs without Postfix")
        marker = uuid.uuid4().hex
        message = EmailMessage()
        message["From"], message["To"] = self.env["ALICE_ADDRESS"], self.env["UTF8_ADDRESS"]
        message["Subject"] = marker
        message.set_content("text\n")
        with self.client("POSTFIX_SUBMISSIONS") as client:
            client.send(message)
        kept = self.stored("MAIL_POSTFIX", marker.encode())[0]
        self.assertIn(("To: " + self.env["UTF8_ADDRESS"]).encode(), kept)

    def test_wrong_password(self):
        password = "Wrong-Pässword-1"
        for server in self.servers:
            for port, mode in self.ports(server):
                records = common.Records()
                with self.subTest(port):
                    with self.client(
                        port, mode, password=password, logger=records.logger
                    ) as client:
                        with self.assertRaises(secsmtp.Refused) as caught:
                            address = self.env["ALICE_ADDRESS"]
                            client.send(self.raw()[1], address, [address])
                    error = caught.exception
                    self.assertEqual(error.stage, "auth")
                    self.assertTrue(error.secret_released)
                    text = records.text() + str(error) + repr(vars(error))
                    for form in wire_forms(self.env["ALICE_USER"], password.encode()):
                        self.assertNotIn(form.decode(), text)

    def test_unknown_recipient(self):
        for server in self.servers:
            if server in ("NODEMAILER", "HARAKA"):
                continue
            with self.subTest(server), self.client(server + "_SUBMISSIONS") as client:
                with self.assertRaises(secsmtp.Refused) as caught:
                    address = self.env["ALICE_ADDRESS"]
                    client.send(self.raw()[1], address, [address, "unknown@mail.test"])
                self.assertEqual(caught.exception.stage, "rcpt")
                self.assertFalse(caught.exception.content_released)

    def refused(self, client):
        address = self.env["ALICE_ADDRESS"]
        with client, self.assertRaises(secsmtp.TrustError) as caught:
            client.send(self.raw()[1], address, [address])
        self.assertFalse(caught.exception.secret_released or caught.exception.content_released)
        return caught.exception

    def test_wrong_pin(self):
        trust = {"ca_files": self.bed / self.env["CA_FILE"], "pins": "00" * 32}
        for server in self.servers:
            # The program around smtp-server ends when a client refuses its certificate.
            if server == "NODEMAILER":
                continue
            for port, mode in self.ports(server):
                with self.subTest(port):
                    error = self.refused(self.client(port, mode, trust=trust))
                    self.assertEqual(error.status_name, "SECSMTP_E_PIN_MISMATCH")

    def test_servers_to_be_refused(self):
        for name in MUST_BE_REFUSED:
            if "TLS_" + name in self.env:
                with self.subTest(name):
                    self.refused(self.client("TLS_" + name))

    def test_no_starttls(self):
        if "POSTFIX_NOTLS" in self.env:
            error = self.refused(self.client("POSTFIX_NOTLS", "starttls"))
            self.assertEqual(error.stage, "starttls")

    def test_probe(self):
        pin = "sha256//" + self.env["PIN_SHA256_LEAF"]
        for server in self.servers:
            for port, mode in self.ports(server):
                with self.subTest(port), self.client(port, mode) as client:
                    report = client.probe()
                    self.assertTrue(report.trusted, report.text)
                    self.assertEqual(report.certificates[0].spki_sha256, pin)


if __name__ == "__main__":
    unittest.main()
