"""The values that conditions leave to one field: some options, an interval, with or without empty.

A domain is never smaller than what is possible: where values can't be compared it stays as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

Comparable = Decimal | dt.date | dt.datetime | dt.time | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What a value may be.

    values: all that it may be besides empty; None = anything within the interval. excluded: what it may not be. low,
    high: the interval's ends, None = open; with the flag the end itself is left out. may_be_empty: empty is possible.
    """

    values: frozenset[object] | None = None
    excluded: frozenset[object] = frozenset()
    low: Comparable | None = None
    high: Comparable | None = None
    is_low_out: bool = False
    is_high_out: bool = False
    may_be_empty: bool = True

    @property
    def is_impossible(self) -> bool:
        """Whether no value is left."""
        if self.may_be_empty:
            return False
        if self.values is not None:
            return not self.values
        if self.low is None or self.high is None or type(self.low) is not type(self.high):
            return False
        if self.low == self.high:
            return self.is_low_out or self.is_high_out or self.low in self.excluded
        return _is_over(self.low, self.high)

    @property
    def only(self) -> tuple[object] | None:
        """The one value that is left, empty as None; None where there may be several."""
        if self.values is not None and not self.values and self.may_be_empty:
            return (None,)
        if self.values is not None and len(self.values) == 1 and not self.may_be_empty:
            return (next(iter(self.values)),)
        return None

    def also(self, other: Domain) -> Domain:
        """Give what is left where both hold."""
        low, is_low_out = _tighter((self.low, self.is_low_out), (other.low, other.is_low_out), _is_over)
        high, is_high_out = _tighter((self.high, self.is_high_out), (other.high, other.is_high_out), _is_under)
        joined = Domain(
            values=_common(self.values, other.values),
            excluded=self.excluded | other.excluded,
            low=low,
            high=high,
            is_low_out=is_low_out,
            is_high_out=is_high_out,
            may_be_empty=self.may_be_empty and other.may_be_empty,
        )
        if joined.values is None:
            return joined
        return replace(joined, values=frozenset(each for each in joined.values if joined._allows(each)))

    def _allows(self, value: object) -> bool:
        if value in self.excluded:
            return False
        if self.low is not None and type(self.low) is type(value):
            if value == self.low:
                return not self.is_low_out
            if _is_over(self.low, value):
                return False
        if self.high is not None and type(self.high) is type(value):
            if value == self.high:
                return not self.is_high_out
            return not _is_over(value, self.high)
        return True

    def __str__(self) -> str:
        parts = []
        if self.values is not None:
            named = ", ".join(sorted(_said(each) for each in self.values))
            parts.append(named if len(self.values) == 1 else f"one of {named}" if named else "")
        elif self.low is not None and self.low == self.high:
            parts.append(_said(self.low))
        else:
            if self.low is not None:
                parts.append(f"{'above' if self.is_low_out else 'at least'} {_said(self.low)}")
            if self.high is not None:
                parts.append(f"{'below' if self.is_high_out else 'at most'} {_said(self.high)}")
            parts += [f"not {_said(each)}" for each in sorted(self.excluded, key=str)]
        told = " and ".join(part for part in parts if part)
        if self.may_be_empty:
            return f"{told} or empty" if told else "empty"
        return told or "not empty"


ANYTHING = Domain()
EMPTY = Domain(values=frozenset())
FILLED = Domain(may_be_empty=False)


def exactly(value: object) -> Domain:
    """Give the domain of one value; None is empty."""
    return EMPTY if value is None else Domain(values=frozenset((value,)), may_be_empty=False)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _is_over(one: object, other: object) -> bool:
    return type(one) is type(other) and one > other  # type: ignore[operator]


def _is_under(one: object, other: object) -> bool:
    return type(one) is type(other) and one < other  # type: ignore[operator]


def _common(one: frozenset[object] | None, other: frozenset[object] | None) -> frozenset[object] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


_End = tuple[Comparable | None, bool]


def _tighter(one: _End, other: _End, is_tighter: Callable[[object, object], bool]) -> _End:
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[0] == other[0]:
        return one[0], one[1] or other[1]
    return other if is_tighter(other[0], one[0]) else one
