"""Mail servers for tests in Python: our own reference server, and the real ones of a test bed.

    peers.require(condition, "why")      skips the test, or fails it when SECSMTP_REQUIRE_ALL=1
    peers.library()                      path of the shared library (SECSMTP_LIBRARY, or target/)
    with peers.reference_server() as server: ...   our own server, stopped at the end
    server = peers.postfix()             Postfix of the bed that SECSMTP_TESTBED names

A server has `implicit` and `starttls` (host, port), `name` (to verify), `ca_file`, `user`,
`password` (bytes), `address` (a recipient it accepts) and `wait_for_mail(marker)`.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def require(condition, why):
    """Goes on if `condition` holds; else skips, or fails where nothing may be skipped."""
    if condition:
        return
    if os.environ.get("SECSMTP_REQUIRE_ALL") == "1":
        raise AssertionError("required, but " + why)
    raise unittest.SkipTest(why)


def library():
    """The shared library under test."""
    name = {"win32": "secsmtp.dll", "darwin": "libsecsmtp.dylib"}.get(
        sys.platform, "libsecsmtp.so"
    )
    return _built("SECSMTP_LIBRARY", name, "the shared library")


def reference_server(*options):
    """Our own submission server with the hotel in front, running until the `with` block ends;
    `options` are those of `secsmtp-testservers demo`."""
    suffix = ".exe" if sys.platform == "win32" else ""
    program = _built(
        "SECSMTP_TESTSERVERS", "secsmtp-testservers" + suffix, "the local test server"
    )
    return _run_reference_server(program, options)


def command():
    """The command under test."""
    name = "secsmtp.exe" if sys.platform == "win32" else "secsmtp"
    return _built("SECSMTP_COMMAND", name, "the command")


def testbed():
    """The real servers' folder and what its env file says."""
    bed = os.environ.get("SECSMTP_TESTBED")
    require(bed, "no real server is given (SECSMTP_TESTBED)")
    return Path(bed), read_env((Path(bed) / "env").read_text("utf-8").splitlines())


def scramp_python():
    """A Python that has scramp and pyOpenSSL: this one, or that of `make scramp`."""
    bin_ = "Scripts" if sys.platform == "win32" else "bin"
    for python in (sys.executable, ROOT / "build" / "scramp" / bin_ / "python"):
        with contextlib.suppress(OSError):
            found = subprocess.run(
                [str(python), "-c", "import scramp, OpenSSL, cryptography"], capture_output=True
            )
            if found.returncode == 0:
                return str(python)
    require(False, "scramp and pyOpenSSL are not installed (make scramp)")


def postfix():
    """Postfix of the test bed."""
    bed = os.environ.get("SECSMTP_TESTBED")
    require(bed, "no real server is given (SECSMTP_TESTBED)")
    return _Postfix(Path(bed))


def _built(variable, name, what):
    """A build product: named by the environment, or the newest one below target/."""
    given = os.environ.get(variable)
    if given:
        path = Path(given).resolve()
        if not path.is_file():
            raise AssertionError(f"{variable} names no file: {given}")
        return path
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    found = [target / profile / name for profile in ("release", "debug")]
    found = sorted((p for p in found if p.is_file()), key=lambda p: p.stat().st_mtime)
    require(found, f"{what} is not built ({name})")
    return found[-1].resolve()


def read_env(lines):
    """NAME=value lines, as a dictionary."""
    pairs = (line.rstrip("\r\n").partition("=") for line in lines if not line.startswith("#"))
    return {name: value for name, equals, value in pairs if equals}


def host_port(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


class _Server:
    """The base of both kinds of server. File names in `env` are relative to `folder`."""

    def __init__(self, folder, env):
        self.folder, self.env = folder, env
        self.name = env["SERVER_NAME"]
        self.ca_file = self.path("CA_FILE")

    def path(self, name):
        return (self.folder / self.env[name]).resolve()

    def wait_for_mail(self, marker, seconds=20):
        """The stored mail that holds `marker` (bytes), as the server keeps it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for file in self.mails():
                with contextlib.suppress(FileNotFoundError):
                    content = file.read_bytes()
                    if marker in content:
                        return content
            time.sleep(0.02)
        raise AssertionError(f"no mail with {marker!r} arrived within {seconds} s")


class _ReferenceServer(_Server):
    def __init__(self, folder, env):
        super().__init__(folder, env)
        self.implicit = host_port(env["REFERENCE_IMPLICIT"])
        self.starttls = host_port(env["REFERENCE_STARTTLS"])
        self.pin = env["PIN_LEAF"]
        self.user = env["USER"]
        self.password = self.path("PASSWORD_FILE").read_bytes().rstrip(b"\r\n")
        self.address = "reader@" + self.name

    def mails(self):
        return sorted(self.path("MAIL_DIR").glob("*.eml"))


class _Postfix(_Server):
    def __init__(self, folder):
        super().__init__(folder, read_env((folder / "env").read_text("utf-8").splitlines()))
        require("POSTFIX_SUBMISSION" in self.env, "the test bed runs without Postfix")
        self.implicit = host_port(self.env["POSTFIX_SUBMISSIONS"])
        self.starttls = host_port(self.env["POSTFIX_SUBMISSION"])
        self.user = self.env["ALICE_USER"]
        self.password = self.env["ALICE_PASSWORD"].encode()
        self.address = self.env["ALICE_ADDRESS"]

    def mails(self):
        return sorted(self.path("MAIL_POSTFIX").glob("*/new/*"))


@contextlib.contextmanager
def _run_reference_server(program, options):
    with tempfile.TemporaryDirectory(prefix="secsmtp-") as folder:
        process = subprocess.Popen(
            [str(program), "demo", "--dir", folder, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # A server that hangs before READY must not hang the tests.
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        try:
            lines = []
            for line in process.stdout:
                if line.strip() == "READY":
                    break
                lines.append(line)
            else:
                raise AssertionError("the local test server ended before it was ready")
            watchdog.cancel()
            yield _ReferenceServer(Path(folder), read_env(lines))
        finally:
            watchdog.cancel()
            process.stdin.close()  # the sign to end
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
