"""What happens next to a record: waits, set times and deadlines with their moments, and stopping one for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.automation import do_runs
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

FILES = {
    "objects/deal.yaml": """
        object: deal
        title: "{name}"
        fields:
          name: {type: text, required: true}
          stage: {type: choice, default: open, options: [open, won]}
          closing: {type: date}
          exit_on: {type: date}
          size: {type: integer}
        """,
    "rules/next.rules": """
        rule hold "Ask again" when deal has matched stage = "open" and size = 1 for 3 days then set size = 2
        rule ahead "Before the closing" when 2 days before deal.closing then set size = 3
        rule later "Look after it" when deal is created if size = 4 then wait 5 days set size = 5
        rule patient "Once it is won" when deal is created if size = 6
          then wait until stage = "won" at most 9 days set size = 7
        rule veiled "Before the exit" when 2 days before deal.exit_on then set size = 8
        rule hushed "Behind the exit" when deal is created if size = 10 then wait 5 days set exit_on = today
        approval review on deal "Review" if size > 100
          step boss by role "boss" within 2 days else approve
        """,
    "roles/rep.yaml": """
        role: rep
        objects: {deal: {read: own, create: yes, update: own}, user: {read: all}}
        fields: {deal.exit_on: {read: no}}
        """,
    "roles/boss.yaml": """
        role: boss
        objects: {deal: {read: all, create: yes, update: all}, user: {read: all}}
        system: [retry_runs]
        """,
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("coming")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


def coming(served: Served, record: str, who: str = "ann") -> list[dict[str, Any]]:
    answer = served.get(who, f"/records/deal/{record}/coming")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: list[dict[str, Any]] = answer.get_json()["items"]
    return found


def in_days(moment: str) -> int:
    return round((dt.datetime.fromisoformat(moment) - dt.datetime.now(dt.UTC)) / dt.timedelta(days=1))


def made(served: Served, size: int, **more: Any) -> str:
    record = str(served.make("ann", "deal", name=f"Deal {size}", size=size, **more)["id"])
    do_runs(served.platform, waits_too=False)
    return record


@pytest.mark.promise("UIX-17")
def test_waits_times_and_deadlines_stand_on_the_record_with_their_moments(served: Served) -> None:
    closing = (dt.datetime.now(dt.UTC) + dt.timedelta(days=30)).date().isoformat()
    both = coming(served, made(served, 1, closing=closing))
    assert [(each["kind"], each["label"], in_days(each["at"])) for each in both[:1]] == [("timer", "Ask again", 3)]
    assert (both[1]["kind"], both[1]["name"], both[1]["trigger"]) == ("timer", "ahead", "2 days before deal.closing")
    assert in_days(both[1]["at"]) in (27, 28)
    (wait,) = coming(served, made(served, 4))
    assert (wait["kind"], wait["label"], in_days(wait["at"]), wait["until"]) == ("wait", "Look after it", 5, None)
    patient = made(served, 6)
    (until,) = coming(served, patient)
    assert (until["kind"], until["at"], in_days(until["until"])) == ("wait", None, 9)
    submitted = made(served, 200)
    answer = served.call("ann", "POST", f"/records/deal/{submitted}/approval", json={"do": "submit"})
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    (deadline,) = coming(served, submitted)
    assert (deadline["kind"], deadline["name"], in_days(deadline["at"])) == ("deadline", "review", 2)
    assert served.get("bob", f"/records/deal/{patient}/coming").status_code == 404
    client = served.sign_in("ann")
    with served.platform.database.statements.recording() as statements:
        page = client.get(f"/o/deal/{patient}").get_data(as_text=True)
    assert "What happens next" in page
    assert "Once it is won" in page
    assert f"/o/deal/{patient}/stop" not in page, "who may not stop it is not asked to"
    assert len([text for text in statements if "fs_timer" in text]) == 1


def test_no_time_tells_of_a_field_that_its_reader_may_not_read(served: Served) -> None:
    record = made(served, 10)
    served.platform.records.update(served.system(), "deal", record, {"exit_on": "2099-01-01"})
    assert [(each["name"], each["at"]) for each in coming(served, record)] == [("hushed", None)]
    assert {each["name"]: bool(each["at"]) for each in coming(served, record, "boss")} == {
        "hushed": True,
        "veiled": True,
    }
    page = served.sign_in("ann").get(f"/o/deal/{record}").get_data(as_text=True)
    assert "Behind the exit" in page
    assert "Before the exit" not in page


@pytest.mark.promise("UIX-17")
@pytest.mark.parametrize(("size", "more"), [(1, {}), (4, {}), (6, {}), (9, {"closing": "2099-01-01"}), (200, {})])
def test_one_is_stopped_for_good_by_who_may_and_the_log_tells_of_it(
    served: Served, size: int, more: dict[str, Any]
) -> None:
    record = made(served, size, **more)
    if size == 200:
        served.call("ann", "POST", f"/records/deal/{record}/approval", json={"do": "submit"})
    (one,) = coming(served, record)
    refused = served.call("ann", "POST", f"/records/deal/{record}/stop", json={"id": one["id"]})
    assert (refused.status_code, len(coming(served, record))) == (403, 1)
    assert served.call("boss", "POST", f"/records/deal/{record}/stop", json={"id": "nothing"}).status_code == 404
    boss = served.sign_in("boss")
    page = boss.get(f"/o/deal/{record}").get_data(as_text=True)
    assert f'action="/o/deal/{record}/stop"' in page
    token = csrf_token(boss, f"/o/deal/{record}")
    stopped = boss.post(f"/o/deal/{record}/stop", data={"csrf_token": token, "fs-coming": one["id"]})
    assert stopped.status_code == 303
    assert coming(served, record) == []
    assert served.call("boss", "POST", f"/records/deal/{record}/stop", json={"id": one["id"]}).status_code == 404
    # What goes on matching, or is saved once more, does not set it again, and what ran is over.
    if size != 200:
        assert served.call("ann", "PATCH", f"/records/deal/{record}", json={"name": "Again"}).status_code == 200
    do_runs(served.platform)
    if one["kind"] == "wait":
        # A worker that still holds the piece in its queue does nothing of it.
        run = served.platform.system.run
        with served.platform.database.read() as connection:
            position = connection.execute(select(run.c.position).where(run.c.id == one["id"])).scalar_one()
        served.platform.automation.segments("late", lambda: False)(one["id"], position["segment"])
    assert coming(served, record) == []
    assert served.get("ann", f"/records/deal/{record}").get_json()["size"] == size
    (entry,) = served.get("admin", f"/audit?record={record}&action=stopped").get_json()["items"]
    assert {each["field"]: each["new"] for each in entry["changes"]}["name"] == one["name"]
    assert boss.get(f"/o/deal/{record}").status_code == 200
