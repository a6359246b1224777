"""The whole trust policy: what each argument lets pass and what it stops, offline and connected."""

import contextlib
import time
import unittest
from datetime import datetime, timedelta, timezone

from . import common
import secsmtp
from secsmtp import _abi
from .authority import authority

HOST = "own.test"
UNKNOWN_PIN = "sha256//" + "A" * 43 + "="
NOW = datetime.now(timezone.utc)
DAY = timedelta(days=1)
MAIL = b"Subject: x\r\n\r\nthe content\r\n"


class TrustCase(common.LibraryCase):
    """One authority for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stack = contextlib.ExitStack()
        cls.own = stack.enter_context(authority())
        cls.addClassCleanup(stack.close)
        cls.chain = cls.own.read("server.pem") + cls.own.read("ca.pem")

    def verify(self, host=HOST, at=None, **trust):
        with secsmtp.Policy(**trust) as policy:
            return policy.verify_chain(host, self.chain, at)

    def trusts(self, host=HOST, at=None, **trust):
        report = self.verify(host, at, **trust)
        self.assertTrue(report.trusted, report.text)
        self.assertEqual((report.verdict, report.verdict_name), (0, "SECSMTP_OK"))
        return report

    def refuses(self, status, host=HOST, at=None, **trust):
        report = self.verify(host, at, **trust)
        self.assertFalse(report.trusted, report.text)
        self.assertEqual(report.verdict_name, "SECSMTP_" + status, report.text)
        self.assertEqual(report.verdict, getattr(_abi, status))
        return report

    def wrong(self, status, words, function, *arguments, **named):
        """`function` raises an ArgumentError of this status whose text has `words` in it."""
        with self.assertRaises(secsmtp.ArgumentError) as caught:
            function(*arguments, **named)
        error = caught.exception
        self.assertEqual(error.status_name, "SECSMTP_" + status, str(error))
        self.assertEqual((error.outcome, error.stage), (None, "local"))
        self.assertIn(words, str(error))
        return error


class VerifyChain(TrustCase):
    def test_trusted_and_not(self):
        report = self.trusts(ca=self.own.read("ca.pem"))
        self.assertEqual(report.certificates[0].spki_sha256, self.own.pin)
        self.assertEqual(report.certificates[0].names, (HOST,))
        self.assertEqual(len(report.certificates), 2)
        self.assertIn(self.own.pin, report.text)
        self.refuses("E_NAME_MISMATCH", host="other.test", ca=self.own.read("ca.pem"))
        self.refuses("E_UNKNOWN_ISSUER", mozilla_roots=True)
        self.refuses("E_CERTIFICATE_MISMATCH", certificates=self.own.read("ca.pem"))
        self.refuses("E_NO_TRUST")

    def test_fields_that_need_a_connection_are_empty(self):
        report = self.trusts(pins=self.own.pin)
        self.assertEqual((report.greeting, report.capabilities, report.mechanisms), ("", (), ()))
        self.assertEqual((report.tls_version, report.cipher_suite), (None, None))

    def test_at_a_time(self):
        ca = self.own.read("ca.pem")
        for days, status in ((-3650, "E_NOT_YET_VALID"), (3650, "E_EXPIRED")):
            then = NOW + days * DAY
            for at in (then, then.timestamp(), int(then.timestamp())):
                self.refuses(status, at=at, ca=ca)
        self.refuses("E_NOT_YET_VALID", at=0, ca=ca)
        soon = NOW + DAY / 24
        for at in (None, soon, time.time() + 60, soon.astimezone(timezone(-DAY / 2))):
            self.trusts(at=at, ca=ca)

    def test_bad_arguments(self):
        with secsmtp.Policy(pins=UNKNOWN_PIN) as policy:
            for host in ("", "a b", "own\0.test"):
                self.wrong("E_HOST", "host", policy.verify_chain, host, self.chain)
            for chain in (b"", b"text", b"\x30"):
                self.wrong("E_CERTIFICATE", "chain", policy.verify_chain, HOST, chain)
            for at in (-1, -0.5, 2**63, float("nan"), float("inf"), datetime(2026, 11, 23)):
                self.wrong("E_VALUE", "at must", policy.verify_chain, HOST, self.chain, at)
            for call in (("x", None), (self.chain, "noon")):
                with self.assertRaises(TypeError):
                    policy.verify_chain(HOST, *call)
        self.wrong("E_BAD_HANDLE", "closed", policy.verify_chain, HOST, self.chain)


class Arguments(TrustCase):
    def test_strict(self):
        for trust in ({"pins": self.own.pin}, {"certificates": self.own.read("server.pem")}):
            self.trusts("other.test", strict=False, **trust)
            self.trusts("other.test", at=NOW + 3650 * DAY, **trust)
            self.refuses("E_NAME_MISMATCH", "other.test", strict=True, **trust)
            self.refuses("E_EXPIRED", at=NOW + 3650 * DAY, strict=True, **trust)
            self.trusts(strict=True, **trust)
        for value in ("no", 2, None, [True]):
            self.wrong("E_VALUE", "strict", secsmtp.Policy, strict=value)

    def test_dated_pins(self):
        pin, second = self.own.pin, NOW.replace(microsecond=0)
        for window in ((NOW - DAY, NOW + DAY), (0, time.time() + 60), (0, 2**63 - 1)):
            self.assertEqual(self.trusts(dated_pins=(pin, *window)).matched_pin, pin)
            self.trusts(dated_pins=[(UNKNOWN_PIN, *window), (pin, *window)])
            self.refuses("E_PIN_MISMATCH", dated_pins=[(UNKNOWN_PIN, *window)])
        for window in ((NOW - 2 * DAY, NOW - DAY), (NOW + DAY, NOW + 2 * DAY), (0, 0)):
            self.refuses("E_PIN_MISMATCH", dated_pins=(pin, *window))
            self.refuses("E_PIN_MISMATCH", dated_pins=(pin, *window), ca=self.own.read("ca.pem"))
            self.trusts(dated_pins=(pin, *window), pins=pin)
        # Both ends are included.
        self.trusts(at=second, dated_pins=(pin, second, second))
        self.refuses("E_PIN_MISMATCH", at=second + DAY, dated_pins=(pin, second, second))

    def test_bad_dated_pins(self):
        def wrong(status, words, *row):
            self.wrong(status, words, secsmtp.Policy, dated_pins=row)
            self.wrong(status, words, secsmtp.Policy, dated_pins=[row])

        wrong("E_PIN", "pin", "x", 0, 1)
        wrong("E_PIN", "pin", UNKNOWN_PIN, 1, 0)
        for bad in (-1, 2**63, 2**64, float("nan"), float("-inf"), datetime(2026, 11, 23)):
            wrong("E_VALUE", "dated_pins: not_before", UNKNOWN_PIN, bad, 1)
            wrong("E_VALUE", "dated_pins: not_after", UNKNOWN_PIN, 0, bad)
        wrong("E_VALUE", "dated_pins", UNKNOWN_PIN, 0)
        self.wrong("E_VALUE", "dated_pins", secsmtp.Policy, dated_pins=UNKNOWN_PIN)
        with self.assertRaises(TypeError):
            secsmtp.Policy(dated_pins=(UNKNOWN_PIN, "today", "tomorrow"))

    def test_pin_files(self):
        own = self.own
        for name in ("server.pem", "public.pem"):
            self.assertEqual(self.trusts(pin_files=own.path(name)).matched_pin, own.pin)
            self.trusts(pin_files=[str(own.path("client.pem")), own.path(name)])
        self.refuses("E_PIN_MISMATCH", pin_files=own.path("client.pem"))
        self.wrong("E_FILE", "pin_files", secsmtp.Policy, pin_files=own.path("gone"))
        # A private key, several keys, none.
        own.path("both.pem").write_bytes(self.chain)
        for name in ("server.key", "both.pem", "own.cnf"):
            self.wrong("E_PIN", "pin", secsmtp.Policy, pin_files=[own.path(name)])

    def test_revocation_lists(self):
        own = self.own
        own.revocation_list("empty.crl")
        own.revocation_list("client.crl", ["client.pem"])
        trust = {"ca_files": own.path("ca.pem")}
        for name in ("empty.crl", "client.crl"):
            self.trusts(crls=own.read(name), **trust)
            self.trusts(crl_files=own.path(name), **trust)
        self.refuses("E_CRL_EXPIRED", at=NOW + DAY, crls=own.read("empty.crl"), **trust)
        with authority() as other:
            foreign = other.revocation_list("foreign.crl")
            self.refuses("E_REVOCATION_UNKNOWN", crls=[foreign], **trust)
            self.refuses("E_REVOCATION_UNKNOWN", crl_files=other.path("foreign.crl"), **trust)
            self.trusts(crls=[foreign, own.read("empty.crl")], **trust)
        own.revocation_list("server.crl", ["server.pem"])
        # The later of two lists by one CA counts.
        self.refuses("E_REVOKED", crls=(own.read("empty.crl"), own.read("server.crl")), **trust)
        self.refuses("E_REVOKED", crl_files=[str(own.path("server.crl"))], **trust)
        for data in (b"", b"text", own.read("ca.pem")):
            self.wrong("E_CERTIFICATE", "crls", secsmtp.Policy, crls=[data])
        self.wrong("E_FILE", "crl_files", secsmtp.Policy, crl_files=own.path("gone"))
        self.wrong("E_CERTIFICATE", "crl_files", secsmtp.Policy, crl_files=own.path("ca.pem"))

    def test_bad_client_certificate(self):
        chain, key = self.own.read("client.pem"), self.own.read("client.key")
        secsmtp.Policy(client_certificate=None).close()
        secsmtp.Policy(client_certificate=(chain, key)).close()
        wiped = bytearray(key)
        secsmtp.Policy(client_certificate=[chain, wiped]).close()
        wiped.clear()
        other = self.own.read("server.key")
        for bad in ((b"", b""), (chain, b""), (b"", key), (chain, other), (key, chain)):
            error = self.wrong(
                "E_CERTIFICATE", "client_certificate", secsmtp.Policy, client_certificate=bad
            )
            self.assertNotIn("PRIVATE", str(error))
        for bad in ((), (chain,), (chain, key, key), key, "ab"):
            error = self.wrong(
                "E_VALUE", "client_certificate", secsmtp.Policy, client_certificate=bad
            )
            self.assertNotIn("PRIVATE", str(error))
        with self.assertRaises(TypeError) as caught:
            secsmtp.Policy(client_certificate=(chain, key.decode()))
        self.assertNotIn("PRIVATE", str(caught.exception))


class KnownServers(TrustCase):
    def setUp(self):
        super().setUp()
        self.file = self.own.path(self.id())

    def test_round_trip(self):
        file, pin = self.file, self.own.pin
        secsmtp.learn(file, HOST, 465, pin, "the admin, Jörg")
        secsmtp.learn(str(file), HOST, 587, UNKNOWN_PIN, "the admin")
        before = file.read_bytes()
        secsmtp.learn(file, HOST, 465, pin, "another")
        self.assertEqual(file.read_bytes(), before)
        self.assertIn("the admin, Jörg", before.decode())
        self.assertEqual(self.trusts(known_servers=(file, HOST, 465)).matched_pin, pin)
        self.trusts(known_servers=[(file, HOST, 587), (str(file), HOST, 465)])
        self.refuses("E_PIN_MISMATCH", known_servers=[(file, HOST, 587)])
        self.refuses("E_PIN_MISMATCH", known_servers=(file, HOST, 587), ca=self.own.read("ca.pem"))

    def test_no_pin_is_never_taken_as_no_pins(self):
        secsmtp.learn(self.file, HOST, 465, self.own.pin, "the admin")
        ca = self.own.read("ca.pem")
        for host, port in ((HOST, 466), ("other.test", 465)):
            known = (self.file, host, port)
            self.wrong("E_NO_TRUST", "known_servers", secsmtp.Policy, known_servers=known, ca=ca)

    def test_bad_known_servers(self):
        def wrong(status, words, *row):
            self.wrong(status, words, secsmtp.Policy, known_servers=row)
            self.wrong(status, words, secsmtp.Policy, known_servers=[row])

        wrong("E_FILE", "known_servers", self.file, HOST, 465)
        secsmtp.learn(self.file, HOST, 465, self.own.pin, "the admin")
        wrong("E_HOST", "host", self.file, "a b", 465)
        for port in (-1, 0, 65536, 2**32, 2**32 + 465):
            wrong("E_PORT", "port", self.file, HOST, port)
        wrong("E_VALUE", "known_servers", self.file, HOST)
        self.wrong("E_VALUE", "known_servers", secsmtp.Policy, known_servers=str(self.file))
        self.file.write_text("# a comment\nown.test 465\n")
        wrong("E_FILE", "line 2", self.file, HOST, 465)
        with self.assertRaises(TypeError):
            secsmtp.Policy(known_servers=(self.file, HOST, "465"))

    def test_bad_learn(self):
        def wrong(status, words, host=HOST, port=465, pin=UNKNOWN_PIN, by="the admin"):
            self.wrong(status, words, secsmtp.learn, self.file, host, port, pin, by)
            self.assertFalse(self.file.exists())

        wrong("E_HOST", "host", host="a b")
        for port in (-1, 0, 65536, 2**32 + 465):
            wrong("E_PORT", "port", port=port)
        wrong("E_PIN", "pin", pin="x")
        for by in ("", " ", "x" * 201, "a\nb", "a\x1bb"):
            wrong("E_VALUE", "by", by=by)
        self.wrong(
            "E_FILE", "path", secsmtp.learn, self.file / "x", HOST, 465, UNKNOWN_PIN, "me"
        )
        self.file.write_text("no entry\n")
        self.wrong("E_FILE", "line 1", secsmtp.learn, self.file, HOST, 465, UNKNOWN_PIN, "me")
        self.assertEqual(self.file.read_text(), "no entry\n")


class Connected(TrustCase):
    """Policies with the same arguments, in a connection to the local server."""

    def send(self, server, connect=None, **trust):
        with secsmtp.Policy(**trust) as policy:
            with secsmtp.Password(server.user, server.password) as login:
                with secsmtp.Client(
                    server.name,
                    policy=policy,
                    credential=login,
                    connect=connect or server.implicit,
                    timeout=20,
                ) as client:
                    return client.send(MAIL, "a@mail.test", [server.address])

    def refused(self, status, server, **trust):
        with self.assertRaises(secsmtp.TrustError) as caught:
            self.send(server, **trust)
        error = caught.exception
        self.assertEqual((error.status_name, error.stage), ("SECSMTP_" + status, "tls"))
        self.assertFalse(error.secret_released or error.content_released)

    def test_a_client_certificate_raises_the_minimum_to_tls_1_3(self):
        identity = (self.own.read("client.pem"), self.own.read("client.key"))
        with common.peers.reference_server("--tls", "1.2") as server:
            trust = {"ca_files": server.ca_file}
            self.assertEqual(self.send(server, **trust).peer.tls_version, "1.2")
            self.refused("E_HANDSHAKE", server, client_certificate=identity, **trust)
            self.refused("E_HANDSHAKE", server, client_certificate=identity, min_tls="1.2", **trust)
            self.assertEqual(
                self.send(server, client_certificate=None, **trust).outcome, "accepted"
            )

    def test_each_argument_decides_a_send(self):
        with common.peers.reference_server() as server:
            known, port = self.own.path("known-" + server.name), server.implicit[1]
            secsmtp.learn(known, server.name, port, server.pin, "the test")
            secsmtp.learn(known, server.name, 1, UNKNOWN_PIN, "the test")
            window = (NOW - DAY, NOW + DAY)
            for trust in (
                {"dated_pins": (server.pin, *window)},
                {"known_servers": (known, server.name, port), "strict": True},
                {"ca_files": server.ca_file, "pin_files": server.ca_file},
            ):
                receipt = self.send(server, **trust)
                self.assertEqual(receipt.outcome, "accepted")
                self.assertTrue(receipt.peer.matched_pin)
            ca = {"ca_files": server.ca_file}
            for status, trust in (
                ("E_PIN_MISMATCH", {"dated_pins": (server.pin, 0, 1)}),
                ("E_PIN_MISMATCH", {"dated_pins": (server.pin, 0, 1), **ca}),
                ("E_PIN_MISMATCH", {"known_servers": (known, server.name, 1)}),
                ("E_PIN_MISMATCH", {"pin_files": self.own.path("server.pem"), **ca}),
                ("E_REVOCATION_UNKNOWN", {"crls": self.own.revocation_list("any.crl"), **ca}),
            ):
                with self.subTest(trust=trust):
                    self.refused(status, server, **trust)

    def test_greeting(self):
        with common.peers.reference_server() as server, secsmtp.Policy(pins=server.pin) as policy:
            with secsmtp.Client(server.name, policy=policy, connect=server.implicit) as client:
                self.assertIn(server.name, client.probe().greeting)


if __name__ == "__main__":
    unittest.main()
