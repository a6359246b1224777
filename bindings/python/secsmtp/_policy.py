"""Trust: which server may be given a mail."""

from __future__ import annotations

import ctypes
import os
from typing import Dict, Iterable, Union

from . import _abi
from ._errors import argument_error, check
from ._library import PathLike, bytes_argument, library, new_handle, text_argument
from ._objects import Owner, several

_TLS_MODES: Dict[str, int] = {
    "implicit": _abi.TLS_MODE_IMPLICIT,
    "starttls": _abi.TLS_MODE_STARTTLS,
}
_TLS_VERSIONS: Dict[str, int] = {"1.2": _abi.TLS_1_2, "1.3": _abi.TLS_1_3}


class Policy(Owner):
    """Which server to trust, and how TLS begins. Nothing is trusted unless it is named here.

    Within a kind any entry may fit; each kind that is given must hold.

    ``ca_files``, ``ca``: authorities, as PEM files or as bytes (PEM with one or more certificates,
    or one in DER). ``system_roots``, ``mozilla_roots``: the public authorities, as the system or
    as the library has them; these four together are one kind.
    ``pins``: SHA-256 of a public key, ``sha256//BASE64`` (several with ``;``) or 64 hex digits.
    ``certificates``, ``certificate_files``: exactly this certificate (PEM or DER), no other.
    ``tls``: ``"implicit"`` (TLS from the first octet) or ``"starttls"`` (required, never optional).
    ``min_tls``: ``"1.2"`` or ``"1.3"``.

    A lone entry may stand without its tuple. A client copies what it needs: one policy may serve
    several, and be closed at once. Closing is optional.

    Threads: any, after construction. Errors: :class:`ArgumentError`, which names the entry.
    """

    _noun = "policy"

    def __init__(
        self,
        *,
        ca_files: Union[PathLike, Iterable[PathLike]] = (),
        ca: Union[bytes, Iterable[bytes]] = (),
        pins: Union[str, Iterable[str]] = (),
        certificates: Union[bytes, Iterable[bytes]] = (),
        certificate_files: Union[PathLike, Iterable[PathLike]] = (),
        system_roots: bool = False,
        mozilla_roots: bool = False,
        tls: str = "implicit",
        min_tls: str = "1.2",
    ) -> None:
        self._tls = tls
        self._min_tls = min_tls
        tls_mode = _choice("tls", tls, _TLS_MODES)
        tls_version = _choice("min_tls", min_tls, _TLS_VERSIONS)
        paths, binary = (str, os.PathLike), (bytes, bytearray, memoryview)

        lib = library()
        handle = new_handle("policy")
        check(lib, lib.policy_new, ctypes.byref(handle))
        self._own(lib, handle)
        check(lib, lib.policy_set_tls_mode, handle, tls_mode)
        check(lib, lib.policy_set_min_tls, handle, tls_version)
        for path in several(ca_files, paths):
            check(lib, lib.policy_add_ca_file, handle, *text_argument(path))
        for data in several(ca, binary):
            check(lib, lib.policy_add_ca, handle, *bytes_argument(data))
        if system_roots:
            check(lib, lib.policy_add_system_roots, handle)
        if mozilla_roots:
            check(lib, lib.policy_add_mozilla_roots, handle)
        for pin in several(pins, (str,)):
            check(lib, lib.policy_add_pin, handle, *text_argument(pin))
        for data in several(certificates, binary):
            check(lib, lib.policy_add_certificate, handle, *bytes_argument(data))
        for path in several(certificate_files, paths):
            check(lib, lib.policy_add_certificate_file, handle, *text_argument(path))

    def __repr__(self) -> str:
        return f"Policy(tls={self._tls!r}, min_tls={self._min_tls!r}, ...)"


def _choice(argument: str, value: str, choices: Dict[str, int]) -> int:
    try:
        return choices[value]
    except (KeyError, TypeError):
        words = " or ".join(repr(word) for word in choices)
        raise argument_error(f"{argument} is {words}, not {value!r}", _abi.E_VALUE) from None
