"""Composed messages."""

from __future__ import annotations

import ctypes
import email.headerregistry
import os
from datetime import datetime
from typing import Any, Callable, Iterable, List, Mapping, Optional, Tuple, Union

from . import _abi
from ._arguments import Time, choice, pair, time_argument
from ._errors import COMPOSED_NAMES, Error, argument_error, check, within
from ._library import WriteCallback, library, new_handle, text, text_argument
from ._objects import Owner, several
from ._options import Options, apply
from ._part import Part, Source, raised_by_reader
from ._signer import Signers, add_signers

OneAddress = Union[str, Tuple[str, str], email.headerregistry.Address]
Addresses = Union[OneAddress, Iterable[OneAddress]]
Headers = Union[Mapping[str, str], Iterable[Tuple[str, str]]]

_PRIORITIES = {
    "low": _abi.PRIORITY_LOW,
    "normal": _abi.PRIORITY_NORMAL,
    "high": _abi.PRIORITY_HIGH,
}


class Message(Owner):
    """A message composed of fields, texts and parts, sent by :meth:`Client.send`.

    Addresses (``from_``, ``to``, ``cc``, ``bcc``, ``reply_to``, ``from_sender`` for the Sender field)
    are one or several of: text as in a mail program (``"Anna Bee <a@example.com>, b@example.com"``,
    groups too), ``(name, address)``, ``email.headerregistry.Address``. Several are a list: a tuple is
    one name and its address. Addresses in ``bcc`` are not in the header. The envelope is Sender or
    From, and all of to, cc and bcc, unless ``envelope_sender`` (empty: failures are not reported) and
    ``envelope_recipients`` are given.

    ``text`` and ``html`` are alternatives. ``inline``: the pictures of the HTML, by content id:
    ``{"logo": "logo.png"}`` is shown as ``cid:logo``. ``attachments``: paths, binary file objects, or
    :class:`Part` objects. ``calendar``: ``(method, text)``, for instance ``("REQUEST", ics)``; the method
    is the METHOD inside. ``alternatives``: further forms of the text, :class:`Part` objects or ``(type,
    text or bytes)``, for instance ``[("text/x-amp-html", amp)]``: behind the plain text and before the
    HTML, a calendar behind both.
    ``headers``: fields of your own, a mapping or pairs; ASCII stays as it is, folded at white space,
    and what is beyond it is encoded by the syntax of the field (RFC 2047 in text).
    ``finished_headers``: fields that are sent as they are, perhaps folded. ``date``: an
    aware datetime or seconds since 1970. ``in_reply_to``, ``references``: Message-IDs as they are, the
    oldest first. ``priority``: "low", "normal" or "high".
    ``unsubscribe``: https: and mailto: addresses; ``one_click``: the https: one, which there must be,
    takes a POST (RFC 8058). ``partial``: deliver to the recipients that the server accepts. ``options``: what is
    asked of the server beyond delivery, :class:`Options`. ``sign``: a :class:`Signer` or several, each
    of which makes a signature (DKIM).

    A message can be sent often, also by several threads at once, and is the same each time: date
    and Message-ID are made when it is first needed. Text beyond ASCII is encoded (RFC 2047, 2231);
    an internationalised domain is written as A-labels; a local part beyond ASCII needs a server with
    SMTPUTF8.

    Errors: :class:`ArgumentError`, which names the field; control characters are refused in each,
    and those that turn the direction of text around.
    """

    _noun = "message"

    def __init__(
        self,
        *,
        from_: Addresses,
        to: Addresses = (),
        cc: Addresses = (),
        bcc: Addresses = (),
        reply_to: Addresses = (),
        from_sender: Optional[OneAddress] = None,
        subject: Optional[str] = None,
        text: Optional[str] = None,
        html: Optional[str] = None,
        attachments: Union[Source, Part, Iterable[Union[Source, Part]]] = (),
        inline: Optional[Mapping[str, Union[Source, Part]]] = None,
        calendar: Optional[Tuple[str, str]] = None,
        alternatives: Iterable[Union[Part, Tuple[str, Union[str, bytes]]]] = (),
        headers: Headers = (),
        finished_headers: Headers = (),
        date: Optional[Time] = None,
        message_id: Optional[str] = None,
        in_reply_to: Union[str, Iterable[str]] = (),
        references: Union[str, Iterable[str]] = (),
        priority: Optional[str] = None,
        unsubscribe: Union[str, Iterable[str]] = (),
        one_click: bool = False,
        envelope_sender: Optional[str] = None,
        envelope_recipients: Union[str, Iterable[str]] = (),
        partial: bool = False,
        options: Optional[Options] = None,
        sign: Signers = (),
    ) -> None:
        lib = library()
        handle = new_handle("message")
        check(lib, lib.message_new, ctypes.byref(handle))
        self._own(lib, handle)
        for argument, field, value in (
            ("from_", _abi.FIELD_FROM, from_),
            ("from_sender", _abi.FIELD_SENDER, () if from_sender is None else from_sender),
            ("reply_to", _abi.FIELD_REPLY_TO, reply_to),
            ("to", _abi.FIELD_TO, to),
            ("cc", _abi.FIELD_CC, cc),
            ("bcc", _abi.FIELD_BCC, bcc),
        ):
            for address in _addresses(argument, value):
                self._add_address(argument, field, address)
        for name, function, value in (
            ("subject", lib.message_set_subject, subject),
            ("text", lib.message_set_text, text),
            ("html", lib.message_set_html, html),
            ("message_id", lib.message_set_message_id, message_id),
            ("envelope_sender", lib.message_set_sender, envelope_sender),
        ):
            if value is not None:
                self._text(name, function, value)
        for name, function, values in (
            ("in_reply_to", lib.message_add_in_reply_to, in_reply_to),
            ("references", lib.message_add_reference, references),
            ("unsubscribe", lib.message_add_unsubscribe, unsubscribe),
            ("envelope_recipients", lib.message_add_recipient, envelope_recipients),
        ):
            for value in several(name, values, (str,)):
                self._text(name, function, value)
        if date is not None:
            seconds = time_argument("date", date)
            zone = date.utcoffset() if isinstance(date, datetime) else None
            minutes = int(zone.total_seconds() // 60) if zone is not None else 0
            check(lib, lib.message_set_date, handle, seconds, minutes)
        if priority is not None:
            number = choice("priority", priority, _PRIORITIES)
            check(lib, lib.message_set_priority, handle, number)
        if one_click:
            check(lib, lib.message_set_one_click, handle, 1)
        if partial:
            check(lib, lib.message_set_partial, handle, 1)
        if options is not None:
            apply(lib, handle, options)
        add_signers(lib, handle, sign)
        if calendar is not None:
            method, object_text = pair("calendar", calendar, "(method, text)")
            check(
                lib,
                lib.message_set_calendar,
                handle,
                *text_argument("calendar: method", method),
                *text_argument("calendar: text", object_text),
                names={"calendar method": "calendar: method", "calendar": "calendar: text"},
            )
        for alternative in several("alternatives", alternatives, (Part,)):
            with within("alternatives"):
                self._add_alternative(alternative)
        for keyword, function, fields in (
            ("headers", lib.message_add_header, headers),
            ("finished_headers", lib.message_add_finished_header, finished_headers),
        ):
            names = {
                "header": keyword,
                "header name": f"{keyword}: name",
                "header value": f"{keyword}: value",
            }
            for field_name, value in _fields(keyword, fields):
                arguments = (
                    *text_argument(names["header name"], field_name),
                    *text_argument(names["header value"], value),
                )
                check(lib, function, handle, *arguments, names=names)
        if not isinstance(inline, (Mapping, type(None))):
            raise TypeError(f"inline must be a mapping, not {type(inline).__name__}")
        for content_id, source in (inline or {}).items():
            if isinstance(source, Part):
                raise TypeError(
                    "inline must not have a Part: one with a content_id of its own goes into attachments"
                )
            with within("inline"), Part(source, content_id=content_id) as part:
                self.add(part)
        for source in _sources(attachments):
            with within("attachments"):
                self.add(source)

    def add(self, source: Union[Source, Part]) -> None:
        """Add a part: a :class:`Part`, or what one is made of.

        What was sent before keeps its Message-ID; the message has a new one from now on, unless
        one was given. Errors: :class:`ArgumentError`.
        """
        handle = self._open_handle()
        if isinstance(source, Part):
            function = self._lib.message_add_part
            check(self._lib, function, handle, source._open_handle(), names=_PART_NAMES)
            return
        if isinstance(source, (bytes, bytearray, memoryview)):
            raise TypeError("source must have a name: give bytes as secsmtp.Part(bytes, name)")
        with Part(source) as part:
            self.add(part)

    def _add_alternative(self, alternative: Union[Part, Tuple[str, Union[str, bytes]]]) -> None:
        lib = self._lib
        if isinstance(alternative, Part):
            part_handle = alternative._open_handle()
            function = lib.message_add_alternative
            check(lib, function, self._handle, part_handle, names=_PART_NAMES)
            return
        if not (isinstance(alternative, tuple) and len(alternative) == 2):
            raise TypeError("each must be a secsmtp.Part or (type, text or bytes)")
        media_type, content = alternative
        content = content.encode() if isinstance(content, str) else content
        with Part(content, type=media_type) as part:
            self._add_alternative(part)

    @property
    def message_id(self) -> str:
        """The Message-ID with its angle brackets; empty while the message is incomplete."""
        return text(self._lib.message_id, self._open_handle())

    @property
    def size(self) -> Optional[int]:
        """Bytes of the message as it would be sent; None when a part does not know its own."""
        size: int = self._lib.message_size(self._open_handle())
        if size < _abi.SIZE_UNKNOWN:
            # The number says that something is missing; looking at the message says what.
            self.write_to(lambda _bytes: None)
        return size if size >= 0 else None

    def write_to(self, write: Callable[[bytes], Any]) -> None:
        """Show the message as it would be sent: ``write`` is called with its bytes, in order.

        Threads: any. Errors: :class:`ArgumentError` for what is missing or can't be read; what
        ``write`` raises is raised.
        """
        raised: List[BaseException] = []

        def called(_user: Any, data: Any, size: int) -> int:
            try:
                write(ctypes.string_at(data, size))
                return 0
            except BaseException as reason:
                raised.append(reason)
                return 1

        callback = WriteCallback(called)
        raised_by_reader()
        try:
            lib, handle = self._lib, self._open_handle()
            check(lib, lib.message_preview, handle, callback, None, names=COMPOSED_NAMES)
        except Error as error:
            if raised:
                raise raised[0]
            raise error from raised_by_reader()

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write the message as it would be sent to a file, in place of what was in it."""
        raised_by_reader()
        arguments = text_argument("path", path)
        try:
            lib, handle = self._lib, self._open_handle()
            check(lib, lib.message_preview_file, handle, *arguments, names=COMPOSED_NAMES)
        except Error as error:
            raise error from raised_by_reader()

    def __bytes__(self) -> bytes:
        """The message as it would be sent."""
        pieces: List[bytes] = []
        self.write_to(pieces.append)
        return b"".join(pieces)

    def _text(self, name: str, function: Callable[..., int], value: str) -> None:
        check(self._lib, function, self._handle, *text_argument(name, value), names=name)

    def _add_address(self, argument: str, field: int, address: OneAddress) -> None:
        lib = self._lib
        if isinstance(address, str):
            arguments: Tuple[Any, ...] = text_argument(argument, address)
            check(lib, lib.message_add_addresses, self._handle, field, *arguments, names=argument)
            return
        if isinstance(address, email.headerregistry.Address):
            name, spec = address.display_name, address.addr_spec
        else:
            name, spec = pair(argument, address, "text, (name, address) or an Address")
        arguments = (*text_argument(argument, spec), *text_argument(argument, name))
        check(lib, lib.message_add_address, self._handle, field, *arguments, names=argument)


# The keywords of a part's arguments.
_PART_NAMES = {"content id": "content_id", "content type": "type", "attachment": "source"}


def _addresses(field: str, value: Addresses) -> Iterable[OneAddress]:
    if not isinstance(value, tuple):
        return several(field, value, (str, email.headerregistry.Address))
    # A tuple is one name and its address: two addresses in one would be half of them a name.
    pair = len(value) == 2 and all(isinstance(item, str) for item in value)
    if value and not (pair and "@" not in value[0]):
        why = (
            "is a tuple, which is one (name, address): write several addresses as a list, "
            f"not as {value!r}"
        )
        raise argument_error(field, why, _abi.E_ADDRESS)
    return (value,) if value else ()  # type: ignore[return-value]


def _sources(value: Any) -> Iterable[Any]:
    if callable(getattr(value, "read", None)):
        return (value,)
    return several("attachments", value, (str, os.PathLike, bytes, bytearray, memoryview, Part))


def _fields(argument: str, fields: Any) -> Iterable[Tuple[Any, Any]]:
    if isinstance(fields, Mapping):
        return fields.items()
    if not isinstance(fields, Iterable):
        raise TypeError(
            f"{argument} must be a mapping or pairs (name, value), not {type(fields).__name__}"
        )
    return tuple(pair(argument, entry, "a mapping or pairs (name, value)") for entry in fields)
