"""Requests of a message to the server beyond delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Iterable, Mapping, Optional, Tuple, Union

from . import _abi
from ._arguments import choice, pair, ranged, time_argument
from ._errors import check
from ._library import Library, text_argument
from ._objects import several

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
    def set_option(name: str, function: Any, *arguments: Any) -> None:
        check(lib, function, message, *arguments, names=name)

    events = several("notify", options.notify, (str,))
    total = sum({choice("notify", event, _NOTIFY) for event in events})
    set_option("notify", lib.message_set_notify, total)
    if options.ret is not None:
        set_option("ret", lib.message_set_return, choice("ret", options.ret, _RETURN))
    envelope_id = text_argument("envelope_id", options.envelope_id)
    set_option("envelope_id", lib.message_set_envelope_id, *envelope_id)
    originals = options.original_recipients
    if not isinstance(originals, Mapping):
        raise TypeError(f"original_recipients must be a mapping, not {type(originals).__name__}")
    for place, address in originals.items():
        check(
            lib,
            lib.message_set_original_recipient,
            message,
            _int32("original_recipients: index", place),
            *text_argument("original_recipients: address", address),
            names={
                "index": "original_recipients: index",
                "address": "original_recipients: address",
                "original recipient": "original_recipients: address",
            },
        )
    if options.deliver_by is not None:
        limit, late = pair("deliver_by", options.deliver_by, "(seconds, late)")
        seconds = _int32("deliver_by: seconds", limit)
        number = choice("deliver_by: late", late, _LATE)
        trace = 1 if options.trace else 0
        set_option("deliver_by: seconds", lib.message_set_deliver_by, seconds, number, trace)
    if isinstance(options.hold, datetime):
        set_option("hold", lib.message_set_hold_until, time_argument("hold", options.hold))
    elif options.hold is not None:
        # 0 would take the option away.
        hold = ranged("hold", options.hold, 1, 2**32 - 1)
        set_option("hold", lib.message_set_hold_for, hold)
    if options.mt_priority is not None:
        priority = _int32("mt_priority", options.mt_priority)
        set_option("mt_priority", lib.message_set_mt_priority, priority)
    if options.require_tls:
        check(lib, lib.message_set_require_tls, message, 1)


def _int32(name: str, value: Any) -> int:
    return ranged(name, value, -(2**31), 2**31 - 1)
