"""Failed runs in bulk, rules that are switched off and targets that are paused: by page, API and command line."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from engine.automation.tuning import Tuning
from engine.clock import FixedClock
from engine.platform import Platform
from tests.support.automation import APP, do_runs, person, runs_of, shop
from tests.support.http_sink import http_sink
from tests.support.served import csrf_token
from ui.app import create_app
from ui.cli.runs import runs as runs_command
from ui.security import WebSettings

LONG = "x" * 60
PASSWORD = "correct horse battery"
RULES = f"""
    rule a "Rule A" when deal is created if count = 1 then set note = "{LONG}"
    rule b when deal is created if count = 1 then set note = "{LONG}"
    rule broken when deal is created if count = 2 then call webhook sink {{ name: name }} mode parallel
    rule sound when deal is created if count = 2 then call webhook other {{ name: name }} mode parallel
    """


@dataclass(frozen=True, slots=True)
class Shop:
    """An installation with failed runs."""

    platform: Platform
    app: Flask
    tokens: dict[str, str]
    url: str

    def api(self, who: str, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        """Call the API."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)
        return answer.status_code, answer.get_json()

    def client(self, who: str) -> FlaskClient:
        """Sign in on the pages."""
        client = self.app.test_client()
        token = csrf_token(client, "/login")
        form = {"login": f"{who}@example.com", "password": PASSWORD, "csrf_token": token}
        assert client.post("/login", data=form).status_code == 303
        return client

    def states(self, rule: str) -> list[str]:
        """Give the states of a rule's runs."""
        return [run["state"] for run in runs_of(self.platform) if run["rule"] == rule]


def post(client: FlaskClient, path: str, **fields: str | Sequence[str]) -> str:
    """Press something and give the page that follows."""
    form = {**fields, "csrf_token": csrf_token(client, "/runs")}
    answer = client.post(path, data=form, follow_redirects=True)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[Shop]:
    clock = FixedClock(dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC))
    tuning = Tuning(failures_to_pause=3, first_break_s=600.0, jitter=0.0)
    with http_sink() as sink, http_sink() as other:
        sink.answer = lambda number: (500, {})
        files = {
            "connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {sink.url}\n",
            "connections/other.yaml": f"connection: other\nkind: webhook_out\nurl: {other.url}\n",
            "app.yaml": APP["app.yaml"] + "\n        languages: [en, zh]\n",
        }
        hosts = {"FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS": f'["{sink.host}", "{other.host}"]'}
        with shop(sqlite_url, tmp_path, RULES, files=files, environment=hosts, clock=clock, tuning=tuning) as platform:
            administration = platform.accounts.administration
            boss = person(platform, "bob", "boss")
            person(platform, "ann", "rep")
            for number in range(10):
                platform.records.create(boss, "deal", {"name": str(number), "count": 1})
            for number in range(4):
                platform.records.create(boss, "deal", {"name": str(number), "count": 2})
            do_runs(platform, waits_too=False)
            tokens = {}
            for name in ("bob", "ann"):
                administration.set_password(f"{name}@example.com", PASSWORD)
                tokens[name] = administration.create_token(f"{name}@example.com", name="test")
            yield Shop(platform, create_app(platform, WebSettings(secret_key="s" * 40)), tokens, sqlite_url)


@pytest.mark.promise("RUN-07")
def test_the_page_of_what_stands_still_shows_a_pause_that_holds_for_all_rules_and_a_press_ends_it(
    place: Shop,
) -> None:
    assert place.states("sound") == ["done"] * 4, "other targets go on"
    assert place.states("broken") == ["waiting"] * 4
    (paused,) = place.platform.automation.targets.all()
    assert paused.waiting == 1
    boss = place.client("bob")
    shown = boss.get("/runs/stopped").get_data(as_text=True)
    assert "webhook sink" in shown
    assert "webhook other" not in shown
    assert "Nov 21, 2026 12:10" in shown, "until when, in the app's zone"
    assert "answered 500" in shown
    assert place.client("ann").get("/runs/stopped").status_code == 403
    # After the pause it is tried again by itself.
    clock = place.platform.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + dt.timedelta(seconds=601))
    segments = place.platform.automation.segments("test", lambda: False)
    for run in runs_of(place.platform):
        if run["state"] == "waiting":
            segments(run["id"], run["position"]["segment"])
    (again,) = place.platform.automation.targets.all()
    assert again.failures == 4, "one run alone tried it"
    assert again.paused_until is not None
    assert again.paused_until - clock.now() == dt.timedelta(seconds=1_200), "twice as long"
    assert "The pause is over" in post(boss, "/runs/stopped/target", target="webhook sink")
    assert place.platform.automation.targets.all() == []
    assert "is not paused" in post(boss, "/runs/stopped/target", target="webhook sink")


