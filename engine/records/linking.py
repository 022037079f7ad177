"""What records are linked to, and linking them to exactly those that somebody names: for files, a batch at a time.

Links that stay keep their attributes; those that the actor may not see are no matter of his and stay too. Links are
made and taken away through the door like any other records, so each is judged and kept in history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, func, select

from engine.access.predicates import EVERYONE
from engine.errors import FieldError
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.batches import one_of
from engine.records.saving.bulk import refused_row
from engine.records.types import SaveRow
from metamodel.link_lists import LinkList
from metamodel.values import LinkedRecord

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

Linked = Mapping[str, Sequence[LinkedRecord]]
"""Id of a record → what it is linked to."""


def linked_records(transaction: Transaction, links: LinkList, ids: Iterable[str]) -> Linked:
    """Give what some records are linked to, as far as the actor may read it; one statement."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    parts = transaction.parts
    alias = parts.tables.of(links.links).table.alias()
    builder = parts.builder(transaction.access, transaction.actor.language)
    scope = RowScope(builder, Frame(alias), links.links, alias)
    holder = scope.reference_to(links.inverse.field, links.holder)
    far = scope.reference_to(links.far, links.target)
    title = scope.follow(builder.field_def(links.links, links.far), links.target).title()
    readable = transaction.access.of(links.links).actions["read"]
    conditions = [one_of(holder, wanted, transaction.database.dialect), alias.c["deleted_at"].is_(None)]
    if readable is not EVERYONE:
        conditions.append(func.coalesce(readable.sql(scope), False))
    query = select(holder, alias.c["id"], far, cast(title, Text())).select_from(scope.frame.source)
    found: dict[str, list[LinkedRecord]] = {}
    for record_id, link, other, called in transaction.select(query.where(*conditions).order_by(alias.c["id"])):
        found.setdefault(str(record_id), []).append(LinkedRecord(str(link), str(other), called or ""))
    return found


def link_exactly(
    transaction: Transaction, links: LinkList, wanted: Mapping[str, Collection[str]], linked: Linked
) -> tuple[set[str], dict[str, list[FieldError]]]:
    """Link records to exactly the records wanted; give those that changed, and what was refused, by record.

    linked: what they are linked to now.
    """
    made: list[tuple[str, str]] = []
    gone: dict[str, str] = {}
    for record_id, others in wanted.items():
        now = {each.id: each.link for each in linked.get(record_id, ())}
        made += [(record_id, other) for other in dict.fromkeys(others) if other not in now]
        gone |= {link: record_id for other, link in now.items() if other not in others}
    faults: dict[str, list[FieldError]] = {}
    changed = {record_id for record_id, _ in made} | set(gone.values())
    refused = transaction.delete_many(links.links, dict.fromkeys(gone)) if gone else {}
    for link, fault in refused.items():
        faults.setdefault(gone[link], []).extend(refused_row(link, fault).errors)
    rows = [SaveRow(values={links.inverse.field: one, links.far: other}) for one, other in made]
    results = transaction.save_many(links.links, rows).rows if rows else ()
    for (record_id, _), result in zip(made, results, strict=True):
        if result.outcome == "refused":
            faults.setdefault(record_id, []).extend(result.errors)
    return changed, faults
