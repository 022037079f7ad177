"""A plugin's action that hangs: the try fails in its time, the worker's thread is free, the run is tried again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from engine.access.actor import system_actor
from engine.automation.time_limit import TimeLimitReached, within
from engine.platform import Platform
from plugins import RuleAction, hookimpl
from plugins.contexts import ActionContext
from plugins.contributions import ActionDone
from plugins.discovery import Candidate, bundled_candidates
from plugins.manager import PluginManager
from tests.support.automation import APP, FAST, do_runs, runs_of
from tests.support.platforms import settings_for, small_app


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def _slow_plugin(ended: threading.Event, keys: list[str]) -> Candidate:
    def wait(context: ActionContext, _inputs: Mapping[str, object]) -> ActionDone:
        keys.append(context.idempotency_key)
        if len(keys) == 1:
            ended.wait()
        return ActionDone(summary="answered at once")

    module = ModuleType("test_plugin_slow", "A plugin whose first answer never comes.")
    action = RuleAction(name="slow.wait", summary="Waits.", run=wait, timeout_s=0.2)
    module.rule_actions = hookimpl(lambda: [action])  # type: ignore[attr-defined]
    manifest = "{name: slow, version: '1.0', api: 1, summary: For a test.}"
    return Candidate(name="slow", import_module=lambda: module, read_manifest=lambda _: manifest)


def test_within_gives_or_raises_what_the_work_does(ended: threading.Event) -> None:
    assert within(30, lambda: 7, name="seven") == 7
    with pytest.raises(ZeroDivisionError):
        within(30, lambda: 1 / 0, name="nought")
    with pytest.raises(TimeLimitReached):
        within(0.05, ended.wait, name="never")


def test_an_action_that_gives_no_answer_in_its_time_is_tried_again_under_its_key(
    sqlite_url: str, tmp_path: Path, ended: threading.Event
) -> None:
    keys: list[str] = []
    plugins = PluginManager.load(candidates=[_slow_plugin(ended, keys), *bundled_candidates()], environment={})
    app = small_app(tmp_path, {**APP, "rules/all.rules": "rule r when deal is created then call slow.wait"})
    platform = Platform.open(settings_for(sqlite_url, tmp_path), plugins=plugins, tuning=FAST)
    try:
        platform.apply_release([app], author="test")
        platform.records.create(system_actor(), "deal", {"name": "deal"})
        do_runs(platform)
        (run,) = runs_of(platform)
    finally:
        platform.close()
    assert run["state"] == "done"
    # A busy machine may take longer than the limit for the second try, too; the key stays.
    assert len(keys) >= 2
    assert set(keys) == {f"{run['id']}:actions/0"}
