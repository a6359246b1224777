"""Composed messages, read back by Python's own parser; and what they refuse."""

import contextlib
import email
import email.header
import email.headerregistry
import email.policy
import email.utils
import gc
import io
import json
import os
import random
import tempfile
import threading
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from . import common
import secsmtp
from secsmtp import _abi, _part

from .test_delivery import DeliveryCase

ANNA = "anna@mail.test"
NAMES = [
    "Anna", "Anna Bee", "Bee, Anna; \"A\" \\ (x) <y>", "Jörg Müller", "山田 太郎", "Ольга", "محمد",
    "שרה", "👩‍💻 Dev", "=?utf-8?q?x?=", "a" * 200, "ж" * 200, "x@evil.example", "  spaced  out  ", ".", "-",
]
FILES = [
    "a.txt", "a b.txt", "Übersicht.pdf", "日本語のファイル名.docx", "a\"b;c,d.txt", "a'b%c*.txt", "noending",
    "n" * 200 + ".bin", "ж" * 100 + ".zip", "👩‍💻.png", "=?utf-8?q?x?=.txt", ".hidden",
]
TEXTS = [
    "", "\n", "one line", "two\nlines\n", ".\n..\n.x\n", "From here\n", "trailing \n\t\n", "x" * 5000, "é" * 5000,
    "日本語" * 400, "\r\n.\r\n", "a\rb\nc\r\nd", "\0\x01", "-- \nsignature\n", "--=_boundary\n", "=\n==\n", "😀" * 99,
]


def parsed(test, message):
    """Back through the strict parser, which must find nothing wrong at any place."""
    data = message if isinstance(message, bytes) else bytes(message)
    for line in data.split(b"\r\n"):
        test.assertLessEqual(len(line), 998)
        test.assertNotIn(b"\n", line)
        test.assertNotIn(b"\r", line)
    back = email.message_from_bytes(data, policy=email.policy.strict)
    for part in back.walk():
        test.assertEqual(part.defects, [])
        for name, value in part.items():
            test.assertEqual(list(getattr(value, "defects", ())), [], f"{name}: {value!r}")
    return back


