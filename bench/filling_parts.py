"""Fills what stands around measured deals: products, a contact for each account, and lines of the deals that are read.

So forms have choices to offer and rows in their grids. Users, accounts and deals are filled in `filling`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from bench.raw import cell, fill_table, is_sqlite
from engine.ids import Uuid7Maker
from engine.records.index_words import index_words
from engine.storage.word_columns import words_column

PRODUCTS = 24
LINES_A_DEAL = 2
PRICE = Decimal(1_500)
_TOTALS = (
    "UPDATE sales_opportunity SET lines_total = ?, lines_total_currency = 'CNY', lines_total_base = ? WHERE id = ?"
)
_STAMPS = ("created_at", "created_by", "modified_at", "modified_by", "version")
_NAMES = ("name", "name_sort", "title_")
PRODUCT_COLUMNS = ("id", *_NAMES, "active", *_STAMPS)
CONTACT_COLUMNS = ("id", *_NAMES, "account", "do_not_contact", "owner", *_STAMPS)
LINE_COLUMNS = (
    "id", "opportunity", "product", "quantity", "unit_price", "unit_price_currency", "unit_price_base", "discount",
    "amount", "amount_currency", "amount_base", *_STAMPS,
)  # fmt: skip


def fill_products(connection: Any, url: str, user: str, now: dt.datetime) -> list[str]:
    """Make the products that lookups offer."""
    ids, stamps = _ids(PRODUCTS), _stamps(url, user, now)

    def rows() -> Iterator[Any]:
        for index, product in enumerate(ids):
            yield (product, *_names(f"Product {index:02d}"), cell(url, True), *stamps)

    fill_table(connection, url, "sales_product", *worded(PRODUCT_COLUMNS, rows(), name="text"))
    return ids


def fill_contacts(connection: Any, url: str, owners: Sequence[tuple[str, str]], now: dt.datetime) -> None:
    """Make a contact for each account; owners: account and its owner."""
    ids = _ids(len(owners))

    def rows() -> Iterator[Any]:
        for index, (account, user) in enumerate(owners):
            stamps = _stamps(url, user, now)
            yield (ids[index], *_names(f"Contact {index:06d}"), account, cell(url, False), user, *stamps)

    fill_table(connection, url, "core_contact", *worded(CONTACT_COLUMNS, rows(), name="text"))


def fill_lines(
    connection: Any, url: str, deals: Sequence[str], products: Sequence[str], user: str, now: dt.datetime
) -> None:
    """Make the lines of some deals, and their totals."""
    ids, stamps = _ids(len(deals) * LINES_A_DEAL), _stamps(url, user, now)
    price, share = cell(url, PRICE), cell(url, Decimal(0), 4)

    def rows() -> Iterator[Any]:
        for index, line in enumerate(ids):
            quantity = 1 + index % LINES_A_DEAL
            amount, product = cell(url, PRICE * quantity), products[index % len(products)]
            deal = deals[index // LINES_A_DEAL]
            yield (line, deal, product, quantity, price, "CNY", price, share, amount, "CNY", amount, *stamps)

    fill_table(connection, url, "sales_opportunity_line", LINE_COLUMNS, rows())
    total = cell(url, PRICE * sum(range(1, LINES_A_DEAL + 1)))
    query = _TOTALS.replace("?", "?" if is_sqlite(url) else "%s")
    connection.execute("BEGIN")
    for deal in deals:
        connection.execute(query, (total, total, deal))
    connection.execute("COMMIT")


def worded(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], **kinds: str
) -> tuple[tuple[str, ...], Iterator[Sequence[Any]]]:
    """Give columns and rows with the words of searched fields at their end; kinds: field → type of its value."""
    places = [(columns.index(name), kind) for name, kind in kinds.items()]
    found = ((*row, *(index_words(row[at], kind) for at, kind in places)) for row in rows)
    return (*columns, *map(words_column, kinds)), found


def _ids(count: int) -> list[str]:
    make = Uuid7Maker()
    return [make.new() for _ in range(count)]


def _names(name: str) -> tuple[str, str, str]:
    return name, name.lower(), name


def _stamps(url: str, user: str, now: dt.datetime) -> tuple[Any, ...]:
    stamp = cell(url, now)
    return stamp, user, stamp, user, 1
