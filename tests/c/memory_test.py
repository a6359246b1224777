"""Arguments of 200 MB where memory is short: a status, and never the end of the host."""

import sys
import tempfile
import unittest

from tests.c.c_test import build, checked
from tests.c.jobs_test import POSIX
from tests.support import peers


class Memory(unittest.TestCase):
    def test_a_lack_of_memory_is_a_status_and_changes_nothing(self):
        peers.require(sys.platform == "linux", "only Linux says how much memory a process has")
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            # Plain: the sanitizers reserve memory of their own.
            program = build("tests/c/memory.c", folder, *POSIX, plain=True)
            words, status = checked(program, str(server.ca_file))
            self.assertEqual(status, 0, words)
            self.assertRegex(words, r"ok cases=\d+")


if __name__ == "__main__":
    unittest.main()
