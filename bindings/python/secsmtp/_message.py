"""From an ``email`` message to an envelope and bytes. Pure: no library, no network."""

from __future__ import annotations

import copy
import email.errors
import email.generator
import email.header
import email.headerregistry
import email.message
import email.policy
import io
import os
from typing import Any, Iterable, List, NamedTuple, Optional, Tuple, Union

from . import _abi
from ._errors import argument_error
from ._objects import several

Bytes = Union[bytes, bytearray, memoryview]


class Raw(NamedTuple):
    """A finished mail (RFC 5322), and the rules by which it is accepted.

    ``content``: its bytes, or a binary file object that can seek, read from where it stands;
    or in its place ``path``, a file. A file or file object is read through when the mail is handed to
    the library and anew by each send, and never held in memory: a gigabyte takes as much as a
    kilobyte. One that is gone or has changed in between fails the send as :class:`NotSent`.

    ``strict``: a bare CR or LF is refused, with the line's number; without it each becomes CRLF.
    ``binary``: what DATA can't carry (a NUL, a line over 998 bytes) is sent to a server with
    BINARYMIME, byte by byte where the header's lines end in CRLF, else with CRLF for each line end;
    without it, it is refused. Content that begins with the ``From`` line of an mbox file is refused.
    ``envelope``: sender and recipients are those
    of the header (the Resent- fields alone when there are any), and none are given beside it; a
    header that leaves a doubt is an :class:`ArgumentError`.
    """

    content: Union[Bytes, Any] = b""
    strict: bool = False
    binary: bool = False
    envelope: bool = False
    path: Optional[Union[str, "os.PathLike[str]"]] = None


Content = Union[email.message.Message, bytes, bytearray, memoryview, Raw]


class Prepared(NamedTuple):
    """``sender`` None: none was found. ``content``: the bytes of the mail or a file object, or in its
    place a ``path``, taken by ``rules``."""

    sender: Optional[str]
    recipients: Tuple[str, ...]
    content: Union[Bytes, Any]
    rules: int = 0
    path: Optional[Union[str, "os.PathLike[str]"]] = None


def prepare(
    message: Content,
    sender: Optional[str],
    recipients: Optional[Union[str, Iterable[str]]],
) -> Prepared:
    """Envelope and content. The library reports what is missing or malformed."""
    given: Optional[Tuple[str, ...]] = None
    if recipients is not None:
        given = several("recipients", recipients, (str,))
    if isinstance(message, Raw):
        if message.envelope and (sender is not None or given is not None):
            raise TypeError("sender and recipients must not be given beside Raw(envelope=True)")
        if message.path is not None and message.content != b"":
            raise TypeError("content and path must not both be given")
        return Prepared(sender, given or (), message.content, _rules(message), message.path)
    if isinstance(message, (bytes, bytearray, memoryview)):
        return Prepared(sender, given or (), message)
    if not isinstance(message, email.message.Message):
        raise TypeError(
            "message must be secsmtp.Message, email.message.EmailMessage, bytes or secsmtp.Raw, "
            f"not {type(message).__name__}"
        )
    prefix = _resent_prefix(message, sender is None or given is None)
    if sender is None:
        sender = _sender(message, prefix)
    if given is None:
        found: List[str] = []
        for name in ("To", "Cc", "Bcc"):
            found += _addresses(message, prefix + name)
        # A recipient in both To and Cc gets one copy.
        given = tuple(dict.fromkeys(found))
    return Prepared(sender, given, _bytes(message, sender, given))


def _rules(raw: Raw) -> int:
    rules = _abi.CONTENT_STRICT if raw.strict else 0
    rules |= _abi.CONTENT_BINARY if raw.binary else 0
    return rules | (_abi.CONTENT_ENVELOPE if raw.envelope else 0)


