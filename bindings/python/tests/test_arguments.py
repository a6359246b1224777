"""Bad input: a status of its own and a sentence that names the argument, before any connection."""

import copy
import os
import pickle
import tempfile
import unittest

from . import common
import secsmtp
from secsmtp import _abi

PIN = "sha256//" + "A" * 43 + "="
CONTROLS = ("\0", "\r", "\n", "\r\n", "\x1b", "\x7f")


class Arguments(common.LibraryCase):
    def refused(self, status, word, function, *arguments, outcome=None, **named):
        """`function` raises an ArgumentError of this status whose text has `word` in it."""
        with self.raises(secsmtp.ArgumentError) as caught:
            result = function(*arguments, **named)
            result.close()
        error = caught.exception
        self.assertEqual(error.status_name, "SECSMTP_" + status, str(error))
        self.assertEqual(error.status, getattr(_abi, status))
        self.assertIn(word, str(error).lower())
        self.assertEqual((error.outcome, error.stage), (outcome, "local"))
        self.assertFalse(error.secret_released or error.content_released)
        self.assertFalse(any(ord(c) < 32 or ord(c) == 127 for c in str(error)), repr(str(error)))

    def client(self, host="mail.test", port=0, **named):
        with secsmtp.Policy(pins=PIN) as policy:
            return secsmtp.Client(host, port, policy=policy, **named)

    def test_host(self):
        bad = ["", "a b", "mail.test" + "x" * 300] + ["mail" + c + ".test" for c in CONTROLS]
        for host in bad:
            with self.subTest(host=host):
                self.refused("E_HOST", "host", self.client, host)

    def test_port(self):
        for port in (-1, 65536, 2**32, 2**32 + 465, 2**64):
            with self.subTest(port=port):
                self.refused("E_PORT", "port", self.client, "mail.test", port)
                self.refused("E_PORT", "port", self.client, connect=("127.0.0.1", port))
        with self.assertRaises(TypeError):
            self.client("mail.test", "465")

    def test_connect_address(self):
        for character in CONTROLS:
            with self.subTest(character=character):
                with self.raises(secsmtp.ArgumentError, "address"):
                    self.client(connect=("127.0.0.1" + character, 465))

    def test_ehlo_name(self):
        for name in ["", "a b"] + ["me" + c for c in CONTROLS]:
            with self.subTest(name=name):
                self.refused("E_EHLO_NAME", "ehlo", self.client, ehlo_name=name)

    def test_user_and_secret(self):
        for character in CONTROLS:
            with self.subTest(character=character):
                self.refused("E_USER", "user", secsmtp.Password, "al" + character, "x")
                self.refused("E_USER", "user", secsmtp.Token, "al" + character, "x")
        self.refused("E_SECRET", "password", secsmtp.Password, "alice", "")
        self.refused("E_SECRET", "password", secsmtp.Password, "alice", "with\0NUL")
        self.refused("E_SECRET", "token", secsmtp.Token, "alice", b"")
        self.refused("E_MECHANISM", "mechanism", secsmtp.Password, "a", "x", mechanisms="NOPE?")
        self.refused("E_MECHANISM", "min_mechanism", secsmtp.Password, "a", "x", min_mechanism="XOAUTH2")
        self.refused("E_MECHANISM", "min_mechanism", secsmtp.Token, "a", "x", min_mechanism="SCRAM-SHA-1")
        for named in (
            {"channel_binding": "never"},
            {"binding_type": "tls-unique"},
            {"max_iterations": 4095},
            {"max_iterations": 2**32 + 5000},
        ):
            self.refused("E_VALUE", *named, secsmtp.Password, "a", "x", **named)
        secsmtp.Password(
            "a", "x", min_mechanism="scram-sha-256", channel_binding="require", binding_type="tls-server-end-point", max_iterations=4096
        ).close()

    def test_secret_of_a_wrong_type_is_not_shown(self):
        for secret in (["hunter2"], 31337):
            with self.assertRaises(TypeError) as caught:
                secsmtp.Password("alice", secret)
            self.assertNotIn(str(secret), str(caught.exception))
        with self.assertRaises(TypeError) as caught:
            self.client(credential="hunter2")
        self.assertNotIn("hunter2", str(caught.exception))

    def test_bad_utf8(self):
        for build in (
            lambda: self.client("mail\udcff.test"),
            lambda: secsmtp.Password("al\udcff", "x"),
            lambda: secsmtp.Policy(pins="\udcff"),
        ):
            with self.raises(secsmtp.ArgumentError) as caught:
                build()
            self.assertEqual(caught.exception.status, _abi.E_UTF8)

    def test_pin(self):
        bad = ["", "x", "sha256//", "sha256//AAAA", "sha1//" + "A" * 43 + "=", "0" * 63, "g" * 64]
        for pin in bad + [PIN + "\n", PIN + ";", PIN[:-1]]:
            with self.subTest(pin=pin):
                self.refused("E_PIN", "pin", secsmtp.Policy, pins=[pin])

    def test_several_pins_in_any_form(self):
        for pins in (PIN, [PIN], PIN + ";" + PIN, "0" * 64, ("A0" * 32, PIN)):
            secsmtp.Policy(pins=pins).close()

    def test_certificates(self):
        bad = [b"", b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        for data in bad:
            with self.subTest(data=data):
                self.refused("E_CERTIFICATE", "ca", secsmtp.Policy, ca=data)
                self.refused("E_CERTIFICATE", "certificate", secsmtp.Policy, certificates=[data])

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            gone = os.path.join(folder, "gone.pem")
            self.refused("E_FILE", "file", secsmtp.Policy, ca_files=gone)
            self.refused("E_FILE", "file", secsmtp.Policy, certificate_files=[gone])
            text = os.path.join(folder, "text.pem")
            with open(text, "w") as file:
                file.write("text")
            self.refused("E_CERTIFICATE", "certificate", secsmtp.Policy, ca_files=text)

    def test_choices(self):
        for tls in ("", "none", "opportunistic", 0, None, ["implicit"]):
            self.refused("E_VALUE", "tls", secsmtp.Policy, tls=tls)
        for version in ("1.1", "1.4", 13, None):
            self.refused("E_VALUE", "min_tls", secsmtp.Policy, min_tls=version)

    def test_timeouts(self):
        for seconds in (0, -1, float("nan"), float("inf"), 1e9):
            with self.subTest(seconds=seconds):
                self.refused("E_VALUE", "timeout", self.client, timeout=seconds)
                self.refused("E_VALUE", "timeouts: tls", self.client, timeouts={"tls": seconds})
        for stage in ("all", "lunch", ""):
            self.refused("E_VALUE", "stage", self.client, timeouts={stage: 1})

    def test_no_trust(self):
        with secsmtp.Policy() as policy:
            with secsmtp.Client("mail.test", policy=policy) as client:
                self.refused("E_NO_TRUST", "trust", client.send, b"x\r\n", "a@b.test", ["c@b.test"], outcome="not_sent")
        with self.assertRaises(TypeError):
            secsmtp.Client("mail.test", policy=None)

    def test_envelope(self):
        with self.client() as client:
            send = client.send
            self.refused("E_NO_SENDER", "sender", send, b"x\r\n", None, ["c@b.test"], outcome="not_sent")
            self.refused("E_NO_RECIPIENT", "recipient", send, b"x\r\n", "a@b.test", outcome="not_sent")
            self.refused("E_NO_RECIPIENT", "recipient", send, b"x\r\n", "a@b.test", [], outcome="not_sent")
            self.refused("E_NO_CONTENT", "message", send, b"", "a@b.test", "c@b.test", outcome="not_sent")
            for character in CONTROLS + (" ", ">"):
                with self.subTest(character=character):
                    bad = "a" + character + "@b.test"
                    self.refused("E_ADDRESS", "sender", send, b"x\r\n", bad, ["c@b.test"], outcome="not_sent")
                    self.refused("E_ADDRESS", "recipient", send, b"x\r\n", "c@b.test", [bad], outcome="not_sent")
            with self.assertRaises(TypeError):
                send("a text", "a@b.test", ["c@b.test"])

    def test_closed(self):
        client = self.client()
        self.assertFalse(client.closed)
        client.close()
        client.close()
        self.assertTrue(client.closed)
        self.refused("E_BAD_HANDLE", "closed", client.send, b"x\r\n", "a@b.test", ["c@b.test"], outcome="not_sent")
        self.refused("E_BAD_HANDLE", "closed", client.probe)
        self.refused("E_BAD_HANDLE", "closed", client.cancel)
        with self.raises(secsmtp.ArgumentError, "closed"):
            client.__enter__()
        policy = secsmtp.Policy(pins=PIN)
        policy.close()
        self.refused("E_BAD_HANDLE", "policy", secsmtp.Client, "mail.test", policy=policy)
        login = secsmtp.Password("alice", "x")
        login.close()
        self.refused("E_BAD_HANDLE", "credential", self.client, credential=login)

    def test_cancel_without_a_send_is_harmless(self):
        with self.client() as client:
            client.cancel()

    def test_repr_has_no_secret(self):
        token = secsmtp.Token("bob", b"hunter2")
        with secsmtp.Password("alice", "hunter2") as login:
            with self.client(credential=login) as client:
                for thing in (login, token, client):
                    self.assertNotIn("hunter2", repr(thing) + str(thing) + repr(vars(thing)))
        self.assertEqual(repr(login), "Password(user='alice')")
        self.assertIn("mail.test", repr(client))
        self.assertIn("closed", repr(client))

    def test_bytearray_secret_can_be_wiped_afterwards(self):
        secret = bytearray(b"hunter2")
        with secsmtp.Password("alice", secret):
            # Also resizable again: nothing holds on to its memory.
            secret.clear()

    def test_no_copies(self):
        with self.client() as client:
            for copier in (copy.copy, copy.deepcopy, pickle.dumps):
                with self.assertRaises(TypeError):
                    copier(client)

    def test_forgotten_objects_are_freed(self):
        # The check for leaks after each test is the assertion.
        for _ in range(3):
            self.client(credential=secsmtp.Password("alice", "x"))
        with self.assertRaises(secsmtp.ArgumentError):
            self.client(ehlo_name="\n")


if __name__ == "__main__":
    unittest.main()
