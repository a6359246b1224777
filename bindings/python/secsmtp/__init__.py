"""Mail submission over a verified channel to the named server, with an exact outcome.

    import secsmtp
    from email.message import EmailMessage

    policy = secsmtp.Policy(ca_files="company-ca.pem")
    login = secsmtp.Password("alice", password)
    with secsmtp.Client("mail.example.com", policy=policy, credential=login) as client:
        receipt = client.send(message)

Each error and each receipt reports what left this machine, and the outcome of the mail.
"""

import logging as _logging

from ._batch import Mail, Sent
from ._client import Client
from ._compose import Message
from ._credential import Credential, External, Password, Token
from ._errors import (
    ArgumentError,
    Cancelled,
    ConnectionFailed,
    Error,
    InternalError,
    NoSecret,
    NotSent,
    ProtocolError,
    Refused,
    TimedOut,
    TrustError,
    Unknown,
)
from ._job import Event, Job
from ._known_servers import learn
from ._library import LibraryError, load
from ._library import library as _library_of
from ._library import static_text as _static_text
from ._message import Raw
from ._part import Part
from ._options import Options
from ._policy import Policy
from ._results import Certificate, Peer, Receipt, Recipient, Report
from ._secret import SecretRequest
from ._signer import Signer

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "Cancelled",
    "Certificate",
    "Client",
    "ConnectionFailed",
    "Credential",
    "Error",
    "Event",
    "External",
    "InternalError",
    "Job",
    "LibraryError",
    "Mail",
    "NoSecret",
    "Message",
    "NotSent",
    "Part",
    "Options",
    "Password",
    "Peer",
    "Policy",
    "ProtocolError",
    "Raw",
    "Receipt",
    "Recipient",
    "Refused",
    "Report",
    "SecretRequest",
    "Sent",
    "Signer",
    "TimedOut",
    "Token",
    "TrustError",
    "Unknown",
    "feature",
    "learn",
    "library_version",
    "load",
]

# A program that does not configure the log gets none; Python would print warnings otherwise.
_logging.getLogger("secsmtp").addHandler(_logging.NullHandler())

# Tracebacks and help() show the names that users write.
for _name in __all__:
    if _name not in ("feature", "library_version"):
        globals()[_name].__module__ = __name__


def library_version() -> str:
    """The release of the C library, ``"0.1.0"``. Errors: :class:`LibraryError`."""
    return _static_text(_library_of().version_string)


def feature(name: str) -> bool:
    """Return whether the C library was built with a feature, for instance ``"pins"``: see
    ``secsmtp_feature`` in the header. Errors: :class:`LibraryError`."""
    text = name.encode("utf-8", "surrogateescape")
    return _library_of().feature(text, len(text)) == 1
