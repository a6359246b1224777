"""Results of a send or a probe, as plain immutable values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Tuple, TypeVar

from . import _abi
from ._library import Library, static_text, text


class JsonSource:
    """A value of which the library also gives one JSON text."""

    # Not a field: two values are equal, and replaced, by what they say.
    _json = ""

    def to_json(self) -> str:
        """The library's JSON text (docs/json has its schema). ValueError for a value that the library
        did not make."""
        if not self._json:
            raise ValueError(f"this {type(self).__name__} is not the library's, and has no JSON text")
        return self._json

    def to_dict(self) -> Dict[str, Any]:
        """The object that :meth:`to_json` is the text of."""
        result: Dict[str, Any] = json.loads(self.to_json())
        return result


T = TypeVar("T", bound=JsonSource)


def with_json(value: T, function: Callable[..., Any], handle: Any) -> T:
    """The value with the JSON text that a getter gives."""
    object.__setattr__(value, "_json", text(function, handle))
    return value


@dataclass(frozen=True)
class Recipient:
    """The reply for one recipient.

    ``outcome`` is one of ``"not_sent"``, ``"refused"``, ``"accepted"``, ``"unknown"``;
    ``smtp_code`` and ``enhanced_code`` (``"5.1.1"``) are None when the server sent none; ``text``
    is the text of the reply, with control characters escaped, or "".
    """

    address: str
    outcome: str
    smtp_code: Optional[int]
    enhanced_code: Optional[str]
    text: str


@dataclass(frozen=True)
class Peer:
    """The identity of the server. A field is None, or the tuple empty, when the send did not get that far.

    ``spki_sha256`` holds ``sha256//BASE64`` of each certificate that was sent, the server's own
    first; ``matched_pin`` is the pin that matched; ``mechanism`` the SASL mechanism, and
    ``channel_binding`` the type of its channel binding.
    """

    tls_version: Optional[str]
    cipher_suite: Optional[str]
    spki_sha256: Tuple[str, ...]
    matched_pin: Optional[str]
    channel_binding: Optional[str]
    mechanism: Optional[str]


@dataclass(frozen=True)
class Receipt(JsonSource):
    """The record of one send, whatever its outcome.

    ``outcome``: ``"accepted"``, ``"not_sent"`` (safe to retry), ``"refused"`` (by the verified
    server) or ``"unknown"`` (do not retry blindly). ``stage``: the last stage, ``"connect"`` to
    ``"reply"``. ``secret_released`` and ``content_released``: whether any byte of either left
    this machine. ``connection_reused``: the connection had carried another mail before; then
    ``secret_released`` refers to its opening. ``smtp_code``, ``enhanced_code``, ``message_id``: None when there is none.
    """

    outcome: str
    stage: str
    secret_released: bool
    content_released: bool
    connection_reused: bool
    smtp_code: Optional[int]
    enhanced_code: Optional[str]
    server_text: str
    message_id: Optional[str]
    recipients: Tuple[Recipient, ...]
    peer: Peer


@dataclass(frozen=True)
class Certificate:
    """One certificate as the server sent it.

    ``spki_sha256``: its key as a pin. ``names``: the host names and addresses that it is for.
    ``not_before``, ``not_after``: in UTC, ``"2026-11-23T00:00:00Z"``.
    """

    spki_sha256: str
    subject: str
    issuer: str
    names: Tuple[str, ...]
    not_before: str
    not_after: str


@dataclass(frozen=True)
class Report(JsonSource):
    """The report of a probe or of :meth:`Policy.verify_chain`; the latter has no greeting,
    TLS version, capabilities and so on.

    ``trusted``: whether the policy accepts this server; ``verdict`` is 0 then, else the status
    number of the reason (``verdict_name`` its name, ``verdict_text`` its text). ``text`` is
    the whole report for people, with the pins to copy. ``certificates``: the server's own first.
    ``greeting``: the text of the greeting; with STARTTLS it came in clear text, where an attacker
    can change it.
    """

    trusted: bool
    verdict: int
    verdict_name: str
    verdict_text: str
    text: str
    greeting: str
    tls_version: Optional[str]
    cipher_suite: Optional[str]
    matched_pin: Optional[str]
    certificates: Tuple[Certificate, ...]
    capabilities: Tuple[str, ...]
    mechanisms: Tuple[str, ...]


_RETRY = {
    value: name[len("RETRY_") :].lower()
    for name, value in vars(_abi).items()
    if name.startswith("RETRY_")
}


def number(function: Callable[..., int], *arguments: Any) -> int:
    """The value of an integer getter. A negative one is a defect of this package."""
    value = function(*arguments)
    if value < 0:
        raise RuntimeError(f"libsecsmtp refused a handle of its own: status {-value}")
    return value


def optional_number(function: Callable[..., int], *arguments: Any) -> Optional[int]:
    return number(function, *arguments) or None


def optional_text(function: Callable[..., Any], *arguments: Any) -> Optional[str]:
    return text(function, *arguments) or None


def _names(joined: str) -> Tuple[str, ...]:
    return tuple(joined.split(", ")) if joined else ()


def retry_name(value: int) -> str:
    """``"never"``, ``"later"`` or ``"unknown"``; a number added later is the careful "unknown"."""
    return _RETRY.get(value, "unknown")


def outcome_name(lib: Library, value: int) -> Optional[str]:
    """The outcome of a mail; None for an error that is not about one."""
    return None if value == _abi.OUTCOME_NONE else static_text(lib.outcome_name, value)


def status_name(lib: Library, status: int) -> str:
    return _abi.STATUS_NAMES.get(status) or static_text(lib.status_name, status)


def read_receipt(lib: Library, handle: Any) -> Receipt:
    """Copy a receipt and free it."""
    try:
        receipt = Receipt(
            outcome=static_text(lib.outcome_name, number(lib.receipt_outcome, handle)),
            stage=static_text(lib.stage_name, number(lib.receipt_stage, handle)),
            secret_released=bool(number(lib.receipt_secret_released, handle)),
            content_released=bool(number(lib.receipt_content_released, handle)),
            connection_reused=bool(number(lib.receipt_connection_reused, handle)),
            smtp_code=optional_number(lib.receipt_smtp_code, handle),
            enhanced_code=optional_text(lib.receipt_enhanced_code, handle),
            server_text=text(lib.receipt_server_text, handle),
            message_id=optional_text(lib.receipt_message_id, handle),
            recipients=tuple(
                Recipient(
                    address=text(lib.receipt_recipient_address, handle, index),
                    outcome=static_text(
                        lib.outcome_name, number(lib.receipt_recipient_outcome, handle, index)
                    ),
                    smtp_code=optional_number(lib.receipt_recipient_smtp_code, handle, index),
                    enhanced_code=optional_text(lib.receipt_recipient_enhanced_code, handle, index),
                    text=text(lib.receipt_recipient_text, handle, index),
                )
                for index in range(number(lib.receipt_recipient_count, handle))
            ),
            peer=Peer(
                tls_version=optional_text(lib.receipt_tls_version, handle),
                cipher_suite=optional_text(lib.receipt_cipher_suite, handle),
                spki_sha256=tuple(
                    text(lib.receipt_spki, handle, index)
                    for index in range(number(lib.receipt_spki_count, handle))
                ),
                matched_pin=optional_text(lib.receipt_matched_pin, handle),
                channel_binding=optional_text(lib.receipt_channel_binding, handle),
                mechanism=optional_text(lib.receipt_mechanism, handle),
            ),
        )
        return with_json(receipt, lib.receipt_json, handle)
    finally:
        lib.receipt_free(handle)


def read_report(lib: Library, handle: Any) -> Report:
    """Copy a report and free it."""
    try:
        verdict = number(lib.report_verdict, handle)
        report = Report(
            trusted=verdict == _abi.OK,
            verdict=verdict,
            verdict_name=status_name(lib, verdict),
            verdict_text=text(lib.report_verdict_text, handle),
            text=text(lib.report_text, handle),
            greeting=text(lib.report_greeting, handle),
            tls_version=optional_text(lib.report_tls_version, handle),
            cipher_suite=optional_text(lib.report_cipher_suite, handle),
            matched_pin=optional_text(lib.report_matched_pin, handle),
            certificates=tuple(
                Certificate(
                    spki_sha256=text(lib.report_certificate_spki, handle, index),
                    subject=text(lib.report_certificate_subject, handle, index),
                    issuer=text(lib.report_certificate_issuer, handle, index),
                    names=_names(text(lib.report_certificate_names, handle, index)),
                    not_before=text(lib.report_certificate_not_before, handle, index),
                    not_after=text(lib.report_certificate_not_after, handle, index),
                )
                for index in range(number(lib.report_certificate_count, handle))
            ),
            capabilities=tuple(
                text(lib.report_capability, handle, index)
                for index in range(number(lib.report_capability_count, handle))
            ),
            mechanisms=tuple(
                text(lib.report_mechanism, handle, index)
                for index in range(number(lib.report_mechanism_count, handle))
            ),
        )
        return with_json(report, lib.report_json, handle)
    finally:
        lib.report_free(handle)
