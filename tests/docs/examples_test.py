"""The examples in the documents work: each is run against the correct server, with its names replaced."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.c.c_test import build
from tests.support import header, peers
from tests.xojo.declares_test import MODULE, SENDER, constants

ROOT = peers.ROOT
PIN = "sha256//LSKkIN4FwU3DUbGr8uYjgJdBqQHVQkqGqyc4OcVBLHU="
HELLO = "From: alice@mail.test\nTo: %s\nSubject: Hello\n\nHello.\n"


def examples(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / document).read_text("utf-8"), re.M | re.S)


def local(text, server):
    """An example with the names of the server."""
    for name, value in (("mail.example.com", server.name), ("alice@example.com", "alice@mail.test"),
                        ("bob@example.org", server.address), ("bob@example.com", server.address),
                        ('"correct horse battery staple"', repr(server.password)),
                        ('"correct horse"', repr(server.password)), ('"alice"', f'"{server.user}"'),
                        ("--user alice", f"--user {server.user}"), (PIN, server.pin),
                        ('"company-ca.pem"', repr(str(server.ca_file))),
                        ("/usr/local/lib/libsecsmtp.so", str(peers.library()))):
        text = text.replace(name, value)
    return text


class C(unittest.TestCase):
    def run_program(self, text, server):
        host, port = server.implicit
        connect = f'secsmtp_client_set_connect(client, TEXT("{host}"), {port}, &error) ||'
        text, count = re.subn(r"(secsmtp_client_new\(.*\) \|\|)", rf"\1 {connect}", local(text, server))
        self.assertEqual(count, 1)
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "example.c"
            source.write_text("#define _POSIX_C_SOURCE 200809L\n" + text)
            program = build(source, folder)
            done = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)

    def send_mail(self):
        (text,) = examples("README.md", "c")
        return text

    def main(self, server, call):
        password = "".join(f"\\{byte:03o}" for byte in server.password)
        content = r"Subject: Hello\n\nHello.\n"
        return (f'\nint main(void) {{\n    static const char password[] = "{password}", content[] = "{content}";\n'
                f"    return {call}((const uint8_t *)password, sizeof password - 1, (const uint8_t *)content,\n"
                "        sizeof content - 1);\n}\n")

    def test_the_first_message_is_delivered(self):
        with peers.reference_server() as server:
            self.run_program(self.send_mail() + self.main(server, "send_mail"), server)
            self.assertEqual(len(server.mails()), 1)

    def test_a_job_is_submitted_and_its_completion_taken(self):
        (job,) = examples("docs/guide.md", "c")
        with peers.reference_server() as server:
            text = self.send_mail()
            send = "secsmtp_client_send(client, message, &receipt, &error);"
            self.assertIn(send, text)
            text = text.replace(f" ||\n        {send}", f";\n{job}")
            self.run_program(text + self.main(server, "send_mail"), server)
            self.assertEqual(len(server.mails()), 1)


class Python(unittest.TestCase):
    # The client of the examples names no address to connect to.
    HEAD = """
import os, sys
sys.path.insert(0, {package!r})
import secsmtp
secsmtp.load({library!r})
_Client = secsmtp.Client
class _Local(_Client):
    def __init__(self, host, **options):
        super().__init__(host, connect={connect!r}, **options)
secsmtp.Client = _Local
login = secsmtp.Password({user!r}, {password!r})
policy = secsmtp.Policy(pins={pin!r})
"""

    def run_examples(self, document, before="", after=""):
        """Standard output of all examples of a document, one after the other, with `before` before each."""
        with peers.reference_server() as server, tempfile.TemporaryDirectory() as folder:
            for name in ("logo.png", "report.pdf"):
                (Path(folder) / name).write_bytes(b"any bytes")
            done = subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", f"{folder}/dkim.pem"])
            self.assertEqual(done.returncode, 0)
            head = self.HEAD.format(package=str(ROOT / "bindings/python"), library=str(peers.library()),
                                    connect=server.implicit, user=server.user, pin=server.pin,
                                    password=server.password.decode())
            blocks = [f"{before}\n{block}" for block in examples(document, "python")]
            text = "\n".join([head, *blocks, after])
            done = subprocess.run([sys.executable, "-c", local(text, server)], cwd=folder, timeout=120,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
            return done.stdout, server.pin, len(server.mails())

    def test_the_readme_sends_its_message(self):
        output, pin, mails = self.run_examples("README.md")
        self.assertEqual((output, mails), (f"accepted {pin}\n", 1))

    def test_the_guide_composes_signs_and_submits(self):
        before = """
