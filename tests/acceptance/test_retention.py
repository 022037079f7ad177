"""Objects state how long their records are kept: the nightly job erases or archives, keeps what is held, lists both."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.errors import RecordNotFound
from engine.platform import Platform
from engine.privacy.keeping import Kept
from tests.support.platforms import applied_platform

FILES = {
    "objects/applicant.yaml": """
        object: applicant
        label: Applicant
        purpose: {en: To fill open posts, zh: 招聘}
        consent: agreed
        retention: {where: status = "closed", after: 180 days, do: erase}
        fields:
          name: {type: text, required: true, personal: true}
          status: {type: choice, options: [open, closed]}
          agreed: {type: boolean}
        """,
    "objects/offer.yaml": """
        object: offer
        label: Offer
        retention: {after: 2 years, do: archive}
        fields: {name: {type: text, required: true}, amount: {type: money}}
        """,
    "objects/bill.yaml": """
        object: bill
        label: Bill
        fields:
          name: {type: text, required: true}
          offer: {type: lookup, to: offer, required: true}
        """,
}
SYSTEM = system_actor()
BEGIN = dt.datetime(2024, 1, 1, 8, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An installation whose clock the test moves. ids: of records, by name."""

    platform: Platform
    clock: FixedClock
    folder: Path
    ids: dict[str, str]

    def there(self, object_key: str, name: str) -> bool:
        """Tell whether a record is there."""
        try:
            self.platform.records.get(SYSTEM, object_key, self.ids[name])
        except RecordNotFound:
            return False
        return True


@pytest.fixture(scope="module")
def office(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder, clock = tmp_path_factory.mktemp("retention"), FixedClock(BEGIN)
    with applied_platform(module_database_url, folder, FILES, clock=clock) as platform:
        made = {}
        for name, status in (("Paula", "closed"), ("Quentin", "closed"), ("Ruth", "open")):
            made[name] = platform.records.create(SYSTEM, "applicant", {"name": name, "status": status}).record.id
        for name in ("Small", "Billed"):
            made[name] = platform.records.create(SYSTEM, "offer", {"name": name, "amount": "12.50"}).record.id
        platform.records.create(SYSTEM, "bill", {"name": "B1", "offer": made["Billed"]})
        yield Office(platform=platform, clock=clock, folder=folder, ids=made)


@pytest.mark.promise("SEC-31")
def test_the_nightly_job_erases_archives_keeps_and_lists(office: Office) -> None:
    privacy = office.platform.privacy
    privacy.hold(SYSTEM, f"applicant:{office.ids['Quentin']}", "case 17")
    assert privacy.keeper().run() == Kept()
    office.clock.move_to(BEGIN + dt.timedelta(days=179))
    assert privacy.keeper().run() == Kept()
    office.clock.move_to(BEGIN + dt.timedelta(days=181))
    assert privacy.keeper().run() == Kept(erased=1, held=1)
    assert [office.there("applicant", name) for name in ("Paula", "Quentin", "Ruth")] == [False, True, True]
    office.clock.move_to(BEGIN + dt.timedelta(days=732))
    assert privacy.keeper().run() == Kept(archived=1, held=1, kept=1)
    assert [office.there("offer", name) for name in ("Small", "Billed")] == [False, True]
    line = json.loads((office.folder / "data" / "archive" / "offer.jsonl").read_text("utf-8"))
    assert line["records"][0]["values"]["name"] == "Small"
    listed = {(each.act, each.record_id, each.reason) for each in privacy.disposals()}
    assert listed == {
        ("erased", office.ids["Paula"], "retention"),
        ("archived", office.ids["Small"], "retention"),
        ("held", office.ids["Quentin"], "legal hold"),
        ("kept", office.ids["Billed"], "in use"),
    }
    assert [(each.record_id, each.reason) for each in privacy.holds()] == [(office.ids["Quentin"], "case 17")]
    # A hold that ended keeps nothing, and the list of what is kept is that of the last night.
    assert privacy.release(SYSTEM, f"applicant:{office.ids['Quentin']}")
    assert privacy.keeper().run() == Kept(erased=1, kept=1)
    assert privacy.counts() == {"erased": 2, "archived": 1, "kept": 1}
