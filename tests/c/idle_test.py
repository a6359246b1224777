"""A client that does nothing has no thread, and holds no more memory than docs/figures.md says."""

import re
import subprocess
import sys
import tempfile
import unittest

from tests.c.c_test import build
from tests.support import peers

# As docs/figures.md states, and with room for other allocators' rounding.
CLIENT, CONNECTION, ROOM = 10_100, 31_200, 1.3


@unittest.skipUnless(sys.platform.startswith("linux"), "/proc and mallinfo2 are Linux's")
class Idle(unittest.TestCase):
    def check(self, stated, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            program = build("tests/c/idle.c", folder, "-D_DEFAULT_SOURCE", plain=True)
            done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)
        figures = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", done.stdout)}
        self.assertEqual(figures["threads"], 1)
        self.assertLess(figures["bytes"], stated * ROOM)
        # If a figure is far below the stated one, the document must be updated.
        self.assertGreater(figures["bytes"], stated // 2)
        self.assertIn(f"{stated:,} bytes", (peers.ROOT / "docs/figures.md").read_text("utf-8"))

    def test_a_thousand_idle_clients_have_no_thread_and_little_memory(self):
        self.check(CLIENT)

    def test_fifty_kept_connections_have_no_thread_and_little_memory(self):
        with peers.reference_server() as server:
            host, port = server.implicit
            self.check(CONNECTION, server.name, host, str(port), str(server.ca_file), server.user,
                       server.password.decode())


if __name__ == "__main__":
    unittest.main()
