"""`make install` puts things where C people look for them, and a program builds from there."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support import peers

PROGRAM = '#include <secsmtp.h>\n#include <stdio.h>\nint main(void) { puts(secsmtp_version_string()); return 0; }\n'


@unittest.skipIf(sys.platform == "win32", "make install is for Unix")
class Install(unittest.TestCase):
    def test_a_consumer_builds_through_pkg_config(self):
        peers.require(shutil.which("pkg-config"), "pkg-config is not installed")
        with tempfile.TemporaryDirectory() as folder:
            stage, prefix = Path(folder) / "stage", Path(folder) / "prefix"
            install = ["make", "install", f"PREFIX={prefix}", f"DESTDIR={stage}"]
            subprocess.run(install, cwd=peers.ROOT, check=True, stdout=subprocess.PIPE)
            staged = stage / prefix.relative_to("/")
            for file in ("lib/libsecsmtp.so.1", "lib/libsecsmtp.so", "lib/libsecsmtp.a", "include/secsmtp.h", "bin/secsmtp"):
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
            # The static archive, as the only Rust archive of a program.
            static = subprocess.check_output(["pkg-config", "--static", "--cflags", "--libs", "secsmtp"], env=env, text=True).split()
            static = [f"{prefix}/lib/libsecsmtp.a" if flag == "-lsecsmtp" else flag for flag in static]
            subprocess.run([compiler, str(source), *static, "-o", str(program)], check=True)
            self.assertEqual(subprocess.check_output([str(program)], text=True), version)


if __name__ == "__main__":
    unittest.main()
