"""Shared by these tests: the package, the library, local and real servers."""

import logging
import pathlib
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[3]
# This order: both folders have a package `tests`, and the top one holds the peers.
sys.path[:0] = [str(TOP)]
sys.path.append(str(TOP / "bindings" / "python"))

import secsmtp  # noqa: E402
from secsmtp import _library  # noqa: E402
from tests.support import peers  # noqa: E402,F401


class LibraryCase(unittest.TestCase):
    """A test that calls the library; fails when an object of it is left over."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        secsmtp.load(peers.library())

    def setUp(self):
        super().setUp()
        before = _library.library().debug_live_handles()
        # Registered first, so run after the test's own clean-ups.
        self.addCleanup(
            lambda: self.assertEqual(_library.library().debug_live_handles(), before, "leak")
        )

    def raises(self, kind, text=""):
        return self.assertRaisesRegex(kind, text)


class Records(logging.Handler):
    """Keeps each record that a logger of its own is given."""

    def __init__(self, name="secsmtp.test"):
        super().__init__(logging.DEBUG)
        self.records = []
        self.logger = logging.Logger(name, logging.DEBUG)
        self.logger.addHandler(self)

    def emit(self, record):
        self.records.append(record)

    def text(self):
        return "\n".join(record.getMessage() for record in self.records)
