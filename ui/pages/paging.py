"""One page of records on a page that is no list page: the records, how many there are in all, where others stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from engine.records.transaction import Transaction
from engine.records.types import Count, ListQuery, Record
from ui.pages.counts import records_text


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsPage:
    """What was read. counted: in words; next_url, first_url: '' where there is no such page."""

    rows: Sequence[Record]
    counted: str
    next_url: str
    first_url: str


def read_page(transaction: Transaction, query: ListQuery, url: str, kept: Mapping[str, str]) -> RecordsPage:
    """Read the page of a query's cursor; kept: the parameters of the address beside it."""
    page = transaction.list(query)
    is_part = page.next_cursor is not None or query.cursor is not None
    counted = transaction.count(query) if is_part else Count(value=len(page))
    return RecordsPage(
        rows=page.rows,
        counted=records_text(counted),
        next_url=_address(url, {**kept, "cursor": page.next_cursor}) if page.next_cursor else "",
        first_url=_address(url, kept) if query.cursor else "",
    )


def _address(url: str, parameters: Mapping[str, str]) -> str:
    return f"{url}?{urlencode(parameters)}" if parameters else url
