"""Requests to real servers that support them."""

import secrets
import sys
import time
import unittest

from tests.support import peers

sys.path.append(str(peers.ROOT / "bindings" / "python"))

import secsmtp  # noqa: E402


#: The extensions of each server, before the login or after it.
OFFERED = {
    "POSTFIX": {"DSN", "SMTPUTF8"},
    "EXIM": {"DSN", "SMTPUTF8"},
    "DOVECOT23": {"DSN"},
    "DOVECOT24": {"DSN", "SMTPUTF8"},
    "OPENSMTPD": {"DSN"},
    "NODEMAILER": {"DSN", "SMTPUTF8", "REQUIRETLS"},
    "HARAKA": {"SMTPUTF8"},
    "AIOSMTPD": {"SMTPUTF8"},
}


class Extensions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder, cls.env = peers.testbed()
        secsmtp.load(peers.library())

    def send(self, server, options, marker, subject=None):
        policy = secsmtp.Policy(ca_files=self.folder / self.env["CA_FILE"])
        host, port = self.env[server + "_SUBMISSIONS"].rsplit(":", 1)
        login = secsmtp.Password(self.env["ALICE_USER"], self.env["ALICE_PASSWORD"])
        with secsmtp.Client(self.env["SERVER_NAME"], policy=policy, credential=login, connect=(host, int(port)), timeout=60) as client:
            content = f"Message-ID: <{marker}@mail.test>\r\nSubject: {subject or marker}\r\n\r\nx\r\n".encode()
            return client.send(content, self.env["ALICE_ADDRESS"], self.env["BOB_ADDRESS"], options=options)

    def report(self, server, marker):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for file in (self.folder / self.env["MAIL_" + server]).rglob("new/*"):
                content = file.read_bytes()
                if marker.encode() in content and b"message/delivery-status" in content:
                    return content.decode()
            time.sleep(0.1)
        self.fail(f"{server} has no report of {marker}")

    def test_reports_contain_the_requested_values(self):
        """Dovecot names DSN only after the login, and is asked once more for it."""
        for server in ("POSTFIX", "EXIM", "DOVECOT23", "DOVECOT24"):
            with self.subTest(server=server):
                marker = secrets.token_hex(8)
                options = secsmtp.Options(notify="success", ret="header", envelope_id=marker, original_recipients={0: "a+list=x@mail.test"})
                self.assertEqual(self.send(server, options, marker).outcome, "accepted")
                report = self.report(server, marker)
                self.assertIn(f"original-envelope-id: {marker}", report.lower())
                self.assertIn("a+list=x@mail.test", report.replace("a+2Blist+3Dx", "a+list=x"))

    def test_each_extension_is_used_where_it_is_offered_and_an_error_elsewhere(self):
        """Dovecot names DSN and SMTPUTF8 after the login; OpenSMTPD refuses the second EHLO (503)."""
        asked = {
            "DSN": (secsmtp.Options(notify="failure", ret="header", envelope_id="x"), None),
            "SMTPUTF8": (None, "grüße"),
            "REQUIRETLS": (secsmtp.Options(require_tls=True), None),
            "DELIVERBY": (secsmtp.Options(deliver_by=(600, "notify")), None),
            "FUTURERELEASE": (secsmtp.Options(hold=60), None),
            "MT-PRIORITY": (secsmtp.Options(mt_priority=1), None),
        }
        for server, offered in OFFERED.items():
            for extension, (options, subject) in asked.items():
                with self.subTest(server=server, extension=extension):
                    if extension in offered:
                        self.assertEqual(self.send(server, options, "x", subject).outcome, "accepted")
                        continue
                    with self.assertRaises(secsmtp.NotSent) as caught:
                        self.send(server, options, "x", subject)
                    wanted = "SECSMTP_E_NEEDS_SMTPUTF8" if extension == "SMTPUTF8" else "SECSMTP_E_EXTENSION_MISSING"
                    self.assertEqual(caught.exception.status_name, wanted)
                    self.assertIn(extension, str(caught.exception))

    def test_require_tls_is_accepted_where_it_is_offered(self):
        self.assertEqual(self.send("NODEMAILER", secsmtp.Options(require_tls=True), "x").outcome, "accepted")

    def test_a_server_that_refuses_a_second_ehlo_is_left_in_peace(self):
        with self.assertRaises(secsmtp.Error) as caught:
            self.send("OPENSMTPD", secsmtp.Options(mt_priority=1), "x")
        self.assertEqual(caught.exception.status_name, "SECSMTP_E_EXTENSION_MISSING")


if __name__ == "__main__":
    unittest.main()
