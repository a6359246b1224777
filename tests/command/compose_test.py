"""The command composes: previewed, and sent."""

import email
import email.policy
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support import peers


class Compose(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.here = Path(folder.name)
        (self.here / "Größe.txt").write_bytes(b"attached")
        (self.here / "p.png").write_bytes(b"png")
        self.composed = [
            "--from", "Änne <a@mail.test>", "--to", "\"B, C\" <reader@mail.test>, d@mail.test", "--bcc", "hidden@mail.test",
            "--subject", "Grüße", "--text", "Text\n", "--html", "<img src='cid:p'>", "--inline", f"p={self.here / 'p.png'}",
            "--attach", self.here / "Größe.txt", "--header", "X-A: b", "--finished-header", "X-F: =?iso-8859-1?q?=E4?=", "--priority", "high",
            "--unsubscribe", "https://mail.test/u", "--one-click",
        ]

    def run_command(self, *words):
        command = [str(peers.command()), *map(str, words)]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def check(self, data):
        mail = email.message_from_bytes(data, policy=email.policy.strict)
        self.assertEqual((mail["subject"], mail["x-a"], mail["importance"]), ("Grüße", "b", "high"))
        self.assertIn(b"X-F: =?iso-8859-1?q?=E4?=\r\n", data)
        self.assertEqual(mail["list-unsubscribe-post"], "List-Unsubscribe=One-Click")
        self.assertEqual([a.addr_spec for a in mail["to"].addresses], ["reader@mail.test", "d@mail.test"])
        self.assertNotIn(b"hidden", data)
        (attached,) = mail.iter_attachments()
        self.assertEqual((attached.get_filename(), attached.get_payload(decode=True)), ("Größe.txt", b"attached"))

    def test_preview_to_standard_output_and_to_a_file(self):
        done = self.run_command("compose", *self.composed)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.check(done.stdout)
        self.assertEqual(self.run_command("compose", *self.composed, "--output", self.here / "m.eml").stdout, b"")
        self.check((self.here / "m.eml").read_bytes())

    def test_several_authors_need_a_sender(self):
        authors = ["--from", "a@mail.test", "--from", "B <b@mail.test>, c@mail.test", "--to", "d@mail.test", "--text", "x"]
        done = self.run_command("compose", *authors)
        self.assertEqual(done.returncode, 10)
        self.assertIn(b"several addresses", done.stderr)
        done = self.run_command("compose", *authors, "--sender", "s@mail.test")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        mail = email.message_from_bytes(done.stdout, policy=email.policy.strict)
        self.assertEqual([a.addr_spec for a in mail["from"].addresses], ["a@mail.test", "b@mail.test", "c@mail.test"])
        self.assertEqual(mail["sender"], "s@mail.test")

    def test_finished_parts_and_alternatives(self):
        signed = b"--b\r\nContent-Type: text/plain\r\n\r\nx \t\r\n--b--\r\n"
        (self.here / "signed").write_bytes(signed)
        (self.here / "amp.html").write_bytes("<html ⚡4email>".encode())
        envelope = ["--from", "a@mail.test", "--to", "b@mail.test"]
        done = self.run_command("compose", *envelope, "--part", f'multipart/signed; boundary="b"={self.here / "signed"}')
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(done.stdout.endswith(b"\r\n\r\n" + signed), done.stdout)
        done = self.run_command("compose", *envelope, "--text", "t", "--html", "h", "--alternative",
                                f"text/x-amp-html={self.here / 'amp.html'}")
        mail = email.message_from_bytes(done.stdout, policy=email.policy.strict)
        self.assertEqual([part.get_content_type() for part in mail.iter_parts()],
                         ["text/plain", "text/x-amp-html", "text/html"])
        (self.here / "signed").write_bytes(signed.replace(b"x", "é".encode()))
        done = self.run_command("compose", *envelope, "--part", f'multipart/signed; boundary="b"={self.here / "signed"}')
        self.assertEqual(done.returncode, 10)
        self.assertIn(b"before it is signed", done.stderr)

    def test_send(self):
        with peers.reference_server() as server:
            secret = self.here / "secret"
            secret.write_bytes(server.password)
            host, port = server.implicit
            done = self.run_command("send", "--server", server.name, "--connect", f"{host}:{port}", "--ca-file", server.ca_file,
                                    "--user", server.user, "--password-file", secret, *self.composed)
            self.assertEqual(done.returncode, 0, done.stderr)
            (mail,) = server.mails()
            self.check(mail.read_bytes())

    def test_a_mail_that_cannot_be_composed_is_reported(self):
        for words, text in (
            (["--attach", self.here / "none"], b"--attach "),
            (["--attach", self.here], b"not a regular file"),
            (["--subject", "a\nBcc: x@y"], b"--subject has the control character"),
            (["--finished-header", "X-A: b\nBcc: x@y"], b"line end"),
            (["--header", "X-A: " + "x" * 998], b"998"),
            (["--one-click", "--unsubscribe", "mailto:u@b", "--text", "t"], b"one click needs an address"),
            (["--to", "Doe, Bob <b@c>"], b"needs quotes: \"Doe, Bob\" <b@c>"),
            (["--to", "a@b c@d"], b"--to has \"c@d\" after an address"),
        ):
            done = self.run_command("compose", "--from", "a@b", "--to", "c@d", *words)
            self.assertEqual(done.returncode, 10)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stdout, b"")

    def test_an_option_of_another_form_is_usage(self):
        for words, text in (
            (["--header", "nothing"], b"--header takes 'NAME: VALUE', not \"nothing\""),
            (["--finished-header", "nothing"], b"--finished-header takes"),
            (["--inline", "nothing"], b"--inline takes ID=FILE"),
            (["--one-click", "--subject", "s"], b"--one-click needs --unsubscribe"),
            (["--priority", "urgent"], b"--priority takes low, normal or high"),
        ):
            done = self.run_command("compose", "--from", "a@b", "--to", "c@d", *words)
            self.assertEqual((done.returncode, done.stdout), (64, b""))
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()
