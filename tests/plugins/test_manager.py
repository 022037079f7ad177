"""A plugin that fails in whatever way is switched off with its reason, and the others go on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pytest

from plugins import FieldTypeAddition, RuleAction, RuleEvent, hookimpl
from plugins.discovery import BUNDLED, Candidate, bundled_candidates
from plugins.manager import PluginManager
from plugins.manifest import ManifestWrong, read_manifest
from plugins.testing import check_plugin

MANIFEST = "{name: NAME, version: '1.2', api: 1, summary: For a test.}"


def _module(name: str, **functions: Callable[..., object]) -> ModuleType:
    module = ModuleType(f"test_plugin_{name}", "A plugin of a test.")
    for hook, function in functions.items():
        setattr(module, hook, hookimpl(function))
    return module


def _plugin(name: str, *, manifest: str = MANIFEST, **functions: Callable[..., object]) -> Candidate:
    module = _module(name, **functions)
    text = manifest.replace("NAME", name)
    return Candidate(name=name, import_module=lambda: module, read_manifest=lambda _: text)


def _broken_import() -> ModuleType:
    raise ImportError("no module named 'snake_oil'")


def _raise() -> Sequence[RuleAction]:
    raise RuntimeError("out of order")


def _load(*candidates: Candidate) -> PluginManager:
    return PluginManager.load(candidates=[*candidates, *bundled_candidates()], environment={})


@pytest.mark.parametrize(
    ("candidate", "code", "reason"),
    [
        (Candidate(name="gone", import_module=_broken_import, read_manifest=str), "PLG101", "snake_oil"),
        (Candidate(name="gone", import_module=sys.exit, read_manifest=str), "PLG101", "SystemExit"),
        (_plugin("gone", manifest="{name: other, version: '1.0', api: 1, summary: x}"), "PLG102", "'other'"),
        (_plugin("gone", manifest="{name: gone"), "PLG102", "not YAML"),
        (_plugin("gone", manifest="{name: gone, version: '1.0', api: 1}"), "PLG102", "'summary' is a required"),
        (_plugin("gone", manifest="{name: gone, version: '1.0', api: 2, summary: x}"), "PLG103", "API 2"),
        (_plugin("gone", rule_actions=_raise), "PLG102", "out of order"),
        (_plugin("gone", rule_actions=lambda: ["x"]), "PLG104", "expected RuleAction"),
        (
            _plugin("gone", rule_actions=lambda: [RuleAction(name="send_email", summary="x", run=print)]),  # type: ignore[arg-type]
            "PLG104",
            "does not start with the plugin's name",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_is_switched_off_alone(candidate: Candidate, code: str, reason: str) -> None:
    manager = _load(candidate)
    (problem,) = manager.problems
    assert problem.code == code
    assert reason in problem.message
    assert [plugin.manifest.name for plugin in manager.active] == list(BUNDLED)
    assert [status.name for status in manager.statuses if not status.active] == ["gone"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("number", "is str; expected (key, what it is) pairs"),
        ({"number": "who called"}, "is dict; expected"),
        (None, "is NoneType; expected"),
        (("number",), "has 'number' as part 1; expected a pair of texts"),
        ((("number", "who called"), ("at",)), "as part 2; expected a pair of texts"),
        ((("number", 5),), "has ('number', 5) as part 1"),
        ((("the number", "who called"),), "has the key 'the number', which is not lower_snake_case"),
        ((("a.b", "x"),), "has the key 'a.b', which is not"),
        ((("number", "x"), ("number", "y")), "has the key 'number' twice"),
        ((("number", " "),), "does not say what 'number' is"),
        ((("号码", "x"),), "has the key '号码', which is not"),
    ],
)
def test_a_payload_of_another_form_is_refused_with_what_is_wrong(payload: Any, reason: str) -> None:
    def rule_events() -> Sequence[RuleEvent]:
        return [RuleEvent(name="phone.rang", summary="It rang.", payload=payload)]

    candidate = _plugin("phone", rule_events=rule_events)
    (fault,) = check_plugin(candidate)
    assert "the payload of the event 'phone.rang'" in fault
    assert reason in fault
    (problem,) = _load(candidate).problems
    assert problem.code == "PLG104"


def test_a_sound_payload_is_taken() -> None:
    def rule_events() -> Sequence[RuleEvent]:
        told = (("number", "who called"), ("from", "whence; a reserved word is a key too"))
        return [RuleEvent(name="phone.rang", summary="It rang.", payload=told)]

    assert _load(_plugin("phone", rule_events=rule_events)).problems == ()


def test_a_name_of_another_plugin_is_refused() -> None:
    def field_types() -> Sequence[FieldTypeAddition]:
        return [
            FieldTypeAddition(
                name="iban", base="text", summary="x", normalise=str, example=("a", "a"), wrong_example=""
            )
        ]

    manager = PluginManager.load(
        candidates=[*bundled_candidates(), _plugin("second", field_types=field_types)], environment={}
    )
    assert "iban exists already" in manager.problems[0].message
    assert len(manager.field_types) == 1


def test_a_plugin_that_raises_at_start_is_switched_off_with_what_it_added() -> None:
    def on_start(context: object) -> None:
        raise RuntimeError("no licence")

    def rule_actions() -> Sequence[RuleAction]:
        return [RuleAction(name="late.act", summary="x", run=print)]  # type: ignore[arg-type]

    manager = _load(_plugin("late", on_start=on_start, rule_actions=rule_actions))
    assert manager.find_action("late.act") is not None
    manager.start()
    assert manager.find_action("late.act") is None
    assert manager.find_action("send_email") is not None
    (problem,) = manager.problems
    assert problem.code == "PLG105"
    assert "no licence" in problem.message


def test_a_plugin_that_raises_at_stop_changes_nothing() -> None:
    stopped: list[str] = []

    def on_stop() -> None:
        raise RuntimeError("stuck")

    manager = _load(_plugin("bad", on_stop=on_stop), _plugin("good", on_stop=lambda: stopped.append("good")))
    manager.stop()
    assert stopped == ["good"]
    assert manager.problems == ()


def test_settings_come_from_the_operator_then_the_environment_then_the_manifest() -> None:
    environment = {"FIELDSTONE_PLUGIN_EMAIL_PORT": "25", "FIELDSTONE_PLUGIN_EMAIL_HOST": "mail.example"}
    manager = PluginManager.load({"email": {"host": "other.example"}}, environment=environment)
    email = next(plugin for plugin in manager.active if plugin.manifest.name == "email")
    assert (email.settings["host"], email.settings["port"]) == ("other.example", 25)
    assert email.settings["security"] == "starttls"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"hots": "mail.example"}, "did you mean 'host'"),
        ({"port": "many"}, "'many' is not of type 'integer'"),
        ({"security": "maybe"}, "is not one of"),
    ],
)
def test_a_wrong_setting_switches_the_plugin_off_and_says_what_is_wrong(
    settings: dict[str, object], reason: str
) -> None:
    manager = PluginManager.load({"email": settings}, environment={})
    (problem,) = manager.problems
    assert reason in problem.message
    assert manager.find_action("send_email") is None


def test_a_manifest_names_where_it_is_wrong() -> None:
    with pytest.raises(ManifestWrong, match=r"plugin\.yaml of x/capabilities/hosts: 'a' is not of type 'array'"):
        read_manifest(
            "{name: x, version: '1.0', api: 1, summary: s, capabilities: {hosts: a}}", where="plugin.yaml of x"
        )