client, data = secsmtp.Client("mail.example.com", policy=policy, credential=login), b"1;2"
finished = "From: alice@example.com\\nTo: bob@example.org\\nSubject: Hello\\n\\nHello.\\n".encode()
"""
        output, _, mails = self.run_examples("docs/guide.md", before, "client.close()\nprint(receipt.outcome)")
        self.assertEqual((output, mails), ("accepted\n", 4))

    def test_the_readme_of_the_package_works(self):
        before = f"""
import concurrent.futures
from datetime import datetime, timezone
old, new, moved, later = {PIN!r}, "sha256//" + "A" * 43 + "=", 2000000000, 3000000000
client = secsmtp.Client("mail.example.com", policy=policy, credential=login)
chain = open("company-ca.pem", "rb").read()
"""
        output, _, mails = self.run_examples("bindings/python/README.md", before)
        self.assertEqual(mails, 2)
        self.assertRegex(output, r"\Aaccepted .*\nFalse .*\n\Z")


@unittest.skipIf(sys.platform == "win32", "the examples are for a shell")
class Command(unittest.TestCase):
    # The exit status of each command of the document, in turn.
    STATUS = {"README.md": [0], "docs/command.md": [10, 0, 0, 0, 0]}

    def test_each_command_ends_as_the_document_says(self):
        for document, statuses in self.STATUS.items():
            with self.subTest(document), peers.reference_server() as server, tempfile.TemporaryDirectory() as folder:
                self.prepare(Path(folder), server)
                commands = re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", "".join(examples(document, "console")), re.M)
                self.assertEqual(len(commands), len(statuses))
                for (command, output), status in zip(commands, statuses):
                    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
                    done = subprocess.run(local(command, server), shell=True, cwd=folder, env=env, text=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
                    self.assertEqual(done.returncode, status, done.stdout)
                    # The words of the first sentence; what comes after it is the server's.
                    self.assertTrue(done.stdout.startswith(output.split(".")[0].strip()), done.stdout)

    def prepare(self, folder, server):
        (folder / "secret").write_bytes(server.password)
        (folder / "message.eml").write_text(HELLO % server.address)
        (folder / "report.pdf").write_bytes(b"any bytes")
        (folder / "outgoing").mkdir()
        for number in range(3):
            (folder / "outgoing" / f"{number}.eml").write_text(HELLO % server.address)
        wrapper = folder / "secsmtp"
        wrapper.write_text('#!/bin/sh\naction=$1; shift\n'
                           f'exec "{peers.command()}" "$action" "$@" --connect {"%s:%d" % server.implicit}\n')
        wrapper.chmod(0o755)


class Xojo(unittest.TestCase):
    def test_examples_name_only_what_the_module_has(self):
        known = MODULE.read_text("utf-8") + SENDER.read_text("utf-8")
        texts = examples("bindings/xojo/README.md", "xojo")
        self.assertGreater(len(texts), 1)
        for name in re.findall(r"\bSecSMTP\.(\w+)", "\n".join(texts)):
            found = name in constants() or re.search(rf"\b(?:Sub|Function|Class) {name}\b", known)
            self.assertTrue(found, name)


class Languages(unittest.TestCase):
    def test_each_example_is_in_a_language_that_is_run(self):
        run = {"README.md": {"c", "python", "console"}, "docs/guide.md": {"c", "python"}, "docs/command.md": {"console"},
               "bindings/python/README.md": {"python"}, "bindings/xojo/README.md": {"xojo"}}
        for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bindings/*/README.md")]:
            name = str(path.relative_to(ROOT))
            if name != "docs/scripts.md":
                found = set(re.findall(r"^```(\w+)$", path.read_text("utf-8"), re.M))
                self.assertEqual(found, run.get(name, set()), name)

    def test_functions_that_the_documents_name_exist(self):
        known = set(header.functions()) | set(header.constants())
        for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
            if path.name != "CHANGELOG.md":
                for name in re.findall(r"`((?:secsmtp_|SECSMTP_[A-Z]+_)\w+)`", path.read_text("utf-8")):
                    if not name.startswith(("SECSMTP_REQUIRE", "SECSMTP_TEST")):
                        self.assertIn(name, {*known, *header.handles(), *header.callbacks()}, path.name)


if __name__ == "__main__":
    unittest.main()
