"""DKIM signatures verified by an implementation that is not ours: dkimpy."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

from tests.support import peers

sys.path.append(str(peers.ROOT / "bindings" / "python"))

import secsmtp  # noqa: E402

DOMAIN = "mail.test"
FROM = "alice@mail.test"
HEAD = "From: Alice <alice@mail.test>\r\nTo: bob@mail.test\r\nSubject: x\r\n"
# Finished mails, each with something on which canonical forms are known to differ.
RAW = {
    "plain": HEAD + "\r\nbody\r\n",
    "no body": HEAD + "\r\n",
    "no empty line": HEAD,
    "no last line end": HEAD + "\r\nbody",
    "header without its end": HEAD[:-2],
    "empty lines behind": HEAD + "\r\nbody\r\n\r\n\r\n \r\n\t\r\n",
    "empty lines alone": HEAD + "\r\n\r\n\r\n\r\n",
    "white lines alone": HEAD + "\r\n \r\n\t \r\n",
    "empty lines before": HEAD + "\r\n\r\n\r\nbody\r\n",
    "odd white space": HEAD + "\r\n  two \t tabs\t\t \r\n\ttab\r\n one  two   three\r\n \r\nx \r\n",
    "dots": HEAD + "\r\n.\r\n..\r\n.a\r\n.\n.\r.\r\n\r\n.",
    "line feeds": (HEAD + "\r\nbody \r\n\r\n.x\r\n").replace("\r\n", "\n"),
    "mixed line ends": HEAD + "\r\na\nb\rc\r\n\n\r\r\n",
    "folded": HEAD + "X-A: one\r\n two\r\n\tthree \r\nDate:\r\n Mon, 23 Nov 2026\r\n  12:00:00 +0000\r\n\r\nbody\r\n",
    "white space in fields": "from:Alice   <alice@mail.test>  \r\nTO:\t bob@mail.test\t\r\nsUbJeCt:   a \t b  \r\n\r\nbody\r\n",
    "empty fields": HEAD + "Cc:\r\nReply-To: \r\nReferences:  \t\r\n\r\nbody\r\n",
    "fields twice": HEAD + "Subject: y\r\nTo: carol@mail.test\r\nList-Unsubscribe: <https://mail.test/u>\r\n\r\nbody\r\n",
    "blind copies": "Bcc: h@x\r\n" + HEAD + "Resent-Bcc: i@x,\r\n j@x\r\nBCC: k@x\r\n\r\nBcc: body\r\n",
    "eight bits": HEAD + "X-B: é\r\nSubject: größer\r\n\r\nä ö  ü\r\n",
    "longest line": HEAD + "\r\n" + "x " * 499 + "\r\n" + "y" * 998 + "\r\n",
    "signed before": "DKIM-Signature: v=1; a=rsa-sha256; d=other.test; s=x; h=from; bh=x; b=x\r\n" + HEAD + "\r\nbody\r\n",
    "traces": "Received: by a\r\nReceived: by b\r\n" + HEAD + "\r\nbody\r\n",
    "large": HEAD + "\r\n" + "a line of some  words \r\n\r\n" * 40_000,
}
UNSIGNABLE = {
    "no author": ("To: bob@mail.test\r\n\r\nx\r\n", "no From field"),
    "two authors": ("From: a@mail.test\r\n" + HEAD + "\r\nx\r\n", "more than one From field"),
    "mailbox line": ("From alice Mon Nov 23 10:00:00 2026\r\n" + HEAD + "\r\nx\r\n", "begins with a line .* mbox file"),
    "stray line": (HEAD + "no colon\r\n\r\nx\r\n", "line 4 of its header is not a field"),
    "space before the colon": (HEAD + "X-A : b\r\n\r\nx\r\n", "line 4 of its header is not a field"),
    "nothing but a body": ("\r\nbody\r\n", "no From field"),
}


def composed():
    """Arguments of difficult mails."""
    plain = {"from_": FROM, "to": "bob@mail.test"}
    yield "bare", plain
    yield "text", {**plain, "subject": "x", "text": "Hello\n\n\n \n"}
    yield "empty text", {**plain, "text": ""}
    yield "scripts", {**plain, "subject": "日本語 العربية עברית кириллица 👍 " * 12, "text": "日本語 " * 400}
    yield "names", {**plain, "to": [('"Müller, J"; <x>', "bob@mail.test"), ("a\\b", "c@mail.test")]}
    yield "many", {**plain, "to": [(f"Nämé {i}", f"u{i}@mail.test") for i in range(300)]}
    yield "domain", {**plain, "from_": "alice@bücher.example"}
    yield "dots", {**plain, "text": ".\n..\n.x\nFrom x\n" + "y" * 3000 + "\n."}
    yield "fields", {
        **plain, "cc": "c@mail.test", "bcc": "hidden@mail.test", "reply_to": "r@mail.test", "in_reply_to": "<a@b>",
        "references": [f"<{i}@mail.test>" for i in range(100)], "priority": "high", "headers": {"X-A": "ä  b"},
        "unsubscribe": ["https://mail.test/u", "mailto:u@mail.test"], "one_click": True,
    }
    yield "all", {
        **plain, "text": "Text\n", "html": "<img src='cid:p'>", "inline": {"p": b"png"},
        "attachments": [secsmtp.Part(os.urandom(400_000), "größe; \"a\".bin"), secsmtp.Part(b"", "empty.txt")],
        "calendar": ("REQUEST", "BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n"),
    }


def openssl(*words):
    found = shutil.which("openssl")
    peers.require(found, "openssl is not installed")
    return subprocess.run([found, *map(str, words)], check=True, capture_output=True).stdout


def dkimpy():
    """A Python that has dkimpy and PyNaCl: this one, or that of `make dkimpy`."""
    bin_ = "Scripts" if sys.platform == "win32" else "bin"
    for python in (sys.executable, peers.ROOT / "build" / "dkimpy" / bin_ / "python"):
        try:
            if subprocess.run([str(python), "-c", "import dkim, nacl"], capture_output=True).returncode == 0:
                return str(python)
        except OSError:
            pass
    peers.require(False, "dkimpy and PyNaCl are not installed (make dkimpy)")


class Keys:
    """A key of each kind, in each form."""

    def __init__(self, folder):
        self.rsa, self.ed25519, self.pkcs1 = folder / "rsa.pem", folder / "ed25519.pem", folder / "pkcs1.pem"
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.rsa)
        openssl("genpkey", "-algorithm", "ED25519", "-out", self.ed25519)
        openssl("rsa", "-in", self.rsa, "-traditional", "-out", self.pkcs1)
        self.der = {path.stem: openssl("pkey", "-in", path, "-outform", "DER") for path in (self.rsa, self.ed25519)}
        public = {path.stem: openssl("pkey", "-in", path, "-pubout", "-outform", "DER") for path in (self.rsa, self.ed25519)}
        text = lambda bytes: base64.b64encode(bytes).decode()
        self.dns = {
            f"r1._domainkey.{DOMAIN}.": f"v=DKIM1; k=rsa; p={text(public['rsa'])}",
            f"e1._domainkey.{DOMAIN}.": f"v=DKIM1; k=ed25519; p={text(public['ed25519'][-32:])}",
        }


class Dkim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        secsmtp.load(peers.library())
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.here = Path(folder.name)
        cls.keys = Keys(cls.here)
        cls.both = [secsmtp.Signer(DOMAIN, "r1", path=cls.keys.rsa), secsmtp.Signer(DOMAIN, "e1", path=cls.keys.ed25519)]
        script = Path(peers.__file__).with_name("dkim_verify.py")
        cls.verifier = subprocess.Popen([dkimpy(), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.verifier.wait)
        cls.addClassCleanup(cls.verifier.stdout.close)
        cls.addClassCleanup(cls.verifier.stdin.close)

    def verified(self, data):
        """For each signature, from the top, whether it holds."""
        mail = self.here / "signed.eml"
        mail.write_bytes(data)
        self.verifier.stdin.write(json.dumps({"file": str(mail), "dns": self.keys.dns}) + "\n")
        self.verifier.stdin.flush()
        return json.loads(self.verifier.stdout.readline())

    def held(self, data, own=2):
        """That the topmost signatures hold, and not what they are if anything is changed."""
        self.assertEqual(self.verified(data)[:own], [True] * own, data[:3000])

    def test_composed_mails(self):
        for name, arguments in composed():
            with self.subTest(name):
                message = secsmtp.Message(**arguments, sign=self.both)
                data = bytes(message)
                self.held(data)
                self.assertEqual((message.size, bytes(message)), (len(data), data))
                self.assertNotIn(b"hidden", data)
                header = data.split(b"\r\n\r\n", 1)[0]
                self.assertLessEqual(max(map(len, header.split(b"\r\n")[:12])), 78)
                # A change of a signed part breaks the signature.
                for changed in (
                    data.replace(b"\r\nFrom: ", b"\r\nFrom: Eve <eve@mail.test>\r\nFrom: ", 1),
                    data.replace(b"\r\nMessage-ID: ", b"\r\nMessage-ID: x", 1),
                    data + b"x\r\n",
                ):
                    self.assertNotIn(True, self.verified(changed))

    def test_each_form_of_a_key(self):
        keys = self.keys
        for selector, key in (
            ("r1", keys.rsa.read_bytes()), ("r1", keys.pkcs1.read_bytes()), ("r1", keys.der["rsa"]),
            ("e1", keys.ed25519.read_bytes()), ("e1", bytearray(keys.der["ed25519"])),
            ("e1", b"what stands before\n" + keys.ed25519.read_bytes()),
        ):
            signer = secsmtp.Signer("MAIL.test", selector, key=key)
            self.held(bytes(secsmtp.Message(from_=FROM, to="b@mail.test", text="x", sign=signer)), 1)

    def test_wrong_keys_are_named(self):
        make = lambda *words: openssl("genpkey", *words)
        rsa = self.keys.rsa
        small = make("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        for key, words in (
            (small, "an RSA key of too few bits"),
            (make("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "elliptic curve"),
            (make("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-outform", "DER"), "elliptic curve"),
            (openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"), "elliptic curve"),
            (make("-algorithm", "X25519"), "X25519"),
            (make("-algorithm", "ED448"), "Ed448"),
            (make("-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"), "RSA-PSS"),
            (openssl("pkey", "-in", rsa, "-pubout"), "public key"),
            (openssl("pkey", "-in", rsa, "-aes256", "-passout", "pass:x"), "passphrase"),
            (b"", "not a private key"),
            (b"x" * 70_000, "larger than any key"),
            (self.keys.der["rsa"][:-1], "can't be read"),
            (rsa.read_bytes()[:-60], "not a private key"),
        ):
            with self.subTest(words), self.assertRaisesRegex(secsmtp.ArgumentError, f"^key .*{words}") as caught:
                secsmtp.Signer(DOMAIN, "s", key=key)
            self.assertEqual(caught.exception.status_name, "SECSMTP_E_SIGNING_KEY")
        with self.assertRaisesRegex(secsmtp.ArgumentError, "^path .*none"):
            secsmtp.Signer(DOMAIN, "s", path=self.here / "none")

    def test_domain_and_selector_are_names_of_the_dns(self):
        for domain, selector in (("", "s"), ("test", "s"), ("a..b", "s"), ("a b.test", "s"), ("mail.test;x", "s"), ("mail.test\r\n", "s"),
                                 ("mail.test", ""), ("mail.test", "a;b"), ("mail.test", "-a"), ("mail.test", "x" * 64), ("mail.test.", "s")):
            with self.subTest((domain, selector)), self.assertRaises(secsmtp.ArgumentError):
                secsmtp.Signer(domain, selector, path=self.keys.rsa)
        signer = secsmtp.Signer("bücher.example", "schlüssel.2026", path=self.keys.ed25519)
        data = bytes(secsmtp.Message(from_=FROM, to="b@mail.test", sign=signer))
        self.assertIn(b" d=xn--bcher-kva.example;\r\n\ts=xn--schlssel-95a.2026;", data)

    def test_lifetime_and_fields(self):
        signer = secsmtp.Signer(DOMAIN, "r1", path=self.keys.rsa, lifetime=3600, fields=["Subject", "X-A"])
        message = secsmtp.Message(from_=FROM, to="b@mail.test", subject="s", headers={"X-A": "b"}, sign=signer)
        data = bytes(message)
        self.held(data, 1)
        signed, expires = re.search(rb" t=(\d+); x=(\d+);", data).groups()
        self.assertAlmostEqual(int(signed), time.time(), delta=600)
        self.assertEqual(int(expires) - int(signed), 3600)
        self.assertIn(b"h=from:from:subject:subject:x-a;", data)
        # A field that is not signed may change.
        self.held(data.replace(b"\r\nTo: b@", b"\r\nTo: c@"), 1)
        for wrong in ("a b", "", "DKIM-Signature", "x\r\n", "x;l=0"):
            with self.assertRaises(secsmtp.ArgumentError):
                secsmtp.Signer(DOMAIN, "r1", path=self.keys.rsa, fields=[wrong, "To"])
        for wrong in (0, -1, 1 << 32):
            with self.assertRaises(secsmtp.ArgumentError):
                secsmtp.Signer(DOMAIN, "r1", path=self.keys.rsa, lifetime=wrong)

    def test_a_signature_whose_time_is_over_is_not_sent(self):
        signer = secsmtp.Signer(DOMAIN, "e1", path=self.keys.ed25519, lifetime=1)
        message = secsmtp.Message(from_=FROM, to="b@mail.test", sign=signer)
        bytes(message)
        time.sleep(1.1)
        with peers.reference_server() as server, self.client(server) as client:
            with self.assertRaisesRegex(secsmtp.ArgumentError, "signature has expired"):
                client.send(message)
            self.assertEqual(server.mails(), [])

    def client(self, server, tls="implicit"):
        with secsmtp.Policy(ca_files=server.ca_file, tls=tls) as policy, secsmtp.Password(server.user, server.password) as login:
            return secsmtp.Client(server.name, policy=policy, credential=login, connect=getattr(server, tls), timeout=60)

    def test_finished_mails_by_each_way_and_mails_that_cannot_be_signed(self):
        file = self.here / "mail.eml"
        with peers.reference_server() as server, self.client(server) as client:
            for name, text in RAW.items():
                file.write_bytes(text.encode())
                for raw in (text.encode(), secsmtp.Raw(path=file)):
                    with self.subTest(name, raw=type(raw)):
                        client.send(raw, FROM, server.address, sign=self.both)
                        data = server.mails()[-1].read_bytes()
                        self.held(data)
                        self.assertNotRegex(data, rb"(?i)\r\n(resent-)?bcc: \w@x")
            for name, (text, words) in UNSIGNABLE.items():
                count = len(server.mails())
                with self.subTest(name), self.assertRaisesRegex(secsmtp.ArgumentError, words) as caught:
                    client.send(text.encode(), FROM, server.address, sign=self.both)
                self.assertEqual(caught.exception.stage, "local")
                self.assertEqual(len(server.mails()), count)
            with self.assertRaisesRegex(secsmtp.ArgumentError, "BINARYMIME"):
                client.send(secsmtp.Raw(HEAD.encode() + b"\r\n\0", binary=True), FROM, server.address, sign=self.both)
            # By jobs and in a batch.
            text = RAW["odd white space"].encode()
            client.submit(text, FROM, server.address, sign=self.both).wait()
            self.held(server.mails()[-1].read_bytes())
            mails = [secsmtp.Mail(text, FROM, server.address, sign=self.both), secsmtp.Message(from_=FROM, to=server.address, sign=self.both)]
            self.assertEqual([sent.error for sent in client.send_many(mails)], [None, None])
            for mail in server.mails()[-2:]:
                self.held(mail.read_bytes())

    def test_the_command_signs(self):
        words = ["--dkim-key", self.keys.rsa, "--dkim-selector", "r1", "--dkim-domain", DOMAIN, "--dkim-key", self.keys.ed25519, "--dkim-selector", "e1"]
        envelope = ["--from", FROM, "--to", "reader@mail.test"]
        done = subprocess.run(list(map(str, [peers.command(), "compose", *envelope, "--subject", "x", "--text", "y", *words])), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.held(done.stdout)
        secret, mail = self.here / "secret", self.here / "given.eml"
        mail.write_bytes(RAW["line feeds"].encode())
        with peers.reference_server() as server:
            secret.write_bytes(server.password)
            host, port = server.implicit
            command = [peers.command(), "send", "--server", server.name, "--connect", f"{host}:{port}", "--ca-file", server.ca_file,
                       "--user", server.user, "--password-file", secret, *envelope, *words, mail]
            done = subprocess.run(list(map(str, command)), capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.held(server.mails()[-1].read_bytes())
            words[1] = secret
            command = [peers.command(), "compose", *envelope, "--text", "y", *words]
            done = subprocess.run(list(map(str, command)), capture_output=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (10, b""))
            self.assertIn(b"signing key is not a private key", done.stderr)

    def test_through_servers_written_by_others(self):
        """By BDAT through Postfix and Exim, by DATA through bare Postfix and OpenSMTPD."""
        folder, env = peers.testbed()
        mails = {**{name: text.encode() for name, text in RAW.items() if name not in ("eight bits", "two authors", "fields twice", "large")},
                 "composed": None}
        for server, tls, store in (
            ("POSTFIX_SUBMISSIONS", "implicit", "MAIL_POSTFIX"),
            ("POSTFIX_BARE", "starttls", "MAIL_POSTFIX"),
            ("EXIM_SUBMISSIONS", "implicit", "MAIL_EXIM"),
            ("OPENSMTPD_SUBMISSIONS", "implicit", "MAIL_OPENSMTPD"),
        ):
            policy = secsmtp.Policy(tls=tls, ca_files=folder / env["CA_FILE"])
            login = secsmtp.Password("alice", env["ALICE_PASSWORD"])
            with secsmtp.Client(env["SERVER_NAME"], policy=policy, credential=login, connect=peers.host_port(env[server]), timeout=60) as client:
                for name, text in mails.items():
                    mark = os.urandom(8).hex()
                    if text is None:
                        message = secsmtp.Message(from_=FROM, to=env["BOB_ADDRESS"], subject="Grüße", text="Text  x \n\n\n",
                                                  headers={"X-Mark": mark}, attachments=secsmtp.Part(b"x" * 9999, "a.bin"), sign=self.both)
                        client.send(message)
                    else:
                        # The fields that a server would add exist already.
                        full = f"Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{mark}@mail.test>\r\n".encode() + text
                        client.send(full, FROM, env["BOB_ADDRESS"], sign=self.both)
                    with self.subTest(name, server=server):
                        self.held(self.stored(folder / env[store], mark.encode()))

    def stored(self, store, mark):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for file in store.rglob("new/*"):
                content = file.read_bytes()
                if mark in content:
                    return content
            time.sleep(0.05)
        self.fail(f"{store} has no mail with {mark!r}")


if __name__ == "__main__":
    unittest.main()
