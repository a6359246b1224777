"""Loading: beside the package, by full path, and readable errors for all else."""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

from . import common

PACKAGE = common.TOP / "bindings" / "python" / "secsmtp"


class Loading(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="secsmtp-")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def python(self, code, *arguments, path=None):
        """A process of its own: the library is loaded once for the life of a process."""
        command = [sys.executable, "-B", "-W", "error", "-c", textwrap.dedent(code)]
        done = subprocess.run(
            command + [str(argument) for argument in arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(path or PACKAGE.parent)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.strip()

    def error(self, code, *arguments, path=None):
        return self.python(
            "import secsmtp, sys\ntry:\n"
            + textwrap.indent(textwrap.dedent(code), "    ")
            + "\nexcept secsmtp.LibraryError as error:\n    print(error)",
            *arguments,
            path=path,
        )

    def package_without_library(self):
        shutil.copytree(
            PACKAGE,
            os.path.join(self.folder, "secsmtp"),
            ignore=shutil.ignore_patterns("*secsmtp.*"),
        )
        return self.folder

    def stub(self, source):
        peers = common.peers
        peers.require(shutil.which("cc") and os.name == "posix", "there is no C compiler")
        path = os.path.join(self.folder, "libstub.so")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", path],
            input=source,
            text=True,
            check=True,
        )
        return path

    def test_nothing_beside_the_package(self):
        text = self.error("secsmtp.Policy()", path=self.package_without_library())
        self.assertIn("no libsecsmtp", text)
        self.assertIn("secsmtp.load", text)

    def test_found_beside_the_package(self):
        package = self.package_without_library()
        library = common.peers.library()
        shutil.copy(library, os.path.join(package, "secsmtp", library.name))
        text = self.python("import secsmtp; print(secsmtp.library_version())", path=package)
        self.assertRegex(text, r"^\d+\.\d+\.\d+")

    def test_missing_file(self):
        path = os.path.join(self.folder, "gone.so")
        self.assertIn(f"no library at {path}", self.error("secsmtp.load(sys.argv[1])", path))

    def test_bare_name_is_not_searched_for(self):
        self.assertIn("full path", self.error("secsmtp.load('libc.so.6')"))

    def test_not_a_library(self):
        path = os.path.join(self.folder, "text.so")
        with open(path, "w") as file:
            file.write("not a library")
        self.assertIn("cannot be loaded", self.error("secsmtp.load(sys.argv[1])", path))

    def test_another_library(self):
        path = self.stub("int other(void) { return 1; }")
        self.assertIn("is not libsecsmtp", self.error("secsmtp.load(sys.argv[1])", path))

    def test_older_library(self):
        path = self.stub("unsigned secsmtp_abi_version(void) { return 0; }")
        self.assertIn("ABI 0", self.error("secsmtp.load(sys.argv[1])", path))

    def test_incomplete_library(self):
        path = self.stub("unsigned secsmtp_abi_version(void) { return 1; }")
        self.assertIn("has no secsmtp_", self.error("secsmtp.load(sys.argv[1])", path))

    def test_twice(self):
        library = common.peers.library()
        other = os.path.join(self.folder, "other.so")
        shutil.copy(library, other)
        link = os.path.join(self.folder, "link.so")
        os.symlink(library, link)
        text = self.error(
            "for path in sys.argv[1:]: secsmtp.load(path)", library, library, link, other
        )
        self.assertIn("loaded already", text)
        self.assertIn(other, text)

    def test_objects_left_at_exit_are_harmless(self):
        code = """
            import secsmtp, sys
            secsmtp.load(sys.argv[1])
            policy = secsmtp.Policy(pins="00" * 32)
            client = secsmtp.Client("mail.test", policy=policy)
            client.me = client
            print("end")
        """
        self.assertEqual(self.python(code, common.peers.library()), "end")


if __name__ == "__main__":
    unittest.main()
