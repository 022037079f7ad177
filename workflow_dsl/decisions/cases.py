"""Which cases the rows of a table are for: overlaps, gaps, rows that nothing is left for.

The values that cells name cut each input's values into pieces, of which every cell holds for the whole or for nothing;
one value stands for each piece. A row is then a set of pieces an input, kept as the bits of a number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from workflow_dsl.decisions.cells import ORDERED, Cell, Key
from workflow_dsl.types import Kind, Type

_MOST_STEPS = 200_000
_OTHER = "\0other"


class TooManyCases(Exception):
    """There are too many cases to look at each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some values of an input that no cell tells apart: one of them, and how they are said; None is empty."""

    key: Key | None
    said: str


def pieces_of(name: str, type_: Type, cells: Iterable[Cell]) -> tuple[Piece, ...]:
    """Give the pieces of an input, the empty one last."""
    keys = {value.key for cell in cells for value in cell.values}
    empty = Piece(key=None, said=f"{name} is empty")
    if type_.kind is Kind.BOOLEAN:
        return (Piece(key=True, said=name), Piece(key=False, said=f"not {name}"), empty)
    if type_.kind in ORDERED:
        return (*_in_order(name, type_.kind, sorted(keys)), empty)
    if type_.kind is Kind.CHOICE:
        return (*(Piece(key=option, said=f"{name} = {option}") for option in type_.options), empty)
    named = [Piece(key=key, said=f'{name} = "{key}"') for key in sorted(keys, key=str)]
    return (*named, Piece(key=_OTHER, said=f"{name} = any other text"), empty)


def _in_order(name: str, kind: Kind, keys: Sequence[Key]) -> Iterator[Piece]:
    before: Key | None = None
    for key in keys:
        between = _between(kind, before, key)
        if between is not None:
            said = f"{name} < {_said(key)}" if before is None else f"{name} between {_said(before)} and {_said(key)}"
            yield Piece(key=between, said=said)
        yield Piece(key=key, said=f"{name} = {_said(key)}")
        before = key
    after = _between(kind, before, None)
    if after is not None:
        yield Piece(key=after, said=f"{name} > {_said(before)}" if before is not None else f"any {name}")


def _said(key: Key) -> str:
    return f"{key:f}" if isinstance(key, Decimal) else str(key)


def _between(kind: Kind, low: Key | None, high: Key | None) -> Key | None:
    """Give a value between two, or beyond one; None where there is none."""
    if kind is Kind.DATE:
        return _day_between(low, high)
    least = low if isinstance(low, Decimal) else None
    most = high if isinstance(high, Decimal) else None
    if least is None:
        return most - 1 if most is not None else Decimal(0)
    if most is None:
        return least + 1
    if kind is Kind.INTEGER:
        return least + 1 if least + 1 < most else None
    return (least + most) / 2


def _day_between(low: Key | None, high: Key | None) -> Key | None:
    day = dt.timedelta(days=1)
    if isinstance(low, dt.date):
        found = low + day if low < dt.date.max else None
        return found if not isinstance(high, dt.date) or (found is not None and found < high) else None
    if isinstance(high, dt.date):
        return high - day if high > dt.date.min else None
    return dt.date(2000, 1, 1)


@dataclass(slots=True, kw_only=True)
class Cases:
    """The pieces of each input, and for each row the pieces that it is for, an input a number."""

    pieces: tuple[tuple[Piece, ...], ...]
    rows: tuple[tuple[int, ...], ...]
    _steps: int = 0
    _known: dict[tuple[int, tuple[int, ...]], tuple[int, ...] | None] = field(default_factory=dict)

    @staticmethod
    def of(inputs: Sequence[tuple[str, Type]], rows: Sequence[Sequence[Cell]]) -> Cases:
        """Cut the inputs into pieces, and say of which each row is; a row has a cell an input."""
        pieces = tuple(
            pieces_of(name, type_, [row[place] for row in rows]) for place, (name, type_) in enumerate(inputs)
        )
        taken = tuple(
            tuple(
                sum(1 << bit for bit, piece in enumerate(pieces[place]) if cell.holds(piece.key))
                for place, cell in enumerate(row)
            )
            for row in rows
        )
        return Cases(pieces=pieces, rows=taken)

    def overlap(self, row: int, others: Iterable[int]) -> tuple[int, str] | None:
        """Give the first of other rows that matches together with a row, and a case of both."""
        for other in others:
            common = [one & two for one, two in zip(self.rows[row], self.rows[other], strict=True)]
            if all(common):
                told = [_lowest(bits) if bits != self._whole(place) else None for place, bits in enumerate(common)]
                return other, self._say(told)
        return None

    def is_impossible(self, row: int) -> bool:
        """Say whether a row matches nothing at all, whatever the others do."""
        return not all(self.rows[row])

    def is_covered(self, row: int, others: Sequence[int]) -> bool:
        """Say whether others match whatever a row matches.

        Raises: TooManyCases.
        """
        self._known = {}
        return self._gap(self.rows[row], tuple(others)) is None

    def missing(self) -> str | None:
        """Give a case that no row is for, leaving inputs that are empty aside; None where there is none.

        Raises: TooManyCases.
        """
        self._known = {}
        filled = tuple((1 << (len(pieces) - 1)) - 1 for pieces in self.pieces)
        found = self._gap(filled, tuple(range(len(self.rows))))
        return self._say(found) if found is not None else None

    def _gap(self, region: Sequence[int], rows: tuple[int, ...], place: int = 0) -> tuple[int, ...] | None:
        """Give pieces of a region, from an input on, that none of the rows is for."""
        if place == len(region):
            return () if not rows else None
        found = self._known.get((place, rows), False)
        if found is not False:
            return found  # type: ignore[return-value]
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise TooManyCases
        result: tuple[int, ...] | None = None
        for bit in range(region[place].bit_length()):
            if region[place] >> bit & 1:
                left = tuple(row for row in rows if self.rows[row][place] >> bit & 1)
                rest = self._gap(region, left, place + 1)
                if rest is not None:
                    result = (bit, *rest)
                    break
        self._known[(place, rows)] = result
        return result

    def _whole(self, place: int) -> int:
        return (1 << len(self.pieces[place])) - 1

    def _say(self, bits: Sequence[int | None]) -> str:
        said = [self.pieces[place][bit].said for place, bit in enumerate(bits) if bit is not None]
        return ", ".join(said) or "every case"


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
