"""Tags, comments and `restore` by rules: what the log keeps of them, tags of a batch, two who need one tag at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from engine.access.actor import Actor, system_actor
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from engine.records.tagging import TagChange, change_tags
from engine.testing.sample_shop import do_runs, person, rows_of, runs_of, shop
from metamodel.source import LocatedText, Problems
from metamodel.values import Ref
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checker import check_item
from workflow_dsl.standard_functions import standard_functions

RULES = """
    rule cheap before deal is saved if amount < 10 CNY then add tag "cheap" else remove tag "cheap"
    rule won when deal.stage changes to "won" then add tag "won" post comment "Won." as system
    rule back when deal is deleted then restore this
"""


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with shop(module_database_url, tmp_path_factory.mktemp("shop"), RULES) as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(platform: Platform) -> Actor:
    return person(platform, "ann", "rep")


def tagged(platform: Platform, name: str) -> set[str]:
    tags = {row["id"]: row["name"] for row in rows_of(platform, "tag")}
    return {row["about"].id for row in rows_of(platform, "tagging") if tags[row["tag"]] == name}


def test_the_log_of_what_a_rule_wrote_names_the_run_and_the_step(platform: Platform, ann: Actor) -> None:
    deal = platform.records.create(ann, "deal", {"name": "A", "stage": "won"}).record.id
    do_runs(platform)
    (run,) = [each for each in runs_of(platform) if each["record_id"] == deal]
    log = platform.system.audit
    with platform.database.read() as connection:
        caused = connection.execute(select(log.c.object, log.c.step).where(log.c.run_id == run["id"])).all()
    assert sorted(map(tuple, caused)) == [
        ("comment", "actions/1"),
        ("tag", "actions/0"),
        ("tagging", "actions/0"),
    ]
    trace = platform.automation.runs.get(system_actor(), run["id"])
    assert [(step.kind, [each["kind"] for each in step.effects]) for step in trace.steps] == [
        ("add tag", ["created"]),
        ("post comment", ["created"]),
    ]


def test_restored_by_a_rule_a_record_has_both_in_its_history(platform: Platform, ann: Actor) -> None:
    deal = platform.records.create(ann, "deal", {"name": "B"}).record.id
    platform.records.delete(ann, "deal", deal)
    do_runs(platform)
    actions = [entry.action for entry in platform.records.history(ann, "deal", deal)]
    assert actions == ["restored", "deleted", "created"]


def test_tags_of_a_batch_cost_no_statement_a_record(platform: Platform, ann: Actor) -> None:
    def statements(count: int, amount: str, ids: list[str | None]) -> int:
        rows = [SaveRow(values={"name": "C", "amount": amount}, id=ids[at]) for at in range(count)]
        with platform.database.statements.recording() as recorded:
            result = platform.records.save_many(ann, "deal", rows)
        assert not result.refused
        ids[:] = [row.id for row in result.rows]
        return len(recorded)

    few: list[str | None] = [None] * 20
    many: list[str | None] = [None] * 60
    # The first of all pays for the making of the tag, and for what is looked up once a release.
    first: list[str | None] = [None] * 2
    statements(2, "5", first)
    statements(2, "50", first)
    assert statements(60, "5", many) == statements(20, "5", few)
    assert tagged(platform, "cheap") >= {*few, *many}
    assert statements(60, "50", many) == statements(20, "50", few)
    assert not tagged(platform, "cheap") & {*few, *many}


def test_a_before_rule_that_would_start_itself_by_its_tag_is_refused(platform: Platform) -> None:
    text = LocatedText.plain('rule r before tagging is created then add tag "x"')
    (rule,) = parse_rules(text).items
    problems, metamodel = Problems(), platform.releases.current().metamodel
    check_item(rule, text, "shop", metamodel, standard_functions(), problems, frozenset())
    assert [(problem.code, problem.at.column) for problem in problems] == [("RUL402", 39)]


def test_two_who_need_a_new_tag_at_once_both_get_it(platform: Platform, ann: Actor) -> None:
    deals = [platform.records.create(ann, "deal", {"name": name}).record.id for name in "DE"]
    together = Barrier(2)

    def put(deal: str) -> None:
        with platform.records.transaction(system_actor()) as transaction:
            if platform.database.dialect.value == "postgresql":
                together.wait(30)
            change_tags(transaction, [TagChange(name="fresh", target=Ref("deal", deal), add=True)])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(put, deals))
    assert tagged(platform, "fresh") == set(deals)
    assert [row["name"] for row in rows_of(platform, "tag")].count("fresh") == 1
