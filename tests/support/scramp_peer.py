"""A mail server whose SCRAM is not ours: the packages scramp (RFC 5802) and pyOpenSSL.

    scramp_peer.py FOLDER SIGNATURE

SIGNATURE is that of the certificate, which stands in FOLDER/leaf.pem. A line of JSON on standard
input defines how to serve the next connection: `tls` ("1.2", "1.3"), `ems`, `offer` (the AUTH line),
`binding` (the type that the server accepts), `user`, `password`. A line comes back when it is over:
the commands received, and the mechanism and binding type that logged in.
"""

import base64
import datetime
import json
import pathlib
import socket
import sys

import scramp
import scramp.core
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from OpenSSL import SSL

HOST = "scramp.test"
# scramp leaves tls-exporter out because ssl of Python can't export; pyOpenSSL can. Its name is
# allowed here, and the rest of scramp is as it is.
scramp.core.CbName.UNSUPPORTED_TYPES = frozenset()
scramp.core.CbName.SUPPORTED_TYPES |= {"tls-exporter"}
NO_EXTENDED_MASTER_SECRET = 1  # SSL_OP_NO_EXTENDED_MASTER_SECRET
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512(), "1": hashes.SHA1()}


def certificate(folder, signature):
    """A leaf with a P-256 key, signed by a key of its own kind: "ecdsa-384", "rsa-256",
    "pss-512", "ed25519"."""
    kind, _, size = signature.partition("-")
    leaf = ec.generate_private_key(ec.SECP256R1())
    if kind == "ecdsa":
        signer = ec.generate_private_key(ec.SECP384R1())
    elif kind == "ed25519":
        signer = ed25519.Ed25519PrivateKey.generate()
    else:
        signer = rsa.generate_private_key(65537, 2048)
    digest = HASHES.get(size)
    how = {}
    if kind == "pss":
        how = {"rsa_padding": padding.PSS(padding.MGF1(digest), digest.digest_size)}
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a signer")])
    builder = x509.CertificateBuilder(issuer, name, leaf.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(1))
    builder = builder.not_valid_after(now + datetime.timedelta(2))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
    made = builder.sign(signer, digest, **how)
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "leaf.pem").write_bytes(pem)
    key = leaf.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "leaf.key").write_bytes(key)
    return pem.decode()


class Session:
    """One connection."""

    def __init__(self, tls, pem, how):
        self.tls, self.pem, self.how = tls, pem, how
        self.buffer = b""
        self.received = {"lines": [], "mechanism": None, "binding": None, "error": None}

    def say(self, line):
        self.tls.sendall(line.encode() + b"\r\n")

    def line(self):
        while b"\r\n" not in self.buffer:
            try:
                self.buffer += self.tls.recv(4096)
            except SSL.Error:
                return None
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode()

    def serve(self):
        self.say("220 " + HOST)
        content = False
        while (line := self.line()) is not None:
            verb = line.split(" ")[0].upper()
            if content:
                if line == ".":
                    content = False
                    self.say("250 2.0.0 kept")
                continue
            self.received["lines"].append(line)
            if verb == "EHLO":
                self.say(f"250-{HOST}\r\n250 AUTH {self.how['offer']}")
            elif verb == "AUTH":
                self.login(*line.split(" ")[1:])
            elif verb == "DATA":
                content = True
                self.say("354 go on")
            elif verb == "QUIT":
                self.say("221 bye")
                break
            else:
                self.say("250 ok")

    def login(self, name, initial):
        """RFC 4954 around scramp's steps."""
        mechanism = scramp.ScramMechanism(name)
        information = mechanism.make_auth_info(self.how["password"], iteration_count=4096)
        kind = self.how["binding"]
        if kind == "tls-exporter":
            label = b"EXPORTER-Channel-Binding"
            binding = (kind, self.tls.export_keying_material(label, 32, b""))
        else:
            # scramp finds the hash of the signature by itself.
            binding = (kind, self.pem)
        users = {self.how["user"]: information}
        server = mechanism.make_server(
            users.__getitem__, channel_binding=binding if name.endswith("-PLUS") else None
        )
        try:
            server.set_client_first(base64.b64decode(initial, validate=True).decode())
            self.challenge(server.get_server_first())
            server.set_client_final(base64.b64decode(self.line(), validate=True).decode())
            self.challenge(server.get_server_final())
        except (scramp.ScramException, KeyError, ValueError, TypeError) as error:
            self.received["error"] = str(error)
            return self.say("535 5.7.8 no")
        if self.line() != "":
            return self.say("501 5.5.2 an empty line was due")
        self.received["mechanism"] = name
        self.received["binding"] = kind if name.endswith("-PLUS") else None
        return self.say("235 2.7.0 in")

    def challenge(self, text):
        self.say("334 " + base64.b64encode(text.encode()).decode())


def main(folder, signature):
    pem = certificate(folder, signature)
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"address": "127.0.0.1:%d" % listener.getsockname()[1]}), flush=True)
    for order in sys.stdin:
        how = json.loads(order)
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        version = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}[how["tls"]]
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        if not how["ems"]:
            context.set_options(NO_EXTENDED_MASTER_SECRET)
        context.use_certificate_file(str(folder / "leaf.pem"))
        context.use_privatekey_file(str(folder / "leaf.key"))
        print(json.dumps({"ready": True}), flush=True)
        connection = listener.accept()[0]
        tls = SSL.Connection(context, connection)
        tls.set_accept_state()
        session = Session(tls, pem, how)
        try:
            tls.do_handshake()
            session.serve()
            tls.shutdown()
        except (SSL.Error, OSError) as error:
            session.received["error"] = session.received["error"] or repr(error)
        connection.close()
        print(json.dumps(session.received), flush=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
