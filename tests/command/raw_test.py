"""The command sends a finished mail by the rules that are asked for."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support import peers

ENVELOPE = ("--from", "a@mail.test", "--to", "reader@mail.test")


class Raw(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = peers.reference_server()
        cls.server = server.__enter__()
        cls.addClassCleanup(server.__exit__, None, None, None)

    def send(self, content, *words):
        server = self.server
        host, port = server.implicit
        with tempfile.TemporaryDirectory() as folder:
            mail, secret = Path(folder, "mail"), Path(folder, "secret")
            mail.write_bytes(content)
            secret.write_bytes(server.password)
            command = [peers.command(), "send", "--server", server.name, "--connect", f"{host}:{port}",
                       "--ca-file", server.ca_file, "--user", server.user, "--password-file", secret, *words, mail]
            return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def refused(self, text, content, *words, code=10):
        before = len(self.server.mails())
        done = self.send(content, *words)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(text, done.stderr)
        self.assertEqual(len(self.server.mails()), before)

    def test_h02_bare_line_ends(self):
        content = b"Subject: bare\n\none\rtwo\n"
        self.refused(b"has a bare CR or LF at the end of line 1", content, "--strict-lines", *ENVELOPE)
        self.assertEqual(self.send(content, *ENVELOPE).returncode, 0)
        self.assertEqual(self.server.wait_for_mail(b"Subject: bare"), b"Subject: bare\r\n\r\none\r\ntwo\r\n")

    def test_h04_binary(self):
        content = b"Subject: x\r\n\r\na\0b\r\n"
        self.refused(b"has a NUL in line 3, in the body", content, *ENVELOPE)
        self.refused(b"(--binary)", content, *ENVELOPE)
        self.refused(b"BINARYMIME", content, "--binary", *ENVELOPE)

    def test_g12_envelope_of_the_header(self):
        content = b"From: A <a@mail.test>\r\nTo: reader@mail.test\r\nBcc: hidden@mail.test\r\nSubject: header\r\n\r\nx\r\n"
        self.assertEqual(self.send(content, "--header-envelope").returncode, 0)
        self.assertNotIn(b"hidden", self.server.wait_for_mail(b"Subject: header"))
        for wrong in (b"From: a@b\r\n\r\n", b"\nFrom: a@b\nTo: c@d\n\nx\n", b"From: a@b, c@d\nTo: e@f\n\n",
                      b"From: a@b\nTo: J\xf6rg c@d\n\n"):
            self.refused(b"(--from and --to)", wrong, "--header-envelope")
        latin = b"From: J\xf6rg <a@mail.test>\r\nTo: reader@mail.test\r\nSubject: latin\r\n\r\nx\r\n"
        self.assertEqual(self.send(latin, "--header-envelope").returncode, 0)
        self.assertEqual(self.server.wait_for_mail(b"Subject: latin"), latin)
        self.refused(b"not both", content, "--header-envelope", *ENVELOPE, code=64)

    def test_the_line_of_an_mbox_file_is_refused(self):
        mail = b"From alice Mon Nov 23 10:00:00 2026\nSubject: mbox\n\nx\n"
        self.refused(b"mbox", mail, *ENVELOPE)
        self.refused(b"mbox", mail + b"x" * 2_000_000, *ENVELOPE)
        old = b"From : a@mail.test\r\nSubject: old\r\n\r\nFrom x\r\n"
        self.assertEqual(self.send(old, *ENVELOPE).returncode, 0)
        self.assertEqual(self.server.wait_for_mail(b"Subject: old"), old)

    def test_standard_input_and_a_file_are_the_same(self):
        server = self.server
        host, port = server.implicit
        mail = b"Bcc: hidden@mail.test\nSubject: pipe\n\n" + b"line\n" * 100_000
        with tempfile.TemporaryDirectory() as folder:
            secret = Path(folder, "secret")
            secret.write_bytes(server.password)
            command = [peers.command(), "send", "--server", server.name, "--connect", f"{host}:{port}",
                       "--ca-file", server.ca_file, "--user", server.user, "--password-file", secret, *ENVELOPE]
            for words in ([], ["-"], ["/dev/stdin"] if Path("/dev/stdin").exists() else []):
                done = subprocess.run(list(map(str, command + words)), input=mail, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.send(mail, *ENVELOPE).returncode, 0)
        contents = [m.read_bytes() for m in server.mails()]
        contents = [c for c in contents if b"Subject: pipe" in c]
        self.assertEqual(contents, [b"Subject: pipe\r\n\r\n" + b"line\r\n" * 100_000] * 4)

    def test_a_dash_is_standard_input_even_where_a_file_or_a_folder_has_that_name(self):
        server = self.server
        host, port = server.implicit
        for name, make in (("file", lambda path: path.write_bytes(b"Subject: wrong\n\n" + b"line\n" * 400_000)),
                           ("folder", Path.mkdir)):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                secret = Path(folder, "secret")
                secret.write_bytes(server.password)
                make(Path(folder, "-"))
                done = subprocess.run(
                    [str(peers.command()), "send", "--server", server.name, "--connect", f"{host}:{port}",
                     "--ca-file", str(server.ca_file), "--user", server.user, "--password-file", str(secret),
                     *ENVELOPE, "-"],
                    cwd=folder, input=f"Subject: dash {name}\n\nx\n".encode(),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                server.wait_for_mail(f"Subject: dash {name}".encode())

    def test_a_missing_file_is_reported(self):
        server = self.server
        done = subprocess.run([str(peers.command()), "send", "--server", server.name, "--ca-file", str(server.ca_file),
                               *ENVELOPE, "no/such.eml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 10)
        self.assertIn(b"no/such.eml can't be read", done.stderr)


if __name__ == "__main__":
    unittest.main()
