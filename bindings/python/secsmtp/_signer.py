"""Signers of messages (DKIM)."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Iterable, Optional, Union

from ._arguments import count
from ._errors import check
from ._library import Library, bytes_argument, library, new_handle, text_argument
from ._objects import Owner, several


class Signer(Owner):
    """Signs messages (DKIM, RFC 6376 and RFC 8463) for a domain.

    The public key is published in the DNS at ``selector._domainkey.domain``. ``key`` or
    ``path``: the private one, RSA of 2048 to 4096 bits (PKCS#8 or PKCS#1) or Ed25519 (PKCS#8), in PEM or
    DER, without a passphrase. ``lifetime``: for how many seconds a signature holds (``x=``); default is
    for ever. ``fields``: which header fields are signed where a message has them, in place of the
    usual ones; From always is. ``absent_fields``: which of them are named also where a message has none,
    in place of Cc and Reply-To, so that one that is added on the way breaks the signature; ``()`` is
    none.

    Give it to :meth:`Client.send` or :class:`Message` as ``sign``, several of them for several
    signatures. Threads: any. Errors: :class:`ArgumentError`, which says what is wrong with the key;
    the library must have the feature ``"dkim"``.
    """

    _noun = "signer"

    def __init__(
        self,
        domain: str,
        selector: str,
        *,
        key: Optional[Union[bytes, bytearray, memoryview]] = None,
        path: Optional[Union[str, "os.PathLike[str]"]] = None,
        lifetime: Optional[int] = None,
        fields: Union[str, Iterable[str]] = (),
        absent_fields: Optional[Union[str, Iterable[str]]] = None,
    ) -> None:
        if (key is None) == (path is None):
            raise TypeError("key or path must be given, and not both")
        seconds = None if lifetime is None else count("lifetime", lifetime)
        lib = library()
        handle = new_handle("signer")
        names = (*text_argument("domain", domain), *text_argument("selector", selector))
        if path is not None:
            arguments = (*names, *text_argument("path", path), ctypes.byref(handle))
            check(lib, lib.signer_new_file, *arguments, names={**_NAMES, "signing key": "path"})
        else:
            assert key is not None
            arguments = (*names, *bytes_argument("key", key), ctypes.byref(handle))
            check(lib, lib.signer_new, *arguments, names={**_NAMES, "signing key": "key"})
        self._own(lib, handle)
        if seconds is not None:
            check(lib, lib.signer_set_lifetime, handle, seconds)
        chosen = _joined("fields", fields)
        if chosen:
            arguments = text_argument("fields", chosen)
            check(lib, lib.signer_set_fields, handle, *arguments, names="fields")
        if absent_fields is not None:
            arguments = text_argument("absent_fields", _joined("absent_fields", absent_fields))
            check(lib, lib.signer_set_absent_fields, handle, *arguments, names="absent_fields")

    def __repr__(self) -> str:
        return f"<secsmtp.Signer{' closed' if self.closed else ''}>"


# The keywords of the library's arguments.
_NAMES = {"signing domain": "domain", "signing key file": "path"}


def _joined(name: str, fields: Union[str, Iterable[str]]) -> str:
    chosen = several(name, fields, (str,))
    for field in chosen:
        text_argument(name, field)
    return ":".join(chosen)


Signers = Union[Signer, Iterable[Signer]]


def add_signers(lib: Library, message: Any, signers: Signers) -> None:
    """Have a message of the library signed."""
    for signer in several("sign", signers, (Signer,)):
        if not isinstance(signer, Signer):
            raise TypeError(f"sign must be secsmtp.Signer, or several of them, not {type(signer).__name__}")
        check(lib, lib.message_add_signer, message, signer._open_handle(), names="sign")
