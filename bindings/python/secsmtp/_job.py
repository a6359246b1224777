"""Jobs: mails that are sent while the program does something else."""

from __future__ import annotations

import asyncio
import collections
import ctypes
import threading
import time
import weakref
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Deque,
    Generator,
    Iterator,
    List,
    Optional,
    Tuple,
    Union,
)

from . import _abi
from ._errors import Error, Names, NoSecret, check, error_class, take_error
from ._library import Library, bytes_argument, new_handle, static_text, text
from ._results import JsonSource, Receipt, number, outcome_name, read_receipt, with_json
from ._secret import Provider, SecretRequest, secret_bytes

_KINDS = {
    _abi.EVENT_LOG: "log",
    _abi.EVENT_STAGE: "stage",
    _abi.EVENT_PROGRESS: "progress",
    _abi.EVENT_RECIPIENT: "recipient",
    _abi.EVENT_DROPPED: "dropped",
}
_LEVELS = {
    _abi.LOG_ERROR: "error",
    _abi.LOG_WARNING: "warning",
    _abi.LOG_INFO: "info",
    _abi.LOG_DEBUG: "debug",
}
# The longest time that a poll stays in C, in seconds, so that Python can handle Ctrl-C.
_SLICE = 0.25


@dataclass(frozen=True)
class Event(JsonSource):
    """Something that happened to a job.

    ``kind``: ``"log"`` (``level``, ``stage``, ``text``), ``"stage"`` (``stage`` begins),
    ``"progress"`` (``written`` bytes of ``total``, which is 0 while unknown), ``"recipient"``
    (``text`` is the address, ``index`` its place, with ``outcome`` and ``smtp_code``), or
    ``"dropped"`` (``dropped`` events of any job were left out for lack of room). ``tag``: that of
    the job, given to :meth:`Client.submit`.
    """

    kind: str
    text: str = ""
    level: str = ""
    stage: str = ""
    written: int = 0
    total: int = 0
    index: int = 0
    outcome: str = ""
    smtp_code: Optional[int] = None
    dropped: int = 0
    tag: int = 0


class _State:
    """The state of a job; updated by the thread that polls its events."""

    def __init__(self) -> None:
        self.events: Deque[Event] = collections.deque()
        self.result: Union[Receipt, BaseException, None] = None
        self.raised: Optional[BaseException] = None
        self.callbacks: List[Callable[[], None]] = []


class Job:
    """A mail that a client is sending. Made by :meth:`Client.submit`.

    ``id`` is its number, ``tag`` the number given to ``submit``. ``wait()`` returns its receipt; ``await job`` does so in asyncio, without a thread. Iterating over
    a job yields its events as they come, until it has completed. Threads: any.
    """

    def __init__(
        self, client: Any, router: Router, identity: int, tag: int, state: _State
    ) -> None:
        self._client = client  # kept open while there are references to the job
        self._router = router
        self._state = state
        self.id = identity
        self.tag = tag

    @property
    def done(self) -> bool:
        """Return whether it has completed, by the events polled so far."""
        if self._state.result is None:
            self._router.take_what_is_there()
        return self._state.result is not None

    def wait(self, timeout: Optional[float] = None) -> Receipt:
        """Wait until the mail is sent, and return its :class:`Receipt`.

        Errors: those of :meth:`Client.send`; TimeoutError when it is not over within ``timeout``
        seconds (the job goes on); inside a function that the library calls, such as that of a
        :class:`Password`, the call does not wait and raises an error with E_REENTRANT.
        """
        if not self._router.wait_until(lambda: self._state.result is not None, timeout):
            raise TimeoutError(f"job {self.id} is not over yet")
        return self._outcome()

    def cancel(self) -> None:
        """End the job: it is not sent if it was waiting, and ends at once with its outcome if it
        was running. Does nothing to a completed job."""
        self._router.cancel(self.id)

    def __iter__(self) -> Iterator[Event]:
        state = self._state
        while True:
            self._router.wait_until(lambda: bool(state.events) or state.result is not None, None)
            if not state.events:
                return
            yield state.events.popleft()

    def __await__(self) -> Generator[Any, None, Receipt]:
        return self._finish().__await__()

    async def _finish(self) -> Receipt:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def over() -> None:
            if not future.done():
                future.set_result(None)

        with self._router.watched_by(loop, self._state, over):
            await future
        return self._outcome()

    def _outcome(self) -> Receipt:
        result = self._state.result
        if isinstance(result, BaseException):
            raise result from self._state.raised
        assert result is not None
        return result

    def __repr__(self) -> str:
        over = self._state.result is not None
        return f"<secsmtp.Job {self.id}{' over' if over else ''}>"


