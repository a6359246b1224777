"""Python's smtplib.

client.py send   PORT CA_FILE COUNT MESSAGE_FILE [cold]
client.py attach PORT CA_FILE COUNT FILE [cold]
"""
import json
import smtplib
import ssl
import sys
import time
from email.message import EmailMessage
from email.policy import SMTP

SENDER, RECIPIENT = "alice@mail.test", "bob@mail.test"


def with_file(path):
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, "A file"
    with open(path, "rb") as file:
        message.add_attachment(file.read(), maintype="application", subtype="octet-stream")
    return message


def peak_kb():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def main():
    form, port, ca_file, count, path, *more = sys.argv[1:]
    content = open(path, "rb").read() if form == "send" else b"Subject: warm\r\n\r\nwarm\r\n"
    began = since = time.monotonic()
    cpu = time.process_time()
    context = ssl.create_default_context(cafile=ca_file)
    with smtplib.SMTP_SSL("127.0.0.1", int(port), local_hostname="bench.test", context=context) as smtp:
        smtp.login("alice", "correct horse")
        if "cold" not in more:
            smtp.sendmail(SENDER, RECIPIENT, content)
            since, cpu = time.monotonic(), time.process_time()
        for _ in range(int(count)):
            if form == "send":
                smtp.sendmail(SENDER, RECIPIENT, content)
            else:
                smtp.send_message(with_file(path))
        cpu, now = time.process_time() - cpu, time.monotonic()
    print(json.dumps({"messages": int(count), "seconds": now - since, "total": now - began,
                      "cpu": cpu, "peak_kb": peak_kb()}))


main()
