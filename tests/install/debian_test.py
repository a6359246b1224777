"""`make deb` gives packages that lintian takes, and a program builds and sends from what they hold."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.c.c_test import STRICT, compiler, send
from tests.install.install_test import COMPLETIONS, MAN_PAGES
from tests.support import header, peers

NAMES = ("libsecsmtp1", "libsecsmtp-dev", "secsmtp")
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or peers.ROOT / "target")
EXAMPLES = ("compose.c", "jobs.c", "send.c", "send.cpp")


class Debian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for tool in ("dpkg-deb", "dpkg-shlibdeps"):
            peers.require(shutil.which(tool), f"{tool} is not installed")
        subprocess.run(["make", "deb"], cwd=peers.ROOT, check=True, stdout=subprocess.PIPE)
        cls.files = {path.name.split("_")[0]: path for path in (TARGET / "deb").glob("*.deb")}
        cls.triplet = subprocess.check_output(["dpkg-architecture", "-qDEB_HOST_MULTIARCH"], text=True).strip()

    def unpack(self, folder):
        for file in self.files.values():
            subprocess.run(["dpkg-deb", "-x", str(file), folder], check=True)
        return Path(folder)

    def field(self, name, field):
        return subprocess.check_output(["dpkg-deb", "-f", str(self.files[name]), field], text=True).strip()

    def test_each_file_is_in_the_package_that_people_expect(self):
        self.assertEqual(set(self.files), set(NAMES))
        lib = f"./usr/lib/{self.triplet}"
        expected = {
            "libsecsmtp1": {f"{lib}/libsecsmtp.so.1"},
            "libsecsmtp-dev": {f"{lib}/libsecsmtp.so", f"{lib}/libsecsmtp.a", f"{lib}/pkgconfig/secsmtp.pc",
                               f"{lib}/cmake/secsmtp/secsmtp-config.cmake",
                               f"{lib}/cmake/secsmtp/secsmtp-config-version.cmake", "./usr/include/secsmtp.h",
                               "./usr/include/secsmtp.hpp", "./usr/share/man/man3/libsecsmtp.3.gz",
                               "./usr/share/doc/libsecsmtp-dev/secsmtp.html",
                               *(f"./usr/share/doc/libsecsmtp-dev/examples/{name}" for name in EXAMPLES)},
            "secsmtp": {"./usr/bin/secsmtp", *(f"./usr/share/man/man1/{page}.gz" for page in MAN_PAGES),
                        *(f"./usr/share/{file}" for file in COMPLETIONS)},
        }
        for name, files in expected.items():
            listed = subprocess.check_output(["dpkg-deb", "-c", str(self.files[name])], text=True).splitlines()
            self.assertTrue(all(" root/root " in line for line in listed), name)
            paths = {line.split()[5] for line in listed if not line.startswith("d")}
            common = {f"./usr/share/doc/{name}/{file}" for file in ("copyright", "changelog.gz", "crates.txt.gz")}
            self.assertEqual(paths, files | common)
        self.assertIn("libsecsmtp1 (= ", self.field("libsecsmtp-dev", "Depends"))
        self.assertIn("libc6 (>= ", self.field("libsecsmtp1", "Depends"))

    def test_the_symbols_file_names_each_function(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["dpkg-deb", "-e", str(self.files["libsecsmtp1"]), folder], check=True)
            head, *lines = (Path(folder) / "symbols").read_text().splitlines()
            self.assertEqual(head, "libsecsmtp.so.1 libsecsmtp1 #MINVER#")
            self.assertEqual({line.split("@")[0].strip() for line in lines}, set(header.functions()))

    def test_lintian_finds_no_error(self):
        peers.require(shutil.which("lintian"), "lintian is not installed")
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", *map(str, self.files.values())],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotRegex(done.stdout, r"(?m)^E: ")

    def test_dpkg_installs_them_into_a_root_of_their_own(self):
        peers.require(os.geteuid() == 0, "dpkg --root wants to be root")
        with tempfile.TemporaryDirectory() as folder:
            for part in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"):
                (Path(folder) / part).mkdir(parents=True)
            (Path(folder) / "var/lib/dpkg/status").touch()
            # The root is empty but for them, so what they need of the system is not there.
            dpkg = ["dpkg", f"--root={folder}", "--force-depends", "--force-not-root", "--log=/dev/null"]
            done = subprocess.run([*dpkg, "-i", *map(str, self.files.values())], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
            query = ["dpkg-query", f"--admindir={folder}/var/lib/dpkg", "-W", "-f", "${Package} ${Status}\n"]
            states = subprocess.check_output(query, text=True).splitlines()
            self.assertEqual(set(states), {f"{name} install ok installed" for name in NAMES})
            done = subprocess.run([*dpkg, "-r", *NAMES], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
            left = [p for p in (Path(folder) / "usr").rglob("*") if not p.is_dir()]
            self.assertEqual(left, [])

    def test_the_example_builds_from_them_and_sends(self):
        peers.require(shutil.which("pkg-config"), "pkg-config is not installed")
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            root = self.unpack(folder)
            lib, program = root / "usr/lib" / self.triplet, str(root / "program")
            env = {**os.environ, "PKG_CONFIG_LIBDIR": str(lib / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": folder}
            # -L and -I of the system's own folders, which pkg-config would leave out.
            env |= {"PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1", "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1"}
            flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "secsmtp"], env=env, text=True).split()
            self.assertIn(f"-L{lib}", flags)
            source = str(peers.ROOT / "bindings/c/examples/send.c")
            subprocess.run([compiler(), *STRICT, source, *flags, f"-Wl,-rpath,{lib}", "-o", program], check=True)
            words, status = send(program, server, "starttls", server.env["PIN_LEAF"])
            self.assertEqual(status, 0, words)
            self.assertEqual(len(server.mails()), 1)
            version = subprocess.check_output([str(root / "usr/bin/secsmtp"), "--version"], text=True)
            self.assertIn(self.field("secsmtp", "Version"), version)


if __name__ == "__main__":
    unittest.main()
