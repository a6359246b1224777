"""Exceptions, and the one place where a status of the library becomes one."""

from __future__ import annotations

import contextlib
import ctypes
import json
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple, Type, Union

from . import _abi
from ._library import Library, new_handle, static_text, text
from ._results import (
    Receipt,
    number,
    optional_number,
    optional_text,
    outcome_name,
    read_receipt,
    retry_name,
    status_name,
)


class Error(Exception):
    """A call failed. ``str(error)`` is the library's explanation, for people.

    ``status``, ``status_name``: the number (``4003``) and its name in the C header.
    ``stage``: where it happened, ``"connect"`` to ``"reply"``; ``"local"`` before any network.
    ``outcome``: ``"not_sent"`` (nothing was delivered, retrying is safe), ``"refused"`` (the
    verified server rejected it) or ``"unknown"`` (may have been delivered: do not retry blindly). None
    when the error does not concern a mail.
    ``secret_released``, ``content_released``: whether any byte of either left this machine.
    ``smtp_code``, ``enhanced_code``: None when the server gave none. ``server_text``: its text,
    control characters escaped and own secrets removed, or "".
    ``argument``: the keyword of the argument that can't be used, which the text begins with, or the
    library's name for what has no keyword; None for another cause.
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
        outcome: Optional[str] = None,
        secret_released: bool = False,
        content_released: bool = False,
        smtp_code: Optional[int] = None,
        enhanced_code: Optional[str] = None,
        server_text: str = "",
        argument: Optional[str] = None,
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
        self.argument = argument
        self.retry = retry
        self.receipt = receipt
        self._json = ""

    def to_dict(self) -> Dict[str, Any]:
        """The error as a dictionary, of which :meth:`to_json` returns the text."""
        found: Dict[str, Any] = json.loads(self._json) if self._json else self._attributes()
        # An argument has its keyword here, and one that can't be used is, in a send, why the mail was not
        # sent.
        own = {"text": str(self), "argument": self.argument, "outcome": self.outcome or "none"}
        return {**found, **own}

    def to_json(self) -> str:
        """The error with its receipt as one JSON text (docs/json has its schema)."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    def _attributes(self) -> Dict[str, Any]:
        """The dictionary of an error of this package, which did not reach the library."""
        return {
            "version": 1,
            "kind": "error",
            "status": self.status,
            "status_name": self.status_name,
            "text": str(self),
            "outcome": self.outcome,
            "stage": self.stage,
            "secret_released": self.secret_released,
            "content_released": self.content_released,
            "retry": self.retry,
            "smtp_code": self.smtp_code,
            "enhanced_code": self.enhanced_code,
            "server_text": self.server_text or None,
            "argument": self.argument,
            "receipt": self.receipt and self.receipt.to_dict(),
        }


# The outcome of a mail. Every exception of a send or a submission, and every completion of a
# job, is exactly one of these three; an exception of another call is none of them.


class NotSent(Error):
    """Nothing was delivered; sending again is safe."""


class Refused(Error):
    """The verified server rejected the mail, in a well-formed reply."""


class Unknown(Error):
    """All was written, and no reply came: the mail may have been delivered."""


# Causes of a failure. For a mail that was not sent, each is a NotSent too.


class ArgumentError(Error, ValueError):
    """An argument is wrong (status 1xxx); the text begins with its keyword, which is ``argument``. Found
    before any connection."""


class NoSecret(Error):
    """The password or token was asked for when it was needed, and there was none. A function that
    is asked (:class:`secsmtp.Password`) raises it to say so."""


class ConnectionFailed(Error):
    """The name was not found or the server not reached (3xxx)."""


class TrustError(Error):
    """The server could not be verified (4xxx): nothing was sent to it."""


class ProtocolError(Error):
    """The server's reply is against the rules (5xxx)."""


# Causes that go with more than one outcome. `except TimedOut` catches each of them, and so does
# `except Unknown` those that need care.


class Cancelled(Error):
    """Ended by :meth:`secsmtp.Client.cancel`."""


class TimedOut(Error):
    """A deadline was reached; ``stage`` says which part was slow."""


class InternalError(Error):
    """A defect of the library (9xxx). The object concerned cannot be used any more."""


class _ArgumentNotSent(ArgumentError, NotSent):
    pass


class _NoSecretNotSent(NoSecret, NotSent):
    pass


class _ConnectionNotSent(ConnectionFailed, NotSent):
    pass


class _TrustNotSent(TrustError, NotSent):
    pass


class _ProtocolNotSent(ProtocolError, NotSent):
    pass


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


# status (or thousand) -> the class of an error that is not about a mail, of a mail that was not
# sent, and of one whose outcome is unknown
_Classes = Tuple[Type[Error], Type[Error], Type[Error]]
_BY_STATUS: Dict[int, _Classes] = {
    _abi.E_CANCELLED: (Cancelled, _CancelledNotSent, _CancelledUnknown),
    _abi.E_TIMEOUT: (TimedOut, _TimedOutNotSent, _TimedOutUnknown),
    _abi.E_NO_SECRET: (NoSecret, _NoSecretNotSent, Unknown),
}
_OTHER: _Classes = (Error, NotSent, Unknown)
_BY_THOUSAND: Dict[int, _Classes] = {
    1: (ArgumentError, _ArgumentNotSent, Unknown),
    2: _OTHER,
    3: (ConnectionFailed, _ConnectionNotSent, Unknown),
    4: (TrustError, _TrustNotSent, Unknown),
    5: (ProtocolError, _ProtocolNotSent, Unknown),
    6: _OTHER,
    9: (InternalError, _InternalNotSent, _InternalUnknown),
}


