"""Jobs: submitted, waited for, awaited, watched, cancelled, closed."""

import asyncio
import contextlib
import socket
import threading
import unittest

from . import common
from .common import peers
import secsmtp

MAIL = b"Subject: A job\r\n\r\n" + b"A line of the body.\r\n" * 5000
ENVELOPE = ("a@mail.test", ["b@mail.test", "c@mail.test"])


class Jobs(common.LibraryCase):
    @contextlib.contextmanager
    def client(self, **options):
        with peers.reference_server() as server, contextlib.ExitStack() as stack:
            policy = stack.enter_context(secsmtp.Policy(ca_files=[server.ca_file]))
            secret = options.pop("secret", server.password)
            login = stack.enter_context(secsmtp.Password(server.user, secret))
            options.setdefault("connect", server.implicit)
            yield stack.enter_context(
                secsmtp.Client(server.name, policy=policy, credential=login, **options)
            ), server

    def test_submit_and_wait(self):
        with self.client() as (client, server):
            jobs = [client.submit(MAIL, *ENVELOPE) for _ in range(20)]
            self.assertEqual([job.id for job in jobs], list(range(1, 21)))
            receipts = [job.wait(60) for job in reversed(jobs)]
            self.assertEqual({r.outcome for r in receipts}, {"accepted"})
            self.assertTrue(all(job.done for job in jobs))
            self.assertEqual(jobs[0].wait(), jobs[0].wait(0))  # as often as one likes
            jobs[0].cancel()  # too late, and harmless
            self.assertEqual(len(server.mails()), 20)

    def test_events(self):
        with self.client(events=("stage", "progress", "recipient", "log")) as (client, _server):
            job = client.submit(MAIL, *ENVELOPE, tag=2**64 - 1)
            events = list(job)
            self.assertEqual({e.tag for e in events} | {job.tag}, {2**64 - 1})
            self.assertEqual({e.kind for e in events}, {"stage", "progress", "recipient", "log"})
            addresses = [e.text for e in events if e.kind == "recipient"]
            self.assertEqual(addresses, ["b@mail.test", "c@mail.test"])
            last = [e for e in events if e.kind == "progress"][-1]
            self.assertEqual((last.written, last.total), (len(MAIL), len(MAIL)))
            self.assertEqual(job.wait().outcome, "accepted")
            for tag in (-1, 2**64):
                with self.raises(secsmtp.ArgumentError, "tag must be 0 to"):
                    client.submit(MAIL, *ENVELOPE, tag=tag)
        with self.raises(secsmtp.ArgumentError, "'noise'"):
            with self.client(events=["noise"]):
                pass

    def test_asyncio(self):
        async def send_all(client):
            return await asyncio.gather(*(client.submit(MAIL, *ENVELOPE) for _ in range(30)))

        with self.client() as (client, server):
            receipts = asyncio.run(send_all(client))
            self.assertEqual({r.outcome for r in receipts}, {"accepted"})
            # A second loop, and one whose job was over before it was awaited.
            receipts = asyncio.run(send_all(client))
            self.assertEqual(len(server.mails()), 60)

            async def late():
                job = client.submit(MAIL, *ENVELOPE)
                job.wait()
                return await job

            self.assertEqual(asyncio.run(late()).outcome, "accepted")

    def test_a_rate_delays_jobs_beyond_it(self):
        with self.client(rate=(1, 3600), burst=2, window=(1, 0)) as (client, server):
            jobs = [client.submit(MAIL, *ENVELOPE) for _ in range(3)]
            self.assertEqual([job.wait(60).outcome for job in jobs[:2]], ["accepted"] * 2)
            self.assertFalse(jobs[2].done)
            jobs[2].cancel()
            with self.raises(secsmtp.Cancelled):
                jobs[2].wait(60)
            self.assertEqual(len(server.mails()), 2)
        for wrong in ({"rate": (0, 1)}, {"rate": (1, 0)}, {"rate": (1, 1), "burst": 0}, {"window": (0, 1)}):
            with self.subTest(wrong), self.raises(secsmtp.ArgumentError), self.client(**wrong):
                pass

    def test_submit_polls_completions_when_there_are_too_many_jobs(self):
        with self.client(max_jobs=3, max_connections=1) as (client, server):
            jobs = []
            while len(jobs) < 10:
                try:
                    jobs.append(client.submit(MAIL, *ENVELOPE))
                except secsmtp.NotSent as error:
                    self.assertEqual(error.status_name, "SECSMTP_E_FULL")
                    jobs[-1].wait()
            self.assertTrue(all(job.wait().outcome == "accepted" for job in jobs))

    def test_cancel_and_close(self):
        with peers.reference_server() as server, contextlib.ExitStack() as stack:
            policy = stack.enter_context(secsmtp.Policy(ca_files=[server.ca_file]))
            # No server accepts connections there any more.
            with socket.create_server(("127.0.0.1", 0)) as silent:
                client = secsmtp.Client(
                    server.name, policy=policy, connect=silent.getsockname(), max_connections=1
                )
                jobs = [client.submit(MAIL, *ENVELOPE) for _ in range(5)]
                with self.assertRaises(TimeoutError):
                    jobs[0].wait(0.01)
                jobs[4].cancel()
                with self.assertRaises(secsmtp.Cancelled) as caught:
                    jobs[4].wait()
                self.assertEqual(caught.exception.outcome, "not_sent")
                self.assertIsInstance(caught.exception, secsmtp.NotSent)
                waiting = []
                thread = threading.Thread(
                    target=lambda: waiting.append(self.outcome(jobs[3]))
                )
                thread.start()
                client.close()
                thread.join(60)
                self.assertEqual(waiting, ["not_sent"])
                self.assertEqual([self.outcome(job) for job in jobs], ["not_sent"] * 5)
                jobs[0].cancel()
                with self.raises(secsmtp.ArgumentError, "closed") as caught:
                    client.submit(MAIL, *ENVELOPE)
                self.assertIsInstance(caught.exception, secsmtp.NotSent)
                self.assertEqual(caught.exception.outcome, "not_sent")
                with self.raises(secsmtp.ArgumentError, "closed") as caught:
                    client.probe()
                self.assertIsNone(caught.exception.outcome)

    def outcome(self, job):
        with self.assertRaises(secsmtp.Cancelled) as caught:
            job.wait()
        return caught.exception.outcome

    def test_grace(self):
        with self.client() as (client, server):
            jobs = [client.submit(MAIL, *ENVELOPE) for _ in range(10)]
            client.close(60)
            self.assertEqual({job.wait().outcome for job in jobs}, {"accepted"})

    def test_a_secret_that_is_asked_for(self):
        asked = []
        with peers.reference_server() as server:
            word = server.password.decode()
        with self.client(secret=lambda r: (asked.append(r), word)[1]) as (client, server):
            self.assertEqual(client.submit(MAIL, *ENVELOPE).wait(60).outcome, "accepted")
            self.assertEqual((asked[0].user, asked[0].kind), (server.user, "password"))

        def broken(_request):
            raise RuntimeError("no key chain")

        with self.client(secret=broken) as (client, _server):
            with self.assertRaises(secsmtp.NotSent) as caught:
                client.submit(MAIL, *ENVELOPE).wait(60)
            self.assertIsInstance(caught.exception.__cause__, RuntimeError)


if __name__ == "__main__":
    unittest.main()
