"""Lists of links as columns: which list a path names for its reader, and the cell made of the linked records' text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.access.compiler import Access
from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.linked import linked_records
from engine.records.cell import Cell
from engine.records.parts import ReleaseParts
from engine.records.query_problems import problem
from metamodel.link_lists import LinkList, links_at
from metamodel.source import LocatedText
from metamodel.values import LinkedRecord, LinkedRecords
from workflow_dsl import typed as t
from workflow_dsl.checking.links import links_source


@dataclass(frozen=True, slots=True)
class LinkPath:
    """A path to a list of links that its reader may read. source: its rows, as expressions ask for them."""

    list: LinkList
    source: t.InverseSource


def link_path(parts: ReleaseParts, access: Access, object_key: str, path: str) -> LinkPath | None:
    """Give the list of links that a path names; None where it names anything else, or a list that may not be read."""
    if path.rpartition(".")[2] not in parts.metamodel.link_lists:
        return None
    found = links_at(parts.metamodel.objects, object_key, path)
    if found is None or not may_read_links(access, found):
        return None
    scope = parts.language.scope(object_key, "a list", needs_sql=True, may_read=access.may_read)
    source = links_source(LocatedText.plain(path, "<path>"), scope)
    return None if source is None or source.base.root.kind is not t.RootKind.THIS else LinkPath(found, source)


def may_read_links(access: Access, found: LinkList) -> bool:
    """Say whether links of a list may be read at all."""
    return all(access.may_read(found.links, name) for name in (found.inverse.field, found.far))


def refuse_links(parts: ReleaseParts, access: Access, object_key: str, path: str) -> None:
    """Refuse a list of links where one value a record is wanted.

    Raises: QueryProblem.
    """
    found = link_path(parts, access, object_key, path)
    if found is not None:
        message = f"'{path}' holds several linked records, so no list is sorted, grouped or summed by it"
        raise problem("EXP910", message, f"sort by a roll-up that counts it, or filter by `{path} contains …`")


def link_cell(
    name: str, path: LinkPath, builder: SqlBuilder, environment: Environment, at: int, at_most: int | None
) -> Cell:
    """Make the cell of a list of links, whose text stands at a place of the row.

    Raises: NotInSql.
    """
    text, far = linked_records(builder, path.source, environment, at_most), path.list.far

    def read(row: Sequence[Any]) -> LinkedRecords | None:
        if row[at] is None:
            return None
        found = orjson.loads(row[at])
        records = tuple(LinkedRecord(link, record, title or "") for link, record, title, _ in found)
        return LinkedRecords(records, found[0][3])

    def json(row: Sequence[Any]) -> list[dict[str, object]]:
        found = [] if row[at] is None else orjson.loads(row[at])
        return [{"id": link, far: {"id": record, "title": title}} for link, record, title, _ in found]

    return Cell(name, (text,), read, json)
