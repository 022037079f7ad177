"""What an actor may read is the same in memory and in SQL: unreadable records and fields are empty in both."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.access.actor import Actor, system_actor
from engine.access.eyes import AccessEyes
from engine.automation.eyes import SeenByActor
from engine.clock import FixedClock
from engine.expressions.context import RecordContext
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.platform import Platform
from engine.records.cells import CellMaker
from engine.records.statements import Prepared
from engine.records.transaction import Transaction
from metamodel.source import LocatedText
from tests.support.expressions import ExpressionMaker
from tests.support.platforms import applied_platform
from workflow_dsl.checker import check_text
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.typed import Typed

NOW = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields:
          name: {type: text, required: true}
          size: {type: integer}
          credit: {type: money}
          parent: {type: lookup, to: firm, inverse: daughters}
          double: {type: integer, formula: size * 2}
          above: {type: text, formula: parent.name}
        """,
    "objects/deal.yaml": """
        object: deal
        label: Deal
        title: "{name} for {firm.name}"
        fields:
          name: {type: text, required: true}
          firm: {type: lookup, to: firm, inverse: deals}
          amount: {type: money}
          count: {type: integer}
          stage: {type: choice, options: [open, won]}
          close: {type: date}
        """,
    "objects/line.yaml": """
        object: line
        label: Line
        title: "{name}"
        fields:
          deal: {type: child_of, to: deal, inverse: lines, required: true}
          name: {type: text, required: true}
          quantity: {type: integer}
          hidden: {type: boolean}
        """,
    "roles/rep.yaml": """
        role: rep
        objects:
          firm: {read: 'own or size > 10'}
          deal: {read: all}
          line: {read: 'not hidden'}
        fields:
          firm.credit: {read: no}
          firm.size: {read: 'name != "Acme"'}
          deal.count: {read: 'stage = "open"'}
          line.quantity: {read: 'name != "b"'}
        """,
}
CASES = (
    "firm.name", "firm.size", "firm.double", "firm.above", "firm.credit", "firm.parent.name", "count", "firm is empty",
    "count(lines)", "sum(lines.quantity)", "count(firm.deals)", "user.name", "user.email", "owner.name",
    'exists(firm.daughters where size > 3)', "max(firm.daughters.size)", 'lookup(firm, name, "Acme") = firm',
    "lookup(firm, size, 3) = firm", "first(lines.name sorted by quantity)", "created_by.name", "user.manager.name",
    "firm.parent.owner = user", "sum(activities.contact.account.revenue)",
    '"{name}"',
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class World:
    """The opened app and a person who may read some of it."""

    platform: Platform
    rep: Actor


@pytest.fixture(scope="module")
def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("eyes")
    with applied_platform(module_database_url, folder, FILES, clock=FixedClock(NOW)) as platform:
        yield World(platform=platform, rep=_fill(platform))


def _fill(platform: Platform) -> Actor:
    some, records, system = random.Random(4).choice, platform.records, system_actor()
    made = records.create(system, "user", {"name": "Rep", "email": "rep@example.com"}).record.id
    rep = Actor(user_id=made, login="rep", name="Rep", roles=frozenset({"rep"}))
    firms: list[str | None] = [None]
    for _ in range(12):
        values = {"name": some(["Acme", "Blue", "阀门"]), "size": some([None, 3, 11, 50]), "credit": some([None, 7])}
        owner = {"object": "user", "id": made} if some([True, False, False]) else None
        firms.append(records.create(system, "firm", {**values, "parent": some(firms), "owner": owner}).record.id)
    for _ in range(25):
        deal = {
            "name": some(["a", "Acme"]),
            "firm": some(firms),
            "amount": some([None, 1, 12]),
            "count": some([None, 2]),
        }
        deal = {**deal, "stage": some(["open", "won", None]), "close": some([None, "2026-11-30"])}
        deal_id = records.create(system, "deal", deal).record.id
        for _ in range(some([0, 1, 3])):
            line = {"name": some(["a", "b"]), "quantity": some([None, 1, 5]), "hidden": some([True, False])}
            records.create(system, "line", {**line, "deal": deal_id})
    return rep


def in_memory(transaction: Transaction, typed: Typed) -> dict[str, Any]:
    evaluate, eyes, found = transaction.parts.language.evaluator(typed), SeenByActor(transaction), {}
    around = replace(transaction.around, source=eyes)
    for stored in transaction.cache.records("deal"):
        values = eyes.seen("deal", stored)
        assert values is not None
        try:
            found[stored["id"]] = evaluate(RecordContext(around, "deal", values))
        except EvaluationError:
            continue
    return found


def in_sql(transaction: Transaction, typed: Typed) -> dict[str, Any]:
    parts = transaction.parts
    builder, eyes = parts.builder(transaction.access, "en"), AccessEyes(transaction.access)
    alias = parts.tables.of("deal").table.alias()
    scope = RowScope(builder, Frame(alias), "deal", alias, False, eyes)
    environment = Environment(scope.frame, scope, (), eyes)
    cell = CellMaker(builder, environment, parts.dialect, 1).make("value", typed)
    query = select(alias.c["id"], *(part.label(f"p{index}") for index, part in enumerate(cell.columns)))
    query = query.select_from(scope.frame.source)
    return {str(row[0]): cell.read(row) for row in transaction.rows(Prepared(query, parts.dialect), {})}


def compare(world: World, text: str) -> None:
    with world.platform.records.reading(world.rep) as transaction:
        scope = transaction.parts.language.scope("deal", "a test", needs_sql=True)
        checked = check_text(LocatedText.plain(text), scope)
        assert checked.typed is not None, [str(problem) for problem in checked.problems]
        got = in_sql(transaction, checked.typed)
        for key, value in in_memory(transaction, checked.typed).items():
            other = bool(got[key]) if isinstance(value, bool) and got[key] is not None else got[key]
            assert value == other, (text, value, other)


@pytest.mark.parametrize("text", CASES)
def test_a_user_sees_the_same_in_memory_and_in_sql(world: World, text: str) -> None:
    compare(world, text)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate))
@given(data=st.data())
def test_a_user_sees_the_same_of_random_expressions(world: World, data: st.DataObject) -> None:
    metamodel = world.platform.releases.current().metamodel
    compare(world, data.draw(ExpressionMaker(metamodel=metamodel, object_key="deal", lookups=2, depth=2).any()))


def test_what_may_not_be_read_is_empty_and_what_may_is_not(world: World) -> None:
    with world.platform.records.reading(world.rep) as transaction:
        eyes = SeenByActor(transaction)
        firms = list(transaction.cache.records("firm"))
        seen = [eyes.seen("firm", values) for values in firms]
    hidden = [values for values, shown in zip(firms, seen, strict=True) if shown is None]
    assert hidden
    assert all(values["size"] in (None, 3) for values in hidden)
    shown = [values for values in seen if values is not None]
    assert {values["credit"] for values in shown} == {None}
    assert {values["size"] for values in shown if values["name"] == "Acme"} == {None}
    assert {values["size"] for values in shown if values["name"] != "Acme"} - {None}


def test_a_title_is_its_authors_and_only_of_what_may_be_read(world: World) -> None:
    with world.platform.records.reading(world.rep) as transaction:
        eyes = SeenByActor(transaction)
        context = RecordContext(replace(transaction.around, source=eyes), "deal", {})
        for key in ("deal", "firm"):
            for values in transaction.cache.records(key):
                author = transaction.context(key, values).title(key, values["id"])
                wanted = author if eyes.seen(key, values) is not None else ""
                assert context.title(key, values["id"]) == wanted
