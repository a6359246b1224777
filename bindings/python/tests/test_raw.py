"""Finished mails, and the rules by which they are accepted; each kind of mail by each way to send."""

import io
import tempfile
import uuid
from pathlib import Path
from email.message import EmailMessage

from . import common
import secsmtp
from secsmtp import Mail, Raw


class RawCase(common.LibraryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = common.peers.reference_server()
        cls.server = server.__enter__()
        cls.addClassCleanup(server.__exit__, None, None, None)

    def setUp(self):
        super().setUp()
        server = self.server
        with secsmtp.Policy(ca_files=server.ca_file) as policy:
            with secsmtp.Password(server.user, server.password) as login:
                self.client = secsmtp.Client(
                    server.name, policy=policy, credential=login, connect=server.implicit, timeout=30
                )
        self.addCleanup(self.client.close)
        self.marker = uuid.uuid4().hex

    def ways(self, message, *envelope):
        """The outcome of a mail by each way: a receipt, or what was raised or given."""
        def many():
            (sent,) = self.client.send_many([Mail(message, *envelope)])
            if sent.error:
                raise sent.error
            return sent.receipt

        for name, way in (
            ("send", lambda: self.client.send(message, *envelope)),
            ("submit", lambda: self.client.submit(message, *envelope).wait()),
            ("send_many", many),
        ):
            with self.subTest(name):
                yield way


class Rules(RawCase):
    def test_h02_a_bare_line_end_becomes_crlf_or_is_refused(self):
        content = f"Subject: {self.marker}\n\none\rtwo\n".encode()
        whole = f"Subject: {self.marker}\r\n\r\none\r\ntwo\r\n".encode()
        for way in self.ways(Raw(content), "a@mail.test", self.server.address):
            self.assertEqual(way().outcome, "accepted")
            self.assertEqual(self.server.wait_for_mail(self.marker.encode()), whole)
        for bad, line in ((content, 1), (f"Subject: {self.marker}\r\n\r\none\rtwo\r\n".encode(), 3)):
            for way in self.ways(Raw(bad, strict=True), "a@mail.test", self.server.address):
                with self.raises(secsmtp.ArgumentError, f"has a bare CR or LF at the end of line {line}"):
                    way()
        for way in self.ways(Raw(whole, strict=True), "a@mail.test", self.server.address):
            self.assertEqual(way().outcome, "accepted")

    def test_h04_binary_is_refused_or_left_to_binarymime(self):
        for odd in (b"a\0b", b"x" * 999):
            content = b"Subject: x\r\n\r\n" + odd
            for way in self.ways(Raw(content), "a@mail.test", self.server.address):
                with self.raises(secsmtp.ArgumentError, "in line 3"):
                    way()
            # This server has no BINARYMIME: the rule lets the content through, and it is not sent.
            for way in self.ways(Raw(content, binary=True), "a@mail.test", self.server.address):
                with self.raises(secsmtp.NotSent) as caught:
                    way()
                self.assertEqual(caught.exception.status_name, "SECSMTP_E_NEEDS_BINARY")

    def test_g12_the_envelope_of_the_header(self):
        content = (
            f"From: A <a@mail.test>\r\nTo: \"x@evil\" <{self.server.address}>\r\nBcc: hidden@mail.test\r\n"
            f"Subject: {self.marker}\r\n\r\nx\r\n"
        ).encode()
        for way in self.ways(Raw(content, envelope=True)):
            receipt = way()
            self.assertEqual(
                [r.address for r in receipt.recipients], [self.server.address, "hidden@mail.test"]
            )
            self.assertNotIn(b"hidden", self.server.wait_for_mail(self.marker.encode()))
        for bad in (b"To: a@b\r\n\r\n", b"From: a@b\r\n\r\n", b"From: a@b\r\nTo: c@d e@f\r\n\r\n"):
            for way in self.ways(Raw(bad, envelope=True)):
                with self.raises(secsmtp.ArgumentError, "envelope"):
                    way()
        for envelope in (("a@b",), (None, ["c@d"])):
            for way in self.ways(Raw(content, envelope=True), *envelope):
                with self.raises(TypeError, "must not be given"):
                    way()


class Streamed(RawCase):
    """Mails that are not held in memory."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "mail.eml"
        self.path.write_bytes(f"Bcc: h@x\nSubject: {self.marker}\n\n.\n".encode() + b"line\n" * 50_000 + b"end")
        self.whole = f"Subject: {self.marker}\r\n\r\n.\r\n".encode() + b"line\r\n" * 50_000 + b"end\r\n"

    def test_h02_g10_a_path_and_a_file_object_arrive_by_each_way(self):
        with self.path.open("rb") as file:
            file.read(5)
            for raw in (Raw(path=self.path), Raw(path=str(self.path)), Raw(file)):
                for way in self.ways(raw, "a@mail.test", self.server.address):
                    if raw.path is None:
                        file.seek(9)
                    self.assertEqual(way().outcome, "accepted")
                    self.assertEqual(self.server.wait_for_mail(self.marker.encode()), self.whole)

    def test_the_rules_hold(self):
        for way in self.ways(Raw(path=self.path, strict=True), "a@b", "c@d"):
            with self.raises(secsmtp.ArgumentError, "has a bare CR or LF at the end of line 1"):
                way()
        self.path.write_bytes(b"Subject: x\n\na\0b")
        for way in self.ways(Raw(path=self.path), "a@b", "c@d"):
            with self.raises(secsmtp.ArgumentError, "has a NUL in line 3"):
                way()
        for raw, kind, words in (
            (Raw(path=self.path.with_name("none")), secsmtp.ArgumentError, "none can't be read"),
            (Raw(path=self.path.parent), secsmtp.ArgumentError, "not a regular file"),
            (Raw(b"x", path=self.path), TypeError, "must not both"),
            (Raw(Pipe(b"x")), TypeError, "that can seek"),
        ):
            for way in self.ways(raw, "a@b", "c@d"):
                with self.raises(kind, words):
                    way()

    def test_h07_content_that_changed_in_between_is_not_sent(self):
        content = Fickle(b"Subject: x\n\n" + b"first\n" * 9)
        for way in self.ways(Raw(content), "a@mail.test", self.server.address):
            content.readings = content.seek(0)
            with self.raises(secsmtp.NotSent, "has changed since it was added"):
                way()

    def test_an_exception_of_read_is_the_cause(self):
        class Broken(io.BytesIO):
            def read(self, size=-1):
                raise OSError("the disk is gone")

        for source, cause in ((Broken(b"x"), OSError), (io.StringIO("text"), TypeError)):
            for way in self.ways(Raw(source), "a@mail.test", self.server.address):
                source.seek(0)
                with self.raises(secsmtp.ArgumentError, "content could not be read") as caught:
                    way()
                self.assertIsInstance(caught.exception.__cause__, cause)


class Pipe(io.BytesIO):
    def seekable(self):
        return False


class Fickle(io.BytesIO):
    """Returns other bytes when it is read again."""

    readings = 0

    def read(self, size=-1):
        self.readings += self.tell() == 0
        data = super().read(size)
        return data if self.readings < 2 else data.replace(b"first", b"other")


class Kinds(RawCase):
    def mails(self):
        plain = EmailMessage()
        plain["From"], plain["To"], plain["Subject"] = "a@mail.test", self.server.address, self.marker
        plain.set_content("text\n")
        composed = secsmtp.Message(
            from_="a@mail.test", to=self.server.address, subject=self.marker, text="text\n"
        )
        self.addCleanup(composed.close)
        return [plain, composed]

    def test_each_kind_goes_each_way(self):
        for message in self.mails():
            for way in self.ways(message):
                self.assertEqual(way().outcome, "accepted")
            with self.subTest("bare, without Mail"):
                (sent,) = self.client.send_many([message])
                self.assertEqual(sent.receipt.outcome, "accepted")
        together = self.client.send_many(self.mails())
        self.assertEqual([s.error for s in together], [None, None])

    def test_a_composed_message_has_its_own_envelope(self):
        with secsmtp.Message(from_="a@mail.test", to=self.server.address, text="x") as composed:
            for way in self.ways(composed, "b@mail.test"):
                with self.raises(TypeError, "its own"):
                    way()

    def test_an_argument_that_is_not_a_mail_is_a_type_error(self):
        for way in self.ways("From: a@b"):
            with self.raises(TypeError, "not str"):
                way()
        for way in self.ways(Raw("text"), "a@mail.test", self.server.address):
            with self.raises(TypeError):
                way()
