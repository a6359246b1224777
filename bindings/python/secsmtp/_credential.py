"""How to log in. The secret lives in the library, which wipes it; no object here holds one."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Iterable, Optional, Union

from . import _abi
from ._errors import argument_error, check
from ._library import bytes_argument, library, new_handle, text_argument
from ._objects import Owner, several

Secret = Union[str, bytes, bytearray]
_BINDINGS = {
    "off": _abi.CHANNEL_BINDING_OFF,
    "prefer": _abi.CHANNEL_BINDING_PREFER,
    "require": _abi.CHANNEL_BINDING_REQUIRE,
}


class Credential(Owner):
    """What :class:`Password` and :class:`Token` have in common."""

    _noun = "credential"

    def __init__(
        self,
        constructor: str,
        user: str,
        secret: Secret,
        mechanisms: Union[str, Iterable[str]],
        floor: Optional[str],
    ) -> None:
        if not isinstance(user, str):
            raise TypeError(f"user is a str, not {type(user).__name__}")
        # The message must not show the value: it is the secret.
        if not isinstance(secret, (str, bytes, bytearray)):
            raise TypeError(f"the secret is str, bytes or bytearray, not {type(secret).__name__}")
        self.user = user
        lib = library()
        handle = new_handle("credential")
        new: Callable[..., Any] = getattr(lib, constructor)
        data = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
        check(lib, new, *text_argument(user), *bytes_argument(data), ctypes.byref(handle))
        self._own(lib, handle)
        for mechanism in several(mechanisms, (str,)):
            check(lib, lib.credential_add_mechanism, handle, *text_argument(mechanism))
        if floor is not None:
            check(lib, lib.credential_set_floor, handle, *text_argument(floor))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(user={self.user!r})"


class Password(Credential):
    """A user name and a password.

    ``password``: text (as UTF-8) or bytes. Copied into memory that the library wipes; Python
    cannot wipe a ``str`` or ``bytes``, so give a ``bytearray`` and clear it afterwards where
    that matters. ``mechanisms``: allow only these (``("PLAIN", "LOGIN")``); default all.
    ``floor``: nothing weaker than this (``"SCRAM-SHA-256"``). ``channel_binding``: ``"off"``,
    ``"prefer"`` or ``"require"`` that the login is tied to the TLS channel (SCRAM with -PLUS).
    ``max_iterations``: the most that a SCRAM server may ask for, 4096 to 10000000.

    A client copies what it needs: one credential may serve several, and be closed at once.

    Threads: any, after construction. Errors: :class:`ArgumentError`, never with the secret in it.
    """

    def __init__(
        self,
        user: str,
        password: Secret,
        *,
        mechanisms: Union[str, Iterable[str]] = (),
        floor: Optional[str] = None,
        channel_binding: str = "prefer",
        max_iterations: Optional[int] = None,
    ) -> None:
        if channel_binding not in _BINDINGS:
            why = f"channel_binding: off, prefer or require, not {channel_binding!r}"
            raise argument_error(why, _abi.E_VALUE)
        # ctypes would cut a larger number down to its last 32 bits.
        if max_iterations is not None and not 0 <= max_iterations < 2**32:
            raise argument_error("max_iterations: 4096 to 10000000", _abi.E_VALUE)
        super().__init__("credential_new_password", user, password, mechanisms, floor)
        lib, number = self._lib, _BINDINGS[channel_binding]
        check(lib, lib.credential_set_channel_binding, self._handle, number)
        if max_iterations is not None:
            check(lib, lib.credential_set_max_iterations, self._handle, max_iterations)


class Token(Credential):
    """A user name and an OAuth 2.0 access token. Otherwise as :class:`Password`."""

    def __init__(
        self,
        user: str,
        token: Secret,
        *,
        mechanisms: Union[str, Iterable[str]] = (),
        floor: Optional[str] = None,
    ) -> None:
        super().__init__("credential_new_token", user, token, mechanisms, floor)
