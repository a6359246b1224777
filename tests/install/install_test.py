"""`make install` puts things where C people look for them, and a program builds from there."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support import header, peers

PROGRAM = '#include <secsmtp.h>\n#include <stdio.h>\nint main(void) { puts(secsmtp_version_string()); return 0; }\n'

PROJECT = """cmake_minimum_required(VERSION 3.13)
project(consumer C)
find_package(secsmtp 0.1 REQUIRED CONFIG)
add_executable(shared program.c)
target_link_libraries(shared secsmtp::secsmtp)
add_executable(static program.c)
target_link_libraries(static secsmtp::static)
"""


MAN_PAGES = ("secsmtp.1", "secsmtp-send.1", "secsmtp-compose.1", "secsmtp-probe.1", "secsmtp-verify.1",
             "secsmtp-completions.1")
COMPLETIONS = ("bash-completion/completions/secsmtp", "zsh/site-functions/_secsmtp",
               "fish/vendor_completions.d/secsmtp.fish")


@unittest.skipIf(sys.platform == "win32", "make install is for Unix")
class Install(unittest.TestCase):
    def test_a_consumer_builds_through_pkg_config(self):
        peers.require(shutil.which("pkg-config"), "pkg-config is not installed")
        with tempfile.TemporaryDirectory() as folder:
            stage, prefix = Path(folder) / "stage", Path(folder) / "prefix"
            install = ["make", "install", f"PREFIX={prefix}", f"DESTDIR={stage}"]
            subprocess.run(install, cwd=peers.ROOT, check=True, stdout=subprocess.PIPE)
            staged = stage / prefix.relative_to("/")
            for file in ("lib/libsecsmtp.so.1", "lib/libsecsmtp.so", "lib/libsecsmtp.a", "include/secsmtp.h", "include/secsmtp.hpp", "bin/secsmtp",
                         "share/doc/libsecsmtp/examples/send.c", "share/doc/libsecsmtp/examples/jobs.c",
                         "share/doc/libsecsmtp/examples/compose.c", "share/doc/libsecsmtp/examples/send.cpp",
                         *(f"share/man/man1/{page}" for page in MAN_PAGES),
                         *(f"share/{file}" for file in COMPLETIONS), "share/man/man3/libsecsmtp.3", "share/doc/libsecsmtp/secsmtp.html"):
                if sys.platform.startswith("linux"):
                    self.assertTrue((staged / file).exists(), file)
            shutil.copytree(staged, prefix, symlinks=True)
            env = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
            source, program = Path(folder) / "program.c", Path(folder) / "program"
            source.write_text(PROGRAM)
            flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "secsmtp"], env=env, text=True).split()
            compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
            subprocess.run([compiler, str(source), *flags, f"-Wl,-rpath,{prefix}/lib", "-o", str(program)], check=True)
            version = subprocess.check_output(["pkg-config", "--modversion", "secsmtp"], env=env, text=True)
            self.assertEqual(subprocess.check_output([str(program)], text=True), version)
            # The examples, as they are installed.
            strict = ["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror"]
            for example in sorted((prefix / "share/doc/libsecsmtp/examples").glob("*.c")):
                subprocess.run([compiler, *strict, str(example), *flags, "-o", str(program)], check=True)
            subprocess.run([compiler, str(source), *flags, f"-Wl,-rpath,{prefix}/lib", "-o", str(program)], check=True)
            # The static archive, as the only Rust archive of a program.
            static = subprocess.check_output(["pkg-config", "--static", "--cflags", "--libs", "secsmtp"], env=env, text=True).split()
            static = [f"{prefix}/lib/libsecsmtp.a" if flag == "-lsecsmtp" else flag for flag in static]
            subprocess.run([compiler, str(source), *static, "-o", str(program)], check=True)
            self.assertEqual(subprocess.check_output([str(program)], text=True), version)


    def test_a_consumer_builds_through_cmake(self):
        peers.require(shutil.which("cmake"), "cmake is not installed")
        with tempfile.TemporaryDirectory() as folder:
            prefix, source = Path(folder) / "prefix", Path(folder) / "source"
            install = ["make", "install", f"PREFIX={prefix}"]
            subprocess.run(install, cwd=peers.ROOT, check=True, stdout=subprocess.PIPE)
            source.mkdir()
            (source / "program.c").write_text(PROGRAM)
            (source / "CMakeLists.txt").write_text(PROJECT)
            for command in (["-S", source, "-B", f"{folder}/build", f"-DCMAKE_PREFIX_PATH={prefix}"], ["--build", f"{folder}/build"]):
                subprocess.run(["cmake", *map(str, command)], check=True, stdout=subprocess.PIPE)
            versions = {subprocess.check_output([f"{folder}/build/{name}"]) for name in ("shared", "static")}
            self.assertEqual(len(versions), 1, versions)
            needed = subprocess.check_output(["readelf", "-d", f"{folder}/build/shared"], text=True)
            self.assertIn("libsecsmtp.so.1", needed)
            # A version that there is not yet is not found.
            (source / "CMakeLists.txt").write_text(PROJECT.replace("0.1", "99.0"))
            again = ["cmake", "-S", str(source), "-B", f"{folder}/again", f"-DCMAKE_PREFIX_PATH={prefix}"]
            self.assertNotEqual(subprocess.run(again, stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode, 0)


class Documents(unittest.TestCase):
    """Man pages and HTML say all that header and command line say, and are well formed."""

    def test_each_function_is_documented(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, str(peers.ROOT / "tools/docs.py"), "0.1.0", folder], check=True)
            pages = {p.name: p.read_text("utf-8") for p in Path(folder).iterdir()}
            page = pages["libsecsmtp.3"].replace("\\-", "-")
            for name in [*header.functions(), *header.constants(), *header.handles()]:
                self.assertIn(f".SS {name}\n", page)
                self.assertIn(f'id="{name}"', pages["secsmtp.html"])
            self.assertNotIn("<script", pages["secsmtp.html"])
            self.check_form(Path(folder) / "libsecsmtp.3")

    def test_each_subcommand_has_a_man_page_with_its_options(self):
        command = str(peers.command())
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([command, "man-pages", folder], check=True)
            self.assertEqual({p.name for p in Path(folder).iterdir()}, set(MAN_PAGES))
            for name in MAN_PAGES:
                page = (Path(folder) / name).read_text("utf-8").replace("\\-", "-")
                subcommand = name.removeprefix("secsmtp").removesuffix(".1").lstrip("-")
                help_text = subprocess.check_output([command, "help", *subcommand.split()], text=True)
                options = help_text.split("Examples:")[0]
                options = set(re.findall(r"^ +(?:-\w, )?(--[a-z0-9-]+)", options, re.M))
                self.assertLess(0, len(options), name)
                for option in options:
                    self.assertIn(f"\\fB{option}\\fR", page, name)
                for section in ("NAME", "SYNOPSIS", "DESCRIPTION", '"EXIT STATUS"', '"SEE ALSO"'):
                    self.assertIn(f".SH {section}\n", page, name)
                self.check_form(Path(folder) / name)

    def test_completions_know_the_options(self):
        for shell in ("bash", "zsh", "fish", "powershell", "elvish"):
            script = subprocess.check_output([str(peers.command()), "completions", shell], text=True)
            for word in ("probe", "min-mechanism", "finished-header"):
                self.assertIn(word, script, shell)
            if shutil.which(shell) and shell in ("bash", "zsh"):
                subprocess.run([shell, "-n"], input=script, text=True, check=True)

    def check_form(self, page):
        if shutil.which("mandoc"):
            subprocess.run(["mandoc", "-T", "lint", "-W", "error", str(page)], check=True)


if __name__ == "__main__":
    unittest.main()
