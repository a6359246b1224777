"""C programs as C people would build them, run against the local server with the sanitizers, and under
memcheck."""

import functools
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support import peers

ROOT = peers.ROOT
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
# No suppressions: with ChaCha20-Poly1305 memcheck understands all of the library. (With AES-GCM it
# reports undefined values out of ring's assembly, also in a program of rustls and ring alone.)
MEMCHECK = ("valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect,possible",
            "--error-exitcode=99")


SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
WRONGS = {
    "heap-use-after-free": "char *p = malloc(8); free(p); return p[c & 7];",
    "signed integer overflow": "return 2147483647 + c;",
}


def compiler():
    found = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    peers.require(found, "there is no C compiler")
    return found


def compiled(text, *options):
    """The end of a program from its text, or None when it can't be built."""
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler(), "-x", "c", "-w", *options, "-", "-o", f"{folder}/p"]
        built = subprocess.run(command, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if built.returncode:
            return None
        return subprocess.run([f"{folder}/p"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@functools.cache
def sanitizers():
    """The sanitizers for memory errors and undefined behaviour, where the compiler has them."""
    return SANITIZERS if compiled("int main(void) { return 0; }", *SANITIZERS) else ()


def build(source, folder, *options, plain=False):
    """A program with the sanitizers; `plain` for memcheck, and for what measures memory itself."""
    library, program = peers.library(), Path(folder) / Path(source).stem
    command = [compiler(), *STRICT, *options, *(() if plain else sanitizers()), f"-I{ROOT / 'include'}"]
    command += [str(ROOT / source), f"-L{library.parent}", "-lsecsmtp", f"-Wl,-rpath,{library.parent}"]
    subprocess.run([*command, "-o", str(program)], check=True)
    return str(program)


def checked(program, *arguments, under=(), timeout=300):
    """Standard output and exit status of a program in which no tool finds anything."""
    done = subprocess.run([*under, program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout)
    assert "==" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done.stdout, done.returncode


def send(program, server, mode, pin="-", *, password=None, under=()):
    """Runs the example; standard output and exit status."""
    host, port = server.implicit if mode == "implicit" else server.starttls
    secret = password or server.password.decode()
    return checked(program, server.name, host, str(port), mode, str(server.ca_file), pin, server.user, secret,
                   "alice@mail.test", server.address, under=under)


class Sanitizers(unittest.TestCase):
    def test_they_are_there_and_on(self):
        peers.require(sanitizers(), "the compiler has no sanitizers")
        for report, body in WRONGS.items():
            done = compiled(f"#include <stdlib.h>\nint main(int c, char **v) {{ {body} }}\n", *sanitizers())
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(report, done.stdout)

    def test_memcheck_is_on(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        with tempfile.TemporaryDirectory() as folder:
            program = str(Path(folder) / "wrong")
            text = "#include <stdlib.h>\nint main(void) { volatile char *p = malloc(8); p = malloc(9); return 0; }\n"
            subprocess.run([compiler(), "-x", "c", "-", "-o", program], input=text, text=True, check=True)
            self.assertEqual(subprocess.run([*MEMCHECK, program], stderr=subprocess.PIPE).returncode, 99)


class Example(unittest.TestCase):
    def test_the_example_delivers_over_both_modes(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("bindings/c/examples/send.c", folder)
            for mode in ("implicit", "starttls"):
                with self.subTest(mode=mode):
                    words, status = send(program, server, mode, server.env["PIN_LEAF"])
                    self.assertEqual(status, 0, words)
                    self.assertIn("accepted:", words)
            mails = server.mails()
            self.assertEqual(len(mails), 2)
            self.assertIn(b"This mail went to the named server, or nowhere.\r\n", mails[0].read_bytes())

    def test_the_example_explains_a_refusal(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("bindings/c/examples/send.c", folder)
            other = "sha256//" + "A" * 43 + "="
            for pin, outcome, word in (
                (other, "not_sent: ", "another key than the pinned ones"),
                # A wrong argument is an error about no message.
                ("sha256//x", "none: ", "pin is not valid base64 after"),
            ):
                words, status = send(program, server, "implicit", pin)
                self.assertEqual(status, 1)
                self.assertIn(outcome, words)
                self.assertIn(word, words)
            words, status = send(program, server, "implicit", password="wrong")
            self.assertIn("refused: Could not log in: the server rejected the login.", words)

    def test_memcheck_finds_no_error_and_no_leak(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        with tempfile.TemporaryDirectory() as folder, peers.reference_server("--tls", "chacha20") as server:
            program = build("bindings/c/examples/send.c", folder, plain=True)
            for mode in ("implicit", "starttls"):
                words, status = send(program, server, mode, server.env["PIN_LEAF"], under=MEMCHECK)
                self.assertEqual(status, 0, words)
            words, status = send(program, server, "implicit", password="wrong", under=MEMCHECK)
            self.assertEqual(status, 1, words)


class Modes(unittest.TestCase):
    """Each kind of trust, met and not met; with real servers `tests/real/trust_test.py` has them all."""

    def run_all(self, folder, server, under=(), plain=False):
        program = build("tests/c/modes.c", folder, plain=plain)
        other = "sha256//" + "A" * 43 + "="
        ca, pin = ("ca", str(server.ca_file)), ("pin", server.env["PIN_LEAF"])
        for rows, outcome, status in (
            ((ca,), "accepted", "OK"),
            ((pin,), "accepted", "OK"),
            ((ca, pin), "accepted", "OK"),
            ((ca, ("pin", other)), "not_sent", "E_PIN_MISMATCH"),
            ((("mozilla", "-"),), "not_sent", "E_UNKNOWN_ISSUER"),
            ((("certificate", str(server.ca_file)),), "not_sent", "E_CERTIFICATE_MISMATCH"),
            ((), "not_sent", "E_NO_TRUST"),
            ((("ca", "/none"),), "none", "E_FILE"),
            ((ca, ("probe", "-")), "trusted", "OK"),
            ((pin, ("probe", "-")), "trusted", "OK"),
            ((("probe", "-"),), "not_trusted", "E_NO_TRUST"),
        ):
            for mode, (host, port) in (("implicit", server.implicit), ("starttls", server.starttls)):
                words = [word for row in rows for word in row]
                said, ended = checked(program, server.name, host, str(port), mode, server.user,
                                      server.password.decode(), "alice@mail.test", server.address, *words, under=under)
                self.assertEqual(said.split()[:2], [outcome, f"SECSMTP_{status}"], (rows, mode))
                self.assertEqual(ended, int(outcome in ("not_sent", "none")))
        self.assertEqual(len(server.mails()), 6)

    def test_each_kind_of_trust(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            self.run_all(folder, server)

    def test_memcheck_finds_no_error_and_no_leak(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        with tempfile.TemporaryDirectory() as folder, peers.reference_server("--tls", "chacha20") as server:
            self.run_all(folder, server, MEMCHECK, plain=True)


class Misuse(unittest.TestCase):
    def test_every_misuse_has_its_status(self):
        with tempfile.TemporaryDirectory() as folder:
            words, status = checked(build("tests/c/misuse.c", folder))
            self.assertEqual(status, 0, words)

    def test_memcheck_finds_no_error_in_any_misuse(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        with tempfile.TemporaryDirectory() as folder:
            words, status = checked(build("tests/c/misuse.c", folder, plain=True), under=MEMCHECK)
            self.assertEqual(status, 0, words)


if __name__ == "__main__":
    unittest.main()
