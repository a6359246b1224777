"""The C interface as it is delivered: the header, the shared library, what was generated."""

import ctypes
import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from tests.support import header, peers

ROOT = peers.ROOT
SYMBOLS = ROOT / "tests" / "abi" / "symbols.txt"


def run(*command, **options):
    """Standard output and error of a command that has to work."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return done.stdout, done.stderr


def listed_symbols():
    lines = SYMBOLS.read_text("utf-8").splitlines()
    return [line.split() for line in lines if not line.startswith("#")]


def types(function):
    """All C types of a function, but those of error_out and len_out, which all functions share."""
    kinds = [kind for name, kind in function.parameters if name not in ("error_out", "len_out")]
    return [function.result, *kinds]


def owns(kind):
    """Return whether the comment must state the ownership of a pointer of this type: of all but a plain handle."""
    return kind.endswith("*") and not re.fullmatch(r"(const )?secsmtp_\w+ \*", kind)


class Header(unittest.TestCase):
    def test_list_of_symbols_is_that_of_the_header(self):
        names = [name for name, _ in listed_symbols()]
        self.assertEqual(sorted(names), sorted(header.functions()))
        for name, version in listed_symbols():
            self.assertRegex(version, r"^\d+\.\d+\.\d+$", name)

    def test_compiles_without_a_warning(self):
        languages = {"c": ("c99", "c11", "c2x"), "c++": ("c++17", "c++20")}
        compilers = {"c": ("gcc", "clang"), "c++": ("g++", "clang++")}
        found = [(l, c) for l in languages for c in compilers[l] if shutil.which(c)]
        peers.require(found, "there is no C compiler")
        # Alone, and twice.
        for (language, compiler), times in itertools.product(found, (1, 2)):
            for standard in languages[language]:
                with self.subTest(compiler=compiler, standard=standard, times=times):
                    run(
                        *(compiler, "-x", language, f"-std={standard}", "-fsyntax-only"),
                        *("-Wall", "-Wextra", "-Wpedantic", "-Werror"),
                        *(f"-I{header.PATH.parent}", "-"),
                        input='#include "secsmtp.h"\n' * times,
                    )

    def test_every_function_and_number_is_explained(self):
        text = header.PATH.read_text("utf-8")
        for name in [*header.functions(), *header.constants(), *header.handles()]:
            declaration = rf"\*/\n(?:#define |typedef struct |[^;{{}}/#]*\b){name}\b"
            self.assertRegex(text, declaration, f"{name} has no comment")

    def test_comments_of_functions_have_one_form(self):
        """A sentence; Ownership, where memory crosses; Threads; Errors: in this order."""
        form = re.compile(
            r"[A-Z0-9*].*?\.(?: .*?)?? (?P<own>Ownership: .+\. )?Threads: [^:]+\. Errors: .+\."
        )
        comments = header.comments()
        for name, function in header.functions().items():
            with self.subTest(name):
                found = form.fullmatch(comments[name])
                self.assertTrue(found, comments[name])
                crosses = [kind for kind in types(function) if owns(kind)]
                self.assertTrue(not crosses or found["own"], f"no Ownership for {crosses}")

    def test_comments_name_only_what_exists(self):
        known = {*header.functions(), *header.constants(), *header.handles(), *header.callbacks()}
        known |= {"SECSMTP_H"}
        text = header.PATH.read_text("utf-8")
        named = re.findall(r"\bsecsmtp_\w+(?<!_)\b", text, re.I)
        self.assertEqual(set(named) - known, set())

    def test_comment_of_a_handle_lists_its_functions(self):
        longest_first = sorted(header.handles(), key=len, reverse=True)
        comments = header.comments_of_handles()
        for handle in longest_first:
            others = [other for other in longest_first if other.startswith(f"{handle}_")]
            own = {n for n in header.functions() if n.startswith(f"{handle}_") and not n.startswith(tuple(others))}
            names = re.findall(r"(?<!\w)_?\w+", comments[handle].split("Functions", 1)[1])
            listed = {handle + name if name[0] == "_" else name for name in names}
            self.assertEqual(own - listed, set(), handle)

    def test_lines_are_short(self):
        lines = header.PATH.read_text("utf-8").splitlines()
        self.assertEqual([line for line in lines if len(line) > 106], [])

    def test_generated_files_are_up_to_date(self):
        peers.require(shutil.which("cargo"), "there is no cargo")
        command = "cargo run -q --locked -p secsmtp-tools -- generate --check"
        run(*command.split(), cwd=ROOT)


class Numbers(unittest.TestCase):
    def test_every_number_of_the_header_can_be_asked_by_name(self):
        constant = ctypes.CDLL(str(peers.library())).secsmtp_constant
        constant.argtypes, constant.restype = [ctypes.c_char_p, ctypes.c_int64], ctypes.c_int64
        for name, value in header.constants().items():
            self.assertEqual(constant(name.encode(), len(name)), value, name)
        self.assertEqual(constant(b"SECSMTP_NUL_TERMINATED", constant(b"SECSMTP_NUL_TERMINATED", 22)), -1)
        nothing = -header.constants()["SECSMTP_E_NOTHING"]
        self.assertEqual(constant(b"SECSMTP_E_NONE_SUCH", 19), nothing)

    def test_every_feature_that_the_header_names_is_there(self):
        feature = ctypes.CDLL(str(peers.library())).secsmtp_feature
        feature.argtypes, feature.restype = [ctypes.c_char_p, ctypes.c_int64], ctypes.c_int32
        named = re.findall(r'"([a-z0-9.-]+)"', header.comments()["secsmtp_feature"])
        self.assertIn("pins", named)
        for name in named:
            self.assertEqual(feature(name.encode(), len(name)), 1, name)
        self.assertEqual(feature(b"plain-text", 10), 0)
        self.assertEqual(feature(None, 1), -header.constants()["SECSMTP_E_NULL"])


@unittest.skipUnless(sys.platform.startswith("linux"), "reads ELF")
class SharedLibrary(unittest.TestCase):
    def test_exports_the_functions_of_the_header_and_nothing_else(self):
        peers.require(shutil.which("nm"), "there is no nm")
        output, _ = run("nm", "-D", "--defined-only", "--format=posix", str(peers.library()))
        exported = {line.split()[0] for line in output.splitlines()}
        self.assertEqual(exported, set(header.functions()))

    def test_is_named_by_its_abi_and_stays_loaded(self):
        peers.require(shutil.which("readelf"), "there is no readelf")
        output, _ = run("readelf", "-dW", str(peers.library()))
        self.assertRegex(output, r"\(SONAME\).*\[libsecsmtp\.so\.1\]")
        # Rust's thread-local destructors would run into unmapped code after an unload.
        self.assertRegex(output, r"\(FLAGS_1\).*\bNODELETE\b")


    def test_is_small(self):
        library = peers.library()
        peers.require(library.parent.name == "release", "a debug build says nothing about size")
        peers.require(platform.machine() == "x86_64", "the limit is that of x86-64")
        # As it is delivered: a profile that is set for one package by name leaves its symbols in.
        self.assertLess(library.stat().st_size, 3_250_000)
        peers.require(shutil.which("readelf"), "there is no readelf")
        self.assertNotIn(".symtab", run("readelf", "-SW", str(library))[0])


class LinkTimeOptimisation(unittest.TestCase):
    def test_is_asked_of_the_compiler(self):
        """Cargo leaves it out, without a word, where an rlib is made in the same go."""
        peers.require(shutil.which("cargo"), "there is no cargo")
        target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
        peers.require((target / "release").is_dir(), "there is no release build")
        (ROOT / "capi" / "src" / "lib.rs").touch()
        _, log = run(*"cargo build --release --locked -p secsmtp-capi -v".split(), cwd=ROOT)
        lines = [line for line in log.splitlines() if "--crate-type cdylib" in line]
        self.assertEqual(len(lines), 1, log)
        self.assertRegex(lines[0], r"--crate-name secsmtp\b")
        self.assertRegex(lines[0], r" -C lto(=fat)?[ `]")
        self.assertNotRegex(lines[0], r"--crate-type (r?lib|dylib)\b")


if __name__ == "__main__":
    unittest.main()
