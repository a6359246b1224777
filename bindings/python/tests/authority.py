"""A CA made with openssl: a server's chain, a client's certificate, revocation lists."""

import base64
import contextlib
import hashlib
import pathlib
import shutil
import subprocess
import tempfile

from .common import peers

CONFIG = """
[ca]
default_ca = own
[own]
database = index.txt
default_md = sha256
crl_extensions = list
crlnumber = number
[list]
authorityKeyIdentifier = keyid
"""


class Authority:
    """Files below `folder`: ca.pem, server.pem, server.key, public.pem, client.pem, client.key."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "own.cnf").write_text(CONFIG)
        (self.folder / "index.txt").write_text("")
        (self.folder / "number").write_text("01\n")
        usage = "keyUsage=critical,keyCertSign,cRLSign"
        basic = "basicConstraints=critical,CA:TRUE"
        self._certificate("ca", "An own CA", usage, basic)
        self._certificate("server", "own.test", "subjectAltName=DNS:own.test", by="ca")
        self._certificate("client", "alice", "extendedKeyUsage=clientAuth", by="ca")
        self._openssl("pkey", "-in", "server.key", "-pubout", "-out", "public.pem")
        der = self._openssl("pkey", "-pubin", "-in", "public.pem", "-outform", "DER")
        digest = hashlib.sha256(der).digest()
        self.pin = "sha256//" + base64.b64encode(digest).decode()

    def path(self, name):
        return self.folder / name

    def read(self, name):
        return self.path(name).read_bytes()

    def revocation_list(self, name, revoked=()):
        """Makes the CA's list: the certificates that were revoked so far, and these."""
        own = ("ca", "-config", "own.cnf", "-cert", "ca.pem", "-keyfile", "ca.key")
        for certificate in revoked:
            self._openssl(*own, "-revoke", certificate)
        self._openssl(*own, "-gencrl", "-crlhours", "2", "-out", name)
        return self.read(name)

    def _certificate(self, name, subject, *extensions, by=None):
        command = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        command += ["-nodes", "-keyout", name + ".key", "-out", name + ".pem", "-days", "2"]
        command += ["-subj", "/CN=" + subject]
        for extension in extensions:
            command += ["-addext", extension]
        if by is not None:
            command += ["-CA", by + ".pem", "-CAkey", by + ".key"]
            command += ["-addext", "basicConstraints=critical,CA:FALSE"]
        self._openssl(*command)

    def _openssl(self, *arguments):
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, check=True, capture_output=True
        )
        return done.stdout


@contextlib.contextmanager
def authority():
    """An authority until the block ends."""
    peers.require(shutil.which("openssl"), "there is no openssl to make certificates with")
    with tempfile.TemporaryDirectory(prefix="secsmtp-") as folder:
        yield Authority(folder)
