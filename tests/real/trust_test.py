"""Each way to trust, through servers written by others: one table, run from C, Python and the command.

SECSMTP_TESTBED names the folder of a running test bed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections import namedtuple
from pathlib import Path

from tests.c.c_test import build
from tests.support import peers, schema

sys.path.append(str(peers.ROOT / "bindings" / "python"))

# The fields of a send and of a probe in each host; and the names of the table's kinds elsewhere.
Sent = namedtuple("Sent", "outcome status pin stage secret content")
Probed = namedtuple("Probed", "outcome status pin key greeting")
PYTHON = {"ca": "ca_files", "pin": "pins", "pin-file": "pin_files", "certificate": "certificate_files", "crl": "crl_files",
          "mozilla": "mozilla_roots", "system": "system_roots"}
COMMAND = {"ca": "--ca-file", "pin": "--pin", "pin-file": "--pin-of", "certificate": "--certificate", "crl": "--crl-file", "known": "--pin-file",
           "client-chain": "--client-certificate", "client-key": "--client-key", "mozilla": "--mozilla-roots", "system": "--system-roots", "strict": "--strict"}
BARE = ("mozilla", "system", "strict")  # Options of the command without a value.

CA = ("ca", "CA_FILE")
UNKNOWN_PIN = ("pin", "UNKNOWN")
LEAF, INTERMEDIATE, ROOT = (("pin", name) for name in ("LEAF", "INTERMEDIATE", "ROOT"))
STRICT, LENIENT = ("strict", "1"), ("strict", "0")
MOZILLA, SYSTEM = ("mozilla", "-"), ("system", "-")

# The trust; the status, without SECSMTP_; the pin that matches.
MAIN = (
    ((CA,), "OK", None),
    ((CA, LEAF), "OK", "LEAF"),
    ((LEAF,), "OK", "LEAF"),
    ((("certificate", "LEAF_FILE"),), "OK", None),
    ((("known", "KNOWN"),), "OK", "LEAF"),
    ((CA, UNKNOWN_PIN), "E_PIN_MISMATCH", None),
    ((MOZILLA,), "E_UNKNOWN_ISSUER", None),
)
MORE = (
    ((CA, INTERMEDIATE), "OK", "INTERMEDIATE"),
    ((CA, ROOT), "OK", "ROOT"),
    ((CA, UNKNOWN_PIN, LEAF), "OK", "LEAF"),
    ((INTERMEDIATE,), "OK", "INTERMEDIATE"),
    ((LEAF, STRICT), "OK", "LEAF"),
    ((("pin-file", "LEAF_FILE"),), "OK", "LEAF"),
    ((("pin-file", "LEAF_KEY_FILE"),), "OK", "LEAF"),
    ((CA, ("pin-file", "INTERMEDIATE_FILE")), "OK", "INTERMEDIATE"),
    ((CA, ("known", "KNOWN")), "OK", "LEAF"),
    ((CA, ("certificate", "LEAF_FILE"), LEAF, STRICT), "OK", "LEAF"),
    ((CA, ("crl", "GOOD_LISTS")), "OK", None),
    ((UNKNOWN_PIN,), "E_PIN_MISMATCH", None),
    # The server does not send its root, so that nothing leads to it.
    ((ROOT,), "E_PIN_MISMATCH", None),
    ((("known", "KNOWN_WRONG"),), "E_PIN_MISMATCH", None),
    ((CA, ("known", "KNOWN_WRONG")), "E_PIN_MISMATCH", None),
    ((("certificate", "CA_FILE"),), "E_CERTIFICATE_MISMATCH", None),
    ((CA, ("certificate", "INTERMEDIATE_FILE")), "E_CERTIFICATE_MISMATCH", None),
    ((SYSTEM,), "E_UNKNOWN_ISSUER", None),
    ((MOZILLA, SYSTEM, LEAF), "E_UNKNOWN_ISSUER", None),
    ((CA, ("crl", "BAD_LISTS")), "E_REVOKED", None),
    ((CA, ("crl", "HALF_LISTS")), "E_REVOCATION_UNKNOWN", None),
)
# Servers that are themselves wrong or different; implicit TLS, and no login is sent to them.
DIFFERENT = (
    ("TLS_WRONGNAME", (("pin", "WRONGNAME"),), "OK", "WRONGNAME"),
    ("TLS_WRONGNAME", (("pin", "WRONGNAME"), LENIENT), "OK", "WRONGNAME"),
    ("TLS_WRONGNAME", (("pin", "WRONGNAME"), STRICT), "E_NAME_MISMATCH", None),
    ("TLS_WRONGNAME", (("pin", "WRONGNAME"), CA), "E_NAME_MISMATCH", None),
    ("TLS_EXPIRED", (("pin", "EXPIRED"),), "OK", "EXPIRED"),
    ("TLS_EXPIRED", (("pin", "EXPIRED"), LENIENT), "OK", "EXPIRED"),
    ("TLS_EXPIRED", (("pin", "EXPIRED"), STRICT), "E_EXPIRED", None),
    ("TLS_EXPIRED", (("pin", "EXPIRED"), CA), "E_EXPIRED", None),
    ("TLS_SELFSIGNED", (("pin", "SELFSIGNED"), STRICT), "OK", "SELFSIGNED"),
    ("TLS_OTHERCA", (CA, ("pin", "OTHERLEAF")), "E_UNKNOWN_ISSUER", None),
)
OWN = (("client-chain", "CLIENT_CERT_FILE"), ("client-key", "CLIENT_KEY_FILE"))
STRANGERS = (("client-chain", "STRANGER_CERT_FILE"), ("client-key", "STRANGER_KEY_FILE"))


class Bed:
    """The test bed, with what the table names: its files, and those that are made for the tests."""

    def __init__(self, work):
        self.folder, self.env = peers.testbed()
        self.work = Path(work)
        # Beside the CA's certificate lie those of the others.
        self.ca = (self.folder / self.env["CA_FILE"]).resolve().parent
        self.files = {"LEAF_FILE": self.ca / "leaf.pem", "LEAF_KEY_FILE": self.work / "leaf-key.pem"}
        self.files.update({name: self.work / name.lower() for name in ("KNOWN", "KNOWN_WRONG", "GOOD_LISTS", "BAD_LISTS", "HALF_LISTS")})
        self.files["LEAF_KEY_FILE"].write_bytes(openssl("x509", "-in", self.files["LEAF_FILE"], "-noout", "-pubkey"))
        self._known_servers()
        self._revocation_lists()

    def value(self, kind, name):
        """A value of the table, as the programs take it."""
        if kind == "pin":
            return "sha256//" + ("A" * 43 + "=" if name == "UNKNOWN" else self.env["PIN_SHA256_" + name])
        if kind in BARE:
            return name
        return str(self.files.get(name) or (self.folder / self.env[name]).resolve())

    def trust(self, rows):
        return [(kind, self.value(kind, name)) for kind, name in rows]

    def _known_servers(self):
        secsmtp = package()
        for name, address in self.env.items():
            if name.endswith(("_SUBMISSION", "_SUBMISSIONS")):
                port = peers.host_port(address)[1]
                for file, pin in (("KNOWN", "LEAF"), ("KNOWN_WRONG", "UNKNOWN")):
                    secsmtp.learn(self.files[file], self.env["SERVER_NAME"], port, self.value("pin", pin), "the test")

    def _revocation_lists(self):
        root = self._list("root", "intermediate", "GOOD")
        good, bad = self._list("intermediate", "client", "GOOD"), self._list("intermediate", "leaf", "BAD")
        for name, lists in (("GOOD_LISTS", root + good), ("BAD_LISTS", root + bad), ("HALF_LISTS", root)):
            self.files[name].write_bytes(lists)

    def _list(self, issuer, certificate, kind):
        """The list of an issuer; of the root it is empty, else it revokes this certificate."""
        key = self.ca / (issuer + ".key")
        peers.require(key.is_file(), f"the test bed has no {key.name} to sign a revocation list with")
        folder = self.work / f"{issuer}-{certificate}-{kind}"
        folder.mkdir()
        (folder / "index").write_text("")
        config = folder / "config"
        config.write_text(f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder / 'index'}\ncrlnumber={folder / 'number'}\ndefault_md=sha256\n"
                          "crl_extensions=list\n[list]\nauthorityKeyIdentifier=keyid\n")
        (folder / "number").write_text("01\n")
        own = ("ca", "-config", config, "-cert", self.ca / (issuer + ".pem"), "-keyfile", key)
        if issuer != "root":
            openssl(*own, "-revoke", self.ca / (certificate + ".pem"))
        return openssl(*own, "-gencrl", "-crldays", "2")


def openssl(*arguments):
    peers.require(shutil.which("openssl"), "there is no openssl to make revocation lists with")
    return subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


def package():
    import secsmtp

    secsmtp.load(peers.library())
    return secsmtp


class Host:
    """A host that sends or probes; an address is given by its name in the bed's env."""

    def __init__(self, bed):
        self.bed, self.env = bed, bed.env

    def login(self):
        return self.env["ALICE_USER"], self.env["ALICE_PASSWORD"]


