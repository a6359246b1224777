"""A C program sends finished mails that are not held in memory: from a file and from a function."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.c.c_test import MEMCHECK, build
from tests.c.compose_test import Composed
from tests.support import peers

STRICT, BINARY, ENVELOPE = 1, 2, 4
LIMIT = 20_000  # KiB
HEAD = b"From: alice@mail.test\nTo: bob@mail.test\nBcc: hidden@mail.test\nSubject: made\n\n"
LINE = b"a line that is made while it is sent, and ends in a line feed alone ........\n"


def made(data):
    """The content of the program's function, as it arrives."""
    text = (HEAD + LINE * (data // len(LINE) + 1))[:data]
    text = text.replace(b"Bcc: hidden@mail.test\n", b"")
    return text.replace(b"\n", b"\r\n") + (b"" if text.endswith(b"\n") else b"\r\n")


class Raw(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.here = Path(folder.name)
        cls.program = build("tests/c/raw.c", cls.here)
        (cls.here / "plain").mkdir()
        cls.plain = build("tests/c/raw.c", cls.here / "plain", plain=True)

    def send(self, server, rules, kind, what, *more, program=None, under=()):
        host, port = server.implicit
        arguments = [server.name, host, port, server.ca_file, server.user, server.password.decode(), rules, kind, what, *more]
        command = [*under, program or self.program, *arguments]
        return Composed(command[0], *command[1:])

    def check(self, server, program=None, under=()):
        """Each way once, and what goes wrong in each."""
        file = self.here / "mail.eml"
        file.write_bytes(made(300_000).replace(b"\r\n", b"\n"))
        for kind, what in (("file", file), ("make", 300_000)):
            for rules in (0, ENVELOPE):
                before = len(server.mails())
                sent = self.send(server, rules, kind, what, program=program, under=under)
                self.assertEqual(sent.status, 0, sent.words)
                self.assertNotIn("==", sent.words)
                mails = server.mails()
                self.assertEqual(len(mails), before + 1)
                self.assertEqual(mails[-1].read_bytes(), made(300_000))
                self.assertEqual(mails[-1].stat().st_size, int(sent.lines["bytes"]))
                if kind == "make":
                    self.assertEqual(sent.lines["released"], " 0 1")
        key = self.key()
        for kind, what in (("file", file), ("make", 300_000)):
            sent = self.send(server, 0, kind, what, key, program=program, under=under)
            self.assertEqual(sent.status, 0, sent.words)
            self.assertNotIn("==", sent.words)
            signature, mail = server.mails()[-1].read_bytes().split(b"From: ", 1)
            self.assertRegex(signature, rb"^DKIM-Signature: v=1; a=ed25519-sha256; .* d=mail.test;\r\n\ts=s; t=\d+; x=\d+;\r\n\th=from:from:subject:subject:to:to;")
            self.assertEqual(b"From: " + mail, made(300_000))
        sent = self.send(server, 0, "file", file, file, program=program, under=under)
        self.assertIn("signing key file ", sent.words)
        self.assertIn("is larger than 65536 bytes", sent.words)
        for kind, what, rules, words in (
            ("file", self.here / "none", 0, "content "),
            ("file", self.here, 0, "not a regular file"),
            ("file", file, STRICT, "has a bare CR or LF at the end of line 1"),
            ("make", 0, 0, "content is empty"),
            ("make", 300_000, 8, "rules is 8, expected a sum"),
            ("make", 300_000, STRICT, "has a bare CR or LF at the end of line 1"),
        ):
            before = len(server.mails())
            sent = self.send(server, rules, kind, what, program=program, under=under)
            self.assertEqual(sent.status, 1, sent.words)
            self.assertIn(words, sent.words)
            self.assertTrue(sent.words.startswith("none: "), sent.words)
            self.assertNotIn("==", sent.words)
            self.assertEqual(len(server.mails()), before)
            if kind == "make":
                self.assertEqual(sent.lines["released"], " 0 0")

    def key(self):
        openssl = shutil.which("openssl")
        peers.require(openssl, "openssl is not installed")
        path = self.here / "key.pem"
        subprocess.run([openssl, "genpkey", "-algorithm", "ED25519", "-out", str(path)], check=True)
        return path

    def test_g10_h02_a_mail_of_a_file_and_of_a_function_arrives(self):
        with peers.reference_server() as server:
            self.check(server)

    def test_memcheck_finds_no_error_and_no_leak(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        with peers.reference_server("--tls", "chacha20") as server:
            self.check(server, program=self.plain, under=MEMCHECK)

    def test_twenty_megabytes_are_not_held(self):
        with peers.reference_server() as server:
            sent = self.send(server, 0, "make", 24_000_000, program=self.plain)
            self.assertEqual(sent.status, 0, sent.words)
            self.assertLess(sent.peak, LIMIT)


if __name__ == "__main__":
    unittest.main()
