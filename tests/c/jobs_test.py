"""The C program of jobs, with the address and undefined sanitizers, and under memcheck."""

import os
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from tests.c.c_test import MEMCHECK, build, checked
from tests.support import peers

POSIX = ("-D_POSIX_C_SOURCE=200809L", "-pthread")


def arguments(server):
    host, port = server.implicit
    return server.name, host, str(port), str(server.ca_file), server.user, server.password.decode()


class Jobs(unittest.TestCase):
    def check(self, scenario, count, *, under=(), plain=False, server_options=()):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server(*server_options) as server:
            program = build("tests/c/jobs.c", folder, *POSIX, plain=plain)
            words, status = checked(program, scenario, *arguments(server), str(count), under=under, timeout=550)
            self.assertEqual(status, 0, words)
            self.assertIn("ok", words)
            figures = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", words)}
            if "accepted" in figures:
                delivered = len(server.mails())
                # A job that was cancelled after its last byte may have been delivered: its outcome differs.
                low, high = figures["accepted"], figures["accepted"] + figures.get("unknown", 0)
                self.assertTrue(low <= delivered <= high, f"{words}\n{delivered} were delivered")
            return figures

    def test_a_thousand_messages_complete_once_each(self):
        figures = self.check("thousand", 1000)
        self.assertGreater(figures["accepted"], 800)

    def test_i10_callbacks_may_call_any_function(self):
        self.check("callbacks", 20)

    def test_the_descriptor_is_readable_while_there_are_events(self):
        self.check("loop", 50)

    def test_each_event_carries_the_tag_of_its_job(self):
        self.check("tags", 100)

    @unittest.skipUnless(sys.platform.startswith("linux"), "limits the address space by /proc")
    def test_a_callback_that_can_have_no_thread_leaves_the_one_before(self):
        # Plain: the sanitizers want more room than there is.
        self.check("no_thread", 1, plain=True)

    def test_receipts_and_log_need_not_be_read(self):
        self.check("unwanted", 3)

    def test_an_error_has_an_outcome_exactly_if_it_is_about_a_message(self):
        self.check("outcomes", 1)

    def test_a_child_of_fork_gets_a_status_and_does_no_harm(self):
        # Plain: a child may inherit a lock of gcc 12's sanitizer that another thread held.
        self.check("fork", 50, plain=True)

    def test_memcheck_finds_no_error_and_no_leak(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        # The worker of a client that is freed by its own callback may still be ending when the
        # program does.
        living = [option.replace(",possible", "") for option in MEMCHECK]
        living.append("--show-leak-kinds=definite,indirect")
        for scenario, count, under in (
            ("thousand", 1000, MEMCHECK), ("callbacks", 3, living), ("loop", 3, MEMCHECK)
        ):
            with self.subTest(scenario):
                self.check(scenario, count, under=under, plain=True, server_options=("--tls", "chacha20"))

    def test_eight_threads_may_do_everything_at_once(self):
        # `make stress` gives it its 30 seconds.
        seconds = os.environ.get("SECSMTP_STRESS_SECONDS", "3")
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("tests/c/stress.c", folder, "-std=c11", *POSIX)
            words, status = checked(program, seconds, *arguments(server))
            self.assertEqual(status, 0, words)
            self.assertRegex(words, r"ok calls=\d{3,} completed=[1-9].* released=[1-9]")


class Example(unittest.TestCase):
    """bindings/c/examples/jobs.c, as a program that has a loop would use jobs."""

    def test_files_are_sent_in_an_event_loop_and_each_is_reported(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("bindings/c/examples/jobs.c", folder, *POSIX)
            files = [Path(folder) / f"{i}.eml" for i in range(6)]
            for i, file in enumerate(files):
                file.write_bytes(f"Subject: number {i}\n\n".encode() + b"A line of the body.\n" * 5000)
            # A file that can't be sent is reported, and does not stop the others.
            files[3].write_bytes(b"no header \0 at all\n")
            words, status = checked(program, *arguments(server), "alice@mail.test", "bob@mail.test", *map(str, files))
            self.assertEqual(status, 1, words)
            self.assertEqual(len(re.findall(r"^job \d+: accepted: ", words, re.M)), 5, words)
            self.assertRegex(words, rf"(?m)^({re.escape(str(files[3]))}|job \d+: not_sent): .*NUL")
            self.assertRegex(words, r"job \d+: \d{3,} of \d{5,} bytes")
            self.assertEqual(len(server.mails()), 5)

    def test_a_wrong_password_is_every_jobs_own_failure(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("bindings/c/examples/jobs.c", folder, *POSIX)
            file = Path(folder) / "a.eml"
            file.write_bytes(b"Subject: a\n\nbody\n")
            wrong = (*arguments(server)[:-1], "wrong")
            words, status = checked(program, *wrong, "alice@mail.test", "bob@mail.test", str(file), str(file))
            self.assertEqual((status, words.count(": refused: ")), (1, 2), words)
            self.assertEqual(server.mails(), [])


if __name__ == "__main__":
    unittest.main()
