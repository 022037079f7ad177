"""The two forms of each access condition, in memory and in SQL, agree on every record and person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.access.actor import Actor
from engine.access.compiler import Access
from engine.access.grants import RoleGrants, resolve_roles
from engine.access.shares import key_of_role, key_of_team, key_of_user
from engine.clock import FixedClock
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.statements import Prepared
from metamodel.source import LocatedText
from tests.engine.expressions.test_agreement import NOW
from tests.support.deals import Deals, deals_app
from tests.support.deals_data import fill
from tests.support.expressions import ExpressionMaker


@pytest.fixture(scope="module")
def app(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deals]:
    with deals_app(module_database_url, tmp_path_factory.mktemp("access"), clock=FixedClock(NOW)) as deals:
        fill(deals)
        # Three steps of people: bob reports to ann, who reports to cara.
        deals.records.update(deals.system, "user", deals.bob.user_id or "", {"manager": deals.ann.user_id})
        share(deals, Random(7))
        yield deals


def share(app: Deals, random: Random) -> None:
    """Share some deals with people, teams and roles, for reading and editing, until before, at and after now."""
    grantees = [key_of_user(app.ann.user_id or ""), key_of_role("rep"), key_of_role("gone")]
    grantees += [key_of_team(each.team_id) for each in (app.ann, app.bob, app.cara) if each.team_id]
    untils = [None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(microseconds=1), NOW + timedelta(days=1)]
    with app.records.reading(app.system) as transaction:
        ids = [values["id"] for values in transaction.cache.records("deal")]
        table, key = transaction.system.share, transaction.object_def("deal").key
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for record_id in random.sample(ids, len(ids) * 2 // 3):
        for grantee in random.sample(grantees, random.randint(1, 2)):
            row = {"object": key, "record_id": record_id, "grantee": grantee, "at": NOW, "by": None}
            rows[record_id, grantee] = row | {"edits": random.random() < 0.5, "until": random.choice(untils)}
    with app.platform.database.write() as connection:
        connection.execute(table.insert(), list(rows.values()))


_WORDS = ("all", "own", "team", "subordinates", "no", "shared", "territory", "territory")
_ASKED = (
    'has_role("boss")', 'in_team("east")', "is_subordinate(owner)", "(owner.team = user.team)", "(owner = user)",
    "(account.owner = user)", "(owner.manager != user.manager)",
)  # fmt: skip


def scopes(app: Deals) -> st.SearchStrategy[str]:
    metamodel = app.platform.releases.current().metamodel
    written = ExpressionMaker(metamodel=metamodel, object_key="deal", lookups=1, depth=1).conditions()
    leaf = st.one_of(st.sampled_from(_WORDS), st.sampled_from(_ASKED), written.map(lambda text: f"({text})"))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(("and", "or")), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
            inner.map(lambda text: f"(not {text})"),
        ),
        max_leaves=3,
    )


def in_both_forms(app: Deals, actor: Actor, text: str, action: str = "read") -> tuple[set[str], set[str]]:
    """Give the deals in a scope, found by SQL and found in memory."""
    with app.records.reading(actor) as transaction:
        parts = transaction.parts
        access = Access(RoleGrants(parts.metamodel, actor.roles), parts.metamodel, parts.language, lambda *_: None)
        predicate = access.judge_text(LocatedText.plain(text), "deal", action)
        alias = parts.tables.of("deal").table.alias()
        scope = RowScope(parts.builder(transaction.access, "en"), Frame(alias), "deal", alias)
        condition = predicate.sql(scope)
        query = select(alias.c["id"]).select_from(scope.frame.source).where(alias.c["deleted_at"].is_(None), condition)
        in_sql = {str(row[0]) for row in transaction.rows(Prepared(query, parts.dialect), {})}
        in_memory = {
            values["id"]
            for values in transaction.cache.records("deal")
            if predicate.test(transaction.context("deal", values))
        }
    return in_sql, in_memory


@pytest.mark.promise("SEC-03")
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_scope_means_the_same_in_memory_and_in_sql(app: Deals, data: st.DataObject) -> None:
    text = data.draw(scopes(app))
    actor = data.draw(st.sampled_from([app.ann, app.bob, app.cara]))
    action = data.draw(st.sampled_from(["read", "update", "delete", "export"]))
    in_sql, in_memory = in_both_forms(app, actor, text, action)
    assert in_sql == in_memory, (action, text)


@pytest.mark.promise("SEC-03")
@pytest.mark.parametrize(
    ("text", "of_ann", "of_bob", "of_cara"),
    [
        ("own", ["ann"], ["bob"], ["cara"]),
        ("subordinates", ["bob"], [], ["ann", "bob"]),
        ("own or subordinates", ["ann", "bob"], ["bob"], ["ann", "bob", "cara"]),
        ("team", ["ann"], ["bob"], []),
        ("all", ["ann", "bob", "cara"], ["ann", "bob", "cara"], ["ann", "bob", "cara"]),
        ("no", [], [], []),
        ("territory", ["ann", "bob", "cara"], ["ann", "bob", "cara"], []),
        ("territory and own", ["ann"], ["bob"], []),
        ("own or not territory", ["ann"], ["bob"], ["ann", "bob", "cara"]),
        ("owner.team = user.team", ["ann"], ["bob"], []),
        ("is_subordinate(owner) or own", ["ann", "bob"], ["bob"], ["ann", "bob", "cara"]),
        ('has_role("boss")', [], [], ["ann", "bob", "cara"]),
        ('in_team("east") and not own', ["bob", "cara"], [], []),
    ],
)
def test_a_word_of_a_scope_selects_the_records_of_its_owners(
    app: Deals, text: str, of_ann: list[str], of_bob: list[str], of_cara: list[str]
) -> None:
    people = {"ann": app.ann, "bob": app.bob, "cara": app.cara}
    made = {}
    for name, actor in people.items():
        made[app.records.create(actor, "deal", {"name": f"of {name}"}, confirm=None).record.id] = name
    for name, expected in {"ann": of_ann, "bob": of_bob, "cara": of_cara}.items():
        for form in in_both_forms(app, people[name], text):
            assert sorted(made[found] for found in form if found in made) == expected, name


@pytest.mark.parametrize(
    "text", ["", "nonsense", "amount >", "old.amount = 1", "not nonsense", "own or nonsense", "own and (x"]
)
def test_a_scope_that_can_not_be_evaluated_matches_nothing(app: Deals, text: str) -> None:
    with app.records.reading(app.ann) as transaction:
        predicate = transaction.access.judge_text(LocatedText.plain(text), "deal")
        assert not any(
            predicate.test(transaction.context("deal", values)) for values in transaction.cache.records("deal")
        )


@pytest.mark.promise("SEC-03")
def test_what_is_shared_for_editing_is_shared_for_reading_and_not_the_other_way(app: Deals) -> None:
    read, edited = (in_both_forms(app, app.ann, "shared", action)[0] for action in ("read", "update"))
    assert edited
    assert edited < read
    assert all(in_both_forms(app, app.ann, "shared", action)[0] == edited for action in ("delete", "export"))


def test_nobody_with_a_role_has_what_is_shared_with_the_role_in_both_forms(app: Deals) -> None:
    nobody = Actor(user_id=None, login="automation", name="automation", roles=frozenset(("rep",)))
    in_sql, in_memory = in_both_forms(app, nobody, "shared")
    assert in_sql
    assert in_sql == in_memory
    assert in_both_forms(app, nobody, "own or team or subordinates") == (set(), set())


def test_a_role_that_the_app_no_longer_has_grants_nothing(app: Deals) -> None:
    metamodel = app.platform.releases.current().metamodel
    assert [role.name for role in resolve_roles(metamodel, ["boss", "gone", "boss"])] == ["boss", "rep"]
    assert resolve_roles(metamodel, ["gone"]) == ()


def test_the_product_itself_sees_every_menu_and_people_those_of_their_roles(app: Deals) -> None:
    menus = app.platform.releases.current().metamodel.menus
    for actor, expected in ((app.system, frozenset(menus)), (app.ann, frozenset[str]())):
        with app.records.reading(actor) as transaction:
            assert transaction.access.menus == expected


@pytest.mark.promise("SEC-03")
def test_a_territory_holds_what_meets_its_condition_for_its_people_and_those_of_what_it_lies_in(app: Deals) -> None:
    deals: dict[str, dict[str, object]] = {
        "dear": {"amount": 101, "stage": "lost"},
        "cheap": {"amount": 99, "stage": "lost"},
        "hot": {"hot": True, "stage": "lost"},
        "open": {"stage": "open"},
    }
    made = {
        name: app.records.create(app.system, "deal", {"name": name, **values}, confirm=None).record.id
        for name, values in deals.items()
    }

    def held(actor: Actor) -> set[str]:
        in_sql, in_memory = in_both_forms(app, actor, "territory")
        assert in_sql == in_memory
        return {name for name, record_id in made.items() if record_id in in_sql}

    assert held(app.cara) == {"dear", "hot"}
    assert held(app.ann) == {"dear", "hot", "open"}
    assert held(app.bob) == {"open"}
    assert held(Actor(user_id=None, login="nobody", roles=frozenset(("boss",)))) == set()
    app.records.update(app.system, "deal", made["open"], {"stage": "lost"}, confirm=None)
    assert held(app.bob) == set()
