"""A blueprint of one app used by several: uses run as rules of theirs, and an update that breaks them is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.access.actor import Actor
from engine.errors import ReleaseRefused
from engine.platform import Platform
from metamodel.source import Problem
from tests.support.automation import do_runs, person, rows_of, runs_of, shop
from tests.support.platforms import write_files

REMIND = """
    blueprint remind (what: object, word: text = "Look at", pause: duration = 3 days, assignee: field) "Remind"
      when what is created
      then create job { subject: "{word} {name}", assignee: assignee, due_on: today + pause, about: this }
    """
OWN_USE = "use remind as of_lines (what: line, assignee: deal.reviewer, pause: 1 day)"
OTHER_USE = 'use shop.remind as of_visits (what: visit, word: "Prepare", assignee: created_by)'
VISITS = {
    "app.yaml": """
        app: visits
        version: 1.0.0
        currency: CNY
        timezone: Asia/Shanghai
        depends: {shop: ">=1.0"}
        """,
    "objects/visit.yaml": """
        object: visit
        title: "{name}"
        fields: {name: {type: text, required: true}}
        """,
    "roles/visitor.yaml": """
        role: visitor
        includes: [rep]
        objects: {visit: {read: all, create: yes}}
        """,
    "rules/visits.rules": OTHER_USE,
}
BREAKS = {
    "renamed": (
        REMIND.replace("pause", "delay"),
        ["shop/rules/uses.rules RUL502 'pause' is no input of blueprint remind, which has what (object), "
         "word (text), delay (duration), assignee (field)"],
    ),
    "renamed in both": (
        REMIND.replace("assignee: field", "whom: field").replace("assignee: assignee", "assignee: whom"),
        ["shop/rules/uses.rules RUL502 'whom' (field)", "shop/rules/uses.rules RUL502 'assignee' is no input",
         "visits/rules/visits.rules RUL502 'whom' (field)", "visits/rules/visits.rules RUL502 'assignee' is no"],
    ),
    "retyped": (
        REMIND.replace("duration = 3 days", "number = 3").replace("today + pause", "today + pause * 1 day"),
        ["shop/rules/uses.rules EXP307 the input 'pause' (number) takes a number, not a duration"],
    ),
    "taken away": (
        REMIND.replace("remind (", "recall ("),
        ["shop/rules/uses.rules RUL501 'remind' is not a blueprint",
         "visits/rules/visits.rules RUL501 'shop.remind' is not a blueprint"],
    ),
}  # fmt: skip


@pytest.mark.promise("RUL-21")
def test_a_blueprint_is_used_by_several_apps_and_an_update_that_breaks_uses_is_refused_with_each(
    database_url: str, tmp_path: Path
) -> None:
    folders = [tmp_path / "shop", tmp_path / "visits"]
    with shop(database_url, tmp_path, REMIND, files={"rules/uses.rules": OWN_USE}) as platform:
        write_files(folders[1], VISITS)
        platform.apply_release(folders, author="test")
        ann = person(platform, "ann", "visitor")
        _use_both(platform, ann)
        number = platform.releases.current().number
        for blueprint, wanted in BREAKS.values():
            write_files(folders[0], {"rules/all.rules": blueprint})
            planned = [_told(problem) for problem in platform.plan_release(folders).errors]
            assert [text[: len(start)] for text, start in zip(planned, wanted, strict=True)] == wanted
            with pytest.raises(ReleaseRefused):
                platform.apply_release(folders, author="test")
        assert platform.releases.current().number == number
        # The last one goes in as soon as the uses follow it.
        uses = {folders[0]: ("rules/uses.rules", OWN_USE), folders[1]: ("rules/visits.rules", OTHER_USE)}
        for folder, (path, text) in uses.items():
            write_files(folder, {path: text.replace("remind as", "recall as")})
        assert platform.apply_release(folders, author="test").is_new
        _use_both(platform, ann)


def _told(problem: Problem) -> str:
    return f"{problem.at.file} {problem.code} {problem.sentence}"


def _use_both(platform: Platform, ann: Actor) -> None:
    records = platform.records
    before = len(runs_of(platform))
    deal = records.create(ann, "deal", {"name": "D", "reviewer": ann.user_id}).record.id
    records.create(ann, "line", {"name": "L", "deal": deal})
    records.create(ann, "visit", {"name": "V"})
    do_runs(platform)
    runs = runs_of(platform)[before:]
    assert {run["rule"]: run["state"] for run in runs} == {"of_lines": "done", "of_visits": "done"}
    (text,) = [run["rule_text"] for run in runs if run["rule"] == "of_visits"]
    assert text.startswith('rule of_visits "Remind"\n  when visit is created')
    assert 'subject: "Prepare {name}", assignee: created_by, due_on: today + 3 days' in text
    jobs = rows_of(platform, "job")[-2:]
    days = {job["subject"]: (job["due_on"] - platform.clock.now().date()).days for job in jobs}
    assert days["Prepare V"] - days["Look at L"] == 2
