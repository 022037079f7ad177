"""One app with a mistake of each kind in its rules and what belongs to them: `fieldstone check` tells every one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.platforms import write_files
from ui.cli import main

FILES = {
    "app.yaml": "app: demo\nversion: 1.0.0\nautomation: {roles: [clerk]}\n",
    "menus.yaml": "menus:\n  main:\n    items:\n      - {object: deal, view: all}\n",
    "objects/deal.yaml": """object: deal
fields:
  name: {type: text, required: true}
  amount: {type: money}
  secret: {type: text}
  count: {type: integer}
  stage: {type: choice, options: [open, won, lost]}
  late: {type: boolean}
views:
  all: {columns: [name, secret]}
""",
    "objects/closed.yaml": "object: closed\nfields:\n  name: {type: text, required: true}\n",
    "objects/island.yaml": "object: island\nfields:\n  name: {type: text}\n",
    "roles/rep.yaml": """role: rep
objects:
  deal: {read: all, create: yes, update: all}
fields:
  deal.secret: {read: no}
menus: [main]
""",
    "roles/clerk.yaml": "role: clerk\nobjects:\n  deal: {read: all}\n",
    "roles/idle.yaml": "role: idle\n",
    "templates/greeting.md": "---\nobject: deal\nsubject: Hello\n---\nHello {name}.\n",
    "connections/finance.yaml": "connection: finance\nkind: webhook_out\nurl: https://finance.example.com/hook\n",
    "rules/a.rules": """rule unknown when deal.stage changes then set nmae = "x"
rule typed when deal.stage changes then set amount = "x"
rule never when deal.stage changes if amount > 10 and amount < 5 then log "x"
rule first when deal.stage changes then set late = true
rule second when deal.stage changes then set late = false
rule writes when deal is created then set secret = "x"
rule reads when deal is created then log "{secret}"
rule ping when deal.count changes then set count = count + 1
rule forbidden when deal.name changes then create closed { name: "x" }
rule waits before deal is saved then wait 3 days
rule calls when deal.name changes then call webhook finance { name: name }
""",
}
WANTED = {
    "an unknown name": ("RUL202", "rules/a.rules", 1),
    "a type error": ("EXP307", "rules/a.rules", 2),
    "a rule that never matches": ("RUL424", "rules/a.rules", 3),
    "two rules that set one field on one event": ("RUL422", "rules/a.rules", 5),
    "a result that depends on order": ("RUL423", "rules/a.rules", 7),
    "a loop": ("RUL421", "rules/a.rules", 8),
    "an action that its user may not do": ("RUL431", "rules/a.rules", 9),
    "a wait in a before rule": ("RUL402", "rules/a.rules", 10),
    "an unused object": ("APP432", "objects/island.yaml", 1),
    "an unused role": ("APP417", "roles/idle.yaml", 1),
    "an unused template": ("APP433", "templates/greeting.md", 3),
    "a webhook without a secret": ("APP442", "connections/finance.yaml", 2),
    "a field that is shown and may not be read": ("APP434", "objects/deal.yaml", 10),
}


@pytest.mark.promise("RUL-25")
def test_the_check_finds_one_seeded_case_of_each_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "demo", FILES)
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main, ["check", "demo", "--json"])
    assert told.exit_code == 1, told.output
    found = {
        (each["code"], each["file"].removeprefix("demo/"), each["line"]) for each in json.loads(told.stdout)["problems"]
    }
    assert {name: where for name, where in WANTED.items() if where not in found} == {}
    # What is seeded once is told once, and nothing else is.
    assert found == set(WANTED.values())


def test_a_sound_app_is_told_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = {path: text for path, text in FILES.items() if "idle" not in path and "island" not in path}
    sound |= {
        "rules/a.rules": 'rule sends when deal is created then send email greeting to "a@example.com"\n'
        'rule forbidden when deal.name changes then create closed { name: "x" } as system\n'
        "rule calls when deal.name changes then call webhook finance { name: name }\n",
        "connections/finance.yaml": f"{FILES['connections/finance.yaml']}secret: FINANCE_SECRET\n",
        "roles/rep.yaml": FILES["roles/rep.yaml"].replace("{read: no}", "{read: yes}"),
    }
    write_files(tmp_path / "demo", sound)
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main, ["check", "demo", "--json"])
    assert json.loads(told.stdout)["problems"] == []
    assert told.exit_code == 0
