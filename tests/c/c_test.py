"""C programs as C people would build them, run against the local server, and under memcheck."""

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


def compiler():
    found = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    peers.require(found, "there is no C compiler")
    return found


def require_sanitizers():
    """That they are there, and on: a program with an error ends by them."""
    with tempfile.TemporaryDirectory() as folder:
        file, program = Path(folder) / "wrong.c", str(Path(folder) / "wrong")
        text = "#include <stdlib.h>\nint main(int c, char **v) { char *p = malloc(8); free(p); (void)v; return p[c & 7]; }\n"
        file.write_text(text)
        command = [compiler(), "-w", *SANITIZERS, str(file), "-o", program]
        built = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        peers.require(built.returncode == 0, "the compiler has no sanitizers")
        done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert "heap-use-after-free" in done.stdout, done.stdout


def build(source, folder, *options):
    library, program = peers.library(), Path(folder) / Path(source).stem
    command = [compiler(), *STRICT, *options, f"-I{ROOT / 'include'}", str(ROOT / source)]
    command += [f"-L{library.parent}", "-lsecsmtp", f"-Wl,-rpath,{library.parent}", "-o", str(program)]
    subprocess.run(command, check=True)
    return str(program)


def send(program, server, mode, pin="-", *, password=None, under=()):
    """Runs the example; standard output and exit status."""
    host, port = server.implicit if mode == "implicit" else server.starttls
    secret = password or server.password.decode()
    command = [*under, program, server.name, host, str(port), mode, str(server.ca_file), pin]
    command += [server.user, secret, "alice@mail.test", server.address]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return done.stdout, done.returncode


class Example(unittest.TestCase):
    def test_the_example_delivers_over_both_modes(self):
        with tempfile.TemporaryDirectory() as folder, peers.honest() as server:
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
        with tempfile.TemporaryDirectory() as folder, peers.honest() as server:
            program = build("bindings/c/examples/send.c", folder)
            other = "sha256//" + "A" * 43 + "="
            for pin, word in ((other, "another key than the pinned ones"), ("sha256//x", "pin: ")):
                words, status = send(program, server, "implicit", pin)
                self.assertEqual(status, 1)
                self.assertIn("not_sent: ", words)
                self.assertIn(word, words)
            words, status = send(program, server, "implicit", password="wrong")
            self.assertIn("refused: The server refused the login.", words)

    def test_memcheck_finds_no_error_and_no_leak(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        with tempfile.TemporaryDirectory() as folder, peers.honest("--tls", "chacha20") as server:
            program = build("bindings/c/examples/send.c", folder)
            for mode in ("implicit", "starttls"):
                words, status = send(program, server, mode, server.env["PIN_LEAF"], under=MEMCHECK)
                self.assertEqual(status, 0, words)
                self.assertNotIn("==", words)
            words, status = send(program, server, "implicit", password="wrong", under=MEMCHECK)
            self.assertEqual(status, 1, words)
            self.assertNotIn("==", words)

    def test_the_sanitizers_find_nothing(self):
        require_sanitizers()
        with tempfile.TemporaryDirectory() as folder, peers.honest() as server:
            program = build("bindings/c/examples/send.c", folder, *SANITIZERS)
            for mode in ("implicit", "starttls"):
                words, status = send(program, server, mode, server.env["PIN_LEAF"])
                self.assertEqual(status, 0, words)
            self.assertEqual(len(server.mails()), 2)
            words, status = send(program, server, "implicit", password="wrong")
            self.assertEqual(status, 1, words)
            self.assertNotIn("==", words)


class Misuse(unittest.TestCase):
    def test_every_misuse_has_its_status(self):
        with tempfile.TemporaryDirectory() as folder:
            program = build("tests/c/misuse.c", folder)
            done = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_sanitizers_find_nothing_in_any_misuse(self):
        require_sanitizers()
        with tempfile.TemporaryDirectory() as folder:
            program = build("tests/c/misuse.c", folder, *SANITIZERS)
            done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_memcheck_finds_no_error_in_any_misuse(self):
        peers.require(shutil.which("valgrind"), "valgrind is not installed")
        with tempfile.TemporaryDirectory() as folder:
            program = build("tests/c/misuse.c", folder)
            done = subprocess.run([*MEMCHECK, program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
