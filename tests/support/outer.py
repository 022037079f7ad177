"""A database of another program, as tests have it beside the installation: customers and their invoices.

`outer_database` makes it on SQLite or PostgreSQL; `ERP_FILES` is an app over it. Under `ledger:` SQLAlchemy finds a
driver of another name, as a package installs one, which has nothing of what is known of the other two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    create_engine,
    insert,
    text,
)  # fmt: skip
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

ERP_FILES: Mapping[str, str] = {
    "connections/erp.yaml": """
        connection: erp
        kind: database
        secret: ERP_DATABASE
    """,
    "objects/customer.yaml": """
        object: customer
        label: {en: Customer, zh: 客户}
        plural: {en: Customers, zh: 客户}
        title: "{name}"
        search: [name, code]
        source:
          table: erp.customers
          key: code
          fields: {name: 客户名称, owner: rep, credit: credit_limit}
          writable: false
        fields:
          code: {type: text}
          name: {type: text}
          region:
            type: choice
            options: {north: {label: {en: North, zh: 华北}}, south: {label: {en: South, zh: 华南}}}
          credit: {type: money}
          rate: {type: percent}
          since: {type: date}
          seen_at: {type: datetime}
          active: {type: boolean}
          double_credit: {type: money, formula: credit * 2}
          parent: {type: lookup, to: customer, inverse: branches}
        views:
          all: {type: list, label: {en: All, zh: 全部}, columns: [code, name, region, credit, owner]}
          figures: {type: list, label: Figures, columns: [code, credit, double_credit]}
          big: {type: list, label: Big, columns: [code, name], where: credit > 1000, sort: [-credit]}
    """,
    "objects/invoice.yaml": """
        object: invoice
        label: {en: Invoice, zh: 发票}
        title: "{number}"
        source: {table: erp.open_invoices, key: id}
        fields:
          number: {type: text}
          customer: {type: lookup, to: customer}
          amount: {type: decimal, digits: 2}
    """,
    "objects/visit.yaml": """
        object: visit
        label: {en: Visit, zh: 拜访}
        title: "{name}"
        fields:
          name: {type: text, required: true}
          customer: {type: lookup, to: customer}
          invoice: {type: lookup, to: invoice}
          of_region: {type: text, formula: customer.name}
        validations:
          - name: known_customer
            when: customer is not empty
            check: customer.name is not empty
            message: The customer has no name.
        layout:
          sections: [{label: Visit, fields: [name, customer, invoice, of_region, owner]}]
        views:
          all: {type: list, label: All, columns: [name, customer, customer.region, of_region, owner]}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          customer: {read: all, export: all, create: all, update: all, delete: all}
          invoice: {read: all, export: all}
          visit: {read: all, create: all, update: all, delete: all}
          user: {read: all}
        system: [export, import]
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          customer: {read: own}
          invoice: {read: amount < 10}
          visit: {read: all, create: all, update: all}
          user: {read: all}
    """,
    "roles/north.yaml": """
        role: north
        label: North
        objects:
          customer: {read: region = "north"}
          visit: {read: all, create: all}
        fields:
          customer.credit: {read: no}
          customer.code: {read: active}
    """,
}


def _tables(metadata: MetaData) -> tuple[Table, Table]:
    customers = Table(
        "customers",
        metadata,
        Column("code", String(40), primary_key=True),
        Column("客户名称", Text()),
        Column("region", String(20)),
        Column("credit_limit", Numeric(12, 2)),
        Column("rate", Numeric(6, 4)),
        Column("since", Date()),
        Column("seen_at", DateTime()),
        Column("active", Boolean()),
        Column("rep", String(80)),
        Column("parent", String(40)),
        Column("internal_note", Text()),
    )
    invoices = Table(
        "invoices",
        metadata,
        Column("id", Integer(), primary_key=True),
        Column("number", String(20)),
        Column("customer", String(40)),
        Column("amount", Numeric(12, 2)),
        Column("paid", Boolean(), nullable=False, default=False),
    )
    return customers, invoices


@contextmanager
def outer_database(address: str) -> Iterator[Engine]:
    """Make the tables in an empty database, and give it; it is closed at the end."""
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1))
    metadata = MetaData()
    _tables(metadata)
    metadata.create_all(engine)
    with engine.begin() as connection:
        unpaid = "SELECT id, number, customer, amount FROM invoices WHERE NOT paid"
        connection.execute(text(f"CREATE VIEW open_invoices AS {unpaid}"))
    try:
        yield engine
    finally:
        engine.dispose()


def add_rows(engine: Engine, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to one of the tables."""
    metadata = MetaData()
    made = {table.name: table for table in _tables(metadata)}
    with engine.begin() as connection:
        for row in rows:
            connection.execute(insert(made[name]), dict(row))


class LedgerDialect(SQLiteDialect_pysqlite):
    """A driver that goes by another name than those the product knows."""

    name = "ledger"
    supports_statement_cache = True


registry.register("ledger", __name__, "LedgerDialect")
