"""Each mechanism that a server written by others truly offers, with the right password and a wrong one."""

import os
import subprocess
import tempfile
import unittest

from tests.real import real_test

PASSWORDS = ("PLAIN", "LOGIN")
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-1")
PLUS = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS")
# Address, mode, mechanisms for passwords, the strongest first.
OFFERS = (
    ("POSTFIX_SUBMISSIONS", "implicit", SCRAM + PASSWORDS),
    ("POSTFIX_CYRUS", "starttls", ("SCRAM-SHA-512",) + SCRAM + PASSWORDS),
    ("EXIM_SUBMISSIONS", "implicit", SCRAM + PASSWORDS),
    ("OPENSMTPD_SUBMISSIONS", "implicit", PASSWORDS),
    ("DOVECOT23_SUBMISSIONS", "implicit", SCRAM + PASSWORDS),
    ("DOVECOT24_SUBMISSIONS", "implicit", PLUS + SCRAM + PASSWORDS),
    ("AIOSMTPD_SUBMISSIONS", "implicit", ("PLAIN", "LOGIN")),
    ("NODEMAILER_SUBMISSIONS", "implicit", PASSWORDS),
    ("HARAKA_SUBMISSIONS", "implicit", PASSWORDS),
)


class Mechanisms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        real_test.RealServers.setUpClass()
        cls.real = real_test.RealServers()

    def login(self, address, mode, user, *options, password=None):
        """Sends one small mail; gives the exit status, the result and the log."""
        env = self.real.env
        password = password or env[user.upper() + "_PASSWORD"]
        command = [str(real_test.peers.command()), "send", "--server", env["SERVER_NAME"], "--connect", env[address], "--tls", mode, "--json", "--verbose"]
        command += ["--from", env[user.upper() + "_ADDRESS"], "--to", env["BOB_ADDRESS"], "--user", user, "--password-env", "A_SECRET"]
        command += [str(part) for part in (*self.real.trust(), *options)]
        done = subprocess.run(command, input=b"Subject: login\r\n\r\nbody\r\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "A_SECRET": password}, timeout=90)
        log = done.stderr.decode()
        for form in real_test.forms(password):
            self.assertNotIn(form.decode(errors="replace"), log + done.stdout.decode())
        return done.returncode, real_test.schema.result(done.stdout), log

    def offers(self):
        return (offer for offer in OFFERS if offer[0] in self.real.env)

    def test_each_mechanism_logs_both_users_in(self):
        for address, mode, mechanisms in self.offers():
            for mechanism in mechanisms:
                # bob's password is not ASCII: SASLprep and UTF-8 against another implementation
                for user in ("alice", "bob"):
                    with self.subTest(address=address, mechanism=mechanism, user=user):
                        status, result, log = self.login(address, mode, user, "--mechanism", mechanism)
                        self.assertEqual((status, result["outcome"]), (0, "accepted"), log)
                        self.assertEqual(result["mechanism"], mechanism)
                        bound = "tls-exporter" if mechanism.endswith("-PLUS") else None
                        self.assertEqual(result["channel_binding"], bound)

    def test_a_wrong_password_is_refused_once(self):
        for address, mode, mechanisms in self.offers():
            for mechanism in mechanisms:
                with self.subTest(address=address, mechanism=mechanism):
                    status, result, log = self.login(address, mode, "alice", "--mechanism", mechanism, password="not-the-Password")
                    self.assertEqual((status, result["outcome"], result["stage"]), (11, "refused", "auth"), log)
                    self.assertEqual(result["status_name"], "SECSMTP_E_AUTH_REFUSED")
                    self.assertEqual(log.count("> AUTH "), 1)
                    self.assertIs(result["secret_released"], True)

    def test_the_strongest_mechanism_is_used_by_default(self):
        for address, mode, mechanisms in self.offers():
            with self.subTest(address=address):
                _, result, log = self.login(address, mode, "alice")
                self.assertEqual((result["outcome"], result["mechanism"]), ("accepted", mechanisms[0]), log)

    def test_binding_is_the_callers_choice(self):
        # Dovecot 2.4 refuses the flag y as a downgrade: with binding off it must be n.
        _, result, log = self.login("DOVECOT24_SUBMISSIONS", "implicit", "bob", "--channel-binding", "off")
        self.assertEqual((result["outcome"], result["mechanism"], result["channel_binding"]), ("accepted", "SCRAM-SHA-256", None), log)
        for mode, address in (("implicit", "DOVECOT24_SUBMISSIONS"), ("starttls", "DOVECOT24_SUBMISSION")):
            _, result, log = self.login(address, mode, "bob", "--channel-binding", "require", "--min-mechanism", "SCRAM-SHA-256-PLUS")
            self.assertEqual((result["outcome"], result["channel_binding"]), ("accepted", "tls-exporter"), log)

    def test_a_minimum_and_a_demand_end_it_before_anything_secret(self):
        for address, mode, mechanisms in self.offers():
            if mechanisms[0].endswith("-PLUS"):
                continue
            for option, expected in (
                (("--min-mechanism", "SCRAM-SHA-256-PLUS"), "SECSMTP_E_MECHANISM_MISSING"),
                (("--channel-binding", "require"), "SECSMTP_E_CHANNEL_BINDING"),
            ):
                with self.subTest(address=address, option=option):
                    status, result, log = self.login(address, mode, "alice", *option)
                    self.assertEqual((status, result["outcome"], result["status_name"]), (10, "not_sent", expected), log)
                    self.assertIs(result["secret_released"], False)
                    self.assertNotIn("> AUTH", log)
                    self.assertIn("the server offers", result["text"])

    # Address, and an identity that the certificate of alice may act as.
    BY_CERTIFICATE = (("EXIM_SUBMISSIONS", "ALICE_ADDRESS"), ("DOVECOT23_SUBMISSIONS", "ALICE_USER"), ("DOVECOT24_SUBMISSIONS", "ALICE_USER"))

    def by_certificate(self, address, *options, certificate="CLIENT"):
        """Sends one small mail, logging in by a client certificate."""
        env = self.real.env
        own = ("--client-certificate", self.real.path(certificate + "_CERT_FILE"), "--client-key", self.real.path(certificate + "_KEY_FILE"))
        common = ("--from", env["ALICE_ADDRESS"], "--to", env["BOB_ADDRESS"])
        return self.real.run_command("send", address, *common, *self.real.trust(), *own, "--external", *options, content=b"Subject: x\r\n\r\nbody\r\n")

    def test_the_client_certificate_logs_in_by_external(self):
        for address, identity in self.BY_CERTIFICATE:
            for options in ((), ("--user", self.real.env[identity])):
                with self.subTest(address=address, options=options):
                    status, result = self.by_certificate(address, *options)
                    self.assertEqual((status, result["outcome"]), (0, "accepted"), result)
                    self.assertEqual((result["mechanism"], result["channel_binding"]), ("EXTERNAL", None))
                    self.assertIs(result["secret_released"], False)

    def test_another_client_certificate_is_rejected(self):
        for address, _ in self.BY_CERTIFICATE:
            with self.subTest(address=address):
                status, result = self.by_certificate(address, "--user", "bob")
                self.assertEqual((status, result["status_name"]), (11, "SECSMTP_E_AUTH_REFUSED"), result)
                # An unknown certificate is rejected, in the way of each server.
                status, result = self.by_certificate(address, certificate="STRANGER")
                self.assertIn(status, (10, 11), result)
                self.assertNotEqual(result["outcome"], "accepted")

    def test_a_program_is_asked_for_a_token_and_once_more_when_it_is_refused(self):
        env = self.real.env
        with tempfile.TemporaryDirectory() as folder:
            asked, program = os.path.join(folder, "asked"), os.path.join(folder, "token")
            for address in ("DOVECOT24_SUBMISSIONS", "EXIM_SUBMISSIONS", "POSTFIX_SUBMISSIONS"):
                for mechanism in ("OAUTHBEARER", "XOAUTH2"):
                    for second, expected in ((env["OAUTH_TOKEN"], (0, "accepted")), (env["OAUTH_TOKEN_FORGED"], (11, "refused"))):
                        with self.subTest(address=address, mechanism=mechanism, expected=expected):
                            with open(program, "w") as file:
                                file.write(f"#!/bin/sh\necho $* >> {asked}\ncase $3 in first) echo {env['OAUTH_TOKEN_EXPIRED']};; *) echo {second};; esac\n")
                            os.chmod(program, 0o700)
                            with open(asked, "w"):
                                pass
                            common = ("--from", env["ALICE_ADDRESS"], "--to", env["BOB_ADDRESS"], "--user", "alice", "--token-command", program)
                            status, result = self.real.run_command("send", address, *common, "--mechanism", mechanism, *self.real.trust(), content=b"Subject: x\r\n\r\nbody\r\n")
                            self.assertEqual((status, result["outcome"]), expected, result)
                            name = env["SERVER_NAME"]
                            with open(asked) as file:
                                self.assertEqual(file.read(), f"{name} alice first\n{name} alice refused\n")


if __name__ == "__main__":
    unittest.main()
