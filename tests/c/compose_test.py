"""A C program composes and sends; Python's parser reads back what arrived."""

import email
import email.policy
import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.c.c_test import MEMCHECK, build
from tests.support import peers

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3
TO = (("Jörg Müller, \"der Große\"", "reader@mail.test"), ("山田 太郎", "second@mail.test"))


class Composed:
    """The output of `compose`."""

    def __init__(self, program, *arguments):
        done = subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE, text=True, timeout=600)
        self.words, self.status = done.stdout, done.returncode
        self.lines = dict(line.split(":", 1) for line in self.words.splitlines())

    @property
    def peak(self):
        """The most memory the process ever had, in KiB."""
        return int(self.lines["VmHWM"].split()[0])


def parsed(test, data):
    message = email.message_from_bytes(data, policy=email.policy.default)
    for part in message.walk():
        test.assertEqual(part.defects, [])
        for name, value in part.items():
            test.assertEqual(getattr(value, "defects", ()), (), name)
    return message


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = Path(cls.folder.name)
        cls.program = build("bindings/c/examples/compose.c", cls.path, plain=True)
        (cls.path / "checked").mkdir()
        cls.checked = build("bindings/c/examples/compose.c", cls.path / "checked")
        (cls.path / "bild.png").write_bytes(PICTURE)

    def send(self, server, *rest, program=None):
        host, port = server.implicit
        return Composed(program or self.program, server.name, host, port, server.ca_file, server.user,
                        server.password.decode(), "alice@mail.test", "Alice Ünger", self.path / "bild.png", *rest)

    def check(self, data, attachment, to):
        message = parsed(self, data)
        self.assertEqual(message["subject"], "Grüße – 日本")
        self.assertEqual([(a.display_name, a.addr_spec) for a in message["to"].addresses], list(to))
        self.assertEqual(message["from"].addresses[0].display_name, "Alice Ünger")
        self.assertEqual(message.get_content_type(), "multipart/mixed")
        alternative, attached = message.get_payload()
        self.assertEqual([p.get_content_type() for p in alternative.get_payload()],
                         ["text/plain", "multipart/related"])
        plain = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
        self.assertEqual(plain, "Hello,\n\nhere is what you asked for.\n\n-- \nThe C example\n")
        html, picture = alternative.get_payload()[1].get_payload()
        self.assertIn("cid:picture@example", html.get_content())
        self.assertEqual((picture.get_content_type(), picture["content-id"]), ("image/png", "<picture@example>"))
        self.assertEqual(picture.get_content(), PICTURE)
        self.assertEqual(attached.get_filename(), attachment.name)
        self.assertEqual(hashlib.sha256(attached.get_content()).digest(), hashlib.sha256(attachment.read_bytes()).digest())

    def attachment(self, name, size):
        path = self.path / name
        path.write_bytes(os.urandom(size))
        self.addCleanup(path.unlink)
        return path

    def test_text_html_picture_and_attachment_arrive(self):
        attachment = self.attachment("Übersicht; \"neu\".pdf", 300_000)
        with peers.reference_server() as server:
            sent = self.send(server, *[w for name, address in TO for w in ("-t", name, address)], attachment,
                             program=self.checked)
            self.assertEqual(sent.status, 0, sent.words)
            (mail,) = server.mails()
            self.check(mail.read_bytes(), attachment, TO)
            self.assertEqual(mail.stat().st_size, int(sent.lines["bytes"]))

    def test_memcheck_finds_no_error_and_no_leak(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        attachment = self.attachment("a.pdf", 300_000)
        with peers.reference_server("--tls", "chacha20") as server:
            host, port = server.implicit
            for rest, status in (((attachment, "-r", 100_000), 0), ((self.path / "none",), 1)):
                sent = Composed(*MEMCHECK, self.program, server.name, host, port, server.ca_file, server.user,
                                server.password.decode(), "alice@mail.test", "Alice Ünger", self.path / "bild.png",
                                "-t", *TO[0], *rest)
                self.assertEqual(sent.status, status, sent.words)
                self.assertNotIn("==", sent.words)
            (mail,) = server.mails()
            self.assertIn(b'name=made.bin', mail.read_bytes())

    def test_through_postfix(self):
        server = peers.postfix()
        attachment = self.attachment("archive.zip", 18_000_000)
        to = [("Jörg Müller", server.address)]
        sent = self.send(server, "-t", *to[0], attachment)
        self.assertEqual(sent.status, 0, sent.words)
        marker = sent.lines["accepted"].strip().encode()
        self.check(server.wait_for_mail(marker), attachment, to)
        self.assertLess(sent.peak, 20_000)


if __name__ == "__main__":
    unittest.main()
