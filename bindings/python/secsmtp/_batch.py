"""Many mails in one call."""

from __future__ import annotations

import ctypes
import itertools
from typing import Any, Iterable, Iterator, NamedTuple, Optional, Tuple, Union

from . import _abi
from ._arguments import count, pair, ranged
from ._compose import Message
from ._errors import COMPOSED_NAMES, Error, check, take_error
from ._library import Library, bytes_argument, new_handle, text_argument
from ._message import Content, Prepared, prepare
from ._options import Options, apply
from ._part import Reader, read_by
from ._results import Receipt, number, read_receipt
from ._signer import Signers, add_signers


OWN_ENVELOPE = (
    "a secsmtp.Message has its own envelope_sender, envelope_recipients, partial, options and sign"
)


class Mail(NamedTuple):
    """A mail for :meth:`Client.send_many`: the arguments of :meth:`Client.send`."""

    message: Union[Content, Message]
    sender: Optional[str] = None
    recipients: Optional[Union[str, Iterable[str]]] = None
    partial: bool = False
    options: Optional[Options] = None
    sign: Signers = ()


class Sent(NamedTuple):
    """The result for one mail of :meth:`Client.send_many`: a receipt, or an error."""

    #: The index of the mail, from 0.
    index: int
    #: The receipt of an accepted mail.
    receipt: Optional[Receipt]
    #: The error of a mail that was not accepted. It is returned, not raised.
    error: Optional[Error]


def message_handle(
    lib: Library,
    prepared: Prepared,
    partial: bool,
    options: Optional[Options] = None,
    sign: Signers = (),
) -> Any:
    """A message of the library; to be freed by the caller."""
    handle = new_handle("message")
    check(lib, lib.message_new, ctypes.byref(handle))
    try:
        if prepared.sender is not None:
            check(lib, lib.message_set_sender, handle, *text_argument("sender", prepared.sender))
        for recipient in prepared.recipients:
            arguments = text_argument("recipients", recipient)
            check(lib, lib.message_add_recipient, handle, *arguments)
        _set_content(lib, handle, prepared)
        if partial:
            check(lib, lib.message_set_partial, handle, 1)
        if options is not None:
            apply(lib, handle, options)
        add_signers(lib, handle, sign)
    except BaseException:
        lib.message_free(handle)
        raise
    return handle


def _set_content(lib: Library, handle: Any, prepared: Prepared) -> None:
    source, rules = prepared.content, prepared.rules
    if prepared.path is not None:
        arguments = (*text_argument("path", prepared.path), rules)
        check(lib, lib.message_set_content_file, handle, *arguments)
    elif callable(getattr(source, "read", None)):
        reader = Reader(source)
        if not reader.again:
            raise TypeError("content must be a file object that can seek: it is read more than once")
        read_by(reader, lib, lib.message_set_content_reader, rules, before=(handle,))
    elif rules:
        check(lib, lib.message_set_content_by, handle, *bytes_argument("message", source), rules)
    else:
        check(lib, lib.message_set_content, handle, *bytes_argument("message", source))


def window_argument(window: Tuple[int, int]) -> Tuple[int, int]:
    messages, size = pair("window", window, "(messages, bytes)")
    most = 0xFFFFFFFF
    return ranged("window: messages", messages, 1, most), ranged("window: bytes", size, 0, most)


def send_many(
    lib: Library,
    client: Any,
    mails: Iterable[Union[Content, Message, Mail]],
    connections: int,
    window: Tuple[int, int],
    stop_on_error: bool,
    batch_size: int,
) -> Iterator[Sent]:
    """Reads mails as they are needed: at most ``batch_size`` are in memory."""
    batch = new_handle("batch")
    check(lib, lib.batch_new, ctypes.byref(batch))
    try:
        check(lib, lib.batch_set_connections, batch, count("connections", connections))
        check(lib, lib.batch_set_window, batch, *window_argument(window), names="window")
        count("batch_size", batch_size)
        check(lib, lib.batch_set_stop_on_error, batch, 1 if stop_on_error else 0)
        rest = iter(mails)
        first = 0
        while True:
            group = list(itertools.islice(rest, batch_size))
            if not group:
                return
            check(lib, lib.batch_clear, batch)
            for mail in group:
                _add(lib, batch, mail)
            failed = new_handle("error")
            status = lib.client_send_batch(client, batch, ctypes.byref(failed))
            results = [_sent(lib, batch, place, first + place) for place in range(len(group))]
            if status != _abi.OK and not any(results):
                # The call failed before a message was begun.
                raise take_error(lib, status, failed, False)
            lib.error_free(failed)
            failures = False
            for sent in results:
                if sent is not None:
                    failures = failures or sent.error is not None
                    yield sent
            if stop_on_error and failures:
                return
            first += len(group)
    finally:
        lib.batch_free(batch)


def _add(lib: Library, batch: Any, mail: Union[Content, Message, Mail]) -> None:
    given = mail if isinstance(mail, Mail) else Mail(mail)
    if isinstance(given.message, Message):
        if given != Mail(given.message):
            raise TypeError(OWN_ENVELOPE)
        check(lib, lib.batch_add, batch, given.message._open_handle(), names=COMPOSED_NAMES)
        return
    handle = message_handle(
        lib,
        prepare(given.message, given.sender, given.recipients),
        given.partial,
        given.options,
        given.sign,
    )
    try:
        check(lib, lib.batch_add, batch, handle)
    finally:
        lib.message_free(handle)


def _sent(lib: Library, batch: Any, place: int, index: int) -> Optional[Sent]:
    """The result of one mail; None if it was not begun."""
    status = number(lib.batch_status, batch, place)
    if status == _abi.E_NOTHING:
        return None
    if status == _abi.OK:
        receipt = new_handle("receipt")
        check(lib, lib.batch_receipt, batch, place, ctypes.byref(receipt))
        return Sent(index, read_receipt(lib, receipt), None)
    failure = new_handle("error")
    check(lib, lib.batch_error, batch, place, ctypes.byref(failure))
    return Sent(index, None, take_error(lib, status, failure, mail=True))
