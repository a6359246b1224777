"""Envelope and bytes of an email message; needs neither the library nor a server."""

import email
import email.header
import email.policy
import unittest
from email.message import EmailMessage
from email.mime.text import MIMEText

from . import common  # noqa: F401  (finds the package)
from secsmtp import ArgumentError
from secsmtp._message import prepare


def mail(**fields):
    message = EmailMessage()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("text\n")
    return message


def prepared(message, sender=None, recipients=None):
    return prepare(message, sender, recipients)


class Envelope(unittest.TestCase):
    def test_from_and_all_recipients(self):
        message = mail(From="Alice <a@x.test>", To="b@x.test, C <c@x.test>", Cc="d@x.test")
        message["Bcc"] = "e@x.test"
        found = prepared(message)
        self.assertEqual(found.sender, "a@x.test")
        self.assertEqual(found.recipients, ("b@x.test", "c@x.test", "d@x.test", "e@x.test"))

    def test_sender_comes_before_from(self):
        message = mail(From="a@x.test, b@x.test", Sender="c@x.test", To="d@x.test")
        self.assertEqual(prepared(message).sender, "c@x.test")

    def test_several_authors_without_sender(self):
        with self.assertRaisesRegex(ArgumentError, "From"):
            prepared(mail(From="a@x.test, b@x.test", To="d@x.test"))

    def test_resent_block_alone(self):
        message = mail(From="a@x.test", To="b@x.test", Bcc="hidden@x.test")
        message["Resent-From"] = "c@x.test"
        message["Resent-To"] = "d@x.test"
        message["Resent-Bcc"] = "e@x.test"
        found = prepared(message)
        self.assertEqual(found.sender, "c@x.test")
        self.assertEqual(found.recipients, ("d@x.test", "e@x.test"))
        self.assertNotIn(b"bcc", found.content.lower())
        self.assertIn(b"Resent-To: d@x.test\r\n", found.content)

    def test_two_resent_blocks_need_an_explicit_envelope(self):
        message = mail(From="a@x.test", To="b@x.test")
        for name in ("c", "d"):
            message["Resent-From"] = name + "@x.test"
            message["Resent-To"] = name + "@x.test"
        with self.assertRaisesRegex(ArgumentError, "Resent-"):
            prepared(message)
        found = prepared(message, "e@x.test", ["f@x.test"])
        self.assertEqual(found[:2], ("e@x.test", ("f@x.test",)))

    def test_given_envelope_wins(self):
        message = mail(From="a@x.test", To="b@x.test", Bcc="c@x.test")
        found = prepared(message, sender="bounce@x.test", recipients="only@x.test")
        self.assertEqual(found[:2], ("bounce@x.test", ("only@x.test",)))
        self.assertNotIn(b"Bcc", found.content)

    def test_empty_sender_is_the_null_path_not_a_missing_one(self):
        self.assertEqual(prepared(mail(From="a@x.test", To="b@x.test"), sender="").sender, "")

    def test_groups_duplicates_and_quotes(self):
        message = mail(From="a@x.test", To='G: b@x.test, "o d"@x.test;', Cc="b@x.test")
        self.assertEqual(prepared(message).recipients, ("b@x.test", '"o d"@x.test'))

    def test_nothing_found_is_left_to_the_library(self):
        self.assertEqual(prepared(mail(Subject="x"))[:2], (None, ()))

    def test_malformed_fields_are_refused_by_name(self):
        for field in ("To", "Cc", "Bcc"):
            for value in ("a@b c@d", "no-address", "a@b)c@d", "<a@b", "Doe, John <j@x.test>"):
                with self.subTest(field=field, value=value):
                    message = mail(From="a@x.test", **{field: value})
                    with self.assertRaisesRegex(ArgumentError, f"field {field}"):
                        prepared(message)

    def test_encoded_name_never_becomes_an_address(self):
        message = MIMEText("text\n")
        message["From"] = "a@x.test"
        to = email.header.Header("evil@y.test, Doe", "utf-8")
        to.append("<j@x.test>", "us-ascii")
        message["To"] = to
        self.assertEqual(prepared(message).recipients, ("j@x.test",))

    def test_wrong_type(self):
        with self.assertRaises(TypeError):
            prepared("From: a@x.test\r\n\r\n", "a@x.test", ["b@x.test"])


class Content(unittest.TestCase):
    def test_bcc_is_gone_and_the_message_untouched(self):
        message = mail(From="a@x.test", To="b@x.test", Bcc="secret@x.test")
        before = message.as_bytes()
        content = prepared(message).content
        self.assertNotIn(b"secret@x.test", content)
        self.assertEqual(message.as_bytes(), before)

    def test_line_ends(self):
        message = mail(From="a@x.test", To="b@x.test")
        message.set_content("one\n.\nFrom here\n")
        content = prepared(message).content
        self.assertTrue(content.endswith(b"\r\n\r\none\r\n.\r\nFrom here\r\n"), content)
        self.assertEqual(content.count(b"\n"), content.count(b"\r\n"))

    def test_legacy_class(self):
        message = MIMEText("From here\n")
        message["From"], message["To"], message["Bcc"] = "a@x.test", "b@x.test", "c@x.test"
        found = prepared(message)
        self.assertEqual(found.recipients, ("b@x.test", "c@x.test"))
        self.assertTrue(found.content.endswith(b"\r\n\r\nFrom here\r\n"))
        self.assertNotIn(b"Bcc", found.content)

    def test_ascii_addresses_need_no_smtputf8(self):
        message = EmailMessage(policy=email.policy.SMTPUTF8)
        message["From"], message["To"] = "a@x.test", "b@x.test"
        message["Subject"] = "Grüße"
        message.set_content("text\n")
        header = prepared(message).content.partition(b"\r\n\r\n")[0]
        self.assertTrue(header.isascii())

    def test_other_addresses_are_written_as_utf8(self):
        message = mail(From="a@x.test", To="Jörg <jörg@x.test>", Subject="Grüße")
        found = prepared(message)
        self.assertEqual(found.recipients, ("jörg@x.test",))
        self.assertIn("To: Jörg <jörg@x.test>\r\n".encode(), found.content)
        # Reply-To is no envelope address, and still must be readable.
        message = mail(From="a@x.test", To="b@x.test", Reply_To="jörg@x.test")
        self.assertIn("jörg@x.test".encode(), prepared(message).content)

    def test_parsed_messages(self):
        source = "From: a@x.test\r\nTo: jörg@x.test\r\nSubject: ü\r\n\r\nhä\r\n".encode()
        for policy in (email.policy.default, email.policy.compat32):
            with self.subTest(policy=policy):
                found = prepared(email.message_from_bytes(source, policy=policy))
                self.assertEqual(found.recipients, ("jörg@x.test",))
                self.assertEqual(found.content, source)

    def test_bytes_pass_unchanged(self):
        data = b"Bcc: kept@x.test\n\n\x00\xff"
        for kind in (bytes, bytearray, memoryview):
            found = prepared(kind(data), "a@x.test", ["b@x.test"])
            self.assertEqual(bytes(found.content), data)


if __name__ == "__main__":
    unittest.main()
