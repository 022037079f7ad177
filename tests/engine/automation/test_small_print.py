"""The small print of actions: sets in order and in one save, `unless`, `else if`, names in blocks; recipients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from engine.access.actor import Actor, Origin, system_actor
from engine.platform import Platform
from metamodel.source import LocatedText, Problems
from metamodel.values import Ref
from tests.support.automation import do_runs, person, rows_of, runs_of, shop
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checker import check_item
from workflow_dsl.standard_functions import standard_functions

RULES = """
    rule order when deal.note changes to "order"
      then set count = 1, discount = 10% set count = count + 1, note = "{count} {discount}" set count = count * 10
    rule odd when deal.note changes to "unless"
      then log "one" unless true log "two" log "three" unless stage = "open" set count = 7 unless amount > 5 CNY
    rule chain when deal.note changes to "chain"
      then if stage = "won" then log "won"
           else if stage = "lost" then log "lost"
           else if amount > 5 CNY then log "big"
           else log "none" end
           log "after"
    rule names when deal.note changes to "names"
      then update lines { name: "{name} of {it.name}", quantity: it.quantity + count }
    rule tell when deal.note changes to "tell"
      then notify owner, owner.manager, reviewer, team "east", queue "inside", role "boss", jobs.assignee,
                  [owner, reviewer] "Hello."
           send email hello to owner, team "east", queue "inside", role "boss", jobs.assignee, [owner, reviewer],
                  lookup(contact, email, "kim@example.com"), "desk@example.com", "desk@example.com"
      as system
    rule alone when deal.note changes to "alone"
      then notify reviewer, jobs.assignee, team "west" "Nobody." send email hello to reviewer, team "west"
"""


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    mail = "---\nobject: deal\nsubject: About {{ record.name }}\nfrom: shop@example.com\n---\nHello.\n"
    files = {"templates/hello.md": mail}
    with shop(module_database_url, tmp_path_factory.mktemp("shop"), RULES, files=files) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(platform: Platform) -> dict[str, Actor]:
    bob = person(platform, "bob", "boss")
    return {"bob": bob, "ann": person(platform, "ann", "rep", manager=bob.user_id), "cai": person(platform, "cai")}


def noted(platform: Platform, people: dict[str, Actor], note: str, **values: object) -> str:
    deal = platform.records.create(people["ann"], "deal", {"name": "A", **values}).record.id
    platform.records.update(people["ann"], "deal", deal, {"note": note})
    do_runs(platform)
    return deal


def said(platform: Platform, deal: str) -> list[str]:
    (run,) = [each for each in runs_of(platform) if each["record_id"] == deal]
    trace = platform.automation.runs.get(system_actor(), run["id"])
    return [step.result["message"] for step in trace.steps if step.kind == "log"]


@pytest.mark.promise("RUL-32")
def test_sets_unless_else_if_and_names_mean_what_the_page_of_rules_says(
    platform: Platform, people: dict[str, Actor]
) -> None:
    deal = noted(platform, people, "order")
    (row,) = [each for each in rows_of(platform, "deal") if each["id"] == deal]
    assert (row["count"], row["note"]) == (20, "2 10%")
    entries = platform.records.history(system_actor(), "deal", deal)
    assert [entry.origin for entry in entries] == ["rule", "page", "page"]
    assert said(platform, noted(platform, people, "unless", amount="9")) == ["two"]
    for values, word in (
        ({"stage": "lost"}, "lost"),
        ({"amount": "9"}, "big"),
        ({}, "none"),
        ({"stage": "won"}, "won"),
    ):
        assert said(platform, noted(platform, people, "chain", **values)) == [word, "after"]
    deal = platform.records.create(people["ann"], "deal", {"name": "A", "count": 5}).record.id
    for name, quantity in (("x", 1), ("y", 2)):
        platform.records.create(people["ann"], "line", {"deal": deal, "name": name, "quantity": quantity})
    platform.records.update(people["ann"], "deal", deal, {"note": "names"})
    do_runs(platform)
    lines = {row["name"]: row["quantity"] for row in rows_of(platform, "line") if row["deal"] == deal}
    assert lines == {"A of x": 6, "A of y": 7}
    text = LocatedText.plain("rule r when line is created then set deal.note = 'x'")
    problems = Problems()
    (item,) = parse_rules(text).items
    check_item(item, text, "shop", platform.releases.current().metamodel, standard_functions(), problems)
    (problem,) = problems
    assert (problem.code, problem.hint) == ("RUL404", "write update deal { note: … }")


@pytest.mark.promise("RUL-30")
def test_recipients_are_users_queues_teams_roles_paths_and_lists_each_once_and_nobody_is_said(
    platform: Platform, people: dict[str, Actor]
) -> None:
    system = system_actor()
    records, ids = platform.records, {name: actor.user_id or "" for name, actor in people.items()}
    east = records.create(system, "team", {"name": "East", "key": "east"}).record.id
    records.create(system, "team", {"name": "West", "key": "west"})
    records.create(system, "contact", {"name": "Kim", "email": "kim@example.com"})
    queue = records.create(system, "queue", {"name": "Inside", "key": "inside"}).record.id
    records.update(system, "user", ids["ann"], {"team": east})
    for name in ("ann", "cai"):
        records.create(system, "queue_member", {"queue": queue, "member": ids[name]})
    deal = records.create(people["ann"], "deal", {"name": "A"}).record.id
    for assignee in (ids["cai"], ids["cai"], None):
        records.create(
            system, "job", {"subject": "J", "deal": deal, "assignee": assignee, "owner": Ref("user", ids["ann"])}
        )
    records.update(people["ann"], "deal", deal, {"note": "tell"})
    do_runs(platform)
    told = platform.system.notification
    with platform.database.read() as connection:
        rows = connection.execute(select(told.c.user_id).where(told.c.record_id == deal)).scalars()
        assert sorted(map(str, rows)) == sorted(ids.values())
        sent = platform.system.message
        answers = connection.execute(select(sent.c.payload)).scalars().all()
    addresses = sorted(address for payload in answers for address in payload["to"])
    assert addresses == [f"{name}@example.com" for name in ("ann", "bob", "cai", "desk", "kim")]
    lonely = noted(platform, people, "alone")
    (run,) = [each for each in runs_of(platform) if each["record_id"] == lonely]
    trace = platform.automation.runs.get(system_actor(Origin.RULE), run["id"])
    assert [(step.kind, step.outcome) for step in trace.steps] == [("notify", "nobody"), ("send email", "not sent")]
    assert trace.steps[1].result["summary"] == "nobody to write to: every recipient is empty"
