"""Every event kind and status of the header is known to each binding: Python, Xojo, C++."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support import header, peers
from tests.xojo import declares_test

PYTHON = peers.ROOT / "bindings" / "python"


def numbers():
    """Name without prefix to value: OK, E_* and EVENT_*."""
    found = {n[len("SECSMTP_") :]: v for n, v in header.constants().items()}
    return {n: v for n, v in found.items() if n == "OK" or n.startswith(("E_", "EVENT_"))}


class Numbers(unittest.TestCase):
    def test_the_header_has_them(self):
        kinds = [v for n, v in numbers().items() if n.startswith("EVENT_")]
        self.assertGreater(len(kinds), 6)
        # They are also bits, so that a set of them is one number.
        self.assertTrue(all(v > 0 and v & (v - 1) == 0 for v in kinds), kinds)
        self.assertGreater(len(numbers()) - len(kinds), 25)

    def test_python_knows_each_and_does_something_with_each_event(self):
        sys.path.insert(0, str(PYTHON))
        self.addCleanup(sys.path.remove, str(PYTHON))
        self.assertIsNotNone(importlib.util.find_spec("secsmtp"))
        from secsmtp import _abi, _job

        for name, value in numbers().items():
            self.assertEqual(getattr(_abi, name, None), value, name)
            if name.startswith("E_"):
                self.assertEqual(_abi.STATUS_NAMES[value], f"SECSMTP_{name}")
        # A kind is reported by name, or handled by the job itself: the request for a secret, the end.
        own = set(re.findall(r"kind == _abi\.(EVENT_\w+)", Path(_job.__file__).read_text("utf-8")))
        named = {n for n, v in numbers().items() if n.startswith("EVENT_") and v in _job._KINDS}
        self.assertEqual(own | named, {n for n in numbers() if n.startswith("EVENT_")})

    def test_xojo_knows_each(self):
        known = declares_test.constants()
        for name, value in numbers().items():
            self.assertEqual(known.get(name), value, name)

    def test_cpp_knows_each(self):
        compiler = shutil.which("g++") or shutil.which("clang++")
        peers.require(compiler, "there is no C++ compiler")
        lines = [f'static_assert(SECSMTP_{n} == {v}, "{n}");\n' for n, v in numbers().items()]
        # One switch over all: a number that is given twice does not compile.
        for family in ("E_", "EVENT_"):
            cases = "".join(f"    case SECSMTP_{n}: return {v};\n" for n, v in numbers().items() if n.startswith(family))
            what = "secsmtp::Event &x" if family == "EVENT_" else "secsmtp::Error &x"
            which = "kind" if family == "EVENT_" else "status"
            lines.append(f"int {which}_of(const {what}) {{\n    switch (x.{which}()) {{\n{cases}    }}\n    return -1;\n}}\n")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "numbers.cpp"
            file.write_text("#include <secsmtp.hpp>\n" + "".join(lines))
            command = [compiler, "-std=c++17", "-Wall", "-Werror", "-fsyntax-only", f"-I{header.PATH.parent}"]
            subprocess.run([*command, f"-I{peers.ROOT / 'bindings/cpp'}", str(file)], check=True)


if __name__ == "__main__":
    unittest.main()