def error_class(status: int, outcome: int) -> Type[Error]:
    """The exception of a status; a number that came later is its thousand's generic class."""
    classes = _BY_STATUS.get(status) or _BY_THOUSAND.get(status // 1000, _OTHER)
    plain, not_sent, unknown = classes
    if outcome == _abi.OUTCOME_NONE:
        return plain
    if outcome == _abi.OUTCOME_NOT_SENT:
        return not_sent
    # An outcome that this package does not know is treated as unknown.
    return Refused if outcome == _abi.OUTCOME_REFUSED else unknown


@contextlib.contextmanager
def about_a_mail() -> Iterator[None]:
    """A send or a submission: an error that has no outcome is that of a mail that was not sent."""
    try:
        yield
    except Error as error:
        if error.outcome is None:
            error.outcome = "not_sent"
            error.__class__ = error_class(error.status, _abi.OUTCOME_NOT_SENT)
        raise


# The keyword of every argument of a call, or the keywords by the library's names; an argument without one
# keeps the library's name. For a part of the keyword's value it is `KEYWORD: PART`.
Names = Union[str, Mapping[str, str]]

# Arguments of a mail that are checked when it is used.
MAIL_NAMES: Mapping[str, str] = {
    "content": "message",
    "from": "from_",
    "one click": "one_click",
    "part": "attachments",
    "recipient": "recipients",
    "recipients": "to",
    "signature": "sign: signature",
}
# In a composed message recipients are set by its fields.
COMPOSED_NAMES: Mapping[str, str] = {**MAIL_NAMES, "recipient": "to"}


def argument_error(name: str, why: str, status: int) -> ArgumentError:
    """For what must be caught here, because it cannot even be handed to C. ``why`` is the rest of the
    sentence that begins with the name."""
    return ArgumentError(
        f"{name} {why}.",
        status=status,
        status_name=_abi.STATUS_NAMES[status],
        argument=_keyword(name),
    )


def _keyword(name: str) -> str:
    return name.partition(":")[0]


@contextlib.contextmanager
def within(name: str) -> Iterator[None]:
    """Errors about arguments of an object that is made of one argument of the caller begin with its name."""
    try:
        yield
    except ArgumentError as error:
        error.args = (f"{name}: {error}",)
        error.argument = _keyword(name)
        raise
    except TypeError as error:
        error.args = (f"{name}: {error}",)
        raise


def check(
    lib: Library, function: Any, *arguments: Any, mail: bool = False, names: Names = MAIL_NAMES
) -> None:
    """Call a fallible function (its error output is added here) and raise when it fails. ``mail``:
    it sends or submits one."""
    handle = new_handle("error")
    status = function(*arguments, ctypes.byref(handle))
    if status != _abi.OK:
        raise take_error(lib, status, handle, mail, names)


def take_error(
    lib: Library, status: int, handle: Any, mail: bool, names: Names = MAIL_NAMES
) -> Error:
    """The exception of a failed call. Copies the error object and frees it."""
    if not handle:
        # Without details nothing is known about the mail, so nothing is promised.
        outcome = _abi.OUTCOME_UNKNOWN if mail else _abi.OUTCOME_NONE
        return error_class(status, outcome)(
            static_text(lib.status_text, status),
            status=status,
            status_name=status_name(lib, status),
            outcome=outcome_name(lib, outcome),
            retry="unknown" if mail else "never",
        )
    try:
        outcome = number(lib.error_outcome, handle)
        receipt: Optional[Receipt] = None
        receipt_handle = new_handle("receipt")
        if lib.error_receipt(handle, ctypes.byref(receipt_handle)) == _abi.OK:
            receipt = read_receipt(lib, receipt_handle)
        explanation = text(lib.error_text, handle)
        argument = optional_text(lib.error_argument, handle)
        if argument is not None:
            name = names if isinstance(names, str) else names.get(argument, argument)
            # The library's text begins with the library's name.
            explanation = name + explanation[len(argument) :]
            argument = _keyword(name)
        error = error_class(status, outcome)(
            explanation,
            status=status,
            status_name=status_name(lib, status),
            stage=static_text(lib.stage_name, number(lib.error_stage, handle)),
            outcome=outcome_name(lib, outcome),
            secret_released=bool(number(lib.error_secret_released, handle)),
            content_released=bool(number(lib.error_content_released, handle)),
            smtp_code=optional_number(lib.error_smtp_code, handle),
            enhanced_code=optional_text(lib.error_enhanced_code, handle),
            server_text=text(lib.error_server_text, handle),
            argument=argument,
            retry=retry_name(number(lib.error_retry, handle)),
            receipt=receipt,
        )
        error._json = text(lib.error_json, handle)
        return error
    finally:
        lib.error_free(handle)
