"""The client: one server, one policy; sends, probes, cancels."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import threading
from typing import Any, Dict, Iterable, Iterator, Mapping, Optional, Tuple, TypeVar, Union

from . import _abi
from ._arguments import choice, count, milliseconds, pair, port_argument, ranged
from ._batch import OWN_ENVELOPE, Mail, Sent, message_handle, send_many, window_argument
from ._compose import Message
from ._credential import Credential
from ._errors import COMPOSED_NAMES, MAIL_NAMES, Error, Names, about_a_mail, check
from ._job import Job, Router
from ._library import (
    Library,
    LogCallback,
    library,
    new_handle,
    static_text,
    text_argument,
)
from ._message import Content, prepare
from ._objects import Owner, several
from ._options import Options
from ._part import raised_by_reader
from ._policy import Policy
from ._results import Receipt, Report, read_receipt, read_report
from ._secret import Provider
from ._signer import Signers

_LOG_LEVELS: Dict[int, int] = {
    _abi.LOG_ERROR: logging.ERROR,
    _abi.LOG_WARNING: logging.WARNING,
    _abi.LOG_INFO: logging.INFO,
    _abi.LOG_DEBUG: logging.DEBUG,
}
_STAGES: Dict[str, int] = {
    name[len("STAGE_") :].lower(): value
    for name, value in vars(_abi).items()
    if name.startswith("STAGE_")
}
_ONE_STAGE = {name: value for name, value in _STAGES.items() if value != _abi.STAGE_ALL}

_EVENTS: Dict[str, int] = {
    "log": _abi.EVENT_LOG,
    "stage": _abi.EVENT_STAGE,
    "progress": _abi.EVENT_PROGRESS,
    "recipient": _abi.EVENT_RECIPIENT,
}

R = TypeVar("R", Receipt, Report)


class Client(Owner):
    """Sends mails to one server, over a verified channel only.

    ``host``: the name to verify and, without ``connect``, to dial. ``port``: 0 means 465, or 587
    with STARTTLS. ``policy``: the servers to trust. ``credential``: a :class:`Password`,
    :class:`Token` or :class:`External`; None sends without login. ``connect``: ``(address, port)`` to dial instead;
    ``host`` is still the name that is verified. ``ehlo_name``: the name of this machine in EHLO.
    ``timeout``: seconds for a whole send. ``timeouts``: seconds per stage, for instance
    ``{"connect": 5, "reply": 60}``. ``idle``: seconds that a connection is kept with nothing to
    do, 0 for never; without it, :meth:`send` closes its connection at its end. ``max_messages``:
    the most mails over one connection. ``logger``: gets one record per command and reply, without
    secrets and content; default ``logging.getLogger("secsmtp")``. A record carries
    ``secsmtp_stage`` and ``secsmtp_host``.

    For jobs (:meth:`submit`): ``max_connections`` at a time, ``max_jobs`` that are not over,
    ``max_events`` that may wait. ``window``: jobs and bytes in flight over each connection; when
    the line breaks, these are the jobs whose outcome may be unknown. ``rate``: mails and seconds, for
    instance ``(100, 60)``: no more are begun in such a time, evenly, by jobs and :meth:`send_many`
    together; ``burst`` of them at once after a rest. ``events``: which events they make, of ``"log"``, ``"stage"``,
    ``"progress"``, ``"recipient"``.

    Ownership: policy and credential are copied. Use the client in a ``with`` statement or call
    :meth:`close`; a forgotten client is freed with the object.

    Threads: any number of them may use one client; a blocked send lets other threads run.
    The logger is called on the thread that is inside :meth:`send` or :meth:`probe`. An exception that it
    raises cannot stop the mail: it is raised at the end of the call, with the outcome in its
    attribute ``secsmtp_receipt`` (a :class:`Receipt`, or None when there is none).

    Ctrl-C during a send does not end it: Python raises KeyboardInterrupt when the call is over, and
    the outcome may be lost with it. A program that wants to react at once, and to know, sends on a
    worker thread and calls :meth:`cancel`.

    Errors: :class:`ArgumentError`, which names the argument.
    """

    _noun = "client"

    def __init__(
        self,
        host: str,
        port: int = 0,
        *,
        policy: Policy,
        credential: Optional[Credential] = None,
        connect: Optional[Tuple[str, int]] = None,
        ehlo_name: Optional[str] = None,
        timeout: Optional[float] = None,
        timeouts: Optional[Mapping[str, float]] = None,
        idle: Optional[float] = None,
        max_messages: int = 100,
        max_connections: int = 4,
        max_jobs: int = 1024,
        max_events: int = 1024,
        window: Tuple[int, int] = (128, 1024 * 1024),
        rate: Optional[Tuple[int, float]] = None,
        burst: int = 1,
        events: Iterable[str] = (),
        logger: Optional[logging.Logger] = None,
    ) -> None:
        if not isinstance(policy, Policy):
            raise TypeError(f"policy must be secsmtp.Policy, not {type(policy).__name__}")
        if credential is not None and not isinstance(credential, Credential):
            # Not the value: it may be a bare password.
            raise TypeError(
                f"credential must be secsmtp.Password, Token or External, not {type(credential).__name__}"
            )
        self._host = host
        lib = library()
        handle = new_handle("client")
        check(
            lib,
            lib.client_new,
            *text_argument("host", host),
            port_argument("port", port),
            policy._open_handle(),
            ctypes.byref(handle),
        )
        self._log = _Log(lib, logger or logging.getLogger("secsmtp"), host)
        # C calls it only inside a send or probe, and those keep this object and so the callback.
        self._own(lib, handle)
        check(lib, lib.client_set_log, handle, self._log.callback, None, _abi.LOG_DEBUG)
        if connect is not None:
            address, connect_port = pair("connect", connect, "(address, port)")
            check(
                lib,
                lib.client_set_connect,
                handle,
                *text_argument("connect: address", address),
                port_argument("connect: port", connect_port),
                names={"connect address": "connect: address", "connect port": "connect: port"},
            )
        self._provider: Optional[Provider] = None
        if credential is not None:
            # The library calls it for as long as it has its copy of the credential.
            self._provider = credential._provider
            check(lib, lib.client_set_credential, handle, credential._open_handle())
        if ehlo_name is not None:
            arguments = text_argument("ehlo_name", ehlo_name)
            check(lib, lib.client_set_ehlo_name, handle, *arguments, names="ehlo_name")
        if timeout is not None:
            limit = milliseconds("timeout", timeout)
            check(lib, lib.client_set_timeout, handle, _abi.STAGE_ALL, limit)
        if not isinstance(timeouts, (Mapping, type(None))):
            raise TypeError(f"timeouts must be a mapping, not {type(timeouts).__name__}")
        for stage, seconds in (timeouts or {}).items():
            number = choice("timeouts: stage", stage, _ONE_STAGE)
            limit = milliseconds(f"timeouts: {stage}", seconds)
            check(lib, lib.client_set_timeout, handle, number, limit)
        if idle is not None:
            kept = milliseconds("idle", idle) if idle != 0 else 0
            check(lib, lib.client_set_reuse, handle, kept, count("max_messages", max_messages))
        limits = (
            count("max_connections", max_connections),
            count("max_jobs", max_jobs),
            count("max_events", max_events),
        )
        names = {"connections": "max_connections", "jobs": "max_jobs", "events": "max_events"}
        check(lib, lib.client_set_limits, handle, *limits, names=names)
        check(lib, lib.client_set_window, handle, *window_argument(window), names="window")
        if rate is not None:
            mails, seconds = pair("rate", rate, "(mails, seconds)")
            limit = milliseconds("rate: seconds", seconds)
            check(
                lib,
                lib.client_set_rate,
                handle,
                count("rate: mails", mails),
                limit,
                count("burst", burst),
            )
        kinds = 0
        for kind in several("events", events, (str,)):
            kinds |= choice("events", kind, _EVENTS)
        check(lib, lib.client_set_events, handle, kinds, _abi.LOG_DEBUG)
        meant_port = port or (587 if policy._starttls else 465)
        self._router = Router(lib, handle, self._provider, host, meant_port)

    def send(
        self,
        message: Union[Content, Message],
        sender: Optional[str] = None,
        recipients: Optional[Union[str, Iterable[str]]] = None,
        partial: bool = False,
        options: Optional[Options] = None,
        sign: Signers = (),
    ) -> Receipt:
        """Send one mail and wait for the reply.

        ``message``: a :class:`Message`, which has its own envelope; an
        ``email.message.EmailMessage``; or the bytes of a finished mail (RFC 5322). For bytes
        ``sender`` and ``recipients`` are required; line ends become CRLF, Bcc and Resent-Bcc fields
        are left out, and the rest is sent as it is; :class:`Raw` has other rules. For an EmailMessage these default to Sender or
        From, and to To, Cc and Bcc together (to the Resent- fields alone when there are any); Bcc
        and Resent-Bcc are not sent, and the message itself stays as it is. ``partial``: deliver to
        the recipients that the server accepts; without it, one rejected recipient means that nothing is sent.
        ``options``: what is asked of the server beyond delivery, :class:`Options`. ``sign``: a
        :class:`Signer` or several, each of which makes a signature (DKIM).

        Returns the :class:`Receipt` of an accepted mail. Errors: :class:`NotSent` (with
        :class:`ArgumentError`, :class:`ConnectionFailed`, :class:`TrustError`),
        :class:`Refused`, :class:`Unknown`; among them :class:`TimedOut` and :class:`Cancelled`.
        """
        with about_a_mail():
            client = self._open_handle()
            with self._prepared(message, sender, recipients, partial, options, sign) as handle:
                return self._send(client, handle, _names(message))

    def submit(
        self,
        message: Union[Content, Message],
        sender: Optional[str] = None,
        recipients: Optional[Union[str, Iterable[str]]] = None,
        partial: bool = False,
        options: Optional[Options] = None,
        sign: Signers = (),
        *,
        tag: int = 0,
    ) -> Job:
        """Send one mail without waiting; the arguments are those of :meth:`send`.

        Returns a :class:`Job` at once: ``job.wait()`` or ``await job`` gives the receipt. Errors:
        :class:`ArgumentError`; :class:`NotSent` when there are ``max_jobs`` jobs that are not over.
        A secret that is asked for is asked on a thread that waits for a job. ``tag``: a number of
        your own, 0 to 2**64 - 1, that the job and each of its events carry.
        """
        with about_a_mail():
            self._open_handle()
            ranged("tag", tag, 0, 2**64 - 1)
            with self._prepared(message, sender, recipients, partial, options, sign) as handle:
                return self._router.submit(self, handle, tag, _names(message))

    @contextlib.contextmanager
    def _prepared(
        self,
        message: Union[Content, Message],
        sender: Optional[str],
        recipients: Optional[Union[str, Iterable[str]]],
        partial: bool,
        options: Optional[Options],
        sign: Signers,
    ) -> Iterator[Any]:
        """The library's message, for the call."""
        lib = self._lib
        if isinstance(message, Message):
            own = (sender, recipients, partial, options, sign)
            if own != (None, None, False, None, ()):
                raise TypeError(OWN_ENVELOPE)
            yield message._open_handle()
            return
        prepared = prepare(message, sender, recipients)
        handle = message_handle(lib, prepared, partial, options, sign)
        try:
            yield handle
        finally:
            lib.message_free(handle)

    def _send(self, client: Any, message: Any, names: Names) -> Receipt:
        receipt = new_handle("receipt")
        raised_by_reader()
        try:
            lib = self._lib
            place = ctypes.byref(receipt)
            check(lib, lib.client_send, client, message, place, mail=True, names=names)
        except Error as error:
            if self._provider is not None:
                self._provider.raise_pending(error.receipt, error)
            self._log.raise_pending(error.receipt, error)
            raise error from raised_by_reader()
        result = read_receipt(self._lib, receipt)
        self._log.raise_pending(result)
        return result

    def send_many(
        self,
        mails: Iterable[Union[Content, Message, Mail]],
        *,
        connections: int = 1,
        window: Tuple[int, int] = (128, 1024 * 1024),
        stop_on_error: bool = False,
        batch_size: int = 256,
    ) -> Iterator[Sent]:
        """Send many mails, and report the result of each, in the order given.

        ``mails``: messages as for :meth:`send`, or :class:`Mail` objects with its other
        arguments; they are read as they are needed, ``batch_size`` at a time. A connection carries
        them as a stream: later mails are written while the replies to earlier ones are pending.
        ``connections``: how many are open at a time. ``window``: messages and bytes in flight over
        each; when the line breaks, these are the mails whose outcome may be unknown.
        ``stop_on_error``: begin no other mail after one that was not accepted; those in flight complete
        with their own outcomes. Give the client an ``idle`` time, so that connections are kept from
        one batch to the next.

        Yields a :class:`Sent` for each mail that was begun. Errors: those of arguments; the result of
        a mail is in its :class:`Sent`.
        """
        client = self._open_handle()
        return send_many(
            self._lib, client, mails, connections, window, stop_on_error, batch_size
        )

    def probe(self) -> Report:
        """Connect to the server and report its identity; only EHLO, STARTTLS and QUIT are sent.

        A server that the policy does not trust is a report too (``trusted`` False), no error.
        Errors: :class:`ConnectionFailed`, :class:`TrustError`, :class:`ProtocolError`,
        :class:`TimedOut` or :class:`Cancelled` when no TLS channel was established.
        """
        lib = self._lib
        report = new_handle("report")
        try:
            check(lib, lib.client_probe, self._open_handle(), ctypes.byref(report))
        except Error as error:
            self._log.raise_pending(None, error)
            raise
        result = read_report(lib, report)
        self._log.raise_pending(None)
        return result

    def cancel(self) -> None:
        """End each send and probe that runs now, at once; they raise :class:`Cancelled`.

        Threads: any. Does nothing when none runs; later sends are not affected.
        """
        check(self._lib, self._lib.client_cancel, self._open_handle())

    def close(self, grace: float = 0.0) -> None:
        """Give the library's object back; what runs in other threads and jobs is given so many
        seconds, then cancelled, and raises :class:`Cancelled` there. A second call does nothing."""
        if not self.closed:
            self._router.close(grace)
        super().close()

    def __repr__(self) -> str:
        return f"<secsmtp.Client {self._host!r}{' closed' if self.closed else ''}>"


