"""Composed and odd content through servers written by others."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

from tests.c.c_test import build
from tests.c import compose_test
from tests.c.compose_test import PICTURE, Composed
from tests.support import peers

sys.path.append(str(peers.ROOT / "bindings" / "python"))

import secsmtp  # noqa: E402

# The endings of the public scanners that hold no NUL; those two are refused before anything is sent.
ENDINGS = [b"\n.\n", b"\r.\r", b"\r.\n", b"\n.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r"]
WITH_NUL = [b"\r\n\0.\r\n", b"\r\n.\0\r\n"]
# aiosmtpd, configured for large mail: no server of the test bed accepts more than 25 MB.
LARGE_SERVER = """
import asyncio, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
chain, key, store = sys.argv[1:]
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(chain, key)
class Handler:
    async def handle_DATA(self, server, session, envelope):
        open(store, "wb").write(envelope.original_content)
        return "250 taken"
def smtp():
    good = lambda *a: AuthResult(success=True, handled=False)
    return SMTP(Handler(), data_size_limit=10**9, enable_SMTPUTF8=True, hostname="mail.test",
                auth_required=True, auth_require_tls=False, authenticator=good)
async def main():
    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""
TO = (("Jörg Müller", "jorg@mail.test"), ("山田 太郎", "yamada@mail.test"))


class Bed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder, cls.env = peers.testbed()
        secsmtp.load(peers.library())

    def client(self, server, tls="implicit"):
        return self.client_at(peers.host_port(self.env[server]), tls)

    def client_at(self, address, tls="implicit"):
        with secsmtp.Policy(tls=tls, ca_files=self.folder / self.env["CA_FILE"]) as policy:
            with secsmtp.Password("alice", self.env["ALICE_PASSWORD"]) as login:
                return secsmtp.Client(self.env["SERVER_NAME"], policy=policy, credential=login,
                                      connect=address, timeout=120)


class Smuggling(Bed):
    def test_h03_smuggling_endings_arrive_as_lines_and_as_one_mail(self):
        """By BDAT at Postfix and Exim, by DATA at bare Postfix and OpenSMTPD."""
        for server, tls, store in (
            ("POSTFIX_SUBMISSIONS", "implicit", "MAIL_POSTFIX"),
            ("POSTFIX_BARE", "starttls", "MAIL_POSTFIX"),
            ("EXIM_SUBMISSIONS", "implicit", "MAIL_EXIM"),
            ("OPENSMTPD_SUBMISSIONS", "implicit", "MAIL_OPENSMTPD"),
        ):
            with self.subTest(server), self.client(server, tls) as client:
                mark = secrets.token_hex(8)
                bodies = {}
                for i, ending in enumerate(ENDINGS):
                    for place, (before, after) in enumerate(((b"", b"RSET\r\nMAIL FROM:<x@mail.test>\r\n"), (b"a", b"b\r\n"), (b"a\r\n", b""))):
                        body = before + ending + after
                        marker = f"{mark}-{i}-{place}-"
                        bodies[marker] = body
                        head = f"From: alice@mail.test\r\nTo: bob@mail.test\r\nSubject: {marker}\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{marker}@mail.test>\r\n\r\n"
                        client.send(head.encode() + body, "alice@mail.test", [self.env["BOB_ADDRESS"]])
                stored = self.stored(store, mark, len(bodies))
                self.assertEqual(len(stored), len(bodies), "one mail became several")
                for marker, body in bodies.items():
                    (mail,) = [m for m in stored if marker.encode() in m]
                    lines = re.sub(rb"\r\n|\r|\n", b"\n", body)
                    lines += b"" if lines.endswith(b"\n") else b"\n"
                    self.assertEqual(mail.split(b"\n\n", 1)[1], lines, body)

    def test_h03_h04_a_nul_is_refused_before_anything_is_sent(self):
        with self.client("POSTFIX_SUBMISSIONS") as client:
            for ending in WITH_NUL:
                with self.assertRaisesRegex(secsmtp.ArgumentError, "has a NUL in line [45]") as caught:
                    client.send(b"From: a@mail.test\r\n\r\na" + ending + b"b", "alice@mail.test", ["bob@mail.test"])
                self.assertFalse(caught.exception.content_released)

    def stored(self, store, mark, count):
        deadline = time.monotonic() + 30
        while True:
            files = [f.read_bytes().replace(b"\r\n", b"\n") for f in (self.folder / self.env[store]).rglob("new/*")]
            files = [f for f in files if mark.encode() in f]
            if len(files) >= count or time.monotonic() > deadline:
                return files
            time.sleep(0.05)


