"""Rules, formulas and lists take values from decision tables, in memory and SQL alike; broken ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ReleaseRefused
from engine.platform import Platform
from engine.records.types import ListQuery
from metamodel.views import SortKey
from tests.support.automation import do_runs, person, rows_of, runs_of, shop
from tests.support.platforms import write_files

YAML = """
    table: bonus
    hit: first
    inputs:
      stage: {of: deal.stage}
      amount: {type: money}
    outputs:
      rate: {type: percent}
      note: {type: text}
    rows:
      - {when: {stage: [open, proposal], amount: ">= 100"}, then: {rate: 20%, note: "large"}}
      - {when: {stage: open}, then: {rate: 5%, note: small}}
    otherwise: {rate: 0%, note: empty}
    """
CSV = """
    name: text,count: integer,-> reviewer: text,-> due: duration
    A | B,<= 5,bob@example.com,2 days
    A | B,> 5,ann@example.com,= count * 1 day
    otherwise,,empty,1 day
    """
RULES = """
    rule rebate before deal is saved then set discount = decide(bonus.rate, stage, amount)
    rule review when deal is created
      if decide(reviews.reviewer, name, count) is not empty
      then create job {
        subject: coalesce(decide(bonus.note, stage, amount), "none"), about: this,
        due_on: date(created_at) + decide(reviews.due, name, count),
        assignee: lookup(user, email, decide(reviews.reviewer, name, count))
      }
    """
BROKEN = (
    ("tables/reviews.csv", "> 5,", ">= 5,", "shop/tables/reviews.csv:3 RUL602"),
    ("tables/reviews.csv", "otherwise,,empty,1 day\n", "", "shop/tables/reviews.csv:3 RUL603"),
    ("tables/bonus.yaml", "hit: first\n", "", "shop/tables/bonus.yaml:10 RUL602"),
    (
        "tables/bonus.yaml",
        '[open, proposal], amount: ">= 100"',
        "[open, proposal]",
        "shop/tables/bonus.yaml:11 RUL604",
    ),
    ("tables/bonus.yaml", "otherwise: {rate: 0%, note: empty}\n", "", "shop/tables/bonus.yaml:11 RUL603"),
)
DEALS = (
    ("A", "open", 150, 5), ("B", "open", 50, 6), ("C", "open", 150, 1), ("A", "proposal", 50, None),
    ("B", "won", 500, 7),
)  # fmt: skip


@pytest.mark.promise("RUL-29")
def test_rules_take_values_from_tables_in_yaml_and_csv(database_url: str, tmp_path: Path) -> None:
    files = {"tables/bonus.yaml": YAML, "tables/reviews.csv": CSV}
    with shop(database_url, tmp_path, RULES, files=files) as platform:
        person(platform, "ann", "boss")
        bob = person(platform, "bob", "boss")
        for name, stage, amount, count in DEALS:
            values = {"name": name, "stage": stage, "amount": amount, "count": count}
            platform.records.create(bob, "deal", values)
        do_runs(platform)
        found = {row["name"] + row["stage"]: f"{row['discount']:.0%}" for row in rows_of(platform, "deal")}
        assert found == {"Aopen": "20%", "Bopen": "5%", "Copen": "20%", "Aproposal": "0%", "Bwon": "0%"}
        assert [run["state"] for run in runs_of(platform)] == ["done"] * 3
        users = {row["id"]: row["name"] for row in rows_of(platform, "user")}
        jobs = {job["subject"]: (users[job["assignee"]], job["due_on"]) for job in rows_of(platform, "job")}
        first = jobs["large"][1]
        days = {subject: (name, (due - first).days) for subject, (name, due) in jobs.items()}
        assert days == {"large": ("bob", 0), "small": ("ann", 4), "none": ("ann", 5)}
        asked = ListQuery(object="deal", filter="decide(bonus.rate, stage, amount) = 20%", sort=(SortKey(path="name"),))
        assert [row.values["name"] for row in platform.records.list(bob, asked).rows] == ["A", "C"]
        _refuse_broken(platform, tmp_path / "shop")


def _refuse_broken(platform: Platform, app: Path) -> None:
    """What is wrong with a table is told with the line of its row, and the release before stays."""
    number = platform.releases.current().number
    for path, old, new, wanted in BROKEN:
        text = (app / path).read_text(encoding="utf-8")
        assert old in text
        write_files(app, {path: text.replace(old, new)})
        with pytest.raises(ReleaseRefused) as refused:
            platform.apply_release([app], author="test")
        assert [f"{each.at.file}:{each.at.line} {each.code}" for each in refused.value.problems] == [wanted]
        write_files(app, {path: text})
    assert platform.releases.current().number == number
