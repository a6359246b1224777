"""Requests of a message to the server beyond delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Iterable, Mapping, Optional, Tuple, Union

from . import _abi
from ._errors import argument_error, check
from ._library import Library, text_argument

_NOTIFY = {
    "success": _abi.NOTIFY_SUCCESS,
    "failure": _abi.NOTIFY_FAILURE,
    "delay": _abi.NOTIFY_DELAY,
    "never": _abi.NOTIFY_NEVER,
}
_RETURN = {"header": _abi.RETURN_HEADER, "full": _abi.RETURN_FULL}
_LATE = {"return": _abi.LATE_RETURN, "notify": _abi.LATE_NOTIFY}


@dataclass(frozen=True)
class Options:
    """Requests to the server. A request that a server does not support is never dropped silently: the
    mail is not sent, and the error names the extension.
    """

    #: Reports from each recipient's server (DSN): some of "success", "failure", "delay"; or "never".
    notify: Union[str, Iterable[str]] = ()
    #: The part of the mail that a report of failure returns (DSN): "header" or "full".
    ret: Optional[str] = None
    #: A name for this sending, which reports repeat (DSN ENVID).
    envelope_id: str = ""
    #: The original recipient by the recipient's index, from 0 (DSN ORCPT).
    original_recipients: Mapping[int, str] = field(default_factory=dict)
    #: Seconds, and "return" or "notify": a time limit, and the action after it (DELIVERBY).
    deliver_by: Optional[Tuple[int, str]] = None
    #: True requests that each server on the way reports that it relayed the mail (DELIVERBY).
    trace: bool = False
    #: Seconds, or an aware datetime: the time at which the server releases the mail (FUTURERELEASE).
    hold: Optional[Union[int, datetime]] = None
    #: -9 to 9: the priority of the mail on its way (MT-PRIORITY).
    mt_priority: Optional[int] = None
    #: True requires each server on the way to relay the mail over verified TLS only (REQUIRETLS).
    require_tls: bool = False


def apply(lib: Library, message: Any, options: Options) -> None:
    """Set the options on a message of the library."""
    events = [options.notify] if isinstance(options.notify, str) else list(options.notify)
    total = sum({_choice("notify", event, _NOTIFY) for event in events})
    check(lib, lib.message_set_notify, message, total)
    if options.ret is not None:
        check(lib, lib.message_set_return, message, _choice("ret", options.ret, _RETURN))
    check(lib, lib.message_set_envelope_id, message, *text_argument(options.envelope_id))
    for place, address in options.original_recipients.items():
        check(lib, lib.message_set_original_recipient, message, place, *text_argument(address))
    if options.deliver_by is not None:
        seconds, late = options.deliver_by
        trace = 1 if options.trace else 0
        check(lib, lib.message_set_deliver_by, message, seconds, _choice("deliver_by", late, _LATE), trace)
    if isinstance(options.hold, datetime):
        if options.hold.tzinfo is None:
            raise argument_error("hold: is a datetime without a zone", _abi.E_VALUE)
        check(lib, lib.message_set_hold_until, message, int(options.hold.timestamp()))
    elif options.hold is not None:
        check(lib, lib.message_set_hold_for, message, options.hold)
    if options.mt_priority is not None:
        check(lib, lib.message_set_mt_priority, message, options.mt_priority)
    if options.require_tls:
        check(lib, lib.message_set_require_tls, message, 1)


def _choice(argument: str, value: str, choices: Mapping[str, int]) -> int:
    if value not in choices:
        raise argument_error(f"{argument}: {value!r} is none of {', '.join(choices)}", _abi.E_VALUE)
    return choices[value]
