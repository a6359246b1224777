"""Numbers, times and choices from the caller, checked before ctypes can truncate them. Each error begins
with the argument's name."""

from __future__ import annotations

import math
import operator
from datetime import datetime
from typing import Any, Mapping, Union

from . import _abi
from ._errors import argument_error

# An aware datetime, or seconds since 1970.
Time = Union[datetime, float]


def integer(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be int, not {type(value).__name__}") from None


def ranged(name: str, value: Any, least: int, most: int) -> int:
    """An integer that the C type of the parameter can hold."""
    number = integer(name, value)
    if not least <= number <= most:
        raise argument_error(name, f"must be {least} to {most}, not {number}", _abi.E_VALUE)
    return number


def port_argument(name: str, value: Any) -> int:
    number = integer(name, value)
    # ctypes would truncate a number beyond 32 bits, which would select another port.
    if not 0 <= number <= 0xFFFFFFFF:
        raise argument_error(name, f"must be 0 to 65535, not {number}", _abi.E_PORT)
    return number


def count(name: str, value: Any) -> int:
    number = integer(name, value)
    if not 0 < number < 0xFFFFFFFF:
        raise argument_error(name, f"must be a number above 0, not {number}", _abi.E_VALUE)
    return number


def milliseconds(name: str, seconds: Any) -> int:
    """A number of seconds in whole milliseconds."""
    # Rounded up: a small limit must not become 0. ctypes would cut what does not fit 32 bits.
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, not {type(seconds).__name__}")
    if not (math.isfinite(seconds) and 0 < seconds * 1000 < 0xFFFFFFFF):
        why = f"must be a number of seconds above 0 and below 49 days, not {seconds!r}"
        raise argument_error(name, why, _abi.E_VALUE)
    return math.ceil(seconds * 1000)


def time_argument(name: str, value: Time) -> int:
    """Whole seconds since 1970."""
    if isinstance(value, datetime):
        # Python would interpret it in the local time zone, which depends on the machine.
        if value.utcoffset() is None:
            why = f"must be a datetime with a time zone, not {value!r}"
            raise argument_error(name, why, _abi.E_VALUE)
        seconds = value.timestamp()
    elif isinstance(value, (int, float)):
        seconds = value
    else:
        raise TypeError(
            f"{name} must be a datetime or a number of seconds, not {type(value).__name__}"
        )
    # A negative one means "now" to the library, or nothing at all.
    if not (math.isfinite(seconds) and 0 <= seconds < 2**63):
        raise argument_error(name, f"must be a time from 1970 on, not {value!r}", _abi.E_VALUE)
    return math.floor(seconds)


def choice(name: str, value: Any, choices: Mapping[Any, int]) -> int:
    try:
        return choices[value]
    except (KeyError, TypeError):
        *most, last = [repr(word) for word in choices]
        words = f"{', '.join(most)} or {last}"
        raise argument_error(name, f"must be {words}, not {value!r}", _abi.E_VALUE) from None


def pair(name: str, value: Any, form: str) -> Any:
    """Two values. The error has the form alone: the value may hold a secret."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise argument_error(name, f"must be {form}", _abi.E_VALUE)
    return value
