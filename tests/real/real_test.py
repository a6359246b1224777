"""Servers written by others: SECSMTP_TESTBED names the folder of a running test bed."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from tests.c.c_test import MEMCHECK, build
from tests.support import peers, schema
from tests.xojo import declares_test

sys.path.append(str(peers.ROOT / "bindings" / "python"))

import secsmtp  # noqa: E402

FILES = {"POSTFIX": True, "EXIM": True, "OPENSMTPD": True, "DOVECOT23": True, "DOVECOT24": True, "HARAKA": False, "NODEMAILER": False}


class RealServers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder, cls.env = peers.testbed()

    def path(self, name):
        return self.folder / self.env[name]

    def run_command(self, action, address, *arguments, content=b""):
        command = [str(peers.command()), action, "--server", self.env["SERVER_NAME"], "--connect", self.env[address], "--json"]
        command += [str(a) for a in arguments]
        env = {**os.environ, "A_PASSWORD": self.env["ALICE_PASSWORD"], "B_PASSWORD": self.env["BOB_PASSWORD"]}
        done = subprocess.run(command, input=content, stdout=subprocess.PIPE, env=env, timeout=90)
        return done.returncode, schema.result(done.stdout)

    def send(self, address, *arguments, content, mode="implicit"):
        common = ("--tls", mode, "--from", self.env["ALICE_ADDRESS"], "--to", self.env["BOB_ADDRESS"])
        return self.run_command("send", address, *common, *arguments, content=content)

    def trust(self):
        return ("--ca-file", self.path("CA_FILE"), "--pin", "sha256//" + self.env["PIN_SHA256_LEAF"])

    ALICE = ("--user", "alice", "--password-env", "A_PASSWORD")
    BOB = ("--user", "bob", "--password-env", "B_PASSWORD")

    def content(self):
        marker = secrets.token_hex(12)
        lines = [f"Message-ID: <{marker}@mail.test>", "Date: Mon, 23 Nov 2026 12:00:00 +0000", "From: alice@mail.test", "To: bob@mail.test", f"Subject: {marker}", "",
                 ".", "..", ".dot", "a line of " + "x" * 900, "", "From the start of a line", f"the end of {marker}", ""]
        return marker, "\r\n".join(lines).encode()

    def stored(self, server, marker, seconds=20):
        """The mail as the server keeps it, without the fields that it added above."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for file in self.path("MAIL_" + server).rglob("new/*"):
                content = file.read_bytes()
                if marker.encode() in content:
                    content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                    return content[content.index(b"Message-ID: <" + marker.encode()):]
            time.sleep(0.05)
        self.fail(f"{server} has no mail {marker}")

    def test_mail_is_delivered_byte_for_byte_over_both_modes(self):
        for server in FILES:
            if server + "_SUBMISSION" not in self.env:
                continue
            for mode, port in (("implicit", "_SUBMISSIONS"), ("starttls", "_SUBMISSION")):
                with self.subTest(server=server, mode=mode):
                    marker, content = self.content()
                    login = self.BOB if mode == "starttls" else self.ALICE
                    status, result = self.send(server + port, *self.trust(), *login, content=content, mode=mode)
                    self.assertEqual((status, result["outcome"]), (0, "accepted"), result["text"])
                    self.assertEqual(result["matched_pin"], "sha256//" + self.env["PIN_SHA256_LEAF"])
                    self.assertEqual(self.stored(server, marker), content)

    def test_tokens_log_in(self):
        for server in ("POSTFIX", "EXIM", "DOVECOT23", "DOVECOT24"):
            for mechanism in ("XOAUTH2", "OAUTHBEARER"):
                with self.subTest(server=server, mechanism=mechanism), tempfile.TemporaryDirectory() as folder:
                    file = Path(folder) / "token"
                    arguments = ("--user", "alice", "--token-file", file, "--mechanism", mechanism)
                    for token, outcome in (("OAUTH_TOKEN", "accepted"), ("OAUTH_TOKEN_EXPIRED", "refused"), ("OAUTH_TOKEN_FORGED", "refused")):
                        file.write_text(self.env[token] + "\n")
                        _, content = self.content()
                        _, result = self.send(server + "_SUBMISSIONS", *self.trust(), *arguments, content=content)
                        self.assertEqual(result["outcome"], outcome, result["text"])
                        self.assertEqual(result["stage"], "reply" if outcome == "accepted" else "auth")

    def test_a_wrong_password_is_refused_by_each(self):
        for server in FILES:
            if server + "_SUBMISSION" not in self.env:
                continue
            with self.subTest(server=server), tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "secret"
                file.write_text("not-the-Password")
                _, content = self.content()
                status, result = self.send(server + "_SUBMISSIONS", *self.trust(), "--user", "alice", "--password-file", file, content=content)
                self.assertEqual((status, result["outcome"], result["stage"]), (11, "refused", "auth"), result["text"])
                self.assertEqual((result["secret_released"], result["content_released"]), (True, False))

    def test_an_unknown_recipient_is_refused_and_partial_reaches_the_others(self):
        for server in ("POSTFIX", "EXIM", "OPENSMTPD"):
            with self.subTest(server=server):
                marker, content = self.content()
                more = (*self.trust(), *self.ALICE, "--to", "unknown@mail.test")
                _, result = self.send(server + "_SUBMISSIONS", *more, content=content)
                self.assertEqual([r["outcome"] for r in result["recipients"]], ["not_sent", "refused"])
                _, result = self.send(server + "_SUBMISSIONS", *more, "--partial", content=content)
                self.assertEqual([r["outcome"] for r in result["recipients"]], ["accepted", "refused"])
                self.assertEqual(self.stored(server, marker), content)

    def test_each_wrong_peer_is_refused_before_anything_leaves(self):
        ca = ("--ca-file", self.path("CA_FILE"))
        for address, arguments, expected in (
            ("TLS_ONLY11", ca, "SECSMTP_E_HANDSHAKE"),
            ("TLS_EXPIRED", ca, "SECSMTP_E_EXPIRED"),
            ("TLS_WRONGNAME", ca, "SECSMTP_E_NAME_MISMATCH"),
            ("TLS_SELFSIGNED", ca, "SECSMTP_E_UNKNOWN_ISSUER"),
            ("TLS_OTHERCA", ca, "SECSMTP_E_UNKNOWN_ISSUER"),
            ("TLS_NOISSUER", (*ca, "--pin", "sha256//" + self.env["PIN_SHA256_LEAF"]), "SECSMTP_E_UNKNOWN_ISSUER"),
            ("TLS_NEXTKEY", self.trust(), "SECSMTP_E_PIN_MISMATCH"),
            ("TLS_RSA", self.trust(), "SECSMTP_E_PIN_MISMATCH"),
            ("TLS_ONLY12", (*ca, "--min-tls", "1.3"), "SECSMTP_E_HANDSHAKE"),
            ("POSTFIX_SUBMISSION", ca, "SECSMTP_E_NOT_TLS"),
        ):
            with self.subTest(address=address):
                status, result = self.send(address, *arguments, *self.ALICE, content=b"Subject: x\r\n\r\n")
                self.assertEqual((status, result["outcome"], result["status_name"]), (10, "not_sent", expected), result["text"])
                self.assertEqual(result["stage"], "tls")
                self.assertFalse(result["secret_released"] or result["content_released"])
        status, result = self.send("POSTFIX_NOTLS", *ca, *self.ALICE, content=b"Subject: x\r\n\r\n", mode="starttls")
        self.assertEqual((status, result["status_name"]), (10, "SECSMTP_E_STARTTLS_MISSING"))

    def test_correct_but_different_peers_are_accepted(self):
        ca = ("--ca-file", self.path("CA_FILE"))
        for address, arguments in (
            ("TLS_NEXTKEY", (*self.trust(), "--pin", "sha256//" + self.env["PIN_SHA256_NEXTLEAF"])),
            ("TLS_RSA", ca),
            ("TLS_ONLY12", ca),
            ("TLS_SELFSIGNED", ("--pin", "sha256//" + self.env["PIN_SHA256_SELFSIGNED"])),
        ):
            with self.subTest(address=address):
                status, result = self.send(address, *arguments, content=b"Subject: x\r\n\r\nbody\r\n")
                self.assertEqual((status, result["outcome"]), (0, "accepted"), result["text"])

    def test_c_program_through_postfix(self):
        server = peers.postfix()
        with tempfile.TemporaryDirectory() as folder:
            program = build("bindings/c/examples/send.c", folder, plain=True)
            for mode, (host, port) in (("implicit", server.implicit), ("starttls", server.starttls)):
                arguments = [program, server.name, host, str(port), mode, str(server.ca_file), "-", server.user, server.password.decode(), server.address, server.address]
                done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertIn("accepted", done.stdout)
                if shutil.which("valgrind") is None:
                    peers.require(False, "valgrind is not installed")
                rules = f"--suppressions={peers.ROOT / 'tests/c/aes-gcm.supp'}"
                done = subprocess.run([*MEMCHECK, rules, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertNotIn("==", done.stdout)


class Witness(unittest.TestCase):
    """A packet capture from outside the library holds neither login nor content."""

    def test_the_wire_holds_no_login_no_address_and_no_content(self):
        folder, env = peers.testbed()
        tcpdump = shutil.which("tcpdump")
        peers.require(tcpdump and sys.platform.startswith("linux") and os.geteuid() == 0, "tcpdump is not installed or not permitted")
        suite = RealServers
        suite.setUpClass()
        case = suite()
        ports = [env[name].rsplit(":", 1)[1] for name in ("POSTFIX_SUBMISSION", "POSTFIX_SUBMISSIONS", "POSTFIX_NOTLS")]
        with tempfile.TemporaryDirectory() as work:
            os.chmod(work, 0o777)
            capture = Path(work) / "lo.pcap"
            expression = " or ".join(f"tcp port {port}" for port in ports)
            command = [tcpdump, "-i", "lo", "-s", "0", "-U", "-Z", "root", "-w", str(capture), expression]
            watcher = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            try:
                said = iter(watcher.stderr.readline, "")
                self.assertTrue(any("listening on lo" in line for line in said), "tcpdump does not listen")
                marker, content = case.content()
                for address, mode in (("POSTFIX_SUBMISSIONS", "implicit"), ("POSTFIX_SUBMISSION", "starttls")):
                    status, _ = case.send(address, *case.trust(), *case.ALICE, content=content, mode=mode)
                    self.assertEqual(status, 0)
                    others = self.send_from_each_host(mode, work)
                status, _ = case.send("POSTFIX_NOTLS", *case.trust(), *case.ALICE, content=content, mode="starttls")
                self.assertEqual(status, 10)
                # Packets reach the file in order: the last connection's end means that all are there.
                deadline = time.monotonic() + 10
                while capture.read_bytes().count(b"EHLO [127.0.0.1]") < 5 and time.monotonic() < deadline:
                    time.sleep(0.1)
                time.sleep(0.5)
            finally:
                watcher.send_signal(signal.SIGINT)
                watcher.wait(10)
                watcher.stderr.close()
            seen = capture.read_bytes()
        # The witness can see: what is said in clear is there, the proof that it looked. Four hosts
        # by STARTTLS, and the one that met no STARTTLS.
        self.assertEqual(seen.count(b"EHLO [127.0.0.1]\r\n"), 5)
        self.assertIn(b"STARTTLS\r\n", seen)
        for secret in forms(env["ALICE_PASSWORD"]) + forms("\0alice\0" + env["ALICE_PASSWORD"]) + forms(marker) + forms(others) + forms("went to the named server") + forms("alice@mail.test") + forms("bob@mail.test"):
            self.assertNotIn(secret, seen)

    def send_from_each_host(self, mode, work):
        """The C program, the Python package and the Xojo declares; the mark of their content."""
        server = peers.postfix()
        host, port = server.implicit if mode == "implicit" else server.starttls
        program = build("bindings/c/examples/send.c", work)
        arguments = [program, server.name, host, str(port), mode, str(server.ca_file), "-", server.user, server.password.decode(), server.address, server.address]
        self.assertEqual(subprocess.run(arguments, stdout=subprocess.DEVNULL, timeout=60).returncode, 0)
        mark = "the mark of the other hosts"
        content = f"Subject: {mark}\r\n\r\n{mark}\r\n".encode()
        secsmtp.load(peers.library())
        policy = secsmtp.Policy(ca_files=[str(server.ca_file)], tls=mode)
        login = secsmtp.Password(server.user, server.password)
        with secsmtp.Client(server.name, policy=policy, credential=login, connect=(host, port)) as client:
            receipt = client.send(content, sender=server.address, recipients=[server.address])
        self.assertEqual(receipt.outcome, "accepted")
        declared = "TLS_MODE_IMPLICIT" if mode == "implicit" else "TLS_MODE_STARTTLS"
        outcome = declares_test.Host().send(server, declared, content)
        self.assertEqual(outcome, declares_test.constants()["OUTCOME_ACCEPTED"])
        return mark


def forms(text):
    """A text as it is, and as base64 at each alignment."""
    import base64

    result = [text.encode()]
    for lead in range(3):
        data = bytes(lead) + text.encode()
        encoded = base64.b64encode(data)
        result.append(encoded[-(-lead * 8 // 6): len(data) * 8 // 6])
    return result


if __name__ == "__main__":
    unittest.main()
