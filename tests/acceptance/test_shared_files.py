"""Files that others use: a value added to an option set, a holiday added to a calendar."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.approvals.submitting import Submission
from engine.clock import FixedClock
from engine.platform import Platform
from engine.testing.sample_shop import do_runs, person, runs_of
from tests.support.platforms import applied_platform, open_platform, small_app, write_files
from tests.support.served import serve_deals

FILES = {
    "app.yaml": """
        app: shop
        version: 1.0.0
        label: Shop
        currency: CNY
        timezone: Asia/Shanghai
        calendar: business_cn
        """,
    "calendars/business_cn.yaml": """
        calendar: business_cn
        timezone: Asia/Shanghai
        hours: {monday: "09:00-18:00", tuesday: "09:00-18:00", wednesday: "09:00-18:00", thursday: "09:00-18:00",
                friday: "09:00-18:00"}
        holidays: [2026-10-01]
        """,
    "option_sets/regions.yaml": "option_set: regions\noptions: {north: {}, south: {label: {en: South, zh: 南方}}}\n",
    "objects/quote.yaml": """
        object: quote
        title: "{name}"
        fields:
          name: {type: text, required: true}
          sent_on: {type: date}
          sent_at: {type: datetime}
          region: {type: choice, options: regions}
          regions: {type: multi_choice, options: regions}
        """,
    "objects/shop.yaml": "object: shop\nfields:\n  name: {type: text}\n  area: {type: choice, options: regions}\n",
    "rules/all.rules": (
        'rule silent when 2 business days after quote.sent_on at 09:00 then log "silent"\n\n'
        'rule quick when 3 business hours after quote.sent_at then log "quick"\n\n'
        'rule plain when 2 days after quote.sent_on at 09:00 then log "plain"\n\n'
        'approval sale on quote step head by role "boss" within 2 business days else approve\n'
        'approval haste on quote step head by role "boss" within 48 hours else approve\n'
    ),
    "roles/rep.yaml": "role: rep\nobjects:\n  quote: {read: all, create: yes, update: all}\n"
    "  shop: {read: all, create: yes, update: all}\n  user: {read: all}\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 9, 29, 2, 0, tzinfo=dt.UTC)


def _due(platform: Platform) -> dict[str, list[str]]:
    timer = platform.system.timer
    query = select(timer.c.rule, timer.c.due_at).where(timer.c.state == "pending").order_by(timer.c.due_at)
    found: dict[str, list[str]] = {}
    with platform.database.read() as connection:
        for rule, due_at in connection.execute(query):
            found.setdefault(rule.rpartition(".")[2], []).append(due_at.strftime("%m-%d %H:%M"))
    return found


def _tick(platform: Platform) -> None:
    platform.automation.keeper().tick()
    do_runs(platform, waits_too=False)


@pytest.mark.promise("APP-15")
def test_a_holiday_moves_the_moments_that_count_by_the_calendar(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    with applied_platform(database_url, tmp_path, FILES, clock=clock) as platform:
        _tick(platform)
        # Wednesday 30 September 17:00 in Shanghai; Thursday 1 October is a holiday.
        values = {"name": "q", "sent_on": "2026-09-30", "sent_at": "2026-09-30T09:00:00Z"}
        platform.records.create(system_actor(), "quote", values)
        before = {"silent": ["10-05 01:00"], "quick": ["10-02 03:00"], "plain": ["10-02 01:00"]}
        assert _due(platform) == before
        app = small_app(tmp_path, FILES)
        more = FILES["calendars/business_cn.yaml"].replace("[2026-10-01]", "[2026-10-01, 2026-10-02, 2026-10-05]")
        write_files(app, {"calendars/business_cn.yaml": more})
        platform.apply_release([app], author="test")
        _tick(platform)
        assert _due(platform) == {"silent": ["10-07 01:00"], "quick": ["10-06 03:00"], "plain": ["10-02 01:00"]}
        clock.move_to(dt.datetime(2026, 10, 6, 12, 0, tzinfo=dt.UTC))
        _tick(platform)
        assert [run["rule"].rpartition(".")[2] for run in runs_of(platform) if run["record_id"]] == ["plain", "quick"]
        # Another process that looks at the same release moves nothing a second time.
        with open_platform(database_url, tmp_path, clock=clock) as other:
            _tick(other)
            assert _due(other) == {"silent": ["10-07 01:00"]}


@pytest.mark.promise("APP-15")
def test_a_holiday_moves_the_end_of_steps_of_requests_that_are_open(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    with applied_platform(database_url, tmp_path, FILES, clock=clock) as platform:
        boss = person(platform, "bob", "boss")
        _tick(platform)
        requests = {}
        for name in ("sale", "haste", "late"):
            quote = platform.records.create(boss, "quote", {"name": name}).record.id
            asked = Submission(record_id=quote, approval="sale" if name == "late" else name)
            requests[name] = platform.approvals.submit(boss, "quote", asked)

        def seen(name: str) -> tuple[str, str, list[str]]:
            """Give the state of a request, when its step is due in Shanghai, and what happened by itself."""
            with platform.records.reading(boss) as transaction:
                view = platform.approvals.view(transaction, requests[name].id)
            due = view.visits[0].visit.due_at
            assert due is not None
            happened = [event.kind for event in view.events if event.kind in ("reminded", "timed_out")]
            return view.request.state.value, due.astimezone(SHANGHAI).strftime("%m-%d %H:%M"), happened

        # Tuesday ten o'clock, Wednesday; Thursday is a holiday, Friday works: two business days end on Friday.
        assert seen("sale")[:2] == ("open", "10-02 10:00")
        assert seen("haste")[:2] == ("open", "10-01 10:00")
        app = small_app(tmp_path, FILES)
        more = FILES["calendars/business_cn.yaml"].replace("[2026-10-01]", "[2026-09-30, 2026-10-01, 2026-10-02]")
        write_files(app, {"calendars/business_cn.yaml": more})
        platform.apply_release([app], author="test")
        _tick(platform)
        assert seen("sale")[:2] == ("open", "10-06 10:00")
        assert seen("haste")[:2] == ("open", "10-01 10:00"), "two days of the clock are two days"
        # What was due by the calendar before is not, and the reminder waits for three quarters of the new time.
        clock.move_to(dt.datetime(2026, 10, 2, 3, 0, tzinfo=dt.UTC))
        _tick(platform)
        assert seen("sale") == ("open", "10-06 10:00", [])
        assert seen("haste")[0] == "approved"
        clock.move_to(dt.datetime(2026, 10, 5, 8, 0, tzinfo=dt.UTC))
        _tick(platform)
        assert seen("sale")[2] == ["reminded"]
        # The holidays are taken back: it is over at once, and nobody is reminded a second time.
        write_files(app, {"calendars/business_cn.yaml": FILES["calendars/business_cn.yaml"]})
        platform.apply_release([app], author="test")
        with open_platform(database_url, tmp_path, clock=clock) as other:
            _tick(other)
        _tick(platform)
        state, due, happened = seen("late")
        assert (state, due) == ("approved", "10-02 10:00")
        assert (happened.count("reminded"), happened.count("timed_out")) == (1, 1)


@pytest.mark.promise("APP-15")
def test_a_value_of_an_option_set_is_offered_and_taken_by_every_field_of_it(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES)
    with serve_deals(database_url, tmp_path, app_folder=app) as served:
        client = served.sign_in("ann")
        assert served.call("ann", "POST", "/records/shop", json={"area": "west"}).status_code == 422
        text = FILES["option_sets/regions.yaml"].replace("north: {}", "north: {}, west: {label: {en: West, zh: 西部}}")
        write_files(app, {"option_sets/regions.yaml": text})
        served.platform.apply_release([app], author="test")
        for page, name in (("/o/quote/new", "region"), ("/o/quote/new", "regions"), ("/o/shop/new", "area")):
            shown = client.get(page).get_data(as_text=True)
            assert 'value="west"' in shown.partition(f'name="{name}"')[2], (page, name)
        made = served.make("ann", "quote", name="q", region="west", regions=["south", "west"])
        assert (made["region"], made["regions"]) == ("west", ["west", "south"])
        assert served.make("ann", "shop", area="west")["area"] == "west"
        assert "West" in client.get(f"/o/quote/{made['id']}").get_data(as_text=True)
        for name in ("quote", "shop"):
            described = served.get("ann", "/openapi.json").get_json()["components"]["schemas"][name]
            assert "west" in str(described)
