"""Sample content: a mail of 2,048 bytes, and files of chosen size."""
import base64
import os

MAIL = 2048


def mail(directory):
    """A plain mail of 2,048 bytes with CRLF, as every client gets it."""
    head = ("From: alice@mail.test\r\nTo: bob@mail.test\r\nSubject: A bench\r\n"
            "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <bench@mail.test>\r\n\r\n")
    line = "Two kilobytes of plain text, as a program's mail is, seventy-six a line long\r\n"
    body = line * ((MAIL - len(head)) // len(line))
    rest = MAIL - len(head) - len(body)
    body += "e" * (rest - 2) + "\r\n"
    path = os.path.join(directory, "mail.eml")
    with open(path, "w", encoding="ascii", newline="") as file:
        file.write(head + body)
    if os.path.getsize(path) != MAIL:
        raise AssertionError("the sample is not of its size")
    return path


def attachment(directory, megabytes):
    """A file of so many times 1,000,000 bytes that nothing can compress."""
    path = os.path.join(directory, f"file-{megabytes}")
    block = os.urandom(1_000_000)
    with open(path, "wb") as file:
        for _ in range(megabytes):
            file.write(block)
    return path


def encoded(directory, path):
    """The file as a finished mail in base64."""
    mail_path = path + ".eml"
    with open(path, "rb") as file, open(mail_path, "wb") as out:
        out.write(b"From: alice@mail.test\r\nTo: bob@mail.test\r\nSubject: A file\r\n"
                  b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
                  b"Content-Transfer-Encoding: base64\r\n\r\n")
        while block := file.read(57 * 20_000):
            out.write(base64.encodebytes(block).replace(b"\n", b"\r\n"))
    return mail_path
