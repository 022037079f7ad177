"""The records that an act on many of a list is for: those that were ticked in it, or the first that it finds.

The pages of such acts show them with what may not be done to some, and with the rules that the act may start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import quote

from flask import request
from flask_babel import gettext as _

from engine.automation.foretelling import HowOften, coming_rules
from engine.records.hooks import SaveKind
from engine.records.saving.loading import load_many_for_change
from engine.records.transaction import Transaction
from engine.records.types import ListQuery
from metamodel.objects import ObjectDef
from ui.context import actor, language, platform, release
from ui.page_parts import Option
from ui.pages.list_state import ListState, chosen_view
from ui.pages.rights import access_of

RECORD, ALL, PICKED = "fs-record", "fs-all", "fs-picked"
"""What forms send: each record that is ticked, that all are meant, and that they were ticked in the list itself."""
SHOWN = 200
MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRecord:
    """A record that an act is for, where it is chosen, or that was refused (with the reason)."""

    id: str
    title: str
    href: str
    reason: str = ""
    chosen: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRecords:
    """What a page of such an act shows. more: how many the list finds, where that is more than are shown.

    barred: those among them that the person may not do it to. is_all: all were chosen.
    """

    records: tuple[ListedRecord, ...]
    barred: tuple[ListedRecord, ...]
    more: str
    is_all: bool

    @property
    def hidden(self) -> Mapping[str, str]:
        """Give what says again that they were ticked in the list."""
        return {PICKED: "1"} if is_picked() else {}


def is_picked() -> bool:
    """Say whether records were ticked in the list itself."""
    return bool(request.values.get(PICKED))


def chosen_records(object_def: ObjectDef, state: ListState, kind: SaveKind | None) -> ChosenRecords:
    """Give the records that an act is for, with what of them may not be updated or deleted (None: nothing is)."""
    with platform().records.reading(actor(), release=release()) as transaction:
        query = list_query(object_def, state)
        found = _picked(transaction, object_def) if is_picked() else None
        page = transaction.list(query)
        rows = [(row.id, row.title) for row in page.rows] if found is None else found
        is_more = page.next_cursor is not None or (found is not None and len(page.rows) > len(found))
        count = transaction.count(query) if is_more else None
        ids = [record_id for record_id, _title in rows]
        allowed = _allowed(transaction, object_def, ids, kind) if kind is not None else frozenset(ids)
    # What was left out stays left out when a change was refused.
    chosen = set(request.form.getlist(RECORD)) if request.form else None
    listed = [replace(listed_record(object_def, *each), chosen=chosen is None or each[0] in chosen) for each in rows]
    more = f"{count.value:,}" + ("+" if count.capped else "") if count is not None else ""
    return ChosenRecords(
        records=tuple(each for each in listed if each.id in allowed),
        barred=tuple(each for each in listed if each.id not in allowed),
        more=more,
        is_all=bool(request.form.get(ALL)),
    )


def chosen_ids(transaction: Transaction, object_def: ObjectDef, state: ListState) -> list[str]:
    """Give the ids that a form is about: those ticked, or all that match, up to the most that are changed at once."""
    if not request.form.get(ALL):
        return request.form.getlist(RECORD)[:MOST]
    pages = transaction.reader.pages(object_def, list_query(object_def, state), SHOWN)
    return list(islice((row.id for page in pages for row in page.rows), MOST))


def list_query(object_def: ObjectDef, state: ListState) -> ListQuery:
    """Give the query of a list's first records."""
    view = chosen_view(object_def, state, access_of().roles)
    return replace(state.query(("id",), view), cursor=None, limit=SHOWN)


def listed_record(object_def: ObjectDef, record_id: str, title: str, reason: str = "") -> ListedRecord:
    """Give a line of such a page."""
    href = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    return ListedRecord(id=record_id, title=title or str(_("Without a name")), href=href, reason=reason)


def started_rules(object_key: str, kinds: Iterable[SaveKind], changed: frozenset[str]) -> tuple[Option, ...]:
    """Say which rules an act may start, and how often."""
    words = {
        HowOften.IN_SAVE: _("in each save"),
        HowOften.EACH: _("at most once a record"),
        HowOften.ONCE: _("once for all records"),
        HowOften.SKIP: _("not when many records change"),
    }
    found = coming_rules(platform().automation.index(release()), object_key, tuple(kinds), changed)
    return tuple(Option(value=str(words[each.often]), label=each.program.called(language())) for each in found)


def act_url(state: ListState, act: str) -> str:
    """Give the address of an act on the records of a list."""
    path, question, rest = replace(state, cursor="", size=50, exact=False).url().partition("?")
    return f"{path}/{act}{question}{rest}"


def _allowed(transaction: Transaction, object_def: ObjectDef, ids: Sequence[str], kind: SaveKind) -> frozenset[str]:
    if object_def.source is not None:
        return frozenset()
    found = load_many_for_change(transaction, object_def.key, ids, kind, locked=False)
    return frozenset(record_id for record_id, (is_allowed, _values) in found.items() if is_allowed)


def _picked(transaction: Transaction, object_def: ObjectDef) -> Sequence[tuple[str, str]]:
    ids = list(dict.fromkeys(request.values.getlist(RECORD)))[:SHOWN]
    titles = transaction.reader.titles((object_def.key, each) for each in ids)
    return [(each, titles[object_def.key, each]) for each in ids if (object_def.key, each) in titles]
