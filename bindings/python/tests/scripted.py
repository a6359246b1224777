"""A small TLS mail server whose replies a test can replace, and a peer that sends nothing."""

import base64
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from .common import peers

EHLO = (
    "250-script\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN"
)
HANG_UP = None


class Scripted:
    """Implicit TLS. `replies` maps a verb (or "CONTENT", or a whole RCPT line) to the answer: text,
    a function of the line, or HANG_UP. `lines` holds what came, `content` the last mail."""

    def __init__(self, folder, replies):
        self.certificate = os.path.join(folder, "cert.pem")
        key = os.path.join(folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
            + ["-nodes", "-keyout", key, "-out", self.certificate, "-days", "2"]
            + ["-subj", "/CN=script.test", "-addext", "subjectAltName=DNS:script.test"],
            check=True,
            capture_output=True,
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.replies = {"EHLO": EHLO, "AUTH": "235 2.7.0 in", **replies}
        self.lines, self.content = [], b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        # shutdown wakes the accept; close alone would not.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                plain = self.listener.accept()[0]
                plain.settimeout(60)
                with (
                    contextlib.suppress(OSError),
                    self.context.wrap_socket(plain, server_side=True) as channel,
                ):
                    self._session(channel, channel.makefile("rb"))

    def _session(self, channel, stream):
        channel.sendall(b"220 script\r\n")
        for line in stream:
            line = line.decode().rstrip("\r\n")
            self.lines.append(line)
            verb = line.split(" ")[0].upper()
            reply = self._reply(line, self.replies.get(verb, "250 2.0.0 ok"))
            if verb == "DATA" and "DATA" not in self.replies:
                reply = "354 go"
            if reply is HANG_UP:
                return
            channel.sendall(reply.encode("utf-8", "surrogateescape") + b"\r\n")
            if verb == "QUIT":
                return
            if verb == "DATA" and reply.startswith("354"):
                self.content = b""
                for part in stream:
                    if part == b".\r\n":
                        break
                    self.content += part[1:] if part.startswith(b".") else part
                reply = self._reply("CONTENT", self.replies.get("CONTENT", "250 2.0.0 kept"))
                if reply is HANG_UP:
                    return
                channel.sendall(reply.encode("utf-8", "surrogateescape") + b"\r\n")

    def _reply(self, line, reply):
        reply = self.replies.get(line, reply)
        return reply(line) if callable(reply) else reply


@contextlib.contextmanager
def scripted(**replies):
    """A scripted server until the block ends; keys as in :class:`Scripted`."""
    peers.require(shutil.which("openssl"), "there is no openssl to make a certificate with")
    with tempfile.TemporaryDirectory(prefix="secsmtp-") as folder:
        server = Scripted(folder, replies)
        try:
            yield server
        finally:
            server.close()


class Silent:
    """A peer that accepts connections and never sends a byte."""

    def __init__(self, listener):
        self.listener, self.address = listener, listener.getsockname()
        self.connections = []

    def wait_for_client(self):
        """Returns when a call is under way: its connection was accepted."""
        self.listener.settimeout(60)
        self.connections.append(self.listener.accept()[0])


@contextlib.contextmanager
def silent():
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        peer = Silent(listener)
        yield peer
        for connection in peer.connections:
            connection.close()


def wire_forms(user, password):
    """The forms of the password: as it is, as base64, and in the response of AUTH PLAIN."""
    plain = b"\0" + user.encode() + b"\0" + password
    forms = [password, base64.b64encode(password), base64.b64encode(plain), password.hex().encode()]
    return [form.rstrip(b"=") for form in forms]