def _resent_prefix(message: email.message.Message, needed: bool) -> str:
    """``"Resent-"`` when the message is sent on: then that block alone is the envelope."""
    fields = ("Date", "From", "Sender", "To", "Cc", "Bcc")
    counts = [len(message.get_all("Resent-" + field, [])) for field in fields]
    if needed and max(counts) > 1:
        # Sent on more than once; the fields do not say which belong together (RFC 5322, 3.6.6).
        raise argument_error(
            "message",
            "has more than one block of Resent- fields: give sender and recipients",
            _abi.E_VALUE,
        )
    return "Resent-" if max(counts) else ""


def _sender(message: email.message.Message, prefix: str) -> Optional[str]:
    for name in (prefix + "Sender", prefix + "From"):
        found = _addresses(message, name)
        if len(found) > 1:
            # Several authors need a Sender (RFC 5322, 3.6.2); to pick one would be a guess.
            raise argument_error(
                "message",
                f"has {len(found)} addresses in {name}, and the sender is one:"
                f" add {prefix}Sender or give sender",
                _abi.E_ADDRESS,
            )
        if found:
            return found[0]
    return None


def _addresses(message: email.message.Message, name: str) -> List[str]:
    """The bare addresses of all fields of this name. A doubtful field is an error: what a lenient
    parser makes of it might be another person's address."""
    found: List[str] = []
    for header in _address_headers(message, name):
        for defect in header.defects:
            if isinstance(defect, _HARMLESS) or not isinstance(defect, email.errors.HeaderDefect):
                continue
            why = f"has a malformed field {name}: {str(defect).rstrip('.')}"
            raise argument_error("message", why, _abi.E_ADDRESS)
        found += [address.addr_spec for address in header.addresses]
    return found


# Non-ASCII is judged by the library (SMTPUTF8), control characters are refused there; obsolete
# syntax such as an empty list entry is unambiguous.
_HARMLESS = (
    email.errors.NonASCIILocalPartDefect,
    email.errors.NonPrintableDefect,
    email.errors.ObsoleteHeaderDefect,
)


def _address_headers(message: email.message.Message, name: str) -> Iterable[Any]:
    for field, value in message.raw_items():
        if field.lower() != name.lower():
            continue
        if not hasattr(value, "addresses"):
            # Parsed from a file, or of the legacy class: the source text, encoded words and all.
            # Decoding first would let a name such as "a, b@c" turn into an address.
            if isinstance(value, email.header.Header):
                value = value.encode(maxlinelen=0)
            source = "".join(str(value).splitlines())
            try:
                # Bytes above 127 are kept as lone surrogates; they are UTF-8 (RFC 6532).
                source = source.encode("ascii", "surrogateescape").decode("utf-8")
            except UnicodeError:
                pass
            value = email.policy.default.header_factory(name, source)
        yield value


def _bytes(
    message: email.message.Message, sender: Optional[str], recipients: Tuple[str, ...]
) -> bytes:
    # A shallow copy: deleting a field makes a new list and leaves the caller's message alone.
    public = copy.copy(message)
    for name in ("Bcc", "Resent-Bcc"):
        del public[name]
    policy: Any = message.policy.clone(linesep="\r\n")
    if isinstance(policy, email.policy.EmailPolicy):
        # As UTF-8 only when an address has no other form: then the server must support
        # SMTPUTF8. Other fields are encoded (RFC 2047), which every server accepts.
        policy = policy.clone(utf8=not _ascii(message, sender, recipients))
    buffer = io.BytesIO()
    # mangle_from_ would put ">" before lines that begin with "From ": a mailbox's affair.
    email.generator.BytesGenerator(buffer, mangle_from_=False, policy=policy).flatten(public)
    return buffer.getvalue()


def _ascii(
    message: email.message.Message, sender: Optional[str], recipients: Tuple[str, ...]
) -> bool:
    addresses = [sender or "", *recipients]
    for name in ("From", "Sender", "Reply-To", "To", "Cc"):
        for prefix in ("", "Resent-"):
            for header in _address_headers(message, prefix + name):
                addresses += [address.addr_spec for address in header.addresses]
    return all(address.isascii() for address in addresses)
