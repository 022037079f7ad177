"""`old`, the event and `this`: on creation, and in a run that waits or is tried again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.platform import check_app_folders
from engine.testing.rule_cases import open_stage, read_rule_case
from tests.support.automation import do_runs, rows_of, shop
from tests.support.http_sink import http_sink
from tests.support.platforms import small_app

CREATION = {
    "name": "on creation what is filled changes, and changes to what it is",
    "rules": """
        rule a when deal.stage changes then create job { subject: "stage" }
        rule b when deal.stage changes to "open" then create job { subject: "to open" }
        rule c when deal.stage changes from "open" to "open" then create job { subject: "from" }
        rule d when deal.stage changes to "won" then create job { subject: "to won" }
        rule e when deal.note changes then create job { subject: "note" }
        rule f when deal is created if old.name is empty and name is changed and note is not changed
          then create job { subject: "if" }
        rule g before deal is created if old.stage is empty and stage is changed then set count = 1
        """,
    "do": [{"create": ["deal", "d", {"name": "A"}]}],
    "records": {"job": [{"subject": "stage"}, {"subject": "to open"}, {"subject": "if"}], "deal": [{"count": 1}]},
}
WAITING = {
    "name": "old and the event stay through a wait, this is read again",
    "rules": """
        rule r when deal.stage changes from "open" to "won"
          then create job { subject: "{old.stage} {stage} {note}" }
               wait 3 days
               create job { subject: "{old.stage} {stage} {note}" }
        """,
    "do": [
        {"create": ["deal", "d", {"name": "A", "note": "one"}]},
        {"update": ["deal", "d", {"stage": "won", "note": "two"}]},
        {"runs": "now"},
        {"update": ["deal", "d", {"stage": "lost", "note": "three"}]},
    ],
    "records": {"job": [{"subject": "Open Won two"}, {"subject": "Open Lost three"}]},
}


@pytest.mark.promise("EXP-20")
def test_changes_on_creation_and_through_a_wait(database_url: str, tmp_path: Path) -> None:
    with open_stage(database_url, tmp_path) as stage:
        for case in (CREATION, WAITING):
            assert stage.faults(read_rule_case(case, "changes")) == (), case["name"]


@pytest.mark.promise("EXP-20")
def test_old_stays_and_this_is_read_again_when_an_action_is_tried_again(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule r when deal.stage changes to "won"
          then call webhook sink { was: text(old.stage), now: text(stage) } as answer
               create job { subject: "{old.stage} {stage} {answer.status}" }
        """
    with http_sink() as sink:
        sink.answer = lambda number: ((500, {}), (200, {}))[min(number, 1)]
        files = {"connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {sink.url}\n"}
        reach = {"FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS": f'["{sink.host}"]'}
        with shop(database_url, tmp_path, rules, files=files, environment=reach) as platform:
            system, records = system_actor(), platform.records
            deal = records.create(system, "deal", {"name": "A"}).record.id
            records.update(system, "deal", deal, {"stage": "won"})
            do_runs(platform, waits_too=False)
            assert rows_of(platform, "job") == []
            records.update(system, "deal", deal, {"stage": "lost"})
            do_runs(platform)
            assert [row["subject"] for row in rows_of(platform, "job")] == ["Open Lost 200"]
            assert [json.loads(each.raw) for each in sink.received] == [{"was": "open", "now": "won"}] * 2


# Where a change is at hand, and where there is none, each with a place for a condition.
AT_HAND = {
    "objects/deal.yaml": "validations:\n  - {{name: v, check: '{}', message: No}}\n",
    "rules/all.rules": "rule r when deal is saved if {} then set note = 'x'\n",
}
NOT_AT_HAND = {
    "objects/deal.yaml": "views: {{v: {{columns: [name], where: '{}'}}}}\n",
    "roles/clerk.yaml": "role: clerk\nobjects: {{deal: {{read: '{}'}}}}\n",
    "reports/deals.yaml": "report: deals\nobject: deal\ncolumns: [name]\nwhere: '{}'\n",
}
DEAL = "object: deal\nfields:\n  name: {type: text}\n  stage: {type: text}\n  note: {type: text}\n"


@pytest.mark.promise("EXP-15")
@pytest.mark.parametrize("condition", ['old.stage = "won"', "stage is changed", "is_new()"])
def test_what_needs_a_change_is_of_validations_and_rules_alone(tmp_path: Path, condition: str) -> None:
    def told(name: str, path: str, text: str) -> list[str]:
        text = (DEAL if path == "objects/deal.yaml" else "") + text.format(condition)
        app = small_app(tmp_path / name, {"objects/deal.yaml": DEAL, path: text})
        return [str(problem) for problem in check_app_folders([app]).problems.errors]

    for number, (path, text) in enumerate(AT_HAND.items()):
        assert told(f"fine{number}", path, text) == [], path
    for number, (path, text) in enumerate(NOT_AT_HAND.items()):
        (found,) = told(f"wrong{number}", path, text)
        assert found.startswith(f"shop/{path}:")
        reasons = ("no change of a record is at hand", "can only be computed record by record")
        assert any(reason in found for reason in reasons), found
