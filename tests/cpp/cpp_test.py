"""`secsmtp.hpp`: every function is reached, it compiles everywhere, and programs run clean."""

import itertools
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from tests.support import header, peers

ROOT = peers.ROOT
HPP = ROOT / "bindings" / "cpp" / "secsmtp.hpp"
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT / 'include'}", f"-I{HPP.parent}")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")


def sanitizers(compiler):
    """The switches, where the compiler has its runtime; gcc always brings it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler, "-x", "c++", *SANITIZERS, "-", "-o", f"{folder}/p"]
        done = subprocess.run(command, input="int main() {}", text=True, stderr=subprocess.PIPE)
    if done.returncode and "clang" not in compiler:
        peers.require(False, f"{compiler} has no sanitizers")
    return () if done.returncode else SANITIZERS


def build(source, program, compiler, *options):
    library = peers.library()
    command = [compiler, *STRICT, *options, str(ROOT / source), "-o", program]
    command += [f"-L{library.parent}", "-lsecsmtp", f"-Wl,-rpath,{library.parent}"]
    subprocess.run(command, check=True)
    return program


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return done.returncode, done.stdout


class SlowLine:
    """A forwarder to `target` that holds every piece back for so many seconds."""

    def __init__(self, target, seconds):
        self.seconds = seconds
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self._accept, args=(target,), daemon=True).start()

    def _accept(self, target):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near, target), daemon=True).start()

    def _connect(self, near, target):
        with near, socket.create_connection(target) as far:
            back = threading.Thread(target=self._carry, args=(far, near), daemon=True)
            back.start()
            self._carry(near, far)
            back.join()

    def _carry(self, source, sink):
        try:
            while piece := source.recv(1 << 16):
                time.sleep(self.seconds)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self.address

    def __exit__(self, *_exception):
        self.listener.close()


class Classes(unittest.TestCase):
    def test_every_function_is_reached(self):
        code = re.sub(r"//[^\n]*", "", HPP.read_text("utf-8"))
        words = set(re.findall(r"\bsecsmtp_\w+", code))
        self.assertEqual(set(header.functions()) - words, set())

    def test_compiles_and_holds_under_sanitizers(self):
        found = [c for c in ("g++", "clang++") if shutil.which(c)]
        peers.require(found, "there is no C++ compiler")
        for compiler, standard in itertools.product(found, ("c++17", "c++20")):
            with self.subTest(f"{compiler} {standard}"), tempfile.TemporaryDirectory() as folder:
                options = (f"-std={standard}", *sanitizers(compiler))
                program = build("tests/cpp/classes.cpp", f"{folder}/classes", compiler, *options)
                self.assertEqual(run(program), (0, "the classes hold\n"))

    def test_the_sanitizers_are_on(self):
        """A program that steps beyond its memory, or over the largest number, ends with a report."""
        peers.require(shutil.which("g++"), "there is no g++")
        wrongs = {"AddressSanitizer": "int *p = new int[1]; delete[] p; return p[n];", "signed integer overflow": "return 2147483647 + n;"}
        for word, body in wrongs.items():
            with tempfile.TemporaryDirectory() as folder:
                code = f"int main(int n, char **) {{ {body} }}"
                command = ["g++", "-x", "c++", *sanitizers("g++"), "-", "-o", f"{folder}/p"]
                subprocess.run(command, input=code, text=True, check=True, stderr=subprocess.PIPE)
                status, text = run(f"{folder}/p")
                self.assertNotEqual(status, 0)
                self.assertIn(word, text)

    def test_the_example_delivers(self):
        compiler = shutil.which("g++") or shutil.which("clang++")
        peers.require(compiler, "there is no C++ compiler")
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("bindings/cpp/examples/send.cpp", f"{folder}/send", compiler, "-std=c++17", *sanitizers(compiler))
            host, port = server.implicit
            words = (server.name, host, str(port), str(server.ca_file), server.user)
            people = ("alice@mail.test", server.address)
            status, text = run(program, *words, server.password.decode(), *people)
            self.assertEqual(status, 0, text)
            self.assertIn("and by a job", text)
            self.assertEqual(len(server.mails()), 2)
            status, text = run(program, *words, "wrong", *people)
            self.assertEqual((status, text[:8]), (1, "refused:"), text)

    def test_the_example_delivers_over_a_slow_line(self):
        """No event within the time of a dispatch is no error."""
        compiler = shutil.which("g++") or shutil.which("clang++")
        peers.require(compiler, "there is no C++ compiler")
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("bindings/cpp/examples/send.cpp", f"{folder}/send", compiler, "-std=c++17")
            with SlowLine(server.implicit, 0.3) as (host, port):
                words = (server.name, host, str(port), str(server.ca_file), server.user, server.password.decode())
                status, text = run(program, *words, "alice@mail.test", server.address)
            self.assertEqual(status, 0, text)
            self.assertEqual(len(server.mails()), 2)


if __name__ == "__main__":
    unittest.main()