class Router:
    """Routes the events of a client to its jobs. One thread at a time polls for all that wait."""

    def __init__(
        self, lib: Library, client: Any, provider: Optional[Provider], host: str, port: int
    ) -> None:
        self._lib = lib
        self._client = client
        self._provider = provider
        self._host = host
        self._port = port
        # Jobs without references need no events.
        self._states: weakref.WeakValueDictionary[int, _State] = weakref.WeakValueDictionary()
        self._changed = threading.Condition()
        self._polling = False
        self._loops: List[Tuple[Any, int]] = []
        self._descriptor: Optional[int] = None
        self._closed = False

    def submit(self, client: Any, message: Any, tag: int, names: Names) -> Job:
        """Submit a message, and poll completions first if there are too many jobs."""
        identity = ctypes.c_uint64()
        state = _State()
        with self._changed:  # no thread routes its events before it is registered here
            try:
                self._submit(message, tag, identity, names)
            except Error as error:
                if error.status != _abi.E_FULL:
                    raise
                self._changed.release()
                try:
                    self.take_what_is_there()
                finally:
                    self._changed.acquire()
                self._submit(message, tag, identity, names)
            self._states[identity.value] = state
        return Job(client, self, identity.value, tag, state)

    def _submit(self, message: Any, tag: int, identity: ctypes.c_uint64, names: Names) -> None:
        lib, job = self._lib, ctypes.byref(identity)
        check(lib, lib.client_submit, self._client, message, tag, job, mail=True, names=names)

    def cancel(self, identity: int) -> None:
        if not self._closed:
            check(self._lib, self._lib.client_cancel_job, self._client, identity)

    def wait_until(self, ready: Callable[[], bool], timeout: Optional[float]) -> bool:
        """Wait for a condition that events change; the first waiting thread polls for all."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not ready():
                left = _SLICE if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    self._take(0)
                    return ready()
                if self._polling:
                    self._changed.wait(min(left, _SLICE))
                else:
                    self._take(min(left, _SLICE))
        return True

    def take_what_is_there(self) -> None:
        """Route each event that is there now."""
        with self._changed:
            while not self._polling and self._take(0):
                pass

    def _take(self, seconds: float) -> bool:
        """Poll one event, without the lock."""
        if self._closed:
            self._end()
            return False
        self._polling = True
        self._changed.release()
        handle, failed = new_handle("event"), new_handle("error")
        try:
            limit = round(seconds * 1000)
            status = self._lib.client_poll_event(
                self._client, limit, ctypes.byref(handle), ctypes.byref(failed)
            )
        finally:
            self._changed.acquire()
            self._polling = False
            self._changed.notify_all()
        if status == _abi.OK:
            try:
                self._route(handle)
            finally:
                self._lib.event_free(handle)
        elif status == _abi.E_CLOSED:
            self._lib.error_free(failed)
            self._end()
        elif status == _abi.E_NOTHING:
            self._lib.error_free(failed)
        else:
            # The jobs continue: their results can still be polled.
            raise take_error(self._lib, status, failed, False)
        return bool(status == _abi.OK)

    def _route(self, handle: Any) -> None:
        lib = self._lib
        identity = lib.event_job(handle)
        kind = lib.event_kind(handle)
        state = self._states.get(identity)
        if kind == _abi.EVENT_SECRET:
            self._answer(identity, handle, state)
        elif kind == _abi.EVENT_COMPLETED:
            if state is not None:
                self._complete(identity, state, self._result(handle))
        elif kind == _abi.EVENT_DROPPED:
            event = Event("dropped", dropped=lib.event_dropped(handle))
            with_json(event, lib.event_json, handle)
            for other in list(self._states.values()):
                other.events.append(event)
        elif state is not None:
            state.events.append(self._event(kind, handle))

    def _event(self, kind: int, handle: Any) -> Event:
        lib = self._lib
        code = number(lib.event_smtp_code, handle)
        event = Event(
            kind=_KINDS.get(kind, str(kind)),
            text=text(lib.event_text, handle),
            level=_LEVELS.get(number(lib.event_level, handle), ""),
            stage=static_text(lib.stage_name, number(lib.event_stage, handle)),
            written=lib.event_written(handle),
            total=lib.event_total(handle),
            index=number(lib.event_index, handle),
            outcome=outcome_name(lib, number(lib.event_outcome, handle)) or "",
            smtp_code=code or None,
            tag=lib.event_tag(handle),
        )
        return with_json(event, lib.event_json, handle)

    def _result(self, handle: Any) -> Union[Receipt, Error]:
        lib = self._lib
        status = number(lib.event_status, handle)
        if status == _abi.OK:
            receipt = new_handle("receipt")
            if lib.event_receipt(handle, ctypes.byref(receipt)) == _abi.OK:
                return read_receipt(lib, receipt)
        error = new_handle("error")
        lib.event_error(handle, ctypes.byref(error))
        return take_error(lib, status, error, mail=True)

    def _complete(self, identity: int, state: _State, result: Union[Receipt, Error]) -> None:
        state.result = result
        self._states.pop(identity, None)
        for callback in state.callbacks:
            callback()

    def _answer(self, identity: int, handle: Any, state: Optional[_State]) -> None:
        """Ask the credential's function, on this thread and without the lock."""
        lib, provider = self._lib, self._provider
        secret: Any = b""
        if provider is not None:
            token = number(lib.event_secret_kind, handle) == _abi.SECRET_TOKEN
            request = SecretRequest(
                host=self._host,
                port=self._port,
                user=text(lib.event_text, handle),
                kind="token" if token else "password",
                refused=number(lib.event_secret_reason, handle) == _abi.REASON_REFUSED,
            )
            self._changed.release()
            try:
                secret = secret_bytes("secret", provider.ask(request))
            except NoSecret:
                pass
            except BaseException as raised:  # raised in the thread that waits for the job
                if state is not None:
                    state.raised = raised
            finally:
                self._changed.acquire()
        lib.client_answer_secret(self._client, identity, *bytes_argument("secret", secret), None)

    def watched_by(self, loop: Any, state: _State, over: Callable[[], None]) -> _Watch:
        """Have an event loop poll the events while any job is awaited in it."""
        return _Watch(self, loop, state, over)

    def descriptor(self) -> int:
        """The descriptor or handle that the loop watches."""
        if self._descriptor is None:
            found = ctypes.c_int64()
            check(self._lib, self._lib.client_descriptor, self._client, ctypes.byref(found))
            self._descriptor = found.value
        return self._descriptor

    def close(self, grace: float) -> None:
        """End all jobs after their grace, and route what is left."""
        limit = min(round(grace * 1000), _abi.FOREVER - 1)
        self._lib.client_close(self._client, limit, None)
        with self._changed:
            while self._polling:
                self._changed.wait(_SLICE)
            while self._take(0):
                pass
            self._closed = True
            self._end()

    def _end(self) -> None:
        """Fail the jobs that are still waited for: there will be no more events."""
        for identity, state in list(self._states.items()):
            gone = error_class(_abi.E_CANCELLED, _abi.OUTCOME_UNKNOWN)(
                "the client was closed", status=_abi.E_CLOSED, outcome="unknown", retry="unknown"
            )
            self._complete(identity, state, gone)
        self._changed.notify_all()


class _Watch:
    """Registers with a loop, once for all jobs that are awaited in it."""

    def __init__(self, router: Router, loop: Any, state: _State, over: Callable[[], None]) -> None:
        self._router = router
        self._loop = loop
        self._state = state
        self._over = lambda: loop.call_soon_threadsafe(over)

    def __enter__(self) -> None:
        router, loop = self._router, self._loop
        self._state.callbacks.append(self._over)
        waiting = sum(1 for other, _ in router._loops if other is loop)
        router._loops.append((loop, id(self)))
        if waiting == 0:
            try:
                loop.add_reader(router.descriptor(), router.take_what_is_there)
            except NotImplementedError:
                # Windows' default loop waits for no handles: a thread does.
                state = self._state
                loop.run_in_executor(
                    None, router.wait_until, lambda: state.result is not None, None
                )
        if self._state.result is not None:
            self._over()

    def __exit__(self, *_exception: object) -> None:
        router, loop = self._router, self._loop
        self._state.callbacks.remove(self._over)
        router._loops.remove((loop, id(self)))
        if not any(other is loop for other, _ in router._loops):
            try:
                loop.remove_reader(router.descriptor())
            except NotImplementedError:
                pass
