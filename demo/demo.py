"""Shows libsecsmtp at work on this machine alone: `make demo`.

A reference submission server and "the hotel", a mail proxy in between, run on loopback. A mail goes
through the reference server from C and from Python. Then the hotel plays its two tricks on both.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bindings" / "python")]

import secsmtp  # noqa: E402
from tests.support import peers  # noqa: E402


def compile_example(folder):
    """The C example, linked with the library of this tree."""
    library, program = peers.library(), Path(folder) / "send"
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    command = [compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT / 'include'}"]
    command += [str(ROOT / "bindings/c/examples/send.c"), f"-L{library.parent}", "-lsecsmtp"]
    command += [f"-Wl,-rpath,{library.parent}", "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def keep_mails(server):
    """Copies what the server got to where it outlives the demo."""
    folder = peers.library().parent.parent / "demo-mails"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return [Path(shutil.copy(mail, folder)) for mail in server.mails()]


def title(text):
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def from_c(program, server, address, mode, policy):
    """Runs the C example; its words go to the terminal."""
    host, port = address
    arguments = [server.name, host, str(port), mode, *policy, server.user]
    arguments += [server.password.decode(), "alice@mail.test", server.address]
    return subprocess.run([str(program), *arguments], check=False).returncode


def from_python(server, address, mode, **trust):
    """Sends with the Python package; gives the receipt, or the error."""
    message = EmailMessage()
    message["From"], message["To"] = "alice@mail.test", server.address
    message["Subject"] = "Hello from Python"
    message.set_content("This mail went to the named server, or nowhere.\n")
    login = secsmtp.Password(server.user, server.password)
    policy = secsmtp.Policy(tls=mode, **trust)
    try:
        with secsmtp.Client(server.name, policy=policy, credential=login, connect=address) as client:
            receipt = client.send(message)
    except secsmtp.Error as error:
        print(f"{error.outcome}: {error}")
        return error
    print(f"{receipt.outcome}: {receipt.server_text}")
    print(f"over TLS {receipt.peer.tls_version} to the key {receipt.peer.spki_sha256[0]}")
    return receipt


def show_hotel(server):
    """The files of the hotel, which must contain nothing of ours."""
    time.sleep(0.2)  # what is on its way to the hotel shall be in the picture too
    clear = server.path("HOTEL_CLEAR_FILE").read_bytes()
    decrypted = server.path("HOTEL_DECRYPTED_FILE").read_bytes()
    words = [line for line in clear.split(b"\r\n") if line and line.isascii() and line[0] >= 32]
    print("The hotel received in clear text:", b" | ".join(words).decode("ascii", "replace") or "(nothing)")
    print("The hotel decrypted:", decrypted.decode("utf-8", "replace") or "(nothing)")
    for secret in (server.user.encode(), server.password, b"alice@mail.test", b"went to the named"):
        assert secret not in clear + decrypted, f"the hotel saw {secret!r}"
    print("No login, no address, no content.")


def main():
    secsmtp.load(str(peers.library()))
    with tempfile.TemporaryDirectory(prefix="secsmtp-demo-") as folder, peers.reference_server() as server:
        program = compile_example(folder)
        ca, pin = str(server.ca_file), server.env["PIN_LEAF"]
        servers = {"implicit": server.implicit, "starttls": server.starttls}
        for mode, address in servers.items():
            title(f"The reference server, {mode}: from C, then from Python")
            assert from_c(program, server, address, mode, (ca, pin)) == 0
            assert from_python(server, address, mode, ca_files=[ca], pins=[pin]).outcome == "accepted"
        kept = keep_mails(server)
        print(f"\nThe mails can be read in {kept[0].parent}. The last one:\n")
        print(kept[-1].read_text("utf-8"))

        hide = peers.host_port(server.env["HOTEL_HIDE"])
        title("The hotel's first trick: it hides STARTTLS and speaks clear text")
        assert from_c(program, server, hide, "starttls", (ca, pin)) != 0
        assert from_python(server, hide, "starttls", ca_files=[ca]).outcome == "not_sent"
        show_hotel(server)

        forged = {"implicit": "HOTEL_TLS_IMPLICIT", "starttls": "HOTEL_TLS_STARTTLS"}
        poisoned = [ca, str(server.path("HOTEL_CA_FILE"))]
        for mode, name in forged.items():
            address = peers.host_port(server.env[name])
            title(f"Its second trick, {mode}: a certificate from a CA that you did not choose")
            assert from_c(program, server, address, mode, (ca, "-")) != 0
            print("\nAnd if the machine trusts the hotel's CA, your pin still holds:\n")
            error = from_python(server, address, mode, ca_files=poisoned, pins=[pin])
            assert error.outcome == "not_sent"
            show_hotel(server)
    print("\nThat was the demo. Both servers are stopped.")


if __name__ == "__main__":
    main()
