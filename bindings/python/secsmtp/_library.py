"""Finding, checking and declaring the C library.

Every ``argtypes`` and ``restype`` comes from the generated :mod:`secsmtp._abi`, so that a function
cannot be called with a signature that the header does not have.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
import threading
from typing import Any, Callable, Dict, Optional, Tuple, Type, Union

from . import _abi

PathLike = Union[str, "os.PathLike[str]"]


class LibraryError(ImportError):
    """The shared library is missing, is not libsecsmtp, or is too old for this package.

    ``path`` is the file in question. Has nothing to do with a mail: see :class:`secsmtp.Error`.
    """

    path: Optional[str]

    def __init__(self, text: str, path: Optional[str] = None) -> None:
        super().__init__(text, path=path)


def _handle_type(noun: str) -> Any:
    # A separate pointer class for each handle: ctypes then rejects a policy where a client is
    # due. The value is an id of the library and is never dereferenced.
    opaque: Type[ctypes.Structure] = type("secsmtp_" + noun, (ctypes.Structure,), {})
    return ctypes.POINTER(opaque)


HANDLE_TYPES: Dict[str, Any] = {noun: _handle_type(noun) for noun in _abi.HANDLES}

_INTEGERS: Dict[str, Any] = {
    "int8_t": ctypes.c_int8,
    "uint8_t": ctypes.c_uint8,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
}


# Callback types by their C name; filled below, for c_type is needed to make them.
_CALLBACK_TYPES: Dict[str, Any] = {}


def c_type(text: str, from_c: bool = False) -> Any:
    """The ctypes type of one normalised C type; ``from_c`` for what C hands to Python: results,
    and the parameters of callbacks."""
    if text == "void" and from_c:
        return None
    if text == "void *":
        return ctypes.c_void_p
    if text == "const char *":
        # From C an address: c_char_p would stop at the first NUL and lose the length.
        return ctypes.c_void_p if from_c else ctypes.c_char_p
    if text in _CALLBACK_TYPES:
        return _CALLBACK_TYPES[text]
    if text in _INTEGERS:
        return _INTEGERS[text]
    match = re.fullmatch(r"(?:const )?(\w+) (\*{1,2})", text)
    if match:
        name, stars = match.groups()
        if name in _INTEGERS and stars == "*":
            return ctypes.POINTER(_INTEGERS[name])
        noun = name[len("secsmtp_") :] if name.startswith("secsmtp_") else ""
        if noun in HANDLE_TYPES:
            return HANDLE_TYPES[noun] if stars == "*" else ctypes.POINTER(HANDLE_TYPES[noun])
    raise LibraryError(f"this package has no ctypes type for the C type {text!r}")


for _name, (_result, _parameters) in _abi.CALLBACKS.items():
    _CALLBACK_TYPES[_name] = ctypes.CFUNCTYPE(
        c_type(_result, from_c=True), *(c_type(parameter, from_c=True) for parameter in _parameters)
    )
LogCallback: Any = _CALLBACK_TYPES["secsmtp_log_callback"]
SecretCallback: Any = _CALLBACK_TYPES["secsmtp_secret_callback"]
ReadCallback: Any = _CALLBACK_TYPES["secsmtp_read_callback"]
ReleaseCallback: Any = _CALLBACK_TYPES["secsmtp_release_callback"]
WriteCallback: Any = _CALLBACK_TYPES["secsmtp_write_callback"]


class Library:
    """One loaded library. Its functions are attributes, named without the prefix ``secsmtp_``."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            loaded = ctypes.CDLL(path)
        except OSError as reason:
            raise LibraryError(f"{path} cannot be loaded: {reason}", path) from reason
        # The ABI number first: everything else is only known to be there when it fits.
        try:
            abi_version = loaded.secsmtp_abi_version
        except AttributeError:
            raise LibraryError(
                f"{path} is not libsecsmtp: it has no secsmtp_abi_version", path
            ) from None
        abi_version.argtypes, abi_version.restype = [], ctypes.c_uint32
        found = abi_version()
        # A larger number only says that functions were added.
        if found < _abi.ABI_VERSION:
            raise LibraryError(
                f"{path} has ABI {found}, this package needs ABI {_abi.ABI_VERSION} or later:"
                " use the library that came with the package",
                path,
            )
        for name, (result, parameters) in _abi.SIGNATURES.items():
            try:
                function = getattr(loaded, name)
            except AttributeError:
                raise LibraryError(
                    f"{path} says ABI {found} and yet has no {name}: it is damaged or was built"
                    " from other sources",
                    path,
                ) from None
            function.argtypes = [c_type(parameter) for parameter in parameters]
            function.restype = c_type(result, from_c=True)
            setattr(self, name[len("secsmtp_") :], function)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        # Reached only for a name that was not declared; here for type checkers, too.
        raise AttributeError(f"libsecsmtp has no function secsmtp_{name}")


