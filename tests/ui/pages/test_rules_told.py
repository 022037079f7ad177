"""What pages, calls and commands tell of rules: a run, rules of a record, where values come from, try, backtest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import CliRunner

from metamodel.masks import MASK
from tests.support.automation import do_runs
from tests.support.served import DEALS, serve_deals
from tests.support.visits import Visits
from ui.cli import main

RULES = """
rule wins "Won deals"
  when deal.stage changes to "won"
  if amount > 5 CNY and margin > 1 and firm.secret is not empty
  then
    set note = "won"
    create deal { name: "Child of {name}", owner: owner } as child
rule follows
  when deal is created
  if name starts with "Child"
  then log "seen" set closing = 2026-01-01
rule lost when deal.stage changes to "lost" then log "lost"
rule tidy before deal is saved if size > 100 then set note = "large"
"""


@dataclass(slots=True)
class Told:
    """The served app with the deal that its rules are about."""

    visits: Visits
    database_url: str
    deal: str
    ids: dict[str, str] = field(default_factory=dict)

    def api(self, who: str, path: str, status: int = 200, **options: Any) -> Any:
        """Call the API by token."""
        headers = {"Authorization": f"Bearer {self.visits.served.tokens[who]}"}
        method = "POST" if options else "GET"
        answer = self.visits.served.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()


@pytest.fixture(scope="module")
def told(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    app = tmp_path_factory.mktemp("told") / "deals"
    shutil.copytree(DEALS, app)
    (app / "rules" / "told.rules").write_text(RULES, "utf-8")
    with serve_deals(module_database_url, tmp_path_factory.mktemp("served"), app_folder=app) as served:
        visits, records, platform = Visits(served), served.platform.records, served.platform
        boss = visits.actor("boss")
        firm = records.create(served.system(), "firm", {"name": "Acme", "rating": 5, "secret": "hush"}).record.id
        owner = {"object": "user", "id": served.user_ids["ann"]}
        values = {"name": "Big one", "amount": "50", "margin": 77, "firm": firm, "owner": owner}
        deal = records.create(boss, "deal", values).record.id
        records.update(boss, "deal", deal, {"stage": "won"})
        do_runs(platform)
        made = Told(visits, module_database_url, deal)
        made.ids = {run["rule"]: run["id"] for run in made.api("admin", "/runs")["items"]}
        yield made


@pytest.mark.promise("RUN-16")
def test_the_page_of_a_run_shows_all_of_it_and_masks_what_its_reader_may_not_read(told: Told) -> None:
    page = told.visits.page("boss", f"/runs/{told.ids['wins']}")
    for text in (
        "deal.stage changes to &#34;won&#34;",  # event
        "boss",  # who
        "<time datetime=",  # when
        "Release",
        "amount &gt; 5 CNY",
        "¥50.00",
        "margin &gt; 1",
        "77",
        "firm.secret is not empty",
        "set note = &#34;won&#34;",
        f'href="/o/deal/{told.deal}"',  # touched
        "Child of Big one",
        f'href="/runs/{told.ids["follows"]}"',  # caused
    ):
        assert text in page, text
    assert MASK not in page
    failed = told.visits.page("boss", f"/runs/{told.ids['follows']}")
    assert "A deal with a closing date has an amount." in failed
    assert f'href="/runs/{told.ids["wins"]}"' in failed
    reader = told.visits.page("ann", f"/runs/{told.ids['wins']}")
    # Neither the field of the deal nor that of its firm.
    assert "77" not in reader.partition('id="condition"')[2].partition("</section>")[0]
    assert "hush" not in reader
    assert MASK in reader
    listed = told.visits.page("boss", f"/runs?rule=wins&state=done&record=/o/deal/{told.deal}")
    assert f'href="/runs/{told.ids["wins"]}"' in listed
    assert f'href="/runs/{told.ids["wins"]}"' not in told.visits.page("boss", "/runs?rule=wins&state=failed")


def test_a_record_tells_of_its_rules_and_values_by_page_and_call(told: Told) -> None:
    page = told.visits.page("ann", f"/o/deal/{told.deal}/rules")
    assert "Won deals" in page
    assert "The change was another one than its trigger waits for." in page
    rules = {each["rule"]: each for each in told.api("ann", f"/records/deal/{told.deal}/rules")["items"]}
    assert {name: rules[name]["standing"] for name in ("wins", "follows", "lost", "tidy")} == {
        "wins": "ran",
        "follows": "looked",
        "lost": "looked",
        "tidy": "looked",
    }
    assert rules["follows"]["looks"][0]["because"]["text"] == 'name starts with "Child"'
    assert rules["tidy"]["looks"][0]["because"]["parts"][0] == {
        "text": "size", "value": None, "masked": False, "error": None, "parts": [],
    }  # fmt: skip
    page = told.visits.page("ann", f"/o/deal/{told.deal}/blame")
    assert 'id="blame-note"' in page
    assert f'href="/runs/{told.ids["wins"]}"' in page
    assert "margin" not in page
    (note,) = told.api("ann", f"/records/deal/{told.deal}/blame?field=note")["items"]
    assert [(each["kind"], each["rule"], each["by"]) for each in note["causes"]] == [
        ("rule", "wins", None),
        ("person", None, "boss"),
    ]
    told.api("ann", f"/records/deal/{told.deal}/blame?field=margin", 400)
    told.visits.page("none", f"/o/deal/{told.deal}/rules", 404)
    told.api("bob", f"/records/deal/{told.deal}/rules", 404)
    assert told.api("ann", f"/runs/{told.ids['wins']}")["condition"]["masked"]
    assert f"/o/deal/{told.deal}/blame#blame-note" in told.visits.page("ann", f"/o/deal/{told.deal}")


def test_rules_are_listed_tried_and_tested_by_who_may(told: Told) -> None:
    for path in ("/rules", "/rules/wins"):
        assert "Won deals" in told.visits.page("boss", path)
        told.visits.page("ann", path, 403)
    assert told.api("boss", "/rules/wins")["runs"] == {"done": 1}
    for path in ("/rules/wins/try", "/rules/wins/backtest"):
        told.visits.page("boss", path, 403)
    told.api("boss", "/rules/wins/try", 403, json={"record": told.deal})
    answer = told.visits.post("admin", "/rules/wins/try", {"record": f"/o/deal/{told.deal}"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "It would go through." in text
    assert "Child of Big one" in text
    assert told.visits.post("admin", "/rules/wins/try", {"record": "nothing"}).status_code == 422
    tried = told.api("admin", "/rules/wins/try", json={"record": told.deal})
    assert [step["kind"] for step in tried["run"]["steps"]] == ["set", "create"]
    assert "Big one" in told.visits.page("admin", "/rules/wins/backtest?since=1d")
    assert told.api("admin", "/rules/wins/backtest?since=1d")["matched"] == 1
    for since in ("soon", "9999w", "0001-01-01"):
        assert told.visits.page("admin", f"/rules/wins/backtest?since={since}")
    served, wrong = told.visits.served, "/rules/wins/backtest?since=soon"
    answers = [served.get("admin", wrong, headers={"Accept-Language": each}) for each in ("en", "zh")]
    assert [each.status_code for each in answers] == [400, 400]
    assert "no time back" in answers[0].get_json()["detail"]
    assert "可回溯的时间" in answers[1].get_json()["detail"]
    told.api("admin", "/rules/nothing", 404)
    told.api("admin", "/rules/wins/try", 400, json={"record": 5})


def test_commands_tell_the_same(told: Told) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(main, [*words, "--db", told.database_url])
        assert result.exit_code == 0, result.output
        return result.output

    assert 'name starts with "Child" = false' in run("explain", "record", "deal", told.deal, "--rule", "follows")
    assert "rule wins at actions/0" in run("explain", "value", "deal", told.deal, "note")
    assert "would write:" in run("runs", "try", "wins", "--record", told.deal)
    assert "1 matching" in run("backtest", "wins", "--since", "1d")
    assert "0 different" in run("backtest", "--all", "--since", "1d")
