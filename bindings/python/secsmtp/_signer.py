"""Signers of messages (DKIM)."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Iterable, Optional, Union

from . import _abi
from ._errors import argument_error, check
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
            raise TypeError("a Signer has a key or a path")
        lib = library()
        handle = new_handle("signer")
        names = (*text_argument(domain), *text_argument(selector))
        if path is not None:
            check(lib, lib.signer_new_file, *names, *text_argument(path), ctypes.byref(handle))
        else:
            assert key is not None
            check(lib, lib.signer_new, *names, *bytes_argument(key), ctypes.byref(handle))
        self._own(lib, handle)
        if lifetime is not None:
            if not 0 < lifetime < 0xFFFFFFFF:
                raise argument_error(f"lifetime is seconds above 0, not {lifetime!r}", _abi.E_VALUE)
            check(lib, lib.signer_set_lifetime, handle, lifetime)
        chosen = ":".join(several(fields, (str,)))
        if chosen:
            check(lib, lib.signer_set_fields, handle, *text_argument(chosen))
        if absent_fields is not None:
            absent = ":".join(several(absent_fields, (str,)))
            check(lib, lib.signer_set_absent_fields, handle, *text_argument(absent))

    def __repr__(self) -> str:
        return f"<secsmtp.Signer{' closed' if self.closed else ''}>"


Signers = Union[Signer, Iterable[Signer]]


def add_signers(lib: Library, message: Any, signers: Signers) -> None:
    """Have a message of the library signed."""
    for signer in several(signers, (Signer,)):
        if not isinstance(signer, Signer):
            raise TypeError(f"sign is secsmtp.Signer objects, not {type(signer).__name__}")
        check(lib, lib.message_add_signer, message, signer._open_handle())
