"""The command, as a script would use it: exit status, JSON, and the bytes that the peers received."""

import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support import peers, schema

CONTENT = b"Subject: The content marker\nMessage-ID: <command@mail.test>\n\n.dot\nbare\rreturn\n"
ON_THE_WIRE = b"Subject: The content marker\r\nMessage-ID: <command@mail.test>\r\n\r\n.dot\r\nbare\r\nreturn\r\n"


def run(*arguments, stdin=CONTENT, env=None):
    """Exit status, standard output and standard error."""
    command = [str(peers.command()), *(str(a) for a in arguments)]
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Command(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.context = peers.reference_server("--reject", "unknown@mail.test")
        cls.server = cls.context.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.context.__exit__(None, None, None)

    def at(self, address):
        return ("--server", self.server.name, "--connect", "%s:%d" % address)

    def login(self, file=None):
        return ("--user", self.server.user, "--password-file", file or self.server.path("PASSWORD_FILE"))

    def envelope(self, *to):
        recipients = [word for address in to or (self.server.address,) for word in ("--to", address)]
        return ("--from", "alice@mail.test", *recipients)

    def send(self, *arguments, **options):
        status, out, err = run("send", *arguments, "--json", **options)
        result = schema.result(out)
        self.assertEqual(err, "")
        return status, result

    def trust(self):
        return ("--ca-file", self.server.ca_file, "--pin", self.server.env["PIN_LEAF"])

    def test_a14_proxy_variables_are_ignored(self):
        """All proxy variables of other programs name a listener; it gets no connection."""
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            where = "127.0.0.1:%d" % proxy.getsockname()[1]
            names = ("http_proxy", "https_proxy", "all_proxy", "smtp_proxy", "ftp_proxy", "socks_proxy")
            env = {name: f"http://{where}" for lower in names for name in (lower, lower.upper())}
            env |= {"SOCKS_SERVER": where, "SOCKS5_SERVER": where, "ALL_PROXY": f"socks5h://{where}"}
            status, result = self.send(*self.at(self.server.implicit), *self.trust(), *self.login(), *self.envelope(), env=env)
            self.assertEqual((status, result["outcome"]), (0, "accepted"), result)
            proxy.settimeout(0)
            self.assertRaises(BlockingIOError, proxy.accept)

    @unittest.skipIf(os.name == "nt", "the programs are shell scripts")
    def test_a_program_is_run_for_the_password_once_the_server_is_verified(self):
        with tempfile.TemporaryDirectory() as folder:
            program, asked = Path(folder) / "password", Path(folder) / "asked"
            good = f"cat '{self.server.path('PASSWORD_FILE')}'"
            for body, login, status, name in (
                (good, "--password-command", 0, "SECSMTP_OK"),
                ("echo; exit 3", "--password-command", 10, "SECSMTP_E_NO_SECRET"),
                ("exit 0", "--password-command", 10, "SECSMTP_E_SECRET"),
                ("printf 'a\\0b'", "--password-command", 10, "SECSMTP_E_SECRET"),
                ("yes", "--password-command", 10, None),
                ("echo wrong", "--token-command", 11, "SECSMTP_E_AUTH_REFUSED"),
            ):
                program.write_text(f"#!/bin/sh\necho $* >> {asked}\n{body}\n")
                program.chmod(0o700)
                asked.write_text("")
                with self.subTest(body=body):
                    got, result = self.send(*self.at(self.server.implicit), *self.trust(), "--user", self.server.user, login, program, *self.envelope())
                    self.assertEqual(got, status, result)
                    if name:
                        self.assertEqual(result["status_name"], name, result)
                    times = ["first", "refused"] if login == "--token-command" else ["first"]
                    lines = [f"{self.server.name} {self.server.user} {time}" for time in times]
                    self.assertEqual(asked.read_text().splitlines(), lines)
            asked.write_text("")
            untrusted = ("--pin", "00" * 32)
            got, result = self.send(*self.at(self.server.implicit), *untrusted, "--user", "u", "--password-command", program, *self.envelope())
            self.assertEqual((got, result["status_name"], asked.read_text()), (10, "SECSMTP_E_PIN_MISMATCH", ""), result)
            got, result = self.send(*self.at(self.server.implicit), *self.trust(), "--user", "u", "--password-command", Path(folder) / "none", *self.envelope())
            self.assertEqual((got, result["status_name"]), (10, "SECSMTP_E_NO_SECRET"), result)
            self.assertIn("can't be run", result["text"])

    def test_send_accepted_over_both_modes(self):
        for mode, address in (("implicit", self.server.implicit), ("starttls", self.server.starttls)):
            with self.subTest(mode=mode):
                status, result = self.send(*self.at(address), "--tls", mode, *self.trust(), *self.login(), *self.envelope())
                self.assertEqual((status, result["outcome"], result["status"], result["stage"]), (0, "accepted", 0, "reply"))
                self.assertEqual((result["smtp_code"], result["message_id"]), (250, "<command@mail.test>"))
                self.assertTrue(result["secret_released"] and result["content_released"])
                self.assertEqual(result["matched_pin"], self.server.env["PIN_LEAF"])
                self.assertEqual(result["spki"][0], self.server.env["PIN_LEAF"])
                self.assertEqual(result["mechanism"], "PLAIN")
                self.assertEqual([(r["address"], r["outcome"]) for r in result["recipients"]], [(self.server.address, "accepted")])
                self.assertEqual(self.server.mails()[-1].read_bytes(), ON_THE_WIRE)

    def test_password_sources_and_mechanisms(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "secret"
            token = self.server.user + "-token"
            for secret, ending in ((self.server.password, b"\n"), (self.server.password, b"\r\n")):
                file.write_bytes(secret + ending)
                for mechanism in ("PLAIN", "login"):
                    status, result = self.send(*self.at(self.server.implicit), *self.trust(), *self.login(file), "--mechanism", mechanism, *self.envelope())
                    self.assertEqual((status, result["mechanism"]), (0, mechanism.upper()))
            file.write_text(token + "\n")
            for mechanism in ("XOAUTH2", "OAUTHBEARER"):
                arguments = ("--user", self.server.user, "--token-file", file, "--mechanism", mechanism)
                status, result = self.send(*self.at(self.server.implicit), *self.trust(), *arguments, *self.envelope())
                self.assertEqual((status, result["mechanism"]), (0, mechanism))
            arguments = ("--user", self.server.user, "--password-env", "A_VARIABLE")
            env = {"A_VARIABLE": self.server.password.decode()}
            status, _ = self.send(*self.at(self.server.implicit), *self.trust(), *arguments, *self.envelope(), env=env)
            self.assertEqual(status, 0)

    def test_refused_login_is_11(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "secret"
            file.write_text("wrong-Password-1")
            status, result = self.send(*self.at(self.server.implicit), *self.trust(), *self.login(file), *self.envelope())
            self.assertEqual((status, result["outcome"], result["stage"], result["smtp_code"]), (11, "refused", "auth", 535))
            self.assertEqual((result["secret_released"], result["content_released"]), (True, False))
            status, out, err = run("send", *self.at(self.server.implicit), *self.trust(), *self.login(file), *self.envelope(), "--verbose")
            self.assertIn("REFUSED.", err)
            self.assertIn("AUTH PLAIN (", err)
            self.assertNotIn("wrong-Password-1", out + err)

    def test_refused_recipient_is_all_or_nothing_unless_partial(self):
        to = self.envelope(self.server.address, "unknown@mail.test")
        status, result = self.send(*self.at(self.server.implicit), *self.trust(), *self.login(), *to)
        self.assertEqual((status, result["outcome"]), (11, "refused"))
        self.assertEqual([r["outcome"] for r in result["recipients"]], ["not_sent", "refused"])
        status, result = self.send(*self.at(self.server.implicit), *self.trust(), *self.login(), *to, "--partial")
        self.assertEqual((status, result["outcome"]), (0, "accepted"))
        self.assertEqual([r["outcome"] for r in result["recipients"]], ["accepted", "refused"])

    def test_the_hotel_is_refused_and_saw_nothing(self):
        tricks = (("HOTEL_HIDE", "starttls", "SECSMTP_E_STARTTLS_MISSING"), ("HOTEL_TLS_IMPLICIT", "implicit", "SECSMTP_E_PIN_MISMATCH"),
                  ("HOTEL_TLS_STARTTLS", "starttls", "SECSMTP_E_PIN_MISMATCH"))
        poisoned = (*self.trust(), "--ca-file", self.server.path("HOTEL_CA_FILE"))
        for name, mode, expected in tricks:
            with self.subTest(trick=name):
                address = peers.host_port(self.server.env[name])
                status, result = self.send(*self.at(address), "--tls", mode, *poisoned, *self.login(), *self.envelope())
                self.assertEqual((status, result["outcome"], result["status_name"]), (10, "not_sent", expected))
                self.assertFalse(result["secret_released"] or result["content_released"])
                if mode == "implicit":
                    self.assertIn("interception", result["text"])
        seen = self.server.path("HOTEL_CLEAR_FILE").read_bytes() + self.server.path("HOTEL_DECRYPTED_FILE").read_bytes()
        for secret in (self.server.user.encode(), self.server.password, b"alice@", b"content marker"):
            self.assertNotIn(secret, seen)
        self.assertIn(b"EHLO [127.0.0.1]\r\n", seen)

    def test_local_errors_exit_with_10_and_name_the_argument(self):
        at = self.at(("127.0.0.1", 1))
        for arguments, expected, word in (
            ((*at, *self.envelope()), "SECSMTP_E_NO_TRUST", "--pin, --ca-file or another"),
            ((*at, "--pin", "sha256//AAAA", *self.envelope()), "SECSMTP_E_PIN", "--pin"),
            ((*at, "--ca-file", "/nonexistent.pem", *self.envelope()), "SECSMTP_E_FILE", "/nonexistent.pem"),
            ((*at, *self.trust(), "--from", "alice@mail.test"), "SECSMTP_E_NO_RECIPIENT", "--to"),
            ((*at, *self.trust(), "--to", "a@b"), "SECSMTP_E_NO_SENDER", "--from"),
            ((*at, *self.trust(), "--from", "a@b\nDATA", "--to", "a@b"), "SECSMTP_E_ADDRESS", "--from"),
            ((*at, *self.trust(), "--from", "a@b", "--to", "a@b\r\nDATA"), "SECSMTP_E_ADDRESS", "--to"),
            (("--server", "mail\r\n.test", *self.trust(), *self.envelope()), "SECSMTP_E_HOST", "--server"),
            ((*at, *self.trust(), "--ehlo-name", "a b", *self.envelope()), "SECSMTP_E_EHLO_NAME", "--ehlo-name"),
            ((*at, *self.trust(), "--user", "a\nb", "--password-file", self.server.path("PASSWORD_FILE"), *self.envelope()), "SECSMTP_E_USER", "user"),
            ((*at, *self.trust(), *self.envelope(), "/nonexistent.eml"), "SECSMTP_E_FILE", "file"),
        ):
            with self.subTest(expected=expected):
                status, result = self.send(*arguments)
                self.assertEqual((status, result["outcome"], result["status_name"], result["stage"]), (10, "not_sent", expected, "local"))
                self.assertIn(word, result["text"])
                self.assertFalse(result["secret_released"])
        status, result = self.send(*at, *self.trust(), *self.envelope(), stdin=b"a\0b")
        self.assertEqual((status, result["status_name"]), (10, "SECSMTP_E_CONTENT"))

    def test_a_closed_port_and_a_silent_peer(self):
        status, result = self.send(*self.at(("127.0.0.1", 1)), *self.trust(), *self.envelope())
        self.assertEqual((status, result["stage"]), (10, "connect"))
        import socket

        with socket.create_server(("127.0.0.1", 0)) as silent:
            at = self.at(silent.getsockname()[:2])
            for mode, stage in (("implicit", "tls"), ("starttls", "greeting")):
                status, result = self.send(*at, "--tls", mode, *self.trust(), "--timeout", "2", *self.envelope())
                self.assertEqual((status, result["stage"], result["status_name"]), (10, stage, "SECSMTP_E_TIMEOUT"))

    def test_usage_is_64(self):
        for arguments in ((), ("send",), ("send", "--insecure"), ("send", "--server", "h", "--port", "x"), ("verify", "--server", "h")):
            status, out, err = run(*arguments)
            self.assertEqual((status, out), (64, ""))
            self.assertIn("secsmtp: ", err)
        self.assertEqual(run("--help")[0], 0)
        self.assertIn("0.1.0", run("--version")[1])

    def test_probe(self):
        status, out, _ = run("probe", *self.at(self.server.implicit), "--json")
        result = schema.result(out)
        self.assertEqual((status, result["trusted"], result["verdict_name"]), (10, False, "SECSMTP_E_NO_TRUST"))
        self.assertIn("to compare with", result["text"])
        leaf = result["certificates"][0]
        self.assertEqual(leaf["spki"], self.server.env["PIN_LEAF"])
        self.assertIn("mail.test", leaf["names"])
        self.assertIn("PLAIN", result["mechanisms"])
        for mode, address in (("implicit", self.server.implicit), ("starttls", self.server.starttls)):
            status, out, _ = run("probe", *self.at(address), "--tls", mode, *self.trust())
            self.assertEqual(status, 0)
            self.assertIn("--pin " + self.server.env["PIN_LEAF"], out)
        status, out, _ = run("probe", *self.at(peers.host_port(self.server.env["HOTEL_TLS_IMPLICIT"])), *self.trust(), "--json")
        self.assertEqual((status, schema.result(out)["trusted"]), (10, False))

    def test_verify_gives_the_same_verdict_offline(self):
        import ssl

        host, port = self.server.implicit
        context = ssl.create_default_context(cafile=str(self.server.ca_file))
        with tempfile.TemporaryDirectory() as folder, context.wrap_socket(
            __import__("socket").create_connection((host, port)), server_hostname=self.server.name
        ) as peer:
            file = Path(folder) / "chain.pem"
            file.write_text(ssl.DER_cert_to_PEM_cert(peer.getpeercert(True)))
            pin = ("--pin", self.server.env["PIN_LEAF"])
            self.assertEqual(run("verify", "--server", "mail.test", *pin, file)[0], 0)
            # The leaf alone does not lead to the CA, though the pin fits.
            status, out, _ = run("verify", "--server", "mail.test", *self.trust(), "--json", file)
            self.assertEqual((status, schema.result(out)["verdict_name"]), (10, "SECSMTP_E_UNKNOWN_ISSUER"))
            status, out, _ = run("verify", "--server", "mail.test", *pin, "--at", "1", "--json", file)
            self.assertIn("not valid before", " ".join(schema.result(out)["remarks"]))
            file.write_text("no certificate")
            self.assertEqual(run("verify", "--server", "mail.test", *pin, file)[0], 10)


if __name__ == "__main__":
    unittest.main()
