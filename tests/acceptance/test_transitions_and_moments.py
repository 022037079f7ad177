"""Changes of a choice that its transitions refuse, from every side; and moments, days and times in two zones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.access.actor import system_actor
from engine.errors import ValidationFailed
from engine.records.types import SaveRow
from tests.support.automation import do_runs, rows_of, runs_of
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, post_form, serve_deals

FILES = {
    "app.yaml": "app: desk\nversion: 1.0.0\nlabel: Desk\ncurrency: EUR\ntimezone: Europe/Berlin\n",
    "objects/ticket.yaml": """
        object: ticket
        label: Ticket
        title: "{name}"
        fields:
          name: {type: text, required: true}
          key: {type: text, external_id: true}
          state:
            type: choice
            default: new
            options: {new: {}, open: {label: In work}, waiting: {}, done: {}}
            transitions: {new: [open, waiting], open: [done], done: []}
          push: {type: boolean}
          force: {type: boolean}
          at: {type: datetime}
          day: {type: date}
          hour: {type: time}
        views:
          all: {columns: [name, state, at, day, hour]}
          board: {type: board, by: state, card: [name]}
        """,
    "rules/pushes.rules": """
        rule pushes when ticket.push changes to true then set state = "done"
        rule forces before ticket is updated if force then set state = "done"
        """,
    "roles/rep.yaml": 'role: rep\nobjects: {"*": {read: all, create: yes, update: all, delete: all}}\n',
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}
MESSAGE = "This can't change from 'New' to 'Done'; possible: In work, Waiting."
NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("desk")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        for who, zone in (("ann", NEW_YORK), ("boss", BERLIN)):
            found.platform.records.update(system_actor(), "user", found.user_ids[who], {"timezone": zone})
        yield found


def ticket(served: Served, **values: Any) -> str:
    return str(served.make("ann", "ticket", name="Broken", **values)["id"])


def states(served: Served) -> dict[str, str]:
    return {str(row["id"]): row["state"] for row in rows_of(served.platform, "ticket")}


@pytest.mark.promise("OBJ-09")
def test_api_and_bulk_refuse_a_change_outside_the_transitions_with_the_allowed_values(served: Served) -> None:
    made, other = ticket(served), ticket(served)
    answer = served.call("ann", "PATCH", f"/records/ticket/{made}", json={"state": "done"})
    assert answer.status_code == 422
    assert [(each["code"], each["message"]) for each in answer.get_json()["errors"]] == [("transition", MESSAGE)]
    rows = [SaveRow(id=made, values={"state": "done"}), SaveRow(id=other, values={"state": "open"})]
    result = served.platform.records.save_many(system_actor(), "ticket", rows, all_or_nothing=False)
    assert [[error.message for error in row.errors] for row in result.rows] == [[MESSAGE], []]
    assert (states(served)[made], states(served)[other]) == ("new", "open")
    assert served.call("ann", "PATCH", f"/records/ticket/{other}", json={"state": "done"}).status_code == 200
    last = served.call("ann", "PATCH", f"/records/ticket/{other}", json={"state": "new"}).get_json()
    assert last["errors"][0]["message"] == "This can't change from 'Done' to 'New'; possible: –."


@pytest.mark.promise("OBJ-09")
def test_form_and_board_refuse_a_change_outside_the_transitions_with_the_allowed_values(served: Served) -> None:
    made, client = ticket(served), served.sign_in("ann")
    typed = {"name": "Broken", "was-name": "Broken", "state": "done", "was-state": "new"}
    for path in (f"/o/ticket/{made}/edit", f"/o/ticket/{made}/move?fs-board=board"):
        page = post_form(client, path, typed if "edit" in path else {"state": "done"}, page="/")
        assert page.status_code == 422, path
        assert MESSAGE.replace("'", "&#39;") in page.get_data(as_text=True), path
    assert states(served)[made] == "new"


@pytest.mark.promise("OBJ-09")
def test_changing_many_refuses_those_outside_the_transitions_and_changes_the_others(served: Served) -> None:
    made, other, client = ticket(served), ticket(served, state="open"), served.sign_in("ann")
    asked = {"fs-field": "state", "fs-how": "set", "state": "done", "fs-record": [made, other]}
    page = client.post("/o/ticket/edit-many", data={**asked, "csrf_token": csrf_token(client, "/")})
    assert page.status_code == 422
    assert page.get_data(as_text=True).count(MESSAGE.replace("'", "&#39;")) == 1
    assert (states(served)[made], states(served)[other]) == ("new", "done")
    place = post_form(client, f"/o/ticket/{made}/field/state", {"state": "done", "was-state": "new"}, page="/")
    assert (place.status_code, MESSAGE.replace("'", "&#39;") in place.get_data(as_text=True)) == (422, True)
    assert states(served)[made] == "new"


@pytest.mark.promise("OBJ-09")
def test_an_import_refuses_a_change_outside_the_transitions_with_line_and_allowed_values(
    served: Served, tmp_path: Path
) -> None:
    made = [ticket(served, key=f"t{number}") for number in range(3)]
    path = tmp_path / "tickets.csv"
    path.write_text("key,name,state\nt0,Broken,open\nt1,Broken,done\nt2,Broken,waiting\n", encoding="utf-8")
    result = served.platform.imports.import_csv(system_actor(), "ticket", path, match=["key"])
    assert (result.updated, [(each.line, each.reason) for each in result.errors]) == (2, [(3, MESSAGE)])
    assert [states(served)[each] for each in made] == ["open", "new", "waiting"]


@pytest.mark.promise("OBJ-09")
def test_actions_of_rules_are_refused_with_the_allowed_values(served: Served) -> None:
    made, records = ticket(served), served.platform.records
    with pytest.raises(ValidationFailed) as refused:
        records.update(system_actor(), "ticket", made, {"force": True})
    assert [(error.field, error.message) for error in refused.value.errors] == [("state", MESSAGE)]
    records.update(system_actor(), "ticket", made, {"push": True})
    do_runs(served.platform)
    (run,) = [each for each in runs_of(served.platform) if str(each["record_id"]) == made]
    assert run["state"] == "failed"
    assert MESSAGE in run["error"]
    assert states(served)[made] == "new"


@pytest.mark.promise("OBJ-07")
def test_a_moment_is_kept_in_utc_and_shown_in_the_readers_zone_and_days_and_times_never_shift(served: Served) -> None:
    made = ticket(served, at="2026-01-05T23:30:00-05:00", day="2026-01-05", hour="23:30")
    (row,) = [each for each in rows_of(served.platform, "ticket") if str(each["id"]) == made]
    moment = dt.datetime(2026, 1, 6, 4, 30, tzinfo=dt.UTC)
    assert (row["at"], row["day"], row["hour"]) == (moment, dt.date(2026, 1, 5), dt.time(23, 30))
    assert _stored(served, made) == moment
    for who, shown in (("ann", "Jan 5, 2026 23:30"), ("boss", "Jan 6, 2026 05:30")):
        found = served.get(who, f"/records/ticket/{made}").get_json()
        assert (found["at"], found["day"], found["hour"]) == ("2026-01-06T04:30:00Z", "2026-01-05", "23:30")
        client = served.sign_in(who)
        for page in (f"/o/ticket/{made}", "/o/ticket?view=all"):
            text = client.get(page).get_data(as_text=True).replace("\u202f", " ")
            assert shown in text, (who, page)
            assert ">Jan 5, 2026<" in text.replace("\n", "").replace("  ", ""), (who, page)
        form = client.get(f"/o/ticket/{made}/edit").get_data(as_text=True)
        assert 'value="2026-01-05"' in form
        assert 'value="23:30"' in form
        assert f'value="{"2026-01-05T23:30" if who == "ann" else "2026-01-06T05:30"}"' in form


def _stored(served: Served, record_id: str) -> dt.datetime:
    table = served.platform.releases.current().tables.of("ticket").table
    with served.platform.database.read() as connection:
        found = connection.exec_driver_sql(f"SELECT at FROM {table.name} WHERE id = '{record_id}'").scalar_one()
    if isinstance(found, str):
        assert found.endswith("Z")
        found = dt.datetime.fromisoformat(found)
    assert isinstance(found, dt.datetime)
    return found.astimezone(dt.UTC)


@pytest.mark.promise("OBJ-07")
@pytest.mark.parametrize(
    ("who", "local", "instant"),
    [
        # By API a moment without an offset is in the app's zone, on a page in the person's.
        (None, "2026-03-29T02:30", "2026-03-29T01:00:00Z"),
        (None, "2026-03-29T03:00", "2026-03-29T01:00:00Z"),
        (None, "2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ("ann", "2026-03-08T02:30", "2026-03-08T07:00:00Z"),
        ("ann", "2026-03-08T03:00", "2026-03-08T07:00:00Z"),
        ("ann", "2026-11-01T01:30", "2026-11-01T05:30:00Z"),
        ("boss", "2026-03-29T02:59", "2026-03-29T01:00:00Z"),
    ],
)
def test_a_local_time_in_a_gap_is_kept_as_the_first_instant_after_it(
    served: Served, who: str | None, local: str, instant: str
) -> None:
    if who is None:
        made = ticket(served, at=local)
    else:
        saved = post_form(served.sign_in(who), "/o/ticket/new", {"name": "Gap", "at": local}, page="/")
        assert saved.status_code == 303
        made = saved.headers["Location"].rsplit("/", 1)[1].split("?", 1)[0]
    assert served.get("ann", f"/records/ticket/{made}").get_json()["at"] == instant


@pytest.mark.promise("OBJ-07")
def test_saving_a_form_again_moves_no_moment_of_the_hour_that_comes_twice(served: Served) -> None:
    made = ticket(served, at="2026-11-01T06:30:15Z")
    typed = {"name": "Renamed", "was-name": "Broken", "at": "2026-11-01T01:30", "was-at": "2026-11-01T01:30"}
    assert 'value="2026-11-01T01:30"' in served.sign_in("ann").get(f"/o/ticket/{made}/edit").get_data(as_text=True)
    assert post_form(served.sign_in("ann"), f"/o/ticket/{made}/edit", typed, page="/").status_code == 303
    found = served.get("ann", f"/records/ticket/{made}").get_json()
    assert (found["name"], found["at"]) == ("Renamed", "2026-11-01T06:30:15Z")
