"""Parts of a composed message: attachments, and pictures that the HTML shows."""

from __future__ import annotations

import ctypes
import itertools
import os
import threading
from typing import Any, Dict, Optional, Tuple, Union

from . import _abi
from ._errors import check
from ._library import (
    Library,
    ReadCallback,
    ReleaseCallback,
    bytes_argument,
    library,
    new_handle,
    text_argument,
)
from ._objects import Owner

Source = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, Any]


class Part(Owner):
    """An attachment, or with ``content_id`` a picture that the HTML shows as ``cid:ID``.

    ``source``: a path (``str`` or ``os.PathLike``), bytes, or a binary file object. ``name``: the
    file name that readers show; default is the file's own, and what stands before a slash is cut
    off. ``type``: the media type; default is guessed from the name. Text in UTF-8 gets its charset. A part
    of a multipart/ or message/ type (``"message/rfc822"``, ``'multipart/signed; boundary="b"; ...'``) is
    finished content of that type and goes as it is, but for its line ends, which become CRLF. ``cached``: keep the encoding in
    memory, for a large part that many messages share; up to 8 MiB it is kept anyway from the second
    message on.

    A path or file object is read while the message is sent and, but for what is kept as said above,
    never held in memory; a file that
    was written to since, or an object that gives another number of bytes than it had, fails the
    send as :class:`NotSent`. A seekable object is read from its current position, again by each send.
    One that can't seek serves a single send.

    One part can be added to many messages. Ownership: bytes are copied; a file object is kept
    until no message or send has the part. Threads: any; an object is read on the thread that sends,
    one call at a time. Errors: :class:`ArgumentError`, which names the argument; what ``read``
    raises is the cause of the :class:`NotSent`.
    """

    _noun = "part"

    def __init__(
        self,
        source: Source,
        name: Optional[str] = None,
        *,
        type: Optional[str] = None,
        content_id: Optional[str] = None,
        cached: bool = False,
    ) -> None:
        lib = library()
        handle = new_handle("part")
        if isinstance(source, (str, os.PathLike)):
            arguments = (*text_argument("source", source), ctypes.byref(handle))
            check(lib, lib.part_new_file, *arguments, names="source")
        elif isinstance(source, (bytes, bytearray, memoryview)):
            arguments = (*bytes_argument("source", source), ctypes.byref(handle))
            check(lib, lib.part_new_memory, *arguments, names="source")
        elif callable(getattr(source, "read", None)):
            read_by(Reader(source), lib, lib.part_new_reader, ctypes.byref(handle))
            if name is None and isinstance(getattr(source, "name", None), str):
                name = os.path.basename(source.name)
        else:
            raise TypeError(
                "source must be a path, bytes or a binary file object, not "
                f"{source.__class__.__name__}"
            )
        self._own(lib, handle)
        for keyword, function, value in (
            ("name", lib.part_set_name, name),
            ("type", lib.part_set_type, type),
            ("content_id", lib.part_set_content_id, content_id),
        ):
            if value is not None:
                check(lib, function, handle, *text_argument(keyword, value), names=keyword)
        if cached:
            check(lib, lib.part_set_cached, handle, 1)


class Reader:
    """A file object, read from its position at construction."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._next = 0
        self.size: int = _abi.SIZE_UNKNOWN
        self._start: Optional[int] = None
        #: True if it can be read more than once.
        self.again = False
        if callable(getattr(source, "seekable", None)) and source.seekable():
            self.again = True
            self._start = source.tell()
            self.size = source.seek(0, os.SEEK_END) - self._start
            source.seek(self._start)

    def read(self, offset: int, room: int) -> bytes:
        with self._lock:
            if self._start is not None:
                # Another send may have read in between.
                self._source.seek(self._start + offset)
            elif offset != self._next:
                raise ValueError("this file object can't seek, and was read before")
            data = self._source.read(room)
            if not isinstance(data, (bytes, bytearray, memoryview)):
                raise TypeError(f"read() gave {type(data).__name__}, not bytes")
            if len(data) > room:
                raise ValueError(f"read({room}) gave {len(data)} bytes")
            self._next = offset + len(data)
            return bytes(data)


# C holds a number; the object is kept here until the library calls the release function.
_readers: Dict[int, Reader] = {}
_numbers = itertools.count(1)
_pending = threading.local()


def read_by(reader: Reader, lib: Library, function: Any, *rest: Any, before: Tuple[Any, ...] = ()) -> None:
    """Call a function of the library that takes a read callback, and have it read from here."""
    number = next(_numbers)
    _readers[number] = reader
    raised_by_reader()
    try:
        check(lib, function, *before, _READ, _RELEASE, number, reader.size, *rest)
    except BaseException as error:
        _readers.pop(number, None)
        raise error from raised_by_reader()


def _read(user: int, offset: int, buffer: Any, room: int) -> int:
    # Nothing may be raised into C: it is kept, and is the cause of the send's error.
    try:
        data = _readers[user].read(offset, room)
        ctypes.memmove(buffer, data, len(data))
        return len(data)
    except BaseException as raised:
        _pending.raised = raised
        return -1


def _release(user: int) -> None:
    _readers.pop(user, None)


_READ = ReadCallback(_read)
_RELEASE = ReleaseCallback(_release)


def raised_by_reader() -> Optional[BaseException]:
    """Return, once, the exception that a file object raised on this thread."""
    raised: Optional[BaseException] = getattr(_pending, "raised", None)
    _pending.raised = None
    return raised