class Large(Bed):
    """The memory for a message of a hundred megabytes, and of a thousand."""

    LIMIT = 20_000  # KiB
    # `make large` asks for a gigabyte; a tenth of it would not fit into the limit either.
    BYTES = int(os.environ.get("SECSMTP_LARGE_BYTES", 100_000_000))

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.here = Path(folder.name)
        (self.here / "bild.png").write_bytes(PICTURE)

    def program(self):
        return build("bindings/c/examples/compose.c", self.here, plain=True)

    def compose(self, address, attachment, user="alice"):
        host, port = address
        return Composed(self.program(), self.env["SERVER_NAME"], host, port, self.folder / self.env["CA_FILE"], user,
                        self.env["ALICE_PASSWORD"], "alice@mail.test", "Alice Ünger", self.here / "bild.png",
                        *[w for name, address in TO for w in ("-t", name, address)], attachment)

    def large_server(self):
        where = os.environ.get("SECSMTP_AIOSMTPD")
        env = {**os.environ, "PYTHONPATH": where} if where else None
        found = subprocess.run([sys.executable, "-c", "import aiosmtpd"], env=env, stderr=subprocess.DEVNULL)
        peers.require(found.returncode == 0, "aiosmtpd is not installed (SECSMTP_AIOSMTPD)")
        self.store = self.here / "mail.eml"
        command = [sys.executable, "-c", LARGE_SERVER, self.folder / "ca/chain.pem", self.folder / "ca/leaf.key", self.store]
        server = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.stdin.close)
        return "127.0.0.1", int(server.stdout.readline())

    def test_a_hundred_megabytes_from_c_and_from_python_are_read_back_equal(self):
        attachment = self.here / "Übersicht.bin"
        attachment.write_bytes(os.urandom(1_000_000) * 100)
        address = self.large_server()
        sent = self.compose(address, attachment)
        self.assertEqual(sent.status, 0, sent.words)
        self.assertLess(sent.peak, self.LIMIT)
        compose_test.Compose.check(self, self.store.read_bytes(), attachment, TO)
        script = f"""
            import sys, secsmtp
            secsmtp.load({str(peers.library())!r})
            message = secsmtp.Message(
                from_=("Alice Ünger", "alice@mail.test"), to={list(TO)!r}, subject="Grüße – 日本",
                text="Hello,\\n\\nhere is what you asked for.\\n\\n-- \\nThe C example\\n", html="<img src='cid:picture@example'>",
                inline={{"picture@example": {str(self.here / "bild.png")!r}}}, attachments={str(attachment)!r})
            policy = secsmtp.Policy(ca_files={str(self.folder / self.env["CA_FILE"])!r})
            login = secsmtp.Password("alice", "x")
            with secsmtp.Client({self.env["SERVER_NAME"]!r}, policy=policy, credential=login, connect={address!r}) as client:
                print(client.send(message).message_id)
        """
        env = {**os.environ, "PYTHONPATH": str(peers.ROOT / "bindings" / "python")}
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=env, stdout=subprocess.PIPE, text=True, timeout=300)
        self.assertEqual(done.returncode, 0)
        data = self.store.read_bytes()
        self.assertIn(done.stdout.strip().encode(), data[:2000])
        compose_test.Compose.check(self, data, attachment, TO)

    def test_a_gigabyte_from_disk_needs_constant_memory(self):
        peers.require("SINK_TLS" in self.env, "the test bed has no sink")
        attachment = self.here / "large.bin"
        with attachment.open("wb") as file:
            file.truncate(1_000_000_000)
        address = peers.host_port(self.env["SINK_TLS"])
        sent = self.compose(address, attachment, user="-")
        self.assertEqual(sent.status, 0, sent.words)
        self.assertGreater(int(sent.lines["bytes"]), 1_368_000_000)
        self.assertLess(sent.peak, self.LIMIT)

    def test_a_large_finished_mail_needs_constant_memory(self):
        peers.require("SINK_TLS" in self.env, "the test bed has no sink")
        host, port = peers.host_port(self.env["SINK_TLS"])
        program = build("tests/c/raw.c", self.here, plain=True)
        mail = self.here / "large.eml"
        with mail.open("wb") as file:
            file.write(b"From: alice@mail.test\nBcc: hidden@mail.test\n\n")
            block = b"every line ends in a line feed alone, and so each must be changed .........\n" * 10_000
            for _ in range(self.BYTES // len(block) + 1):
                file.write(block)
        for kind, what in (("file", mail), ("make", self.BYTES)):
            with self.subTest(kind):
                sent = Composed(program, self.env["SERVER_NAME"], host, port, self.folder / self.env["CA_FILE"], "-", "-", 0, kind, what)
                self.assertEqual(sent.status, 0, sent.words)
                self.assertGreater(int(sent.lines["bytes"]), self.BYTES * 1.01)
                self.assertLess(sent.peak, self.LIMIT)

    def test_the_command_signs_a_large_mail_in_constant_memory(self):
        """Read three times, by 64 KiB: when it is given, when it is signed, and when it is sent."""
        peers.require("SINK_TLS" in self.env, "the test bed has no sink")
        openssl = shutil.which("openssl")
        peers.require(openssl, "openssl is not installed")
        mail, key = self.here / "large.eml", self.here / "key.pem"
        subprocess.run([openssl, "genpkey", "-algorithm", "ED25519", "-out", str(key)], check=True)
        with mail.open("wb") as file:
            file.write(b"From: alice@mail.test\n\n")
            for _ in range(self.BYTES // 1_000_000):
                file.write(b"some words,  and white space at the end \n\n" * 23_000)
        command = [peers.command(), "send", "--server", self.env["SERVER_NAME"], "--connect", self.env["SINK_TLS"], "--ca-file",
                   self.folder / self.env["CA_FILE"], "--from", "alice@mail.test", "--to", "bob@mail.test", "--dkim-key", key,
                   "--dkim-selector", "s", "--dkim-domain", "mail.test", mail]
        # Through a small process: a child's figure begins with that of its parent.
        script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); " \
                 "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        done = subprocess.run([sys.executable, "-S", "-c", script, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertLess(int(done.stdout.split()[-1]), self.LIMIT)


if __name__ == "__main__":
    unittest.main()
