"""Mails streamed to each of three servers written by others, some with refused recipients in the
middle: every outcome is right, and every mail arrives as it was. `make stream` sends a thousand to
each."""

import os
import re
import secrets
import sys
import time
import unittest

from tests.support import peers

sys.path.append(str(peers.ROOT / "bindings" / "python"))

import secsmtp  # noqa: E402

#: The folder in which each server stores mail.
SERVERS = {"POSTFIX": "POSTFIX", "EXIM": "EXIM", "DOVECOT24": "POSTFIX"}
MAILS = int(os.environ.get("SECSMTP_STREAM_MAILS", "100"))


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder, cls.env = peers.testbed()
        secsmtp.load(peers.library())

    def client(self, server):
        policy = secsmtp.Policy(ca_files=self.folder / self.env["CA_FILE"])
        host, port = self.env[server + "_SUBMISSIONS"].rsplit(":", 1)
        login = secsmtp.Password(self.env["ALICE_USER"], self.env["ALICE_PASSWORD"])
        return secsmtp.Client(self.env["SERVER_NAME"], policy=policy, credential=login, connect=(host, int(port)), idle=30)

    def content(self, run, number):
        body = "".join(f".line {line} of {number}\r\n" for line in range(number % 40))
        lines = [f"Message-ID: <{run}.{number}@mail.test>", "Date: Mon, 23 Nov 2026 12:00:00 +0000", "From: alice@mail.test", "To: bob@mail.test", f"Subject: {run} {number}", "", "."]
        return ("\r\n".join(lines) + "\r\n" + body + f"end of {number}\r\n").encode()

    def mail(self, run, number):
        """Every 50th has an unknown recipient; every 50th has one too, and is all or nothing."""
        bob, unknown = self.env["BOB_ADDRESS"], "unknown@mail.test"
        to = {7: [unknown], 23: [bob, unknown], 31: [unknown, bob]}.get(number % 50, [bob])
        return secsmtp.Mail(self.content(run, number), self.env["ALICE_ADDRESS"], to, partial=number % 50 == 31)

    def expected(self, number):
        return "refused" if number % 50 in (7, 23) else "accepted"

    def stored(self, server, run, count):
        """The mails of this run, without the fields that the server added above."""
        found, seen = {}, set()
        deadline = time.monotonic() + 120
        head = re.compile(rb"Message-ID: <%s\.(\d+)@mail\.test>" % run.encode())
        while len(found) < count and time.monotonic() < deadline:
            for file in (self.folder / self.env["MAIL_" + SERVERS[server]]).rglob("new/*"):
                if file in seen:
                    continue
                seen.add(file)
                content = file.read_bytes()
                match = head.search(content)
                if match:
                    number = int(match.group(1))
                    self.assertNotIn(number, found, "delivered twice")
                    found[number] = content[match.start():].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            time.sleep(0.1)
        return found

    def check_stored(self, server, run):
        accepted = [n for n in range(MAILS) if self.expected(n) == "accepted"]
        stored = self.stored(server, run, len(accepted))
        self.assertEqual(sorted(stored), accepted)
        for number in accepted:
            self.assertEqual(stored[number], self.content(run, number))

    def test_each_job_of_a_stream_has_its_outcome_and_arrives(self):
        for server in SERVERS:
            with self.subTest(server=server), self.client(server) as client:
                run = secrets.token_hex(8)
                mails = [self.mail(run, n) for n in range(MAILS)]
                jobs = [client.submit(m.message, m.sender, m.recipients, m.partial) for m in mails]
                for number, job in enumerate(jobs):
                    try:
                        outcome = job.wait(120).outcome
                    except secsmtp.Error as error:
                        outcome = error.outcome
                    self.assertEqual(outcome, self.expected(number), number)
                self.check_stored(server, run)

    def test_each_mail_of_a_stream_has_its_outcome_and_arrives(self):
        for server in SERVERS:
            with self.subTest(server=server), self.client(server) as client:
                run = secrets.token_hex(8)
                begun = time.monotonic()
                sent = list(client.send_many(self.mail(run, n) for n in range(MAILS)))
                seconds = time.monotonic() - begun
                self.assertEqual([s.index for s in sent], list(range(MAILS)))
                wrong = [(s.index, str(s.error)) for s in sent if (s.receipt or s.error).outcome != self.expected(s.index)]
                self.assertEqual(wrong, [])
                for s in sent:
                    recipients = (s.receipt or s.error.receipt).recipients
                    if s.index % 50 in (23, 31):
                        self.assertEqual(sorted(r.outcome for r in recipients), ["not_sent", "refused"] if s.index % 50 == 23 else ["accepted", "refused"])
                self.check_stored(server, run)
                print(f"{server}: {MAILS} mails streamed in {seconds:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
