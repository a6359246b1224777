"""Exceptions, and the one place where a status of the library becomes one."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, Optional, Tuple, Type

from . import _abi
from ._library import Library, new_handle, static_text, text
from ._results import (
    Receipt,
    number,
    optional_number,
    optional_text,
    read_receipt,
    retry_name,
    status_name,
)


class Error(Exception):
    """A call failed. ``str(error)`` is the library's explanation, for people.

    ``status``, ``status_name``: the number (``4003``) and its name in the C header.
    ``stage``: where it happened, ``"connect"`` to ``"answer"``; ``"local"`` before any network.
    ``outcome``: ``"not_sent"`` (nothing was delivered, retrying is safe), ``"refused"`` (the
    verified server said no) or ``"unknown"`` (may have been delivered: do not retry blindly).
    ``secret_released``, ``content_released``: whether any octet of either left this machine.
    ``smtp_code``, ``enhanced_code``: None when the server gave none. ``server_text``: its words,
    control characters escaped and own secrets removed, or "".
    ``retry``: ``"never"`` (change something first), ``"later"`` or ``"unknown"``.
    ``receipt``: the record of the send, or None when the call was no send.
    """

    def __init__(
        self,
        explanation: str = "",
        *,
        status: int = 0,
        status_name: str = "",
        stage: str = "local",
        outcome: str = "not_sent",
        secret_released: bool = False,
        content_released: bool = False,
        smtp_code: Optional[int] = None,
        enhanced_code: Optional[str] = None,
        server_text: str = "",
        retry: str = "never",
        receipt: Optional[Receipt] = None,
    ) -> None:
        super().__init__(explanation)
        self.status = status
        self.status_name = status_name
        self.stage = stage
        self.outcome = outcome
        self.secret_released = secret_released
        self.content_released = content_released
        self.smtp_code = smtp_code
        self.enhanced_code = enhanced_code
        self.server_text = server_text
        self.retry = retry
        self.receipt = receipt


# What became of the mail. Every exception raised here is exactly one of these three.


class NotSent(Error):
    """Nothing was delivered; sending again is safe."""


class Refused(Error):
    """The verified server said no, in a well-formed answer."""


class Unknown(Error):
    """All was written, and no answer came: the mail may have been delivered."""


# Why nothing was sent.


class ArgumentError(NotSent, ValueError):
    """An argument is wrong (status 1xxx); the text names it. Found before any connection."""


class NoSecret(NotSent):
    """The password or token was asked for when it was needed, and there was none. A function that
    is asked (:class:`secsmtp.Password`) raises it to say so."""


class ConnectionFailed(NotSent):
    """The name was not found or the server not reached (3xxx)."""


class TrustError(NotSent):
    """The server could not be verified (4xxx): nothing was given to it."""


class ProtocolError(NotSent):
    """The server answered against the rules (5xxx)."""


# Causes that go with more than one outcome. `except TimedOut` catches each of them, and so does
# `except Unknown` those that need care.


class Cancelled(Error):
    """Ended by :meth:`secsmtp.Client.cancel`."""


class TimedOut(Error):
    """A deadline was reached; ``stage`` says which part was slow."""


class InternalError(Error):
    """A defect of the library (9xxx). The object concerned cannot be used any more."""


class _CancelledNotSent(Cancelled, NotSent):
    pass


class _CancelledUnknown(Cancelled, Unknown):
    pass


class _TimedOutNotSent(TimedOut, NotSent):
    pass


class _TimedOutUnknown(TimedOut, Unknown):
    pass


class _InternalNotSent(InternalError, NotSent):
    pass


class _InternalUnknown(InternalError, Unknown):
    pass


# status (or thousand) -> (class when nothing was sent, class when the outcome is unknown)
_BY_STATUS: Dict[int, Tuple[Type[Error], Type[Error]]] = {
    _abi.E_CANCELLED: (_CancelledNotSent, _CancelledUnknown),
    _abi.E_TIMEOUT: (_TimedOutNotSent, _TimedOutUnknown),
    _abi.E_NO_SECRET: (NoSecret, Unknown),
}
_BY_THOUSAND: Dict[int, Tuple[Type[Error], Type[Error]]] = {
    1: (ArgumentError, Unknown),
    2: (NotSent, Unknown),
    3: (ConnectionFailed, Unknown),
    4: (TrustError, Unknown),
    5: (ProtocolError, Unknown),
    6: (NotSent, Unknown),
    9: (_InternalNotSent, _InternalUnknown),
}


def error_class(status: int, outcome: int) -> Type[Error]:
    """The exception of a status; a number that came later is its thousand's generic class."""
    not_sent, unknown = _BY_STATUS.get(status) or _BY_THOUSAND.get(
        status // 1000, (NotSent, Unknown)
    )
    if outcome == _abi.OUTCOME_NOT_SENT:
        return not_sent
    # An outcome that this package does not know deserves the care of an unknown one.
    return Refused if outcome == _abi.OUTCOME_REFUSED else unknown


def argument_error(explanation: str, status: int) -> ArgumentError:
    """For what must be caught here, because it cannot even be handed to C."""
    return ArgumentError(explanation, status=status, status_name=_abi.STATUS_NAMES[status])


def check(lib: Library, function: Any, *arguments: Any) -> None:
    """Call a fallible function (its error output is added here) and raise when it fails."""
    handle = new_handle("error")
    status = function(*arguments, ctypes.byref(handle))
    if status != _abi.OK:
        raise take_error(lib, status, handle)


def take_error(lib: Library, status: int, handle: Any) -> Error:
    """The exception of a failed call. Copies the error object and frees it."""
    if not handle:
        # Without details nothing is known about the mail, so nothing is promised.
        return error_class(status, _abi.OUTCOME_UNKNOWN)(
            static_text(lib.status_text, status),
            status=status,
            status_name=status_name(lib, status),
            outcome="unknown",
            retry="unknown",
        )
    try:
        outcome = number(lib.error_outcome, handle)
        receipt: Optional[Receipt] = None
        receipt_handle = new_handle("receipt")
        if lib.error_receipt(handle, ctypes.byref(receipt_handle)) == _abi.OK:
            receipt = read_receipt(lib, receipt_handle)
        return error_class(status, outcome)(
            text(lib.error_text, handle),
            status=status,
            status_name=status_name(lib, status),
            stage=static_text(lib.stage_name, number(lib.error_stage, handle)),
            outcome=static_text(lib.outcome_name, outcome),
            secret_released=bool(number(lib.error_secret_released, handle)),
            content_released=bool(number(lib.error_content_released, handle)),
            smtp_code=optional_number(lib.error_smtp_code, handle),
            enhanced_code=optional_text(lib.error_enhanced_code, handle),
            server_text=text(lib.error_server_text, handle),
            retry=retry_name(number(lib.error_retry, handle)),
            receipt=receipt,
        )
    finally:
        lib.error_free(handle)