def new_handle(noun: str) -> Any:
    """A NULL handle of this noun, to be filled by an output parameter."""
    return HANDLE_TYPES[noun]()


def text(function: Callable[..., Any], *arguments: Any) -> str:
    """The text that a getter lends, copied: the object may be freed afterwards."""
    length = ctypes.c_size_t(0)
    address = function(*arguments, ctypes.byref(length))
    return ctypes.string_at(address, length.value).decode("utf-8", "replace") if address else ""


def static_text(function: Callable[..., Any], *arguments: Any) -> str:
    """The text of a function without a length output; the library never frees it."""
    address = function(*arguments)
    return ctypes.string_at(address).decode("utf-8", "replace") if address else ""


def text_argument(name: str, value: Union[str, "os.PathLike[str]"]) -> Tuple[bytes, int]:
    """Text as UTF-8 and its length. Invalid text (a lone surrogate) is left to the library,
    whose error names the argument."""
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    encoded = path.encode("utf-8", "surrogatepass")
    return encoded, len(encoded)


def bytes_argument(name: str, value: Union[bytes, bytearray, memoryview]) -> Tuple[Any, int]:
    """Bytes as a pointer and their length; neither ``bytes`` nor ``bytearray`` is copied."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        # Not the value: it may be a private key.
        raise TypeError(f"{name} must be bytes, not {type(value).__name__}")
    size = len(value) if not isinstance(value, memoryview) else value.nbytes
    if size == 0:
        return None, 0
    if isinstance(value, bytearray):
        array = (ctypes.c_uint8 * size).from_buffer(value)
    else:
        data = value if isinstance(value, bytes) else value.tobytes()
        return ctypes.cast(ctypes.c_char_p(data), ctypes.POINTER(ctypes.c_uint8)), size
    return array, size


_lock = threading.Lock()
_current: Optional[Library] = None


def _file_name() -> str:
    if sys.platform == "win32":
        return "secsmtp.dll"
    return "libsecsmtp.dylib" if sys.platform == "darwin" else "libsecsmtp.so"


def load(path: PathLike) -> None:
    """Load the C library from ``path``, a full path, instead of the one beside the package.

    Call it before anything else of the package. Loading the same file again does nothing.

    Threads: any. Errors: :class:`LibraryError` when the file is missing, is not libsecsmtp, is
    too old, or when another one is loaded already (a process has one).
    """
    global _current
    name = os.fspath(path)
    # Never a bare name: the system would then search its own folders for it.
    if not os.path.isabs(name):
        raise LibraryError(f"the library is given by its full path, not as {name!r}", name)
    if not os.path.isfile(name):
        raise LibraryError(f"there is no library at {name}", name)
    with _lock:
        if _current is None:
            _current = Library(name)
        elif not os.path.samefile(_current.path, name):
            raise LibraryError(
                f"{_current.path} is loaded already; a process uses one libsecsmtp, so {name}"
                " was not loaded",
                name,
            )


def library() -> Library:
    """The loaded library; the first call loads the one beside the package."""
    if _current is None:
        beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), _file_name())
        if not os.path.isfile(beside):
            raise LibraryError(
                f"no libsecsmtp: there is no {beside}, and secsmtp.load(path) was not called",
                beside,
            )
        load(beside)
    assert _current is not None
    return _current
