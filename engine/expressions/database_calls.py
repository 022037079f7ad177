"""Which functions of the language a database runs under which name, and what SQLite runs for them.

SQLite runs the very Python of the language's own back end on its texts; the same names mean the same on PostgreSQL
(`postgresql_*`). A letter says what an argument is: t text, n number, i whole number, d date, D the local day of a date
or moment, m moment, h time of day, l list of texts; behind them z, the app's zone, and c, the calendar in force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from engine.expressions.arithmetic import read_number, write_number
from engine.storage.column_types import instant_text
from engine.storage.functions import SqlFunction
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.workdays import BusinessCalendar, read_calendar

Stored = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCall:
    """One way to call a function in a database.

    name: of the SQL function. takes: its arguments by letter, `extra` those that the caller does not write. gives: its
    result by letter. of: the function of the language and which of its signatures this is. defaults: for arguments that
    may be left out, the last ones.
    """

    name: str
    takes: str
    gives: str
    of: tuple[str, int]
    extra: str = ""
    defaults: tuple[object, ...] = ()


def _call(name: str, written: str, of: str, signature: int = 0, *defaults: object, extra: str = "") -> DatabaseCall:
    takes, gives = written.split(">")
    return DatabaseCall(name=name, takes=takes, gives=gives, of=(of, signature), extra=extra, defaults=defaults)


DATABASE_CALLS: Final[tuple[DatabaseCall, ...]] = (
    _call("fs_lower", "t>t", "lower"),
    _call("fs_upper", "t>t", "upper"),
    _call("fs_trim", "t>t", "trim"),
    _call("fs_find", "tti>i", "find", 0, 1),
    _call("fs_replace", "ttt>t", "replace"),
    _call("fs_split", "tt>l", "split"),
    _call("fs_join", "lt>t", "join", 0, ", "),
    _call("fs_format_number", "nt>t", "format", 0),
    _call("fs_format_date", "dt>t", "format", 1),
    _call("fs_format_time", "ht>t", "format", 1),
    _call("fs_format_moment", "mt>t", "format", 1, extra="z"),
    _call("fs_pad", "tit>t", "pad", 0, " "),
    _call("fs_title", "t>t", "title"),
    _call("fs_format_phone", "tt>t", "format_phone"),
    _call("fs_read_number", "t>n", "number"),
    _call("fs_power", "nn>n", "power"),
    _call("fs_sqrt", "n>n", "sqrt"),
    _call("fs_log", "nn>n", "log", 0, 10),
    _call("fs_mod", "nn>n", "mod"),
    _call("fs_read_date", "t>d", "date", 1),
    _call("fs_make_date", "iii>d", "date", 2),
    _call("fs_midnight", "d>m", "datetime", 0, extra="z"),
    _call("fs_instant", "dh>m", "datetime", 1, extra="z"),
    _call("fs_read_moment", "t>m", "datetime", 2, extra="z"),
    _call("fs_local_time", "m>h", "time", 0, extra="z"),
    _call("fs_read_time", "t>h", "time", 1),
    _call("fs_start_of", "Dt>d", "start_of"),
    _call("fs_end_of", "Dt>d", "end_of"),
    _call("fs_months_between", "DD>i", "months_between"),
    _call("fs_workdays_between", "DD>i", "business_days_between", extra="c"),
)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the language's functions ask of their context here."""

    zone: dt.tzinfo | None
    calendar: BusinessCalendar | None

    def is_workday(self, day: dt.date) -> bool:
        """Ask the calendar in force."""
        assert self.calendar is not None
        return self.calendar.is_workday(day)


def called_functions(postgresql: Mapping[str, tuple[str, ...]]) -> tuple[SqlFunction, ...]:
    """Make the functions for both databases; `postgresql`: name → what creates it there."""
    return tuple(
        SqlFunction(
            name=call.name,
            call=_bridge(call),
            arguments=sum(2 if letter == "n" else 1 for letter in call.takes) + len(call.extra),
            postgresql=postgresql[call.name],
        )
        for call in DATABASE_CALLS
    )


def _bridge(call: DatabaseCall) -> Callable[..., Stored]:
    """Make what SQLite runs: texts are read, the language's own function is called, its result is written."""
    function = standard_functions().find(call.of[0])
    assert function is not None
    signature = function.signatures[call.of[1]]
    implementation, needs_context = signature.implementation, signature.needs_context
    write = _WRITERS[call.gives]

    def run(*stored: Any) -> Stored:
        args, rest = _read(call.takes, stored)
        if any(arg is None for arg in args) or any(extra is None for extra in rest):
            return None
        zone = ZoneInfo(rest[0]) if call.extra == "z" else None
        calendar = read_calendar(rest[0]) if call.extra == "c" else None
        try:
            if needs_context:
                return write(implementation(_Surroundings(zone, calendar), *args))
            return write(implementation(*args))
        except (EvaluationError, ArithmeticError):
            return None

    return run


def _read(takes: str, stored: tuple[Any, ...]) -> tuple[list[Any], tuple[Any, ...]]:
    found: list[Any] = []
    at = 0
    for letter in takes:
        if letter == "n":
            found.append(read_number(stored[at], stored[at + 1]))
            at += 2
            continue
        value = stored[at]
        found.append(None if value is None else _READERS[letter](value))
        at += 1
    return found, stored[at:]


_READERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "t": str,
        "i": int,
        "d": dt.date.fromisoformat,
        "D": dt.date.fromisoformat,
        "m": dt.datetime.fromisoformat,
        "h": dt.time.fromisoformat,
        "l": orjson.loads,
    }
)


def _number(value: Any) -> Stored:
    return None if value is None else write_number(Decimal(value))


def _text(value: str | None) -> Stored:
    return value or None


_WRITERS: Mapping[str, Callable[[Any], Stored]] = MappingProxyType(
    {
        "t": _text,
        "n": _number,
        "i": lambda value: None if value is None else int(value),
        "d": lambda value: None if value is None else value.isoformat(),
        "m": lambda value: None if value is None else instant_text(value),
        "h": lambda value: None if value is None else value.isoformat(timespec="microseconds"),
        "l": lambda value: None if value is None else orjson.dumps(value).decode(),
    }
)