class _Log:
    """Forwards the library's log to a logger. Has no reference to the client: no cycle, and so the
    client is freed with its last reference."""

    def __init__(self, lib: Library, logger: logging.Logger, host: str) -> None:
        self._logger = logger
        self._host = host
        # Looked up here: the callback calls no function of the library.
        self._stages = {value: static_text(lib.stage_name, value) for value in _STAGES.values()}
        # Per thread, because each send runs its callbacks on its own.
        self._pending = threading.local()
        self.callback = LogCallback(self._called)

    def _called(self, _user: Any, level: int, stage: int, text: Optional[int], size: int) -> None:
        # Nothing may be raised into C: ctypes would print it and lose it.
        try:
            python_level = _LOG_LEVELS.get(level, logging.DEBUG)
            if self._logger.isEnabledFor(python_level):
                line = ctypes.string_at(text, size).decode("utf-8", "replace") if text else ""
                extra = {
                    "secsmtp_stage": self._stages.get(stage, str(stage)),
                    "secsmtp_host": self._host,
                }
                self._logger.log(python_level, "%s", line, extra=extra)
        except BaseException as raised:  # KeyboardInterrupt too: it is raised after the call
            if getattr(self._pending, "raised", None) is None:
                self._pending.raised = raised

    def raise_pending(self, receipt: Optional[Receipt], error: Optional[Error] = None) -> None:
        """Raise what the logger raised on this thread, if anything; it carries the outcome."""
        raised: Optional[BaseException] = getattr(self._pending, "raised", None)
        if raised is not None:
            self._pending.raised = None
            raised.secsmtp_receipt = receipt  # type: ignore[attr-defined]
            raise raised from error


def _names(message: Union[Content, Message]) -> Names:
    return COMPOSED_NAMES if isinstance(message, Message) else MAIL_NAMES
