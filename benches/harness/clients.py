"""The measured clients, their forms, and their command lines."""
import sys
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Client:
    """One way to send: what the table calls it, and its command up to the form."""
    name: str
    note: str
    command: tuple
    form: str
    kind: str                       # "limit", "ours" or "rival"
    environment: dict = field(default_factory=dict)
    starttls: bool = False          # it has no implicit TLS
    streams: bool = False
    nagle: bool = False             # it waits 40 ms for the peer's kernel, again and again

    @property
    def label(self):
        return f"{self.name}, {self.note}" if self.note else self.name


def mailers(built):
    """Those that send many small messages."""
    found = [
        Client("bare rustls", "streamed", (built["limit"],), "stream", "limit", streams=True),
        Client("bare rustls", "one at a time", (built["limit"],), "one", "limit"),
        Client("libsecsmtp", "blocking send", (built["ours"],), "send", "ours"),
    ]
    for form, note, streams in OUR_OTHERS:
        found.append(Client("libsecsmtp", note, (built["ours"],), form, "ours", streams=streams))
    if "curl" in built:
        found.append(Client("libcurl", "", (built["curl"],), "send", "rival"))
    off = {"LD_PRELOAD": str(built["nodelay"])} if "nodelay" in built else None
    for key, name, command, starttls in (
        ("esmtp", "libESMTP", (built.get("esmtp"),), True),
        ("rivals", "lettre", (built.get("rivals"), "lettre"), False),
        ("rivals", "mail-send", (built.get("rivals"), "mail-send"), False),
    ):
        if key not in built:
            continue
        found.append(Client(name, "as shipped", command, "send", "rival", starttls=starttls, nagle=True))
        if off:
            found.append(Client(name, "Nagle off", command, "send", "rival", off, starttls))
    if "python" in built:
        found.append(Client("smtplib", "", (sys.executable, built["python"]), "send", "rival"))
    return found


def attachers(built):
    """Those that make a mail of a file."""
    found = [Client("bare rustls", "", (built["limit"],), "attach", "limit")]
    for form, note in OUR_ATTACHMENTS:
        found.append(Client("libsecsmtp", note, (built["ours"],), form, "ours"))
    if "curl" in built:
        found.append(Client("libcurl", "its MIME interface", (built["curl"],), "attach", "rival"))
        found.append(Client("libcurl", "already base64", (built["curl"],), "encoded", "rival"))
    if "rivals" in built:
        for name in ("lettre", "mail-send"):
            found.append(Client(name, "", (built["rivals"], name), "attach", "rival"))
    if "python" in built:
        found.append(Client("smtplib", "", (sys.executable, built["python"]), "attach", "rival"))
    return found


# Forms of benches/c/ours.c beside blocking sends.
OUR_OTHERS = (
    ("stream", "streamed (send_batch)", True),
    ("jobs", "jobs on one connection", False),
)
OUR_ATTACHMENTS = (("attach", "composed"),)
