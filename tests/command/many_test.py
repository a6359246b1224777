"""The command sends several mails in one run, each with its own outcome; and asks for delivery options."""

import os
import subprocess
import tempfile
import unittest
import uuid
from pathlib import Path

from tests.support import peers, schema

FROM = ("--from", "a@mail.test")
TO = (*FROM, "--to", "reader@mail.test")


class Many(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = peers.reference_server("--reject", "unknown@mail.test")
        cls.server = server.__enter__()
        cls.addClassCleanup(server.__exit__, None, None, None)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.box = self.folder / "box"
        self.box.mkdir()

    def write(self, count, to="reader@mail.test", marker=""):
        paths = []
        for number in range(count):
            path = self.box / f"{marker}{number:03}.eml"
            path.write_bytes(f"From: a@mail.test\nTo: {to}\nSubject: {marker}{number}\n\n.{number}\n".encode())
            paths.append(path)
        return paths

    def run_it(self, *words, server=None):
        server = server or self.server
        host, port = server.implicit
        secret = self.folder / "secret"
        secret.write_bytes(server.password)
        command = [peers.command(), "send", "--server", server.name, "--connect", f"{host}:{port}", "--ca-file",
                   server.ca_file, "--user", server.user, "--password-file", secret, *words]
        return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)

    def test_files_and_folders_have_a_line_each(self):
        marker = uuid.uuid4().hex
        paths = self.write(30, marker=marker)
        for words in (paths, [self.box], ["--connections", 3, *paths], ["--window", 1, self.box], ["--rate", "1000/1", "--burst", 3, *paths]):
            before = len(self.server.mails())
            done = self.run_it(*TO, *words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            lines = done.stdout.splitlines()
            self.assertEqual(len(lines), 30)
            for path in paths:
                self.assertEqual(sum(str(path) in line and line.startswith("ACCEPTED.") for line in lines), 1, done.stdout)
            self.assertEqual(len(self.server.mails()) - before, 30)
        self.assertEqual(self.server.wait_for_mail(f"Subject: {marker}7\r".encode()),
                         paths[7].read_bytes().replace(b"\n", b"\r\n"))

    @unittest.skipIf(os.name == "nt", "no file can have such a name there")
    def test_all_mails_arrive_at_a_server_with_a_limit_for_each_connection(self):
        with peers.reference_server("--mails-per-connection", "3") as server:
            paths = self.write(8)
            done = self.run_it(*TO, *paths, server=server)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual([line.split()[0] for line in done.stdout.splitlines()], ["ACCEPTED."] * 8)
            self.assertEqual(len(server.mails()), 8)

    def test_a_name_of_a_file_can_be_no_line_of_its_own(self):
        path = self.box / "a\x1b[2J\nACCEPTED. b.eml"
        path.write_bytes(b"From: a@mail.test\nSubject: x\n\nx\n")
        other = self.write(1)
        for words in ((*TO, self.box), (*FROM, "--to", "unknown@mail.test", path, *other)):
            done = self.run_it(*words)
            shown = done.stdout + done.stderr
            self.assertEqual(len(shown.splitlines()), 2, shown)
            self.assertNotIn("\x1b", shown)
            self.assertIn(r"a\x1b[2J\nACCEPTED. b.eml", shown)

    def test_each_has_its_own_outcome_and_the_worst_is_the_exit(self):
        good = self.write(3, marker="good")
        bad = self.write(1, to="unknown@mail.test", marker="bad")
        missing = self.box / "missing.eml"
        done = self.run_it("--json", "--header-envelope", good[0], missing, bad[0], good[1], good[2])
        self.assertEqual(done.returncode, 11, done.stderr)
        outcomes = {Path(found["file"]).name: found["outcome"] for found in map(schema.result, done.stdout.splitlines())}
        self.assertEqual(outcomes, {"good000.eml": "accepted", "missing.eml": "not_sent", "bad000.eml": "refused",
                                    "good001.eml": "accepted", "good002.eml": "accepted"})

    def test_the_first_failure_can_end_it(self):
        good = self.write(5, marker="good")
        bad = self.write(1, to="unknown@mail.test", marker="bad")
        done = self.run_it("--header-envelope", "--stop-on-error", "--window", 1, good[0], bad[0], *good[1:])
        self.assertEqual(done.returncode, 11, done.stderr)
        self.assertEqual(done.stdout.count("ACCEPTED."), 1)
        self.assertIn("NOT BEGUN. 4 of the messages", done.stderr)

    def test_partial_acceptance_names_the_rejected_recipients(self):
        paths = self.write(2)
        done = self.run_it(*TO, "--to", "unknown@mail.test", "--partial", *paths)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("(but not for unknown@mail.test)"), 2)

    def test_a_missing_extension_is_an_error_that_names_it(self):
        path = self.write(1)[0]
        for words, named in (
            (["--notify", "success,delay"], "DSN"), (["--return", "header"], "DSN"), (["--envelope-id", "x"], "DSN"),
            (["--original-recipient", "a@b.test"], "DSN"), (["--deliver-by", "60:notify", "--trace"], "DELIVERBY"),
            (["--hold", "60"], "FUTURERELEASE"), (["--hold-until", "1900000000"], "FUTURERELEASE"),
            (["--mt-priority", "-3"], "MT-PRIORITY"), (["--require-tls"], "REQUIRETLS"),
            (["--mt-priority", "10"], "--mt-priority"),
        ):
            with self.subTest(words):
                done = self.run_it(*TO, *words, path)
                self.assertEqual(done.returncode, 10, done.stderr)
                self.assertIn(named, done.stderr)

    def test_a_delivery_option_of_another_form_is_usage(self):
        path = self.write(1)[0]
        for words, named in (
            (["--notify", "often"], "often"), (["--return", "half"], "half"), (["--deliver-by", "60"], "SECONDS:return"),
            (["--hold", "soon"], "soon"), (["--mt-priority", "high"], "high"), (["--notify", "never,success"], "never alone"),
        ):
            with self.subTest(words):
                done = self.run_it(*TO, *words, path)
                self.assertEqual(done.returncode, 64, done.stderr)
                self.assertIn(named, done.stderr)

    def test_requested_extensions_are_sent(self):
        offers = ("DSN", "DELIVERBY 30", "FUTURERELEASE 86400 2027-01-01T00:00:00Z", "MT-PRIORITY", "REQUIRETLS")
        extensions = [word for offer in offers for word in ("--extension", offer)]
        with peers.reference_server(*extensions) as server:
            path = self.write(1)[0]
            done = self.run_it(*TO, "--verbose", "--notify", "success,failure", "--return", "full", "--envelope-id", "a+b",
                               "--original-recipient", "c@d.test", "--deliver-by", "60:return", "--hold", "90",
                               "--mt-priority", "-3", "--require-tls", path, server=server)
            self.assertEqual(done.returncode, 0, done.stderr)
            for said in ("RET=FULL", "ENVID=a+2Bb", "BY=60;R", "HOLDFOR=90", "MT-PRIORITY=-3", "REQUIRETLS",
                         "NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;c@d.test"):
                self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