def test_failed_runs_are_retried_and_put_aside_on_the_page_ticked_or_all_of_a_filter(place: Shop) -> None:
    boss = place.client("bob")
    listed = boss.get("/runs?state=failed").get_data(as_text=True)
    assert listed.count('name="run"') == 20
    failed = {rule: [run["id"] for run in runs_of(place.platform) if run["rule"] == rule] for rule in "ab"}
    assert "2 runs go on." in post(boss, "/runs/retry", run=failed["a"][:2], rule="a")
    assert "1 run was put aside." in post(boss, "/runs/dismiss", run=failed["a"][2])
    assert sorted(place.states("a")) == ["dismissed"] + ["failed"] * 7 + ["queued"] * 2
    assert "10 runs were put aside." in post(boss, "/runs/dismiss", all="1", rule="b")
    assert "None of these runs has failed." in post(boss, "/runs/retry", run=failed["b"][0])
    assert place.states("b") == ["dismissed"] * 10
    rep = place.client("ann")
    assert 'name="run"' not in rep.get("/runs").get_data(as_text=True)
    token = csrf_token(rep, "/")
    assert rep.post("/runs/retry", data={"all": "1", "csrf_token": token}).status_code == 403


def test_the_api_does_what_the_pages_do(place: Shop) -> None:
    code, stopped = place.api("bob", "GET", "/runs/stopped")
    assert code == 200
    rules, targets = stopped["rules"], stopped["targets"]
    assert isinstance(rules, list)
    assert isinstance(targets, list)
    assert sorted(each["rule"] for each in rules) == ["a", "b"]
    assert targets[0]["target"] == "webhook sink"
    assert place.api("ann", "GET", "/runs/stopped")[0] == 403
    assert place.api("bob", "POST", "/runs/stopped/rule", {"rule": "a"}) == (200, {"rule": "a"})
    assert place.api("bob", "POST", "/runs/stopped/rule", {"rule": "a"})[0] == 409
    assert place.api("bob", "POST", "/runs/stopped/target", {"target": "webhook sink"})[0] == 200
    assert place.api("bob", "POST", "/runs/stopped/target", {"target": ""})[0] == 400
    ids = [run["id"] for run in runs_of(place.platform) if run["rule"] == "a"]
    assert place.api("bob", "POST", "/runs/retry", {"ids": ids[:3]}) == (200, {"done": 3})
    assert place.api("bob", "POST", f"/runs/{ids[3]}/dismiss")[1]["state"] == "dismissed"
    assert place.api("bob", "POST", f"/runs/{ids[3]}/dismiss")[0] == 409
    assert place.api("bob", "POST", "/runs/dismiss", {"all": True, "rule": "a"}) == (200, {"done": 6})
    assert place.api("bob", "POST", "/runs/retry", {"all": True}) == (200, {"done": 10})
    assert place.api("ann", "POST", "/runs/retry", {"all": True})[0] == 403
    for body in ({}, {"ids": "x"}, {"ids": [], "all": True}, {"all": 1}, {"ids": [1]}, {"all": True, "rule": 5}):
        assert place.api("bob", "POST", "/runs/retry", body)[0] == 400, body


def test_the_command_line_does_what_the_pages_do(place: Shop) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(runs_command, [*arguments, "--db", place.url], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    stopped = json.loads(run("stopped", "--json"))
    assert [(each["kind"], each["name"]) for each in stopped][-1] == ("target", "webhook sink")
    assert "switched on" in run("switch-on", "a")
    assert "called again" in run("end-pause", "webhook sink")
    first = next(each["id"] for each in runs_of(place.platform) if each["rule"] == "a")
    assert run("retry", first) == "1 of the runs go on\n"
    assert run("dismiss", "--all", "--rule", "b") == "10 of the runs were put aside\n"
    assert run("retry", "--all") == "9 of the runs go on\n"
    for wrong in (["retry"], ["retry", first, "--all"], ["dismiss", first, "--rule", "a"]):
        assert CliRunner().invoke(runs_command, [*wrong, "--db", place.url]).exit_code == 2
