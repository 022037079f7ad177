"""`update … where`: the records are found by one statement, as the actor of the rule may see them, and not too many."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.automation.run_state import StepFailed
from engine.automation.selecting import MOST_RECORDS, at_most
from engine.platform import Platform
from tests.support.automation import do_runs, person, rows_of, runs_of, shop


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


def start(platform: Platform, number: int = 0) -> list[str]:
    """Fire the rule by one more deal and give the statements of its run."""
    platform.records.create(system_actor(), "deal", {"name": f"go {number}", "note": "go"})
    with platform.database.statements.recording() as sent:
        do_runs(platform)
    return list(sent)


def test_records_are_selected_by_the_database_and_not_read_one_and_all(database_url: str, tmp_path: Path) -> None:
    rule = 'rule r when deal is created if note = "go" then update job where subject = name and not done { done: true }'
    with shop(database_url, tmp_path, rule) as platform:
        for subject in ("go 0", "go 1", "别的", "other"):
            platform.records.create(system_actor(), "job", {"subject": subject})
        start(platform)
        for number in range(30):
            platform.records.create(system_actor(), "job", {"subject": f"no {number}"})
        sent = start(platform, 1)
        selected = [text for text in sent if "FROM shop_job" in text and "LIMIT" in text]
        assert len(selected) == 1
        assert "subject" in selected[0].split("WHERE", 1)[1]
        assert {row["subject"]: row["done"] for row in rows_of(platform, "job") if row["done"]} == {
            "go 0": True,
            "go 1": True,
        }


def test_a_rule_as_a_user_selects_what_that_user_may_read(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule jobs when deal is created if note = "go" then update job where not done { done: true }
        rule secrets when deal is created if note = "go"
          then update deal where secret = "x" { note: "found by {user.name}" }
        """
    with shop(database_url, tmp_path, rules) as platform:
        ann, bob = person(platform, "ann", "rep"), person(platform, "bob", "boss")
        platform.records.create(ann, "job", {"subject": "Ann's"})
        platform.records.create(bob, "job", {"subject": "Bob's"})
        platform.records.create(bob, "deal", {"name": "hidden", "secret": "x"})
        platform.records.create(ann, "deal", {"name": "by ann", "note": "go"})
        do_runs(platform)
        assert {row["subject"]: row["done"] for row in rows_of(platform, "job")} == {"Ann's": True, "Bob's": False}
        assert {row["note"] for row in rows_of(platform, "deal")} == {"go", None}
        platform.records.create(bob, "deal", {"name": "by bob", "note": "go"})
        do_runs(platform)
        assert [row["done"] for row in rows_of(platform, "job")] == [True, True]
        assert "found by bob" in {row["note"] for row in rows_of(platform, "deal")}


def test_what_only_memory_can_judge_selects_the_same_records(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule r when deal.name changes if note = "go"
          then update job where subject = old.name { done: true }
        """
    with shop(database_url, tmp_path, rules) as platform:
        deal = platform.records.create(system_actor(), "deal", {"name": "before"}).record.id
        for subject in ("before", "after"):
            platform.records.create(system_actor(), "job", {"subject": subject})
        platform.records.update(system_actor(), "deal", deal, {"name": "after", "note": "go"})
        do_runs(platform)
        assert [row["state"] for row in runs_of(platform)] == ["done"]
        assert {row["subject"]: row["done"] for row in rows_of(platform, "job")}["before"] is True


STOCK = {"connections/stock.yaml": "connection: stock\nkind: webhook_in\nsecret: STOCK_SECRET\n"}
BROUGHT = [
    # What is brought, who is found, and whether a statement found them.
    ({"item": {"name": "a"}, "go": True}, {"a"}, True),
    ({"item": {"name": "a"}, "go": False}, set(), True),
    ({"item": {"name": "' or 1 = 1 --"}, "go": True}, {"' or 1 = 1 --"}, True),
    ({"item": {"name": "阀"}, "go": True}, {"阀"}, True),
    # Of another kind than the field, or missing: memory says what that means.
    ({"item": {"name": 7}, "go": True}, set(), False),
    ({"item": {}, "go": True}, set(), False),
]


def test_what_a_webhook_brings_is_bound_once_and_memory_judges_what_is_of_another_kind(
    database_url: str, tmp_path: Path
) -> None:
    rule = """rule r when webhook stock is received
      then update job where payload.item.name = subject and payload.go and not done { done: true } as system"""
    with shop(database_url, tmp_path, rule, files=STOCK) as platform:
        ids = {
            name: platform.records.create(system_actor(), "job", {"subject": name}).record.id
            for name in ("a", "' or 1 = 1 --", "阀", "7")
        }
        for payload, wanted, by_statement in BROUGHT:
            with platform.records.transaction(system_actor()) as transaction:
                platform.automation.calls.others.received(transaction, "stock", payload)
            with platform.database.statements.recording() as sent:
                do_runs(platform)
            found = {row["subject"] for row in rows_of(platform, "job") if row["done"]}
            assert found == wanted, payload
            asked = [text for text in sent if "FROM shop_job" in text]
            found_by_statement = any("subject" in text.partition("WHERE")[2] and "LIMIT" in text for text in asked)
            assert found_by_statement == by_statement, (payload, asked)
            for name in found:
                platform.records.update(system_actor(), "job", ids[name], {"done": False})


def test_an_action_about_too_many_records_fails_before_it_changes_one(sqlite_url: str, tmp_path: Path) -> None:
    rule = 'rule r when deal is created if note = "go" then update job where not done { done: true }'
    with shop(sqlite_url, tmp_path, rule) as platform:
        with platform.records.transaction(system_actor()) as transaction:
            now, names = transaction.now, ("subject", "title_", "subject_sort")
            stamps = {"version": 1, "created_at": now, "modified_at": now, "done": False}
            made = ({"id": platform.ids.new(), **dict.fromkeys(names, "J"), **stamps} for _ in range(MOST_RECORDS + 1))
            transaction.insert_many(transaction.parts.tables.of("job").table, list(made))
        start(platform)
        run = runs_of(platform)[-1]
        assert run["state"] == "failed"
        assert "More than 10,000 job records" in run["error"]
        assert not any(row["done"] for row in rows_of(platform, "job"))


def test_as_many_records_as_the_limit_are_not_too_many() -> None:
    assert len(at_most((str(n) for n in range(MOST_RECORDS)), "job")) == MOST_RECORDS
    with pytest.raises(StepFailed, match="10,000 job records"):
        at_most((str(n) for n in range(MOST_RECORDS + 1)), "job")
