"""Compatibility with programs in the field: an old program and an old Xojo module run with the new library.

`secsmtp-0.1.0.h` and `secsmtp-0.1.0.xojo_code` are header and module as they stood when the interface of the
first release was frozen; they are never generated again. When a release is made, its header and its module
are copied here under its number.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support import header, peers
from tests.xojo import declares_test

HERE = peers.ROOT / "tests" / "abi"
OLD = sorted(HERE.glob("secsmtp-*.h"))
MODULES = sorted(HERE.glob("secsmtp-*.xojo_code"))
SYMBOLS = HERE / "symbols.txt"


# Until the tag of the first release a file may be refreshed, with its hash here; never afterwards.
FROZEN = {
    "secsmtp-0.1.0.h": "2151f7ff8e230143eb6ee54268652a44d0eca665f8b76e8aa38c7f3ced69e00a",
    "secsmtp-0.1.0.xojo_code": "7ed401eda3ec5bdb6878f2d629d9716bb5b1fa60ed59827b02cb3db104f8ebe2",
}


class Promises(unittest.TestCase):
    def test_the_frozen_files_are_as_they_were(self):
        found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (*OLD, *MODULES)}
        self.assertEqual(found, FROZEN)

    def test_no_function_changed(self):
        self.assertTrue(OLD)
        now = header.functions()
        for path in OLD:
            for name, function in header.functions(path).items():
                with self.subTest(f"{path.name}: {name}"):
                    self.assertIn(name, now)
                    self.assertEqual(types(function), types(now[name]))

    def test_no_number_changed_or_is_used_again(self):
        now = header.constants()
        for path in OLD:
            for name, value in header.constants(path).items():
                if name != "SECSMTP_ABI_VERSION":
                    self.assertEqual(now.get(name), value, f"{path.name}: {name}")
        statuses = [v for n, v in now.items() if re.match(r"SECSMTP_(OK|E_)", n)]
        self.assertEqual(len(statuses), len(set(statuses)), "a status number is used twice")

    def test_the_abi_number_never_falls(self):
        for path in OLD:
            self.assertGreaterEqual(
                header.constants()["SECSMTP_ABI_VERSION"],
                header.constants(path)["SECSMTP_ABI_VERSION"],
            )

    def test_every_symbol_has_the_version_that_brought_it(self):
        listed = dict(
            line.split() for line in SYMBOLS.read_text("utf-8").splitlines() if line[:1] != "#"
        )
        for path in OLD:
            version = path.stem.rpartition("-")[2]
            for name in header.functions(path):
                self.assertLessEqual(numbers(listed[name]), numbers(version), name)

    def test_the_old_program_calls_a_function_of_each_noun(self):
        program = (HERE / "old_program.c").read_text("utf-8")
        nouns = {name for path in OLD for name in header.handles(path)} | {"secsmtp_known_servers"}
        self.assertGreater(len(nouns), 11)
        for noun in nouns:
            self.assertRegex(program, rf"\b{noun}_\w+\(", noun)
        for noun in ("receipt", "error", "event", "report"):
            self.assertIn(f"secsmtp_{noun}_json(", program)

    def test_an_old_program_runs(self):
        compiler = shutil.which("cc") or shutil.which("gcc")
        peers.require(compiler, "there is no C compiler")
        with tempfile.TemporaryDirectory() as folder:
            # Alone with its own header: the present one is not on the path.
            for file in (HERE / "old_program.c", HERE / "secsmtp-0.1.0.h"):
                shutil.copy(file, folder)
            library, program = peers.library(), Path(folder) / "program"
            command = [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror"]
            command += [f"{folder}/old_program.c", "-o", str(program), f"-L{library.parent}"]
            command += ["-lsecsmtp", f"-Wl,-rpath,{library.parent}"]
            subprocess.run(command, check=True)
            done = subprocess.run([str(program)], stdout=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (0, "the old program runs\n"))


class Modules(unittest.TestCase):
    """Declares of old Xojo modules against the functions of today."""

    def test_each_header_has_its_module(self):
        self.assertEqual([path.stem for path in MODULES], [path.stem for path in OLD])

    def test_each_declare_is_that_of_a_function(self):
        functions = header.functions()
        for path in MODULES:
            declares = declares_test.declares(path)
            self.assertEqual(set(declares), set(header.functions(path.with_suffix(".h"))))
            for name, declare in declares.items():
                with self.subTest(f"{path.name}: {name}"):
                    self.assertIn(declare.alias, functions)
                    function = functions[declare.alias]
                    kinds = [declares_test.xojo_type(kind) for _, kind in function.parameters]
                    self.assertEqual([kind for _, kind in declare.parameters], kinds)
                    self.assertEqual(declare.result, declares_test.xojo_type(function.result))

    def test_each_number_is_that_of_today(self):
        now = declares_test.constants()
        for path in MODULES:
            for name, value in declares_test.constants(path).items():
                if name != "ABI_VERSION":
                    self.assertEqual(now.get(name), value, f"{path.name}: {name}")


class SendingByAnOldModule(declares_test.Sending):
    """A Xojo program with the module of the first release and the library of today."""

    MODULE = HERE / "secsmtp-0.1.0.xojo_code"


def types(function):
    return function.result, [kind for _, kind in function.parameters]


def numbers(version):
    return [int(part) for part in version.split(".")]


if __name__ == "__main__":
    unittest.main()
