"""The metamodel that expressions of a corpus are about: deals with accounts, users, queues, lines and tasks.

Built from definitions, not from files, so that an expression needs no loader; `object_def` and `field` are the
builders. Its records are in `sample_deals`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from engine.testing.sample_tables import sample_tables
from metamodel.access import RoleDef
from metamodel.apps import AppDef, ConnectionDef, Metamodel, QueueDef, SettingDef, TeamDef, TemplateDef
from metamodel.definitions.service import CurrencyDef
from metamodel.fields import ChoiceDef, FieldDef, OptionDef, RelationDef, RelationKind
from metamodel.layouts import LayoutDef
from metamodel.objects import InverseDef, ObjectDef
from metamodel.source import NOWHERE, LocatedText

APP = "sales"


def field(name: str, type_: str = "text", **options: Any) -> FieldDef:
    """Make a field."""
    return FieldDef(name=name, type=type_, app=APP, at=NOWHERE, **options)


def choice(
    name: str, *options: str, attributes: Mapping[str, tuple[str, Mapping[str, object]]] | None = None
) -> FieldDef:
    """Make a choice; attributes: name → (field type, option → value)."""
    declared = attributes or {}
    defs = tuple(
        OptionDef(
            name=option,
            at=NOWHERE,
            attributes=tuple((key, values.get(option)) for key, (_, values) in declared.items()),
        )
        for option in options
    )
    types = tuple((key, type_) for key, (type_, _) in declared.items())
    return field(name, "choice", choice=ChoiceDef(options=defs, attribute_types=types))


def lookup(name: str, *targets: str, kind: str = "lookup", inverse: str | None = None, tree: bool = False) -> FieldDef:
    """Make a lookup; no targets = any object."""
    relation = RelationDef(kind=RelationKind(kind), targets=targets, at=NOWHERE, inverse=inverse, tree=tree)
    return field(name, kind, relation=relation)


def system_fields() -> tuple[FieldDef, ...]:
    """Make the fields every object has."""
    return (
        field("id", "text", system=True),
        field("owner", "lookup", relation=RelationDef(kind=RelationKind.LOOKUP, targets=("user", "queue"), at=NOWHERE)),
        field("created_at", "datetime", system=True),
        lookup("created_by", "user", kind="user"),
        field("modified_at", "datetime", system=True),
        lookup("modified_by", "user", kind="user"),
        field("version", "integer", system=True),
        field("deleted_at", "datetime", system=True),
    )


def object_def(name: str, *fields: FieldDef, inverses: Sequence[InverseDef] = ()) -> ObjectDef:
    """Make an object with its system fields."""
    return ObjectDef(
        key=name,
        name=name,
        app=APP,
        at=NOWHERE,
        fields=MappingProxyType({f.name: f for f in (*fields, *system_fields())}),
        title=LocatedText.plain("{name}"),
        layout=LayoutDef(at=NOWHERE, sections=()),
        inverses=MappingProxyType({i.name: i for i in inverses}),
    )


def inverse(name: str, object_key: str, field_name: str, *, owned: bool = False) -> InverseDef:
    """Make a related list."""
    return InverseDef(name=name, object=object_key, field=field_name, owned=owned)


def _user() -> ObjectDef:
    return object_def(
        "user",
        field("name"),
        field("email", "email"),
        field("active", "boolean"),
        lookup("manager", "user", kind="user"),
        lookup("team", "team"),
    )


def _account() -> ObjectDef:
    return object_def(
        "account",
        field("name"),
        field("phone", "phone"),
        field("billing_email", "email"),
        choice("tier", "gold", "silver", "bronze"),
        field("is_partner", "boolean"),
        field("credit", "money"),
        field("employees", "integer"),
        field("last_activity_at", "datetime"),
        field("sent_at", "datetime"),
        lookup("parent", "account", tree=True),
        inverses=(
            inverse("deals", "deal", "account"),
            inverse("contacts", "contact", "account"),
            inverse("tasks", "task", "about"),
            inverse("subsidiaries", "account", "parent"),
        ),
    )


STAGES = ("qualify", "proposal", "won", "lost")


def _deal() -> ObjectDef:
    probability = {"qualify": Decimal("0.2"), "proposal": Decimal("0.5"), "won": Decimal(1), "lost": Decimal(0)}
    closed = {"won": True, "lost": True, "qualify": False, "proposal": False}
    return object_def(
        "deal",
        field("number", "autonumber"),
        field("name", required=True),
        lookup("account", "account", inverse="deals"),
        field("amount", "money"),
        field("cost", "money"),
        choice("stage", *STAGES, attributes={"probability": ("percent", probability), "closed": ("boolean", closed)}),
        choice("region", "east", "west"),
        field("discount", "percent"),
        field("score", "decimal"),
        field("quantity", "integer"),
        field("close_date", "date"),
        field("sent_at", "datetime"),
        field("note", "long_text"),
        field("urgent", "boolean"),
        lookup("contact", "contact"),
        field("weighted", "money", formula=LocatedText.plain("amount * stage.probability")),
        field("lines_total", "rollup", result_type="money"),
        inverses=(inverse("lines", "line", "deal", owned=True), inverse("tasks", "task", "about")),
    )


def _others() -> tuple[ObjectDef, ...]:
    return (
        object_def("team", field("name"), inverses=(inverse("users", "user", "team"),)),
        object_def("queue", field("name")),
        object_def(
            "contact", field("name"), field("email", "email"), lookup("account", "account"), field("mobile", "phone")
        ),
        object_def("product", field("name"), field("stock", "integer"), field("sku")),
        object_def(
            "line",
            field("name"),
            lookup("deal", "deal", kind="child_of", inverse="lines"),
            lookup("product", "product"),
            field("quantity", "integer"),
            field("price", "money"),
            field("discount", "percent"),
            field("shipped_on", "date"),
            field("cancelled", "boolean"),
        ),
        object_def(
            "task",
            field("subject"),
            choice("status", "open", "done"),
            field("due_on", "date"),
            lookup("assignee", "user", kind="user"),
            lookup("about"),
        ),
    )


def _app() -> AppDef:
    return AppDef(
        name=APP,
        version="1.0.0",
        at=NOWHERE,
        currency="CNY",
        timezone="Asia/Shanghai",
        languages=("en", "zh"),
        permissions=("waive_review",),
    )


def sample_metamodel() -> Metamodel:
    """Make the metamodel."""
    objects = (_user(), _account(), _deal(), *_others())
    settings = (
        SettingDef(name="review_limit", type="money", app=APP, at=NOWHERE),
        SettingDef(name="strict", type="boolean", app=APP, at=NOWHERE),
    )
    connection = ConnectionDef(name="finance", app=APP, kind="webhook_out", at=NOWHERE, options=MappingProxyType({}))
    template = TemplateDef(
        name="welcome",
        app=APP,
        object="account",
        language="en",
        subject=LocatedText.plain("Welcome"),
        body=LocatedText.plain("Hello"),
    )
    return Metamodel(
        apps=(_app(),),
        objects=MappingProxyType({o.key: o for o in objects}),
        roles=MappingProxyType({name: RoleDef(name=name, app=APP, at=NOWHERE) for name in ("manager", "sales_rep")}),
        menus=MappingProxyType({}),
        templates=MappingProxyType({"welcome": template}),
        connections=MappingProxyType({"finance": connection}),
        settings=MappingProxyType({s.name: s for s in settings}),
        teams=MappingProxyType({"east": TeamDef(name="east", at=NOWHERE)}),
        currencies=MappingProxyType(
            {"USD": CurrencyDef(name="USD", app=APP, at=NOWHERE, rates=((dt.date(2020, 1, 1), Decimal(7)),))}
        ),
        queues=MappingProxyType({"inside_sales": QueueDef(name="inside_sales", at=NOWHERE)}),
        decisions=sample_tables(APP),
    )
