"""A bad value: the error begins with the keyword as the caller writes it."""

import email.message
import pathlib
import unittest
from datetime import datetime

from . import common
import secsmtp

PIN = "0" * 64
GONE = pathlib.Path("gone.pem").absolute()
NAIVE = datetime(2026, 11, 23)
CHAIN = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

# The keyword, values that can't be used, and values of a wrong type.
POLICY = (
    ("ca_files", (GONE, "", "a\0b", "\udcff"), (5, [5], None)),
    ("ca", (b"", b"text", CHAIN), ("text", [5], None)),
    ("system_roots", (), ()),
    ("mozilla_roots", (), ()),
    ("pins", ("", "x", "sha256//x", [PIN, "sha1//x"], "\udcff"), (5, [5], b"x")),
    ("dated_pins", ((PIN, 0), ("x", 0, 1), (PIN, 1, 0), (PIN, -1, 0), (PIN, NAIVE, 0)), (5, (PIN, "now", 1))),
    ("pin_files", (GONE,), (5, [5])),
    ("known_servers", ((GONE, "own.test", 465), (GONE, "a b", 1), (GONE, "own.test", -1)), (5, (GONE, "own.test", "465"))),
    ("certificates", (b"", b"text"), ("text", [5])),
    ("certificate_files", (GONE,), (5, [5])),
    ("strict", (2, "yes", None), ()),
    ("crls", (b"", b"text"), ("text", [5])),
    ("crl_files", (GONE,), (5, [5])),
    ("client_certificate", ((b"", b""), (CHAIN,), 5, "ab"), ((5, b""), (CHAIN, "key"))),
    ("tls", ("", "none", 0, None, []), ()),
    ("min_tls", ("1.1", 13, None), ()),
)
CLIENT = (
    ("host", ("", "a b", "\udcff"), (5, None, b"own.test")),
    ("port", (-1, 65536, 2**32), ("465", 1.5, None)),
    ("policy", (), (None, "policy")),
    ("credential", (), ("hunter2", 5)),
    ("connect", (("", 1), ("a b", 1), ("127.0.0.1", -1), ("127.0.0.1", 65536), ("::1",), 5, "ab:c"), ((5, 1), ("127.0.0.1", "25"))),
    ("ehlo_name", ("", "a b"), (5,)),
    ("timeout", (0, -1, 1e9), ("5", [])),
    ("timeouts", ({"tls": 0}, {"all": 1}, {"lunch": 1}, {5: 1}), (5, {"tls": "5"})),
    ("idle", (-1, 1e9), ("5",)),
    ("max_connections", (0, -1, 1000, 2**32), ("5", 1.5)),
    ("max_jobs", (0, -1, 2**32 - 2), ("5", 1.5)),
    ("max_events", (0, -1, 2**32 - 2), ("5", 1.5)),
    ("window", ((0, 1), (1, -1), (1,), 5, None), (("1", 1), (1, None))),
    ("rate", ((0, 1), (1, 0), (1,), 5), (("1", 1), (1, "1"))),
    ("events", ("tea", ["log", "tea"], [5]), (5, None)),
)
MESSAGE = (
    ("from_", ("", "a b", "a@b\n", "x: a@b;", ("A", "b", "c")), (5, None)),
    ("to", ("", "a b", ["a@b", "c"], ("a@b", "c@d"), [("A", "no address")], [5]), (5, [("A", 5)])),
    ("cc", ("a b",), (5,)),
    ("bcc", ("a b",), (5,)),
    ("reply_to", ("a b",), (5,)),
    ("from_sender", ("a b", "a@b, c@d"), (5,)),
    ("subject", ("a\nb", "\u202e", "\udcff"), (5, b"x")),
    ("text", ("\udcff",), (5, b"x")),
    ("html", ("\udcff",), (5, b"x")),
    ("attachments", (GONE, [GONE]), (5, [5], b"bytes")),
    ("inline", ({"logo": GONE}, {"a b": b"x"}), (5, {"logo": 5}, {5: b"x"})),
    ("calendar", (("a b", "x"), ("REQUEST", "METHOD:REPLY\r\n"), ("REQUEST",), 5), ((5, "x"), ("REQUEST", 5))),
    ("alternatives", ([("a b", "x")], [("", "x")]), (5, ["x"], [("text/x", 5)])),
    ("headers", ({"a b": "x"}, {"From": "x"}, {"X-A": "a\nb"}, [("X-A",)], "ab"), (5, {5: "x"}, {"X-A": 5})),
    ("finished_headers", ({"a b": "x"}, {"X-A": "a\r\nb"}, [("X-A",)]), (5, {5: "x"}, {"X-A": 5})),
    ("date", (-1, NAIVE, 2**62), ("now",)),
    ("message_id", ("x", "a b"), (5,)),
    ("in_reply_to", ("", "a b"), (5, [5])),
    ("references", ("", "a b"), (5, [5])),
    ("priority", ("urgent", 5), ()),
    ("unsubscribe", ("x", "http://a.test"), (5, [5])),
    ("envelope_sender", ("a b", "\udcff"), (5,)),
    ("envelope_recipients", ("", "a b"), (5, [5])),
    ("sign", (), (5, ["key"])),
)
PASSWORD = (
    ("user", ("", "a\0b"), (5, None, b"x")),
    ("password", ("", b"a\0b"), (5, None, ["hunter2"])),
    ("mechanisms", ("", "NOPE", ["PLAIN", "XOAUTH2"]), (5, [5])),
    ("min_mechanism", ("", "NOPE", "XOAUTH2"), (5,)),
    ("channel_binding", ("never", 5, None), ()),
    ("binding_type", ("tls-unique", 5, None), ()),
    ("max_iterations", (0, 4095, -1, 2**32 + 5000), ("5000", 1.5)),
)
TOKEN = (
    ("user", ("", "a\0b"), (5,)),
    ("token", ("", b""), (5, None)),
    ("mechanisms", ("NOPE", "PLAIN"), (5,)),
    ("min_mechanism", ("SCRAM-SHA-1",), (5,)),
)
EXTERNAL = (("identity", ("a\0b",), (5, None)),)
PART = (
    ("source", (GONE,), (5, None)),
    ("name", ("a\nb", ".."), (5,)),
    ("type", ("x", "a b/c"), (5,)),
    ("content_id", ("", "a b"), (5,)),
)
SIGNER = (
    ("domain", ("", "a b"), (5,)),
    ("selector", ("", "a b"), (5,)),
    ("key", (b"", b"text"), ("text", 5)),
    ("lifetime", (0, -1, 2**32), ("5",)),
)
OPTIONS = (
    ("notify", ("tea", ["never", "failure"]), (5,)),
    ("ret", ("all", 5), ()),
    ("envelope_id", ("\xe4", "x" * 200), (5, None)),
    ("original_recipients", ({0: "a b"}, {-1: "a@b"}, {10000: "a@b"}, {2**40: "a@b"}), (5, {"0": "a@b"}, {0: 5})),
    ("deliver_by", ((0, "return"), (10**9, "return"), (2**40, "return"), (5, "burn"), (5,), 5), (("5", "return"),)),
    ("hold", (0, -1, 2**40, NAIVE), ("noon",)),
    ("mt_priority", (10, -10, 2**40), ("1",)),
)
SEND = (
    ("message", (b"", b"a\0b", b"From x\r\n"), ("text", None)),
    ("sender", ("a b", "a@b\n", None), (5,)),
    ("recipients", ("a b", [], ["a b"], None), (5, [5])),
    ("options", (), ()),
    ("sign", (), (5,)),
)


