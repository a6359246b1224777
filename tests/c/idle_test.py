"""A client that does nothing has no thread, and holds no more memory than ARCHITECTURE.md says."""

import re
import subprocess
import sys
import tempfile
import unittest

from tests.c.c_test import build
from tests.support import peers

# As stated, with room for other allocators' rounding.
STATED, MOST = 10_100, 13_000


@unittest.skipUnless(sys.platform.startswith("linux"), "/proc and mallinfo2 are Linux's")
class Idle(unittest.TestCase):
    def test_a_thousand_idle_clients_have_no_thread_and_little_memory(self):
        with tempfile.TemporaryDirectory() as folder:
            program = build("tests/c/idle.c", folder, "-D_DEFAULT_SOURCE")
            done = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout)
            figures = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", done.stdout)}
            self.assertEqual(figures["threads"], 1)
            self.assertLess(figures["octets"], MOST)
            # A figure far below what is stated is one to state anew.
            self.assertGreater(figures["octets"], STATED // 2)
        self.assertIn(f"{STATED:,} octets", (peers.ROOT / "ARCHITECTURE.md").read_text("utf-8"))


if __name__ == "__main__":
    unittest.main()
