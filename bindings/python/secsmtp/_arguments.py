"""Numbers and times from the caller, checked before ctypes can truncate them."""

from __future__ import annotations

import math
import operator
from datetime import datetime
from typing import Union

from . import _abi
from ._errors import argument_error

# An aware datetime, or seconds since 1970.
Time = Union[datetime, float]


def port_argument(argument: str, value: int) -> int:
    number = operator.index(value)
    # ctypes would truncate a number beyond 32 bits, which would select another port.
    if not 0 <= number <= 0xFFFFFFFF:
        raise argument_error(f"{argument} is 0 to 65535, not {number}", _abi.E_PORT)
    return number


def time_argument(argument: str, value: Time) -> int:
    """Whole seconds since 1970."""
    if isinstance(value, datetime):
        # Python would interpret it in the local time zone, which depends on the machine.
        if value.utcoffset() is None:
            raise argument_error(
                f"{argument} is a datetime with a time zone, not {value!r}", _abi.E_VALUE
            )
        seconds = value.timestamp()
    elif isinstance(value, (int, float)):
        seconds = value
    else:
        raise TypeError(
            f"{argument} is a datetime or a number of seconds, not {type(value).__name__}"
        )
    # A negative one means "now" to the library, or nothing at all.
    if not (math.isfinite(seconds) and 0 <= seconds < 2**63):
        raise argument_error(f"{argument} is a time from 1970 on, not {value!r}", _abi.E_VALUE)
    return math.floor(seconds)