class Keywords(common.LibraryCase):
    def check(self, make, table, **needed):
        for keyword, values, types in table:
            for kind, bad in ((secsmtp.ArgumentError, values), (TypeError, types)):
                for value in bad:
                    with self.subTest(keyword=keyword, value=value):
                        with self.raises(kind) as caught:
                            make(**{**needed, keyword: value})
                        self.check_sentence(caught.exception, keyword)

    def check_sentence(self, error, keyword):
        text = str(error)
        self.assertRegex(text, rf"\A{keyword}[: ]")
        self.assertNotIn("\n", text)
        if isinstance(error, secsmtp.Error):
            self.assertEqual(error.argument, keyword, text)
            self.assertEqual(error.to_dict()["argument"], keyword)
            self.assertEqual(error.to_dict()["text"], text)
            sentence = text.removesuffix(" Nothing was sent.")
            self.assertTrue(sentence.endswith("."), text)
            self.assertNotIn(". ", sentence)
        else:
            self.assertRegex(text, "must|expected")

    def test_policy(self):
        self.check(secsmtp.Policy, POLICY)

    def test_client(self):
        with secsmtp.Policy(pins=PIN) as policy:
            self.check(secsmtp.Client, CLIENT, host="own.test", policy=policy)
            for keyword, bad in (("max_messages", {"idle": 1, "max_messages": 0}), ("burst", {"rate": (1, 1), "burst": 0})):
                with self.raises(secsmtp.ArgumentError) as caught:
                    secsmtp.Client("own.test", policy=policy, **bad)
                self.check_sentence(caught.exception, keyword)

    def test_message(self):
        self.check(secsmtp.Message, MESSAGE, from_="a@mail.test")

    def test_message_that_is_incomplete(self):
        for keyword, fields in (
            ("from_", {"from_": ()}),
            ("from_", {"from_": "a@b, c@d"}),
            ("one_click", {"one_click": True}),
            ("to", {"to": ()}),
        ):
            given = {"from_": "a@mail.test", "to": "b@mail.test", "text": "x", **fields}
            for way in ("send", "submit"):
                with self.subTest(keyword, way=way), secsmtp.Message(**given) as message:
                    with self.client() as client, self.raises(secsmtp.ArgumentError) as caught:
                        getattr(client, way)(message)
                    self.check_sentence(caught.exception, keyword)

    def test_credentials(self):
        self.check(secsmtp.Password, PASSWORD, user="alice", password="x")
        self.check(secsmtp.Token, TOKEN, user="alice", token="x")
        self.check(secsmtp.External, EXTERNAL)

    def test_part(self):
        self.check(secsmtp.Part, PART, source=b"x")

    def test_signer(self):
        if not secsmtp.feature("dkim"):
            self.skipTest("a library without DKIM")
        self.check(secsmtp.Signer, SIGNER, domain="mail.test", selector="s", key=b"x")

    def test_options(self):
        with self.client() as client:
            def send(**options):
                client.send(b"x\r\n", "a@b.test", "c@d.test", options=secsmtp.Options(**options))

            self.check(send, OPTIONS)

    def test_send(self):
        needed = {"message": b"x\r\n", "sender": "a@b.test", "recipients": "c@d.test"}
        with self.client() as client:
            self.check(client.send, SEND, **needed)
            self.check(client.submit, SEND + (("tag", (-1, 2**64), ("1",)),), **needed)
            lacking = email.message.EmailMessage()
            lacking["To"] = "c@d.test"
            with self.raises(secsmtp.ArgumentError) as caught:
                client.send(lacking)
            self.check_sentence(caught.exception, "sender")

    def test_learn_and_verify(self):
        needed = {"path": "gone/hosts", "host": "own.test", "port": 465, "pin": PIN, "by": "me"}
        table = (
            ("path", ("gone/hosts",), (5,)),
            ("host", ("a b",), (5,)),
            ("port", (0, 65536, 2**32), ("465",)),
            ("pin", ("x",), (5,)),
            ("by", ("", "a\nb"), (5,)),
        )
        self.check(secsmtp.learn, table, **needed)
        table = (("host", ("a b",), (5,)), ("chain", (b"",), ("x",)), ("at", (-1, NAIVE), ("noon",)))
        with secsmtp.Policy(pins=PIN) as policy:
            self.check(policy.verify_chain, table, host="own.test", chain=b"x")

    def client(self):
        with secsmtp.Policy(pins=PIN) as policy:
            return secsmtp.Client("own.test", policy=policy, connect=("127.0.0.1", 1))


if __name__ == "__main__":
    unittest.main()
