"""Credentials for the login. The library holds and wipes the secret; no object here holds one."""

from __future__ import annotations

import ctypes
from typing import Any, Iterable, Optional, Union

from . import _abi
from ._errors import argument_error, check
from ._library import bytes_argument, library, new_handle, text_argument
from ._objects import Owner, several
from ._secret import Ask, Provider, Secret, secret_bytes

SecretOrAsk = Union[Secret, Ask]
_BINDINGS = {
    "off": _abi.CHANNEL_BINDING_OFF,
    "prefer": _abi.CHANNEL_BINDING_PREFER,
    "require": _abi.CHANNEL_BINDING_REQUIRE,
}
_BINDING_TYPES = {
    "tls-exporter": _abi.BINDING_TLS_EXPORTER,
    "tls-server-end-point": _abi.BINDING_TLS_SERVER_END_POINT,
}


class Credential(Owner):
    """The base of :class:`Password`, :class:`Token` and :class:`External`."""

    _noun = "credential"
    # The function that the library asks for the secret; kept by each client that has the credential.
    _provider: Optional[Provider] = None

    def __init__(
        self,
        kind: int,
        user: str,
        secret: Optional[SecretOrAsk],
        mechanisms: Union[str, Iterable[str]],
        floor: Optional[str],
    ) -> None:
        if not isinstance(user, str):
            raise TypeError(f"user is a str, not {type(user).__name__}")
        self.user = user
        lib = library()
        handle = new_handle("credential")
        name, place = text_argument(user), ctypes.byref(handle)
        if secret is None:
            check(lib, lib.credential_new_external, *name, place)
        elif callable(secret):
            self._provider = Provider(lib, secret)
            callback = self._provider.callback
            check(lib, lib.credential_new_asked, *name, kind, callback, None, place)
        else:
            new: Any = lib.credential_new_password
            if kind == _abi.SECRET_TOKEN:
                new = lib.credential_new_token
            check(lib, new, *name, *bytes_argument(secret_bytes(secret)), place)
        self._own(lib, handle)
        for mechanism in several(mechanisms, (str,)):
            check(lib, lib.credential_add_mechanism, handle, *text_argument(mechanism))
        if floor is not None:
            check(lib, lib.credential_set_floor, handle, *text_argument(floor))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(user={self.user!r})"


class Password(Credential):
    """A user name and a password.

    ``password``: text (as UTF-8) or bytes, or a function that is asked for it with a
    :class:`SecretRequest` when it is needed: once the server is verified, and not before. It is
    called on the thread that is inside ``send``, and may raise :class:`NoSecret`; what else it
    raises comes out of ``send``, and no login took place. A given secret is copied into memory that the library wipes; Python
    cannot wipe a ``str`` or ``bytes``, so give a ``bytearray`` and clear it afterwards where
    that matters. ``mechanisms``: allow only these (``("PLAIN", "LOGIN")``); default all.
    ``floor``: nothing weaker than this (``"SCRAM-SHA-256"``). ``channel_binding``: ``"off"``,
    ``"prefer"`` or ``"require"`` that the login is tied to the TLS channel (SCRAM with -PLUS).
    ``binding_type``: ``"tls-exporter"``, the session, or ``"tls-server-end-point"``, its
    certificate, for servers that know that type alone.
    ``max_iterations``: the most that a SCRAM server may ask for, 4096 to 10000000.

    A client copies what it needs: one credential may serve several, and be closed at once.

    Threads: any, after construction. Errors: :class:`ArgumentError`, never with the secret in it.
    """

    def __init__(
        self,
        user: str,
        password: SecretOrAsk,
        *,
        mechanisms: Union[str, Iterable[str]] = (),
        floor: Optional[str] = None,
        channel_binding: str = "prefer",
        binding_type: str = "tls-exporter",
        max_iterations: Optional[int] = None,
    ) -> None:
        if channel_binding not in _BINDINGS:
            why = f"channel_binding: off, prefer or require, not {channel_binding!r}"
            raise argument_error(why, _abi.E_VALUE)
        if binding_type not in _BINDING_TYPES:
            why = f"binding_type: tls-exporter or tls-server-end-point, not {binding_type!r}"
            raise argument_error(why, _abi.E_VALUE)
        # ctypes would cut a larger number down to its last 32 bits.
        if max_iterations is not None and not 0 <= max_iterations < 2**32:
            raise argument_error("max_iterations: 4096 to 10000000", _abi.E_VALUE)
        super().__init__(_abi.SECRET_PASSWORD, user, password, mechanisms, floor)
        lib, number = self._lib, _BINDINGS[channel_binding]
        check(lib, lib.credential_set_channel_binding, self._handle, number)
        check(lib, lib.credential_set_binding_type, self._handle, _BINDING_TYPES[binding_type])
        if max_iterations is not None:
            check(lib, lib.credential_set_max_iterations, self._handle, max_iterations)


class Token(Credential):
    """A user name and an OAuth 2.0 access token. Otherwise as :class:`Password`.

    A function is asked once more when the server refuses the token (``request.refused``), for a
    fresh one: it is tried once, on a new connection that is verified anew.
    """

    def __init__(
        self,
        user: str,
        token: SecretOrAsk,
        *,
        mechanisms: Union[str, Iterable[str]] = (),
        floor: Optional[str] = None,
    ) -> None:
        super().__init__(_abi.SECRET_TOKEN, user, token, mechanisms, floor)


class External(Credential):
    """The client certificate of the policy (``Policy(client_certificate=...)``), for EXTERNAL:
    the server knows the client by it, and there is no secret.

    ``identity``: the authorization identity; empty leaves that to the certificate. With a policy without a
    certificate ``send`` is an :class:`ArgumentError` before it connects.
    """

    def __init__(self, identity: str = "") -> None:
        super().__init__(0, identity, None, (), None)
