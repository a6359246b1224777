"""The C program of jobs: plain, under memcheck, and with the address and undefined sanitizers."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from tests.c.c_test import MEMCHECK, build, compiler
from tests.support import peers

POSIX = ("-D_POSIX_C_SOURCE=200809L", "-pthread")
SANITIZED = (*POSIX, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def run(program, scenario, server, count, *, under=()):
    host, port = server.implicit
    command = [*under, program, scenario, server.name, host, str(port), str(server.ca_file)]
    command += [server.user, server.password.decode(), str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=550)
    return done.stdout, done.returncode


class Jobs(unittest.TestCase):
    def check(self, scenario, count, *, options=POSIX, under=(), server_options=()):
        with tempfile.TemporaryDirectory() as folder, peers.honest(*server_options) as server:
            program = build("tests/c/jobs.c", folder, *options)
            words, status = run(program, scenario, server, count, under=under)
            self.assertEqual(status, 0, words)
            self.assertNotIn("==", words)
            self.assertIn("ok", words)
            figures = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", words)}
            if "accepted" in figures:
                delivered = len(server.mails())
                # What was cancelled behind its last octet may have been delivered: it is told apart.
                low, high = figures["accepted"], figures["accepted"] + figures.get("unknown", 0)
                self.assertTrue(low <= delivered <= high, f"{words}\n{delivered} were delivered")
            return figures

    def test_a_thousand_messages_complete_once_each(self):
        figures = self.check("thousand", 1000)
        self.assertGreater(figures["accepted"], 800)

    def test_i10_callbacks_may_do_what_they_like(self):
        self.check("callbacks", 20)

    def test_the_descriptor_is_readable_while_there_is_something_to_take(self):
        self.check("loop", 50)

    def test_a_child_of_fork_gets_a_status_and_does_no_harm(self):
        self.check("fork", 50)

    def test_memcheck_finds_no_error_and_no_leak(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        # Far fewer: memcheck runs one thread at a time, and TLS in it is slow. And the worker of a
        # client that is freed by its own callback may still be ending when the program does.
        living = [option.replace(",possible", "") for option in MEMCHECK]
        living.append("--show-leak-kinds=definite,indirect")
        for scenario, count, under in (
            ("thousand", 40, MEMCHECK), ("callbacks", 3, living), ("loop", 3, MEMCHECK)
        ):
            with self.subTest(scenario):
                self.check(scenario, count, under=under, server_options=("--tls", "chacha20"))

    def test_eight_threads_may_do_everything_at_once(self):
        # `make stress` gives it its 30 seconds, and the sanitizers.
        seconds = os.environ.get("SECSMTP_STRESS_SECONDS", "3")
        options = SANITIZED if "SECSMTP_STRESS_SECONDS" in os.environ else POSIX
        with tempfile.TemporaryDirectory() as folder, peers.honest() as server:
            program = build("tests/c/stress.c", folder, "-std=c11", *options)
            host, port = server.implicit
            command = [program, seconds, server.name, host, str(port), str(server.ca_file)]
            command += [server.user, server.password.decode()]
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
            )
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertRegex(done.stdout, r"ok calls=\d{3,} completed=[1-9]")

    def test_the_sanitizers_find_nothing(self):
        probe = "int main(void) { return 0; }"
        tried = subprocess.run(
            [compiler(), "-fsanitize=address,undefined", "-x", "c", "-", "-o", "/dev/null"],
            input=probe, text=True, capture_output=True,
        )
        peers.require(tried.returncode == 0, "the compiler has no sanitizers")
        # Not "fork": a child may inherit a lock of gcc 12's sanitizer that another thread held.
        for scenario, count in (("thousand", 1000), ("callbacks", 20), ("loop", 20)):
            with self.subTest(scenario):
                self.check(scenario, count, options=SANITIZED)


if __name__ == "__main__":
    unittest.main()