def lines(text):
    """A text as any mail carries it: one kind of line end, one at the end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if not text or text.endswith("\n") else text + "\n"


def recipients(data):
    """Names and addresses of To, by the legacy parser: the newer one puts blanks between words that
    were split for length."""
    value = email.message_from_bytes(data, policy=email.policy.compat32)["to"]
    value = "".join(value.splitlines())
    pairs = email.utils.getaddresses([value])
    return [(str(email.header.make_header(email.header.decode_header(n))), a) for n, a in pairs]


class ComposeCase(common.LibraryCase):
    def message(self, **fields):
        message = secsmtp.Message(**{"from_": ANNA, "to": "bob@mail.test", **fields})
        self.addCleanup(message.close)
        return message

    def back(self, **fields):
        return parsed(self, self.message(**fields))


class Composed(ComposeCase):
    def test_the_structure_follows_from_the_arguments(self):
        picture = {"logo@x": io.BytesIO(b"png")}
        part = secsmtp.Part(b"data", "a.bin")
        self.addCleanup(part.close)

        def tree(message):
            kind = message.get_content_subtype()
            if not message.is_multipart():
                return kind
            return [kind, *(tree(p) for p in message.get_payload())]

        for fields, expected in (
            ({}, "plain"),
            ({"text": "t"}, "plain"),
            ({"html": "h"}, "html"),
            ({"text": "t", "html": "h"}, ["alternative", "plain", "html"]),
            ({"html": "h", "inline": picture}, ["related", "html", "octet-stream"]),
            ({"text": "t", "html": "h", "inline": picture},
             ["alternative", "plain", ["related", "html", "octet-stream"]]),
            ({"text": "t", "inline": picture}, ["mixed", "plain", "octet-stream"]),
            ({"attachments": part}, ["mixed", "octet-stream"]),
            ({"text": "t", "html": "h", "calendar": ("request", "METHOD:REQUEST"), "attachments": [part]},
             ["mixed", ["alternative", "plain", "html", "calendar"], "octet-stream"]),
        ):
            with self.subTest(fields=sorted(fields)):
                self.assertEqual(tree(self.back(**fields)), expected)

    def test_every_field_is_read_back(self):
        moment = datetime(2026, 11, 23, 10, 4, 32, tzinfo=timezone(timedelta(hours=1)))
        message = self.message(
            from_=[("Anna", ANNA), ("Bo", "bo@mail.test")], from_sender=("Ça", "c@mail.test"),
            to="Team: d@mail.test, \"E, F\" <e@mail.test>;, g@mail.test", cc=email.headerregistry.Address("H", "h", "mail.test"),
            bcc="hidden@mail.test", reply_to="i@mail.test", subject="Grüße", date=moment, message_id="one@mail.test",
            in_reply_to="<two@mail.test>", references=["three@mail.test", "two@mail.test"], priority="high",
            unsubscribe=["https://mail.test/u", "mailto:u@mail.test"], one_click=True, headers={"X-Mine": "värde"},
            text="t", calendar=("REQUEST", "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"),
        )
        back = parsed(self, message)
        self.assertNotIn(b"hidden", bytes(message))
        self.assertEqual([a.addr_spec for a in back["from"].addresses], [ANNA, "bo@mail.test"])
        self.assertEqual(str(back["sender"]), "Ça <c@mail.test>")
        self.assertEqual([g.display_name for g in back["to"].groups], ["Team", None])
        self.assertEqual([a.addr_spec for a in back["to"].addresses], ["d@mail.test", "e@mail.test", "g@mail.test"])
        self.assertEqual(back["to"].addresses[1].display_name, "E, F")
        self.assertEqual((back["subject"], back["x-mine"]), ("Grüße", "värde"))
        self.assertEqual(back["date"].datetime, moment)
        self.assertEqual(message.message_id, "<one@mail.test>")
        self.assertEqual(back["message-id"], "<one@mail.test>")
        self.assertEqual(back["references"], "<three@mail.test> <two@mail.test>")
        self.assertEqual((back["importance"], back["x-priority"]), ("high", "1 (Highest)"))
        self.assertEqual(back["list-unsubscribe"], "<https://mail.test/u>, <mailto:u@mail.test>")
        self.assertEqual(back["list-unsubscribe-post"], "List-Unsubscribe=One-Click")
        calendar = back.get_payload()[1]
        self.assertEqual(calendar.get_param("method"), "REQUEST")

    def test_finished_parts_and_alternatives(self):
        signed = b"--b\r\nContent-Type: text/plain\r\n\r\nx \t\r\n--b--\r\n"
        part = secsmtp.Part(signed, type='multipart/signed; boundary="b"')
        alone = bytes(secsmtp.Message(from_="a@mail.test", to="b@mail.test", attachments=part))
        self.assertTrue(alone.endswith(b"\r\n\r\n" + signed))
        message = secsmtp.Message(from_="a@mail.test", to="b@mail.test", text="t", html="<p>", alternatives=[
            ("text/x-amp-html", "<html \u26a14email>"), secsmtp.Part(b"*t*", type="text/markdown")])
        back = email.message_from_bytes(bytes(message), policy=email.policy.default)
        kinds = [one.get_content_type() for one in back.walk()]
        self.assertEqual(kinds, ["multipart/alternative", "text/plain", "text/x-amp-html", "text/markdown", "text/html"])
        bad = secsmtp.Part(signed.replace(b"x", b"\xe4"), type='multipart/signed; boundary="b"')
        with self.assertRaisesRegex(secsmtp.ArgumentError, "before it is signed"):
            bytes(secsmtp.Message(from_="a@mail.test", to="b@mail.test", attachments=bad))
        with self.assertRaisesRegex(secsmtp.ArgumentError, "METHOD:REPLY"):
            secsmtp.Message(from_="a@mail.test", calendar=("REQUEST", "METHOD:REPLY"))
        with self.assertRaises(TypeError):
            secsmtp.Message(from_="a@mail.test", alternatives=["x"])

    def test_difficult_names_texts_and_files_come_back_equal(self):
        for name in NAMES:
            with self.subTest(name=name):
                data = bytes(self.message(to=[(name, "b@mail.test")], subject=name))
                back = parsed(self, data)
                self.assertEqual(recipients(data), [(name.strip(), "b@mail.test")])
                self.assertEqual(back["to"].addresses[0].addr_spec, "b@mail.test")
                self.assertEqual(back["subject"], name)
        for text in TEXTS:
            with self.subTest(text=text[:20]):
                back = self.back(text=text, html=text)
                for part in back.get_payload():
                    self.assertEqual(lines(part.get_content()), lines(text))
        for name in FILES:
            with self.subTest(name=name), secsmtp.Part(name.encode(), name) as part:
                (attached,) = self.back(attachments=part).get_payload()
                self.assertEqual(attached.get_filename(), name)
                self.assertEqual(attached.get_payload(decode=True), name.encode())

    def test_generated_messages_come_back_equal(self):
        for seed in range(150):
            with self.subTest(seed=seed):
                self.one_generated(random.Random(seed))

    def one_generated(self, chance):
        def some(alphabet, most):
            return "".join(chance.choice(alphabet) for _ in range(chance.randrange(most)))

        letters = "abc AB. ,;\"\\<>()@=?_é日я👍א-"
        names = [some(letters, 90).strip() for _ in range(chance.randrange(1, 40))]
        to = [(name, f"u{i}@mail.test") for i, name in enumerate(names)]
        subject = some(letters, 300)
        text = some(letters + "\n\n.", 2000) if chance.random() < 0.8 else None
        html = some(letters + "\n\n.", 2000) if chance.random() < 0.6 else None
        parts = []
        for i in range(chance.randrange(4)):
            data = chance.randbytes(chance.choice([0, 1, 2, 56, 57, 58, 1000, 70_000]))
            name = f"{i}" + some("aé日 ;\"'%*.", 70).rstrip()
            parts.append((name, data))
        with contextlib.ExitStack() as stack:
            made = [
                stack.enter_context(secsmtp.Part(data if chance.random() < 0.5 else io.BytesIO(data), name))
                for name, data in parts
            ]
            message = self.message(to=to, subject=subject, text=text, html=html, attachments=made)
        back = parsed(self, message)
        self.assertEqual(message.size, len(bytes(message)))
        self.assertEqual(recipients(bytes(message)), to)
        self.assertEqual([a.addr_spec for a in back["to"].addresses], [a for _, a in to])
        self.assertEqual(back["subject"], subject)
        for kind, given in (("plain", text), ("html", html)):
            if given is not None:
                self.assertEqual(lines(back.get_body((kind,)).get_content()), lines(given))
        found = [(p.get_filename(), p.get_payload(decode=True)) for p in back.walk() if p.get_filename()]
        self.assertEqual(found, parts)

    def test_custom_headers_come_back_equal(self):
        words = [
            "a", "be", "=?", "?=", "=?utf-8?q?x?=", "=?utf-8?b?eA==?=", "x=?a?Q?b?c?=", "{\"a\":", "<a@b.test>", "é", "Grüße",
            "日本語", "👩\u200d💻", "e\u0301", "שלום", "\"q\"", "\\", ",", "(c)", "_=20", "https://mail.test/" + "long/" * 30 + "?a=?b",
        ]
        for seed in range(60):
            chance = random.Random(seed)

            def value():
                gaps = [" ", " ", " ", "  ", "", "\t"]
                return "".join(chance.choice(words) + chance.choice(gaps) for _ in range(chance.randrange(30))).strip()

            given = {f"X-{i}": value() for i in range(40)}
            data = bytes(self.message(headers=given))
            back = email.message_from_bytes(data, policy=email.policy.default)
            for name, text in given.items():
                self.assertEqual(back[name], text, f"seed {seed}")
                if text.isascii() and "=?" not in text:
                    self.assertIn(f"{name}: {text}\r\n".encode(), data.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t"))

    def test_structured_fields_stay_readable_to_programs(self):
        key = "A" * 900
        back = self.back(headers={
            "X-SMTPAPI": "{\"category\": \"Grüße\"}", "List-Id": "Grüße <list.mail.test>",
            "Disposition-Notification-To": "Jörg Müller <joerg@mail.test>", "Autocrypt": f"addr=a@mail.test; keydata={key}",
            "List-Archive": "<https://mail.test/" + "a" * 300 + ">",
        }, finished_headers=[("X-Done", "=?iso-8859-1?q?a=E4?=;\r\n b=c")])
        self.assertEqual(json.loads(back["x-smtpapi"]), {"category": "Grüße"})
        self.assertEqual(back["list-id"], "Grüße <list.mail.test>")
        ((name, address),) = email.utils.getaddresses([back["disposition-notification-to"]])
        self.assertEqual((name, address), ("Jörg Müller", "joerg@mail.test"))
        self.assertEqual(back["autocrypt"], f"addr=a@mail.test; keydata={key}")
        self.assertEqual(back["list-archive"], "<https://mail.test/" + "a" * 300 + ">")
        self.assertEqual(back["x-done"], "aä; b=c")
        for fields, words in (
            ({"headers": {"X-A": "x" * 998}}, "998"), ({"headers": {"Autocrypt": "ü"}}, "ASCII"),
            ({"finished_headers": {"X-A": "b\nBcc: x@y"}}, "line end"), ({"finished_headers": {"Bcc": "x@y"}}, "Bcc"),
        ):
            with self.raises(secsmtp.ArgumentError, words):
                self.message(**fields)
        gc.collect()

    def test_a_tuple_is_one_name_and_its_address(self):
        self.assertEqual(self.back(to=("Carol", "bob@mail.test"))["to"], "Carol <bob@mail.test>")
        self.assertEqual(self.back(to=("", "bob@mail.test"))["to"], "bob@mail.test")
        self.assertEqual(self.back(to=[("carol@mail.test", "bob@mail.test")])["to"].addresses[0].display_name, "carol@mail.test")
        self.assertEqual(len(self.back(to=["carol@mail.test", "bob@mail.test"])["to"].addresses), 2)
        for several in (
            ("carol@mail.test", "bob@mail.test"), ("carol@mail.test",), ("a@mail.test", "b@mail.test", "c@mail.test"),
            (("A", "a@mail.test"), ("B", "b@mail.test")),
        ):
            for field in ("from_", "to", "cc", "bcc", "reply_to", "from_sender"):
                with self.subTest(several, field=field), self.raises(secsmtp.ArgumentError, f"{field} is a tuple.*list"):
                    self.message(**{field: several})
        gc.collect()

    def test_advice_never_adds_a_recipient(self):
        for text, words in (
            ("carol@mail.test <bob@mail.test>", '"carol@mail.test" <bob@mail.test>'),
            ("Doe, Bob <bob@mail.test>", '"Doe, Bob" <bob@mail.test>'),
            ("Acme: Sales <s@mail.test>", '"Acme: Sales" <s@mail.test>'),
        ):
            with self.raises(secsmtp.ArgumentError, f"it needs quotes: {words}"):
                self.message(to=text)
        gc.collect()

    def test_ids_of_other_messages_are_taken_as_they_are(self):
        ids = ["<a@[127.0.0.1]>", "<no-at>", "<urn:x:y@z>", "<[a]b@c>", "<" + "i" * 300 + "@mail.test>"]
        back = self.back(in_reply_to=ids[0], references=ids)
        self.assertEqual((back["in-reply-to"], back["references"]), (ids[0], " ".join(ids)))

    def test_one_click_needs_a_https_address(self):
        for unsubscribe in ((), "mailto:u@mail.test"):
            with self.raises(secsmtp.ArgumentError, "one_click needs an address"):
                bytes(self.message(unsubscribe=unsubscribe, one_click=True))
        gc.collect()

    def test_three_hundred_recipients_and_a_long_subject(self):
        to = [(f"Empfänger Nr. {i}", f"u{i}@mail.test") for i in range(300)]
        subject = "sehr wichtig – " * 2000
        back = self.back(to=to, subject=subject.strip())
        self.assertEqual(len(back["to"].addresses), 300)
        self.assertEqual(back["subject"], subject.strip())

    def test_g14_a_domain_becomes_a_labels_and_a_local_part_stays(self):
        message = self.message(to=["a@bücher.example"])
        self.assertIn(b"To: a@xn--bcher-kva.example\r\n", bytes(message))
        message = self.message(to="Jörg <jörg@mail.test>")
        self.assertIn("<jörg@mail.test>".encode(), bytes(message))

    def test_old_readers_find_a_name_in_ascii(self):
        with secsmtp.Part(b"", "Größe.pdf") as part:
            data = bytes(self.message(attachments=part))
        self.assertIn(b"Content-Type: application/pdf; name=Gr__e.pdf\r\n", data)
        self.assertIn(b"filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", data)

    def test_g07_g08_g09_g18_nothing_is_slipped_into_a_field(self):
        for bad in ("a\r\nBcc: x@y", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\x7f", "a\x85", "\u202egpj.exe", "a\u2028b", "\u2066"):
            for field, value in (
                ("subject", bad), ("from_", [(bad, ANNA)]), ("to", [(bad, ANNA)]), ("cc", bad + "@mail.test"),
                ("reply_to", bad), ("message_id", bad + "@x"), ("in_reply_to", bad + "@x"), ("references", [bad + "@x"]),
                ("headers", {"X-A": bad}), ("headers", {bad: "v"}), ("unsubscribe", "https://" + bad),
                ("calendar", (bad, "t")), ("inline", {bad: b"x"}), ("envelope_sender", bad + "@x.y"),
                ("envelope_recipients", [bad + "@x.y"]),
            ):
                with self.subTest(field=field, bad=bad), self.assertRaises(secsmtp.ArgumentError) as caught:
                    self.message(**{field: value})
                self.assertIn(caught.exception.status, (_abi.E_HEADER, _abi.E_ADDRESS))
            for field in ("name", "type", "content_id"):
                with self.subTest(part=field), self.assertRaises(secsmtp.ArgumentError) as caught:
                    secsmtp.Part(b"x", **{field: bad})
                self.assertEqual(caught.exception.status, _abi.E_HEADER)
        gc.collect()

    def test_fields_that_the_library_makes_are_no_custom_ones(self):
        for name in ("From", "bcc", "Resent-Bcc", "Content-Type", "MIME-Version", "DKIM-Signature", "Received", "a b", "", "x:"):
            with self.subTest(name), self.raises(secsmtp.ArgumentError, "headers: name"):
                self.message(headers={name: "v"})
        gc.collect()

    def test_a_path_is_never_part_of_a_file_name(self):
        for given, shown in (("../../x", "x"), ("/etc/passwd", "passwd"), ("C:\\temp\\y.txt", "y.txt")):
            with secsmtp.Part(b"", given) as part:
                (attached,) = self.back(attachments=part).get_payload()
                self.assertEqual(attached.get_filename(), shown)
        for bad in ("..", ".", "a/..", "   "):
            with self.raises(secsmtp.ArgumentError, "name is"):
                secsmtp.Part(b"", bad)
        gc.collect()

    def test_the_same_message_each_time_until_it_is_changed(self):
        message = self.message(text="t")
        self.assertEqual(bytes(message), bytes(message))
        first = message.message_id
        self.assertRegex(first, r"\A<[0-9a-f]{32}@mail\.test>\Z")
        message.add(secsmtp.Part(b"x", "x.txt"))
        gc.collect()
        self.assertNotEqual(message.message_id, first)

    def test_missing_fields_are_reported(self):
        message = self.message(from_=[ANNA, "bo@mail.test"])
        with self.raises(secsmtp.ArgumentError, "several addresses"):
            bytes(message)
        with self.raises(secsmtp.ArgumentError, "several addresses"):
            message.size

    def test_preview_to_a_file_and_to_a_function(self):
        message = self.message(text="t" * 100_000)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "m.eml"
            message.save(path)
            self.assertEqual(path.read_bytes(), bytes(message))
            with self.raises(secsmtp.ArgumentError, "can't be written"):
                message.save(Path(folder) / "none" / "m.eml")

        def refuse(_bytes):
            raise KeyError("mine")

        with self.raises(KeyError, "mine"):
            message.write_to(refuse)


class Sources(ComposeCase):
    """Parts that are read while the message is sent."""

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def fails(self, message, words):
        with self.assertRaisesRegex(secsmtp.ArgumentError, words) as caught:
            bytes(message)
        self.assertIsNone(caught.exception.outcome)
        message.close()
        return caught.exception

    def test_a_path_that_is_not_a_regular_file_is_rejected_at_once(self):
        folder = self.folder()
        bad = [folder, folder / "none", "/dev/zero", ""]
        if hasattr(os, "mkfifo"):
            os.mkfifo(folder / "fifo")
            bad.append(folder / "fifo")
        for path in bad:
            with self.subTest(path), self.assertRaises(secsmtp.ArgumentError) as caught:
                secsmtp.Part(path)
            self.assertEqual(caught.exception.status, _abi.E_FILE)
        gc.collect()

    def test_h07_a_file_that_changes_or_goes_fails_the_message(self):
        for change, words in (
            (lambda p: p.write_bytes(b"x" * 999), "had 1000 bytes when it was added, and has 999 now"),
            (lambda p: p.write_bytes(b"x" * 1001), "and has 1001 now"),
            (lambda p: os.utime(p, (1, 1)), "written to since"),
            (lambda p: p.unlink(), "can't be read"),
            (lambda p: (p.unlink(), p.mkdir()), "not a regular file"),
        ):
            path = self.folder() / "file.bin"
            path.write_bytes(b"x" * 1000)
            message = self.message(attachments=path)
            self.assertEqual(message.size, len(bytes(message)))
            change(path)
            self.assertEqual(self.fails(message, words).status, _abi.E_SOURCE)

    def test_h07_a_file_object_that_lies_fails_the_message(self):
        class Short(io.BytesIO):
            def read(self, size=-1):
                return super().read(min(size, 10)) if self.tell() < 20 else b""

        class Fails(io.BytesIO):
            def read(self, size=-1):
                raise OSError("the disk is on fire")

        class Unseekable(io.RawIOBase):
            def read(self, size=-1):
                return self.answer(size)

        self.fails(self.message(attachments=Short(b"x" * 100)), "20 bytes where 100 were announced")
        error = self.fails(self.message(attachments=Fails(b"x" * 100)), "returned -1")
        self.assertRegex(str(error.__cause__), "on fire")
        for answer, words in ((lambda n: b"x" * (n + 1), "gave"), (lambda n: "text", "not bytes"), (lambda n: None, "NoneType")):
            source = Unseekable()
            source.answer = answer
            error = self.fails(self.message(attachments=source), "returned -1")
            self.assertRegex(str(error.__cause__), words)
        gc.collect()
        self.assertEqual(_part._readers, {})

    def test_an_object_that_can_seek_serves_often_and_at_once(self):
        data = os.urandom(300_000)
        message = self.message(attachments=io.BytesIO(data), text="t")
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(bytes(message))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(seen)), 1)
        self.assertEqual(parsed(self, seen[0]).get_payload()[1].get_content(), data)

    def test_one_part_in_many_messages_is_read_once_when_cached(self):
        class Counting(io.BytesIO):
            reads = 0

            def read(self, size=-1):
                Counting.reads += 1
                return super().read(size)

        with secsmtp.Part(Counting(b"z" * 5000), "z.bin", cached=True) as part:
            messages = [self.message(attachments=part) for _ in range(20)]
            found = {bytes(parsed(self, m).get_payload()[0].get_content()) for m in messages}
        self.assertEqual(found, {b"z" * 5000})
        self.assertLessEqual(Counting.reads, 3)

    def test_the_size_is_unknown_only_where_it_is(self):
        class Stream(io.RawIOBase):
            left = 3

            def read(self, size=-1):
                self.left -= 1
                return b"abc" if self.left >= 0 else b""

        message = self.message(attachments=Stream())
        self.assertIsNone(message.size)
        self.assertEqual(parsed(self, message).get_payload()[0].get_content(), b"abc" * 3)


class Sent(DeliveryCase):
    def test_a_composed_message_arrives_and_can_be_sent_again(self):
        to = [("Jörg \"J\" Müller", "reader@mail.test"), ("山田", "second@mail.test")]
        message = secsmtp.Message(
            from_=("Ünger", "a@mail.test"), to=to[0], cc=[to[1]], bcc="third@mail.test", subject="Hallo 世界",
            text="Text\n.\n", html="<img src='cid:p'>", inline={"p": io.BytesIO(b"png")},
            attachments=secsmtp.Part(os.urandom(100_000), "Ä.bin"),
        )
        with message, self.client() as client:
            for _ in range(2):
                receipt = client.send(message)
                self.assertEqual(receipt.message_id, message.message_id)
                self.assertEqual([r.address for r in receipt.recipients], ["reader@mail.test", "second@mail.test", "third@mail.test"])
            expected = bytes(message)
            mails = [m.read_bytes() for m in self.server.mails() if message.message_id.encode() in m.read_bytes()]
        self.assertEqual(mails, [expected, expected])
        self.assertNotIn(b"third", expected)
        gc.collect()

    def test_h07_a_source_that_fails_half_way_is_not_sent(self):
        class Half(io.BytesIO):
            def read(self, size=-1):
                if self.tell() > 500_000:
                    raise OSError("gone")
                return super().read(size)

        before = len(self.server.mails())
        with secsmtp.Message(from_="a@mail.test", to="reader@mail.test", attachments=Half(b"x" * 1_000_000)) as message:
            with self.client() as client, self.assertRaises(secsmtp.NotSent) as caught:
                client.send(message)
        self.assertEqual((caught.exception.status, caught.exception.outcome), (_abi.E_SOURCE, "not_sent"))
        self.assertRegex(str(caught.exception.__cause__), "gone")
        self.assertEqual(len(self.server.mails()), before)
        gc.collect()


if __name__ == "__main__":
    unittest.main()
