"""The base of policies, credentials and clients: each owns one object of the library."""

from __future__ import annotations

import weakref
from typing import Any, Callable, Iterable, NoReturn, Tuple, Type, TypeVar

from . import _abi
from ._errors import argument_error
from ._library import Library

Self = TypeVar("Self", bound="Owner")


class Owner:
    """Owns a handle, frees it once, and raises when it is used afterwards."""

    _noun = ""

    def _own(self, lib: Library, handle: Any) -> None:
        self._lib = lib
        self._handle = handle
        free: Callable[[Any], int] = getattr(lib, self._noun + "_free")
        # A finaliser instead of __del__: it runs at most once, also for an object whose __init__
        # failed, and holds what it needs. At exit the process ends anyway: nothing is called.
        self._finalizer = weakref.finalize(self, free, handle)
        self._finalizer.atexit = False

    def close(self) -> None:
        """Free the library's object. A second call does nothing."""
        self._finalizer()

    @property
    def closed(self) -> bool:
        """True after :meth:`close`."""
        return not self._finalizer.alive

    def _open_handle(self) -> Any:
        if self.closed:
            raise argument_error(self._noun, "is closed", _abi.E_BAD_HANDLE)
        return self._handle

    def __enter__(self: Self) -> Self:
        self._open_handle()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        # Copies would share the handle, and a pickle would outlive it.
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled")


def several(name: str, value: Any, single: Tuple[Type[Any], ...]) -> Tuple[Any, ...]:
    """The entries of a collection; a lone entry is one entry, not a collection of characters."""
    if isinstance(value, single):
        return (value,)
    if not isinstance(value, Iterable):
        *most, last = [kind.__name__ for kind in single]
        kinds = f"{', '.join(most)} or {last}" if most else last
        raise TypeError(f"{name} must be {kinds}, or several of them, not {type(value).__name__}")
    return tuple(value)
