"""SCRAM with a server that is not ours: scramp over pyOpenSSL, for both types of channel binding."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from tests.support import peers, schema

USER, PASSWORD = "al=i,ce", "pässwörd \u2168"
HASHES = ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1")
TYPES = ("tls-exporter", "tls-server-end-point")


class Peer:
    """The peer with a certificate of one signature, and the command against it."""

    def __init__(self, folder, signature):
        self.certificate = Path(folder) / "leaf.pem"
        script = Path(peers.__file__).with_name("scramp_peer.py")
        self.process = subprocess.Popen(
            [peers.scramp_python(), str(script), folder, signature],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        # A peer that hangs must not hang the tests.
        self.watchdog = threading.Timer(120, self.process.kill)
        self.watchdog.start()
        self.address = self.read()["address"]

    def read(self):
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        self.watchdog.cancel()

    def send(self, offer, *options, tls="1.3", ems=True, binding="tls-exporter", password=PASSWORD):
        """Sends one mail: exit status, result, and what the peer received."""
        how = {"tls": tls, "ems": ems, "offer": offer, "binding": binding, "user": USER, "password": PASSWORD}
        self.process.stdin.write(json.dumps(how) + "\n")
        self.process.stdin.flush()
        assert self.read()["ready"]
        command = [str(peers.command()), "send", "--server", "scramp.test", "--connect", self.address, "--json", "--verbose"]
        command += ["--certificate", str(self.certificate), "--from", "a@scramp.test", "--to", "b@scramp.test"]
        command += ["--user", USER, "--password-env", "A_SECRET", *options]
        env = {**os.environ, "A_SECRET": password}
        done = subprocess.run(command, input=b"Subject: x\r\n\r\nbody\r\n", capture_output=True, env=env, timeout=60)
        assert PASSWORD not in done.stderr.decode() + done.stdout.decode()
        return done.returncode, schema.result(done.stdout), self.read()


@contextlib.contextmanager
def peer(signature="ecdsa-256"):
    with tempfile.TemporaryDirectory(prefix="secsmtp-") as folder:
        running = Peer(folder, signature)
        try:
            yield running
        finally:
            running.close()


class Scramp(unittest.TestCase):
    def accepted(self, sent, mechanism, binding):
        status, result, received = sent
        self.assertEqual((status, result["outcome"]), (0, "accepted"), (result, received))
        self.assertEqual((received["mechanism"], received["binding"]), (mechanism, binding))
        self.assertEqual((result["mechanism"], result["channel_binding"]), (mechanism, binding))

    def test_f17_each_hash_and_type_of_binding_on_both_tls_versions(self):
        with peer() as running:
            for tls in ("1.3", "1.2"):
                for mechanism in HASHES:
                    plus = mechanism + "-PLUS"
                    for kind in TYPES:
                        with self.subTest(tls=tls, mechanism=plus, kind=kind):
                            options = ("--binding-type", kind, "--channel-binding", "require")
                            sent = running.send(f"PLAIN {mechanism} {plus}", *options, tls=tls, binding=kind)
                            self.accepted(sent, plus, kind)
                            self.assertEqual(sent[1]["tls_version"], tls)
                    with self.subTest(tls=tls, mechanism=mechanism):
                        self.accepted(running.send(mechanism, tls=tls), mechanism, None)

    def test_f18_the_end_point_is_hashed_as_the_certificate_was_signed(self):
        options = ("--binding-type", TYPES[1], "--channel-binding", "require")
        for signature in ("ecdsa-384", "ecdsa-512", "rsa-256", "rsa-384", "rsa-512", "pss-256", "pss-512"):
            with self.subTest(signature=signature), peer(signature) as running:
                sent = running.send("SCRAM-SHA-256-PLUS", *options, binding=TYPES[1])
                self.accepted(sent, "SCRAM-SHA-256-PLUS", TYPES[1])

    def test_f18_a_binding_that_is_undefined_is_an_error_and_never_another_type(self):
        with peer("ed25519") as running:
            offer, kind = "SCRAM-SHA-256-PLUS SCRAM-SHA-256", ("--binding-type", TYPES[1])
            status, result, received = running.send(offer, *kind, "--channel-binding", "require")
            self.assertEqual((status, result["status_name"]), (10, "SECSMTP_E_CHANNEL_BINDING"), result)
            self.assertIs(result["secret_released"], False)
            self.assertFalse([line for line in received["lines"] if line.startswith("AUTH")])
            # Not required, it is left out, and said so: n and not y, which would be refused.
            self.accepted(running.send(offer, *kind), "SCRAM-SHA-256", None)
            # The session has a binding whatever the certificate is signed with.
            self.accepted(running.send(offer), "SCRAM-SHA-256-PLUS", "tls-exporter")

    def test_f17_a_server_of_another_type_refuses_and_nothing_is_tried_instead(self):
        with peer() as running:
            for own, other in (TYPES, TYPES[::-1]):
                offer = "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN"
                status, result, received = running.send(offer, "--binding-type", own, binding=other)
                self.assertEqual((status, result["status_name"]), (11, "SECSMTP_E_AUTH_REFUSED"), result)
                self.assertEqual(sum(line.startswith("AUTH") for line in received["lines"]), 1)
                self.assertIn("QUIT", received["lines"])

    def test_f02_a_wrong_password_is_refused_once(self):
        with peer() as running:
            status, result, received = running.send("SCRAM-SHA-256-PLUS PLAIN", password="another")
            self.assertEqual((status, result["outcome"]), (11, "refused"), result)
            self.assertEqual(sum(line.startswith("AUTH") for line in received["lines"]), 1)

    def test_without_the_extended_master_secret_there_is_no_tls_1_2(self):
        # So the exporter is always to be had, and no binding is ever exchanged for another.
        with peer() as running:
            status, result, received = running.send("SCRAM-SHA-256-PLUS", tls="1.2", ems=False)
            self.assertEqual((status, result["stage"], result["outcome"]), (10, "tls", "not_sent"), result)
            self.assertEqual(received["lines"], [])


if __name__ == "__main__":
    sys.exit(unittest.main())
