"""Secrets that are requested only when they are needed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Callable, Optional, Union

from . import _abi
from ._errors import Error, NoSecret, check
from ._library import Library, SecretCallback, bytes_argument, text
from ._results import Receipt

_KINDS = {_abi.SECRET_PASSWORD: "password", _abi.SECRET_TOKEN: "token"}
Secret = Union[str, bytes, bytearray]


@dataclass(frozen=True)
class SecretRequest:
    """The request for a password or token, after the server was verified.

    ``host``, ``port``: of the client. ``user``: of the credential. ``kind``: ``"password"`` or
    ``"token"``. ``refused``: the server rejected the previous token, so get a fresh one.
    """

    host: str
    port: int
    user: str
    kind: str
    refused: bool


Ask = Callable[[SecretRequest], Secret]


def secret_bytes(name: str, secret: Secret) -> Union[bytes, bytearray]:
    """The secret's bytes; text as UTF-8."""
    # The message must not show the value: it is the secret.
    if not isinstance(secret, (str, bytes, bytearray)):
        raise TypeError(f"{name} must be str, bytes or bytearray, not {type(secret).__name__}")
    return secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret


class Provider:
    """Forwards the library's requests to a function. Has no reference to credential or client."""

    def __init__(self, lib: Library, ask: Ask) -> None:
        self._lib = lib
        self.ask = ask
        # Per thread, because each send asks on its own.
        self._pending = threading.local()
        self.callback = SecretCallback(self._called)

    def _called(self, _context: Any, handle: Any) -> int:
        # Nothing may be raised into C: ctypes would print it and lose it.
        try:
            lib = self._lib
            request = SecretRequest(
                host=text(lib.secret_request_host, handle),
                port=lib.secret_request_port(handle),
                user=text(lib.secret_request_user, handle),
                kind=_KINDS[lib.secret_request_kind(handle)],
                refused=lib.secret_request_reason(handle) == _abi.REASON_REFUSED,
            )
            secret = secret_bytes("secret", self.ask(request))
            check(lib, lib.secret_request_answer, handle, *bytes_argument("secret", secret))
            return _abi.OK
        except NoSecret:
            return _abi.E_NO_SECRET
        except BaseException as raised:  # KeyboardInterrupt too: it is raised after the call
            self._pending.raised = raised
            return _abi.E_NO_SECRET

    def raise_pending(self, receipt: Optional[Receipt], error: Error) -> None:
        """Raise what the function raised on this thread, if anything; it carries the outcome."""
        raised: Optional[BaseException] = getattr(self._pending, "raised", None)
        if raised is not None:
            self._pending.raised = None
            raised.secsmtp_receipt = receipt  # type: ignore[attr-defined]
            raise raised from error
