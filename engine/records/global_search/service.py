"""Finds records of all objects by what somebody types, as far as that person may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.records.asked_texts import computable, is_storable
from engine.records.global_search.statement import SearchStatement, make_statement
from engine.records.index_words import SearchText, Term, read_search
from engine.storage.dialect import Dialect
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

A_FEW = 6
"""How many records of an object a search of all objects gives."""
MANY = 50
"""How many a search of one object gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A record that was found. texts: path → what stands there, of those texts that the search reads."""

    object: str
    id: str
    title: str
    texts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitGroup:
    """The records of one object that were found, the nearest first; goes_on: there are more."""

    object: ObjectDef
    hits: Sequence[Hit]
    goes_on: bool


def search(transaction: Transaction, text: str, *, only: str | None = None) -> tuple[HitGroup, ...]:
    """Find records by a typed text, grouped by object, the object with the nearest record first.

    only: the key of the one object that is searched. A blank text finds nothing.

    Raises: UnknownObject where there is no such object for the reader; QueryProblem where the database can't compute
    what a right asks for.
    """
    if only is not None:
        transaction.object_def(only)
    asked = read_search(text) if is_storable(text) else SearchText((), "")
    if not asked.terms:
        return ()
    limit = A_FEW if only is None else MANY
    statement = _statement(transaction, len(asked.terms), limit + 1, only)
    if statement.prepared is None:
        return ()
    with computable():
        rows = transaction.rows(statement.prepared, _given(transaction, asked))
    found: dict[int, list[tuple[int, Hit]]] = {}
    for place, record_id, title, *texts in rows:
        shown = tuple((path, text) for path, text in zip(statement.paths[place], texts, strict=False) if text)
        hit = Hit(object=statement.objects[place].key, id=str(record_id), title=title or "", texts=shown)
        found.setdefault(place, []).append((_distance(asked, hit), hit))
    return tuple(_group(statement.objects[place], found[place], limit) for place in _nearest_first(found))


def _statement(transaction: Transaction, terms: int, limit: int, only: str | None) -> SearchStatement:
    access, language = transaction.access, transaction.actor.language
    key = ("search", None if access.full else access.roles, language, terms, limit, only)
    kept: SearchStatement = transaction.parts.asked.find(
        key, lambda: make_statement(transaction.parts, access, language, terms, limit, only)
    )
    return kept


def _given(transaction: Transaction, asked: SearchText) -> dict[str, object]:
    sqlite = transaction.database.dialect is Dialect.SQLITE
    written = [_written(term, sqlite=sqlite) for term in asked.terms]
    given: dict[str, object] = {f"term_{number}": term for number, term in enumerate(written)}
    given |= {f"has_{number}": _needles(term) for number, term in enumerate(asked.terms)}
    whole, start = (_written(Term(asked.whole, begins=begins), sqlite=sqlite) for begins in (False, True))
    given["has_start"] = _needles(Term(asked.whole, begins=True))
    return given | {"terms": (" AND " if sqlite else " & ").join(written), "whole": whole, "start": start}


def _written(term: Term, *, sqlite: bool) -> str:
    """Write a term as the databases' full-text searches read it; it is letters and digits alone."""
    quote, begins, way = ('"', "*", " OR ") if sqlite else ("'", ":*", " | ")
    written = [f"{quote}{text}{quote}{begins if term.begins else ''}" for text in term.alike]
    return written[0] if len(written) == 1 else f"({way.join(written)})"


def _needles(term: Term) -> str:
    """Write a term as `fs_has_word` takes it."""
    return "\n".join(f" {text}" if term.begins else f" {text} " for text in term.alike)


def _distance(asked: SearchText, hit: Hit) -> int:
    """Say how far a record is from what was typed: called so, begins so, has a text so, has its words."""
    title = read_search(hit.title).whole
    if title == asked.whole:
        return 0
    if title.startswith(asked.whole):
        return 1
    lines = (line for _path, text in hit.texts for line in text.splitlines())
    return 2 if any(read_search(line).whole == asked.whole for line in lines) else 3


def _nearest_first(found: dict[int, list[tuple[int, Hit]]]) -> list[int]:
    def nearest(place: int) -> tuple[int, int, int]:
        distance, length = min((distance, len(hit.title)) for distance, hit in found[place])
        return distance, length, place

    return sorted(found, key=nearest)


def _group(object_def: ObjectDef, found: list[tuple[int, Hit]], limit: int) -> HitGroup:
    newest = sorted(found, key=lambda each: each[1].id, reverse=True)
    hits = [hit for _, hit in sorted(newest, key=lambda each: each[0])]
    return HitGroup(object=object_def, hits=tuple(hits[:limit]), goes_on=len(hits) > limit)
