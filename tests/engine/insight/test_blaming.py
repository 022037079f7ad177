"""Each value tells who or what set it, and what caused that, back to the root."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.automation.insight.views import Blame
from engine.errors import RecordNotFound
from tests.support.automation import do_runs, person, rows_of, shop

RULES = """
    rule first when deal.stage changes to "won" then create job { subject: "Job of {name}", deal: this }
    rule second when job is created then update deal { note: "has a job" } set done = true
    rule tidy before deal is saved if count > 5 then set discount = 10%
    rule imported when deal is created if name starts with "I" then set note = "from a file"
"""


@pytest.mark.promise("RUN-20")
def test_every_value_names_person_import_formula_or_step_and_its_causes_to_the_root(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, RULES) as platform:
        ann = person(platform, "ann", "boss")
        insight, records = platform.automation.insight, platform.records
        deal = records.create(ann, "deal", {"name": "A", "amount": "5", "count": 6}).record
        records.create(ann, "line", {"deal": deal.id, "name": "L", "quantity": 3})
        records.update(ann, "deal", deal.id, {"stage": "won"})
        do_runs(platform)

        def blamed(record_id: str) -> dict[str, Blame]:
            return {each.field: each for each in insight.blame(ann, "deal", record_id)}

        found = blamed(deal.id)
        assert {name: found[name].setter.value for name in ("name", "stage", "note", "discount", "doubled")} == {
            "name": "person",
            "stage": "person",
            "note": "rule",
            "discount": "rule in the save",
            "doubled": "formula",
        }
        assert [(link.kind.value, link.who) for link in found["name"].chain] == [("person", "ann")]
        chain = [(link.kind.value, link.rule, link.step, link.release, link.text) for link in found["note"].chain]
        assert chain == [
            ("rule", "second", "actions/0", 1, "job is created"),
            ("rule", "first", "actions/0", 1, 'deal.stage changes to "won"'),
            ("person", None, None, 1, 'deal.stage changes to "won"'),
        ]
        assert found["note"].chain[-1].who == "ann"
        assert [link.run is not None for link in found["note"].chain] == [True, True, False]
        assert [(link.kind.value, link.rule, link.who) for link in found["discount"].chain] == [
            ("rule in the save", "tidy", ""),
            ("person", None, "ann"),
        ]
        doubled = found["doubled"]
        assert doubled.formula == "amount * 2"
        assert doubled.inputs is not None
        assert [part.text for part in doubled.inputs.parts] == ["amount"]
        assert (found["pieces"].setter.value, found["pieces"].formula) == ("roll-up", "sum(lines.quantity)")
        assert found["pieces"].chain[-1].who == "ann"
        assert (found["sent_on"].setter.value, found["sent_on"].chain) == ("nobody", ())
        assert found["created_at"].setter.value == "person"

        file = tmp_path / "deals.csv"
        file.write_text("name,amount\nImported,3\n", encoding="utf-8")
        platform.imports.import_csv(ann, "deal", file)
        do_runs(platform)
        (row,) = (row for row in rows_of(platform, "deal") if row["name"] == "Imported")
        told = blamed(row["id"])
        assert [(link.kind.value, link.who, link.text) for link in told["amount"].chain] == [
            ("import", "ann", "deals.csv")
        ]
        assert [(link.kind.value, link.text) for link in told["note"].chain] == [
            ("rule", "deal is created"),
            ("import", "deals.csv"),
        ]


def test_only_readable_values_are_told_of(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, "") as platform:
        rep, stranger = person(platform, "rep", "rep"), person(platform, "s")
        deal = platform.records.create(system_actor(), "deal", {"name": "A", "secret": "x"}).record
        insight = platform.automation.insight
        told = {each.field: each for each in insight.blame(rep, "deal", deal.id)}
        assert "secret" not in told
        assert told["name"].setter.value == "product"
        assert [each.field for each in insight.blame(rep, "deal", deal.id, fields=["name", "secret"])] == ["name"]
        with pytest.raises(RecordNotFound):
            insight.blame(rep, "deal", rep.user_id or "")
        assert stranger.user_id
