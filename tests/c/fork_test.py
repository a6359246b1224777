"""Forks while other threads are busy inside the library. `make fork-soak` forks 6,000 times."""

import os
import tempfile
import unittest

from tests.c.c_test import build, checked
from tests.c.jobs_test import POSIX, arguments
from tests.support import peers

FORKS = os.environ.get("SECSMTP_FORKS", "300")


class Fork(unittest.TestCase):
    def test_no_child_hangs_whatever_other_threads_do_at_the_fork(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            # Plain: a child may inherit a lock of gcc 12's sanitizer that another thread held.
            program = build("tests/c/fork.c", folder, "-std=c11", *POSIX, plain=True)
            words, status = checked(program, *arguments(server), FORKS, timeout=3600)
            self.assertEqual(status, 0, words)
            self.assertRegex(words, r"ok sent=[1-9]\d* statuses=\d+")


if __name__ == "__main__":
    unittest.main()
