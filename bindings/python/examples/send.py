"""Send one mail: send.py LIBRARY HOST ADDRESS:PORT CA_FILE USER PASSWORD_FILE FROM TO"""

import sys
from email.message import EmailMessage

import secsmtp

library, host, connect, ca_file, user, password_file, sender, recipient = sys.argv[1:]
secsmtp.load(library)
address, port = connect.rsplit(":", 1)
with open(password_file, encoding="utf-8") as file:
    login = secsmtp.Password(user, file.read().rstrip("\r\n"))

message = EmailMessage()
message["From"], message["To"], message["Subject"] = sender, recipient, "Sent from Python"
message.set_content("Over a verified channel.\n")

policy = secsmtp.Policy(ca_files=ca_file)
try:
    with secsmtp.Client(
        host, policy=policy, credential=login, connect=(address, int(port)), timeout=30
    ) as client:
        receipt = client.send(message)
except secsmtp.Error as error:
    sys.exit(f"{error.outcome}: {error}")
print(f"{receipt.outcome}: {receipt.smtp_code} {receipt.server_text}")
print(f"over TLS {receipt.peer.tls_version}, server key {receipt.peer.spki_sha256[0]}")