class C(Host):
    def __init__(self, bed):
        super().__init__(bed)
        self.program = build("tests/c/modes.c", bed.work)

    def run(self, address, mode, rows, login, more=()):
        host, port = peers.host_port(self.env[address])
        user, password = self.login() if login else ("-", "-")
        arguments = [self.program, self.env["SERVER_NAME"], host, str(port), mode, user, password, self.env["ALICE_ADDRESS"], self.env["BOB_ADDRESS"]]
        arguments += [word for row in self.bed.trust(rows) for word in row]
        done = subprocess.run([*arguments, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=90)
        assert "==" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        words = done.stdout.rstrip("\n").split(" ", 5)
        assert len(words) == 6 or more, done
        return ["" if word == "-" else word for word in words]

    def send(self, address, mode, rows, login=True):
        outcome, status, pin, stage, secret, content = self.run(address, mode, rows, login)
        return Sent(outcome, status, pin, stage, secret == "1", content == "1")

    def probe(self, address, mode, rows):
        words = self.run(address, mode, rows, False, ("probe", "-"))
        if words[0] == "none":
            return Probed("none", words[1], "", "", "")
        return Probed(*words[:4], " ".join(words[4:]))


class Python(Host):
    def client(self, address, mode, rows, login):
        secsmtp = package()
        named, identity = {}, {}
        address = peers.host_port(self.env[address])
        for kind, value in self.bed.trust(rows):
            if kind.startswith("client-"):
                identity[kind] = Path(value).read_bytes()
            elif kind == "known":
                named.setdefault("known_servers", []).append((value, self.env["SERVER_NAME"], address[1]))
            elif kind == "strict":
                named["strict"] = value == "1"
            elif kind in BARE:
                named[PYTHON[kind]] = True
            else:
                named.setdefault(PYTHON[kind], []).append(value)
        if identity:
            named["client_certificate"] = (identity["client-chain"], identity["client-key"])
        with secsmtp.Policy(tls=mode, **named) as policy:
            credential = secsmtp.Password(*self.login()) if login else None
            return secsmtp.Client(self.env["SERVER_NAME"], address[1], policy=policy, credential=credential, connect=address, timeout=60)

    def send(self, address, mode, rows, login=True):
        secsmtp = package()
        with self.client(address, mode, rows, login) as client:
            try:
                result = client.send(b"Subject: Modes\r\n\r\nFrom Python\r\n", self.env["ALICE_ADDRESS"], [self.env["BOB_ADDRESS"]])
                status, peer = "SECSMTP_OK", result.peer
            except secsmtp.Error as error:
                result, status, peer = error, error.status_name, error.receipt.peer
        return Sent(result.outcome, status, peer.matched_pin or "", result.stage, result.secret_released, result.content_released)

    def probe(self, address, mode, rows):
        secsmtp = package()
        with self.client(address, mode, rows, False) as client:
            try:
                report = client.probe()
            except secsmtp.Error as error:
                return Probed("none", error.status_name, "", "", "")
        outcome = "trusted" if report.trusted else "not_trusted"
        return Probed(outcome, report.verdict_name, report.matched_pin or "", report.certificates[0].spki_sha256, report.greeting)


class Command(Host):
    def run(self, action, address, mode, rows, *more):
        host, port = peers.host_port(self.env[address])
        command = [str(peers.command()), action, "--server", self.env["SERVER_NAME"], "--port", str(port), "--connect", f"{host}:{port}"]
        command += ["--tls", mode, "--json", *more]
        for kind, value in self.bed.trust(rows):
            if (kind, value) != LENIENT:
                command += [COMMAND[kind]] if kind in BARE else [COMMAND[kind], value]
        env = {**os.environ, "A_PASSWORD": self.env["ALICE_PASSWORD"]}
        done = subprocess.run(command, input=b"Subject: Modes\r\n\r\nFrom the command\r\n", stdout=subprocess.PIPE, env=env, timeout=90)
        return schema.result(done.stdout)

    def send(self, address, mode, rows, login=True):
        more = ("--from", self.env["ALICE_ADDRESS"], "--to", self.env["BOB_ADDRESS"])
        if login:
            more += ("--user", self.env["ALICE_USER"], "--password-env", "A_PASSWORD")
        result = self.run("send", address, mode, rows, *more)
        pin = result["matched_pin"] or ""
        return Sent(result["outcome"], result["status_name"], pin, result["stage"], result["secret_released"], result["content_released"])

    def probe(self, address, mode, rows):
        # It takes no client certificate for a probe.
        result = self.run("probe", address, mode, [row for row in rows if not row[0].startswith("client-")])
        if "greeting" not in result:
            return Probed("none", result["status_name"], "", "", "")
        return Probed("trusted" if result["trusted"] else "not_trusted", result["status_name"], result["matched_pin"] or "", result["certificates"][0]["spki"], result["greeting"])


class Trust(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(work.cleanup)
        cls.bed = Bed(work.name)
        cls.hosts = [C(cls.bed), Python(cls.bed), Command(cls.bed)]

    def each_host(self, **case):
        return [(host, self.subTest(host=type(host).__name__, **case)) for host in self.hosts]

    def pin(self, name):
        return self.bed.value("pin", name) if name else ""

    def check(self, host, address, mode, rows, status, pin, login=True):
        sent = host.send(address, mode, rows, login)
        if status == "OK":
            self.assertEqual(sent, Sent("accepted", "SECSMTP_OK", self.pin(pin), "reply", login, True))
        else:
            self.assertEqual(sent, Sent("not_sent", "SECSMTP_" + status, "", "tls", False, False))

    def server(self, server, table):
        peers.require(server + "_SUBMISSION" in self.bed.env, f"the test bed runs without {server}")
        for mode, port in (("implicit", "_SUBMISSIONS"), ("starttls", "_SUBMISSION")):
            for rows, status, pin in table:
                for host, case in self.each_host(server=server, mode=mode, trust=rows):
                    with case:
                        self.check(host, server + port, mode, rows, status, pin)

    def test_every_mode_through_postfix(self):
        self.server("POSTFIX", MAIN + MORE)

    def test_the_main_modes_through_exim(self):
        self.server("EXIM", MAIN)

    def test_the_main_modes_through_opensmtpd(self):
        self.server("OPENSMTPD", MAIN)

    def test_servers_with_another_name_date_or_issuer(self):
        for address, rows, status, pin in DIFFERENT:
            for host, case in self.each_host(address=address, trust=rows):
                with case:
                    # With a login, which would be released if the rejection failed.
                    self.check(host, address, "implicit", rows, status, pin, login=status != "OK")

    def test_a_known_server_of_another_port_is_no_known_server(self):
        rows = (CA, ("known", "KNOWN"))
        for program in (self.hosts[0], self.hosts[2]):
            with self.subTest(host=type(program).__name__):
                sent = program.send("TLS_RSA", "implicit", rows)
                # The policy is made before there is a message; the command sends one in any case.
                outcome = "not_sent" if program is self.hosts[2] else "none"
                self.assertEqual(sent, Sent(outcome, "SECSMTP_E_NO_TRUST", "", "local", False, False))
        with self.assertRaises(package().ArgumentError) as caught:
            self.hosts[1].send("TLS_RSA", "implicit", rows)
        self.assertEqual(caught.exception.status_name, "SECSMTP_E_NO_TRUST")

    def test_a_client_certificate_opens_the_door_that_asks_for_one(self):
        for rows in ((CA, *OWN), (CA, LEAF, *OWN), (LEAF, STRICT, *OWN)):
            for host, case in self.each_host(trust=rows):
                with case:
                    self.check(host, "TLS_CLIENTCERT", "implicit", rows, "OK", "LEAF" if LEAF in rows else None, login=False)

    def test_without_the_right_client_certificate_nothing_leaves(self):
        for rows in ((CA,), (CA, *STRANGERS)):
            for host, case in self.each_host(trust=rows):
                with case:
                    sent = host.send("TLS_CLIENTCERT", "implicit", rows)
                    self.assertEqual((sent.outcome, sent.secret, sent.content), ("not_sent", False, False), sent)
                    # In TLS 1.3 the server judges the client when for the client the handshake is over.
                    self.assertIn((sent.status, sent.stage), (("SECSMTP_E_HANDSHAKE", "greeting"), ("SECSMTP_E_HANDSHAKE", "tls")))

    def test_a_client_certificate_is_not_shown_over_tls_1_2_nor_to_a_stranger(self):
        for address, rows, status in (
            ("TLS_ONLY12", (CA, *OWN), "E_HANDSHAKE"),
            ("TLS_CLIENTCERT", (CA, UNKNOWN_PIN, *OWN), "E_PIN_MISMATCH"),
            ("TLS_CLIENTCERT", (MOZILLA, *OWN), "E_UNKNOWN_ISSUER"),
        ):
            for host, case in self.each_host(address=address, trust=rows):
                with case:
                    self.check(host, address, "implicit", rows, status, None)

    def test_a_client_certificate_that_is_not_requested_is_not_sent(self):
        for host, case in self.each_host():
            with case:
                self.check(host, "POSTFIX_SUBMISSION", "starttls", (CA, *OWN), "OK", None)

    def test_probes(self):
        table = (
            ("POSTFIX", (CA, LEAF), "OK", "LEAF"),
            ("POSTFIX", (UNKNOWN_PIN,), "E_PIN_MISMATCH", None),
            ("POSTFIX", (SYSTEM,), "E_UNKNOWN_ISSUER", None),
            ("POSTFIX", (), "E_NO_TRUST", None),
            ("EXIM", (("known", "KNOWN"), STRICT), "OK", "LEAF"),
            ("OPENSMTPD", (CA, ("crl", "BAD_LISTS")), "E_REVOKED", None),
        )
        for server, rows, status, pin in table:
            for mode, port in (("implicit", "_SUBMISSIONS"), ("starttls", "_SUBMISSION")):
                for host, case in self.each_host(server=server, mode=mode, trust=rows):
                    with case:
                        result = host.probe(server + port, mode, rows)
                        outcome = "trusted" if status == "OK" else "not_trusted"
                        self.assertEqual(result[:4], (outcome, "SECSMTP_" + status, self.pin(pin), self.pin("LEAF")))
                        self.assertIn("SMTP", result.greeting)

    def test_probes_never_show_a_client_certificate(self):
        for host, case in self.each_host():
            with case:
                # The door stays shut, as without one.
                self.assertEqual(host.probe("TLS_CLIENTCERT", "implicit", (CA, *OWN)), host.probe("TLS_CLIENTCERT", "implicit", (CA,)))

    def test_a_file_that_the_command_learnt_serves_every_host(self):
        learnt = self.bed.work / "learnt"
        self.bed.files["LEARNT"] = learnt
        command, rows = self.hosts[2], (("known", "LEARNT"),)
        for trust, expected in (((UNKNOWN_PIN,), False), ((CA,), True)):
            result = command.run("probe", "POSTFIX_SUBMISSIONS", "implicit", trust, "--learn", str(learnt), "--by", "the test")
            self.assertEqual((result["learnt"], learnt.exists()), (expected, expected), result)
        for host, case in self.each_host():
            with case:
                self.check(host, "POSTFIX_SUBMISSIONS", "implicit", rows, "OK", "LEAF")


if __name__ == "__main__":
    unittest.main()
