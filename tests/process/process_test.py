"""Sends leave no signal, descriptor, thread or secret in their process."""

import base64
import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from tests.c.c_test import build
from tests.support import peers

MASK = 0x5A


def masked(data):
    return bytes(byte ^ MASK for byte in data).hex()


def forms(user, password):
    """The password as it is, as base64 at each alignment, and as a whole PLAIN response."""
    found = [password, base64.b64encode(b"\0" + user + b"\0" + password)]
    for lead in range(3):
        padded = bytes(lead) + password
        encoded = base64.b64encode(padded)
        found.append(encoded[-(-lead * 8 // 6) : len(padded) * 8 // 6])
    return found


@contextlib.contextmanager
def peer_that_hangs_up():
    """Takes each connection, reads a little, and closes it with the rest unread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]


@contextlib.contextmanager
def closed_port():
    """A port where no program can listen: it is the local port of a connection of our own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()) as held:
            yield held.getsockname()[1]


class Relay:
    """Passes each connection on, and counts those over which the client said anything."""

    def __init__(self, address, port, target):
        self.target, self.received = target, 0
        self.listener = socket.create_server((address, port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                for way in ((client, server), (server, client)):
                    threading.Thread(target=self.copy, args=(*way, way[0] is client), daemon=True).start()

    def copy(self, source, sink, counts):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.received += counts
                counts = False
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()


def relays(first, second):
    """At two addresses, on one port that is free at both."""
    for _ in range(50):
        one = Relay("127.0.0.2", 0, first)
        try:
            return one, Relay("127.0.0.3", one.port, second)
        except OSError:
            one.close()
    raise AssertionError("no port is free at two addresses")


@unittest.skipUnless(sys.platform == "linux", "/proc is Linux's")
class Process(unittest.TestCase):
    def test_i04_i09_sends_leave_nothing_behind(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("tests/process/process.c", folder, plain=True)
            with peer_that_hangs_up() as hangs_up, closed_port() as closed:
                _, port = server.implicit
                command = [program, server.name, str(port), str(server.ca_file)]
                command += [str(closed), str(hangs_up), server.user, masked(server.password)]
                command += [masked(form) for form in forms(server.user.encode(), server.password)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("ok", done.stdout)
        print(done.stdout.strip(), file=sys.stderr)

    def test_a11_behind_a_key_that_is_not_pinned_no_other_address_is_tried(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("tests/process/addresses.c", folder, plain=True)
            for mode, ours in (("implicit", server.implicit), ("starttls", server.starttls)):
                hotel = peers.host_port(server.env[f"HOTEL_TLS_{mode.upper()}"])
                # Intercepted at the first address alone; not at all; no listener at the first.
                for first, targets, reported, received in (
                    ("127.0.0.2", (hotel, ours), "SECSMTP_E_PIN_MISMATCH secret=0", (1, 0)),
                    ("127.0.0.2", (ours, hotel), "SECSMTP_OK", (1, 0)),
                    ("127.0.0.4", (hotel, ours), "SECSMTP_OK", (0, 1)),
                ):
                    one, two = relays(*targets)
                    command = [program, first, "127.0.0.3", str(one.port), mode, server.pin, server.user]
                    command += [server.password.decode(), server.address]
                    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120)
                    one.close()
                    two.close()
                    with self.subTest(mode=mode, first=first, targets=targets):
                        self.assertEqual((done.stdout, (one.received, two.received)), (reported, received))

    def test_name_look_ups_that_hang_are_abandoned_and_few(self):
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("tests/process/lookups.c", folder, "-pthread", plain=True)
            done = subprocess.run([program, str(server.ca_file)], stdout=subprocess.PIPE, text=True, timeout=300)
        self.assertEqual((done.returncode, done.stdout), (0, "ok\n"))

    def test_i11_without_random_numbers_nothing_is_sent(self):
        """Refused from the first request on, from the second on, and so forth to where all are served."""
        with tempfile.TemporaryDirectory() as folder, peers.reference_server() as server:
            program = build("tests/process/random.c", folder, plain=True)
            command = [server.name, str(server.implicit[1]), str(server.ca_file), server.user]
            command += [server.password.decode(), server.address]
            reported = []
            while not reported or not reported[-1].startswith("sent"):
                self.assertEqual(server.mails(), [])
                self.assertLess(len(reported), 50)
                done = subprocess.run([program, str(len(reported)), *command], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True, timeout=60)
                peers.require(done.returncode != 77, "a program can't filter its own system calls")
                self.assertEqual(done.returncode, 0, done.stdout)
                reported.append(done.stdout)
            server.wait_for_mail(b"A body.")
        failed = reported[:-1]
        self.assertGreater(len(failed), 6, reported)
        # Behind a request that was served the standard library makes one that can but panic, and a
        # panic always leaves the outcome in doubt.
        panics = [line for line in failed if "SECSMTP_E_PANIC" in line]
        self.assertLessEqual(len(panics), 1, reported)
        for line in failed:
            if line.startswith("client_send") and line not in panics:
                self.assertIn("SECSMTP_E_RANDOM", line)
                self.assertIn("outcome=1 secret=0", line)
            else:
                self.assertTrue("SECSMTP_E_RANDOM" in line or line in panics, line)


if __name__ == "__main__":
    unittest.main()
