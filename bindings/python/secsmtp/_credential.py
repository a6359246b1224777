"""Credentials for the login. The library holds and wipes the secret; no object here holds one."""

from __future__ import annotations

import ctypes
from typing import Iterable, Optional, Union

from . import _abi
from ._arguments import choice, ranged
from ._errors import check
from ._library import bytes_argument, library, new_handle, text_argument
from ._objects import Owner, several
from ._secret import Ask, Provider, Secret, secret_bytes

SecretOrAsk = Union[Secret, Ask]
# The kind of a credential without a secret; other kinds are SECRET_...
_CERTIFICATE = 0
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
        user_name: str,
        user: str,
        secret: Optional[SecretOrAsk],
        mechanisms: Union[str, Iterable[str]],
        min_mechanism: Optional[str],
    ) -> None:
        if not isinstance(user, str):
            raise TypeError(f"{user_name} must be str, not {type(user).__name__}")
        self.user = user
        lib = library()
        handle = new_handle("credential")
        name, place = text_argument(user_name, user), ctypes.byref(handle)
        if kind == _CERTIFICATE:
            check(lib, lib.credential_new_external, *name, place, names=user_name)
        elif callable(secret):
            self._provider = Provider(lib, secret)
            callback = self._provider.callback
            check(lib, lib.credential_new_asked, *name, kind, callback, None, place)
        else:
            new, secret_name = lib.credential_new_password, "password"
            if kind == _abi.SECRET_TOKEN:
                new, secret_name = lib.credential_new_token, "token"
            given = bytes_argument(secret_name, secret_bytes(secret_name, secret))
            check(lib, new, *name, *given, place)
        self._own(lib, handle)
        for mechanism in several("mechanisms", mechanisms, (str,)):
            arguments = text_argument("mechanisms", mechanism)
            check(lib, lib.credential_add_mechanism, handle, *arguments, names="mechanisms")
        if min_mechanism is not None:
            arguments = text_argument("min_mechanism", min_mechanism)
            check(lib, lib.credential_set_min_mechanism, handle, *arguments, names="min_mechanism")

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
    ``min_mechanism``: nothing weaker than this (``"SCRAM-SHA-256"``). ``channel_binding``: ``"off"``,
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
        min_mechanism: Optional[str] = None,
        channel_binding: str = "prefer",
        binding_type: str = "tls-exporter",
        max_iterations: Optional[int] = None,
    ) -> None:
        binding = choice("channel_binding", channel_binding, _BINDINGS)
        type_number = choice("binding_type", binding_type, _BINDING_TYPES)
        if max_iterations is not None:
            # ctypes would cut a larger number down to its last 32 bits.
            max_iterations = ranged("max_iterations", max_iterations, 4096, 10_000_000)
        super().__init__(_abi.SECRET_PASSWORD, "user", user, password, mechanisms, min_mechanism)
        lib = self._lib
        check(lib, lib.credential_set_channel_binding, self._handle, binding)
        check(lib, lib.credential_set_binding_type, self._handle, type_number)
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
        min_mechanism: Optional[str] = None,
    ) -> None:
        super().__init__(_abi.SECRET_TOKEN, "user", user, token, mechanisms, min_mechanism)


class External(Credential):
    """The client certificate of the policy (``Policy(client_certificate=...)``), for EXTERNAL:
    the server knows the client by it, and there is no secret.

    ``identity``: the authorization identity; empty leaves that to the certificate. With a policy without a
    certificate ``send`` is an :class:`ArgumentError` before it connects.
    """

    def __init__(self, identity: str = "") -> None:
        super().__init__(_CERTIFICATE, "identity", identity, None, (), None)
