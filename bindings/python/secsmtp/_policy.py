"""Trust policies: the servers to which mail may be sent."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Dict, Iterable, Optional, Tuple, Type, Union

from . import _abi
from ._arguments import Time, choice, pair, port_argument, time_argument
from ._errors import argument_error, check
from ._library import PathLike, bytes_argument, library, new_handle, text_argument
from ._objects import Owner, several
from ._results import Report, read_report

DatedPin = Tuple[str, Time, Time]
KnownServer = Tuple[PathLike, str, int]

_TLS_MODES: Dict[str, int] = {
    "implicit": _abi.TLS_MODE_IMPLICIT,
    "starttls": _abi.TLS_MODE_STARTTLS,
}
_TLS_VERSIONS: Dict[str, int] = {"1.2": _abi.TLS_1_2, "1.3": _abi.TLS_1_3}
_SWITCH: Dict[bool, int] = {False: 0, True: 1}


class Policy(Owner):
    """The servers to trust, and the start of TLS. Nothing is trusted unless it is named here.

    Any entry of a kind may match; each kind that is given must match.

    ``ca_files``, ``ca``: authorities, as PEM files or as bytes (PEM with one or more certificates,
    or one in DER). ``system_roots``, ``mozilla_roots``: the public authorities, as the system or
    as the library has them; these four together are one kind.
    ``pins``: SHA-256 of a public key, ``sha256//BASE64`` (several with ``;``) or 64 hex digits.
    ``dated_pins``: ``(pin, not_before, not_after)``, usable in that time only, both ends included;
    a time is a ``datetime`` with a time zone, or seconds since 1970. Outside it the pin matches
    nothing: one that ran out never turns pinning off. ``pin_files``: the key of a certificate or
    public key file. ``known_servers``: ``(path, host, port)``, the pins that a file of known mail
    servers has for these (see :func:`learn`); none is an error. These four are one kind.
    ``certificates``, ``certificate_files``: exactly this certificate (PEM or DER), no other.
    ``strict``: with pins or a certificate alone, name and dates decide too; without it they are
    only reported. With authorities they always decide.
    ``crls``, ``crl_files``: revocation lists (PEM or DER), demanded for each certificate of the
    path: a revoked certificate, a certificate that no list covers, and an outdated list are errors.
    ``client_certificate``: ``(chain, key)``, both PEM in bytes, the key without a passphrase;
    shown to a verified server that asks for one. It raises the minimum to TLS 1.3, because TLS 1.2
    would show it in clear. Give the key as a ``bytearray`` to clear it afterwards.
    ``tls``: ``"implicit"`` (TLS from the first byte) or ``"starttls"`` (required, never optional).
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
        dated_pins: Union[DatedPin, Iterable[DatedPin]] = (),
        pin_files: Union[PathLike, Iterable[PathLike]] = (),
        known_servers: Union[KnownServer, Iterable[KnownServer]] = (),
        certificates: Union[bytes, Iterable[bytes]] = (),
        certificate_files: Union[PathLike, Iterable[PathLike]] = (),
        system_roots: bool = False,
        mozilla_roots: bool = False,
        strict: bool = False,
        crls: Union[bytes, Iterable[bytes]] = (),
        crl_files: Union[PathLike, Iterable[PathLike]] = (),
        client_certificate: Optional[Tuple[bytes, bytes]] = None,
        tls: str = "implicit",
        min_tls: str = "1.2",
    ) -> None:
        self._tls = tls
        self._min_tls = min_tls
        tls_mode = choice("tls", tls, _TLS_MODES)
        self._starttls = tls_mode == _abi.TLS_MODE_STARTTLS
        tls_version = choice("min_tls", min_tls, _TLS_VERSIONS)
        strictness = choice("strict", strict, _SWITCH)
        paths, binary = (str, os.PathLike), (bytes, bytearray, memoryview)

        lib = library()
        handle = new_handle("policy")
        check(lib, lib.policy_new, ctypes.byref(handle))
        self._own(lib, handle)
        check(lib, lib.policy_set_tls_mode, handle, tls_mode)
        check(lib, lib.policy_set_min_tls, handle, tls_version)
        check(lib, lib.policy_set_strict, handle, strictness)
        for name, add_text, values, kinds in (
            ("ca_files", lib.policy_add_ca_file, ca_files, paths),
            ("pins", lib.policy_add_pin, pins, (str,)),
            ("pin_files", lib.policy_add_pin_file, pin_files, paths),
            ("certificate_files", lib.policy_add_certificate_file, certificate_files, paths),
            ("crl_files", lib.policy_add_crl_file, crl_files, paths),
        ):
            for value in several(name, values, kinds):
                check(lib, add_text, handle, *text_argument(name, value), names=name)
        for name, add_bytes, contents in (
            ("ca", lib.policy_add_ca, ca),
            ("certificates", lib.policy_add_certificate, certificates),
            ("crls", lib.policy_add_crl, crls),
        ):
            for content in several(name, contents, binary):
                check(lib, add_bytes, handle, *bytes_argument(name, content), names=name)
        if system_roots:
            check(lib, lib.policy_add_system_roots, handle, names="system_roots")
        if mozilla_roots:
            check(lib, lib.policy_add_mozilla_roots, handle, names="mozilla_roots")
        for pin, not_before, not_after in _rows(
            "dated_pins", "(pin, not_before, not_after)", dated_pins, (str,)
        ):
            check(
                lib,
                lib.policy_add_pin_with_window,
                handle,
                *text_argument("dated_pins: pin", pin),
                time_argument("dated_pins: not_before", not_before),
                time_argument("dated_pins: not_after", not_after),
                names="dated_pins: pin",
            )
        for path, host, port in _rows("known_servers", "(path, host, port)", known_servers, paths):
            check(
                lib,
                lib.policy_add_known_servers,
                handle,
                *text_argument("known_servers: path", path),
                *text_argument("known_servers: host", host),
                port_argument("known_servers: port", port),
                names={
                    "known servers file": "known_servers: path",
                    "path": "known_servers: path",
                    "host": "known_servers: host",
                    "port": "known_servers: port",
                },
            )
        if client_certificate is not None:
            chain, key = pair("client_certificate", client_certificate, "(chain, key)")
            check(
                lib,
                lib.policy_set_client_certificate,
                handle,
                *bytes_argument("client_certificate: chain", chain),
                *bytes_argument("client_certificate: key", key),
                names="client_certificate",
            )

    def verify_chain(self, host: str, chain: bytes, at: Optional[Time] = None) -> Report:
        """Judge a chain for ``host`` without a network, as a connection would.

        ``chain``: PEM, the server's own certificate first, or that one alone in DER. ``at``: the
        time to judge by, a ``datetime`` with a time zone or seconds since 1970; default now.
        Only a connection proves that the server holds the certificate's key.

        A chain that is not trusted is a report too (``trusted`` False), no error.
        Threads: any. Errors: :class:`ArgumentError`.
        """
        report = new_handle("report")
        check(
            self._lib,
            self._lib.policy_verify_chain,
            self._open_handle(),
            *text_argument("host", host),
            *bytes_argument("chain", chain),
            -1 if at is None else time_argument("at", at),
            ctypes.byref(report),
        )
        return read_report(self._lib, report)

    def __repr__(self) -> str:
        return f"Policy(tls={self._tls!r}, min_tls={self._min_tls!r}, ...)"


def _rows(
    argument: str, form: str, value: Any, first: Tuple[Type[Any], ...]
) -> Tuple[Tuple[Any, Any, Any], ...]:
    """Entries of three; a lone one is known by the type of its first part."""
    if not isinstance(value, Iterable):
        raise TypeError(f"{argument} must be {form}, or several of them, not {type(value).__name__}")
    rows = tuple(value)
    if rows and isinstance(rows[0], first):
        rows = (rows,)
    for row in rows:
        if not isinstance(row, (tuple, list)) or len(row) != 3:
            raise argument_error(argument, f"must have entries {form}, not {row!r}", _abi.E_VALUE)
    return rows
