"""Several writes as one statement on PostgreSQL, and what is found out only by the statement that writes.

A number drawn from a series stands for its digits by a mark until then; a write that must meet its one row lets the
whole statement fail where it does not. When what is sent is the business of `sending`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError

from engine.expressions.sql.runtime import RunValues
from engine.records.statements import Prepared

Counted = Callable[[int], None]
Explain = Callable[[IntegrityError], Exception]
_DIVISION_BY_ZERO = "22012"


class Overtaken(Exception):
    """What a save was built upon has changed before it was written; nothing was written, it begins again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A write that waits to be sent.

    object_key: whose rows it writes. counted: is told how many rows it met. explain: turns a broken constraint into
    what people are told, or gives it back where it is not about this write. name: by which other writes of the same
    statement read what it returns. certain: it meets one row, or nothing is written and `Overtaken` raised.
    gives: columns that it returns of its one row, for `given_back`.
    """

    prepared: Prepared
    given: Mapping[str, Any]
    object_key: str | None
    counted: Counted | None
    explain: Explain | None
    name: str | None = None
    certain: bool = False
    gives: tuple[str, ...] = ()
    given_back: Callable[[Sequence[Any]], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A number that the statement draws: `mark` stands for its digits, at least `width`; `told` gets the number."""

    prepared: Prepared
    given: Mapping[str, Any]
    mark: str
    width: int
    told: Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A number that an earlier statement of the save has drawn: `mark` stands for `digits`."""

    mark: str
    digits: str


@dataclass(frozen=True, slots=True)
class Together:
    """One statement: what its text is kept by, its parameters, and how to write it."""

    key: tuple[object, ...]
    parameters: Sequence[object]
    write: Callable[[], str]


def together(waiting: Sequence[Waiting], drawing: Drawing | Drawn | None, run_values: RunValues) -> Together:
    """Put several writes into one statement that gives what `tell` tells of its row."""
    parameters: list[object] = []
    if isinstance(drawing, Drawing):
        parameters = [*drawing.prepared.parameters(drawing.given, run_values), drawing.mark]
    mark_at = len(parameters)
    for write in waiting:
        parameters += write.prepared.parameters(write.given, run_values)
    marked: tuple[int, ...] = ()
    if isinstance(drawing, Drawing):
        marked = _marked(parameters, mark_at, drawing.mark)
    elif drawing is not None:
        parameters = [
            value.replace(drawing.mark, drawing.digits) if isinstance(value, str) else value for value in parameters
        ]
    # What the text needs, without the values: it is kept with the release.
    series = (drawing.prepared, drawing.width) if isinstance(drawing, Drawing) else None
    forms = tuple((write.prepared, write.name, write.certain, write.gives) for write in waiting)
    kept_by = ("together", series and (id(series[0]), series[1]), marked, *[(id(form[0]), *form[1:]) for form in forms])
    return Together(kept_by, parameters, lambda: _text(series, mark_at, marked, forms))


def tell(row: Sequence[Any], waiting: Sequence[Waiting], drawing: Drawing | None) -> None:
    """Tell those who wait for it what the statement gave: the number, how many rows each write met, what one returned.

    Raises: what `counted` of a write does.
    """
    first = 0
    if drawing is not None:
        drawing.told(row[0])
        first = 1
    last = first + len(waiting)
    for write, count in zip(waiting, row[first:last], strict=True):
        if write.counted is not None:
            write.counted(count)
        if write.given_back is not None:
            write.given_back(row[last : last + len(write.gives)])
        last += len(write.gives)


def met_none(fault: DBAPIError, waiting: Sequence[Waiting]) -> bool:
    """Say whether a statement failed since a write that must meet a row met none."""
    return getattr(fault.orig, "sqlstate", None) == _DIVISION_BY_ZERO and any(write.certain for write in waiting)


def _marked(parameters: Sequence[object], first: int, mark: str) -> tuple[int, ...]:
    """Give the numbers of texts in which the mark stands."""
    given = enumerate(parameters[first:], first + 1)
    return tuple(number for number, value in given if type(value) is str and mark in value)


def _text(
    series: tuple[Prepared, int] | None,
    mark_at: int,
    marked: Sequence[int],
    forms: Sequence[tuple[Prepared, str | None, bool, tuple[str, ...]]],
) -> str:
    written, counts, given_back = [], [], []
    put: dict[int, str] = {}
    if series is not None:
        prepared, width = series
        written.append(_named("drawn", prepared.text_from(1)))
        counts.append(_asked("value", "drawn"))
        shown = "".join(("lpad(value::TEXT, greatest(", str(width), ", length(value::TEXT)), '0')"))
        put = {place: f"replace(${place}::TEXT, ${mark_at}::TEXT, {_asked(shown, 'drawn')})" for place in marked}
    first = mark_at + 1
    for index, (prepared, given_name, certain, gives) in enumerate(forms):
        name = given_name or f"w{index}"
        inner = prepared.text_from(first, put)
        if not inner.startswith("SELECT") and " RETURNING " not in inner:
            inner += " RETURNING 1"
        written.append(_named(name, inner))
        first += prepared.places
        # A count of none divides by zero, which takes all of the statement back.
        counts.append(_asked("1 / count(*)" if certain else "count(*)", name))
        given_back += [_asked(each, name) for each in gives]
    return " ".join(("WITH", ", ".join(written), "SELECT", ", ".join((*counts, *given_back))))


def _named(name: str, inner: str) -> str:
    return "".join((name, " AS (", inner, ")"))


def _asked(what: str, name: str) -> str:
    return "".join(("(SELECT ", what, " FROM ", name, ")"))
