"""Reads scenario tests: one file is one scenario."""

from __future__ import annotations

from metamodel.definitions.scenarios import (
    ScenarioActDef,
    ScenarioDef,
    ScenarioRecordDef,
    ScenarioUserDef,
    StepKind,
)
from metamodel.reading.analytics_files import texts_by_key
from metamodel.reading.node_values import FindObject, Reading, child, entries, items, located, word, words
from metamodel.yaml_nodes import Mapping, Node, Scalar

_OF_TARGET = (StepKind.CREATE, StepKind.PRESS, StepKind.SUBMIT)
_OF_RECORD = (*_OF_TARGET, StepKind.UPDATE, StepKind.DELETE, StepKind.RESTORE)


def read_scenario(node: Mapping, reading: Reading, find: FindObject) -> ScenarioDef:
    """Read a file of tests/."""
    name = node.get("test")
    app = reading.app(node.at)
    given = tuple(_given(key, value, app, find) for key, value in entries(node.get("given")))
    acts = tuple(act for step in items(node.get("steps")) for act in _acts(step))
    made = {act.record: find(act.target, app) for act in acts if act.kind is StepKind.CREATE and act.record}
    return ScenarioDef(
        name=word(name) or "",
        app=app,
        at=(name or node).at,
        users=tuple(
            ScenarioUserDef(
                name=key.text,
                at=key.at,
                roles=words(child(value, "roles")),
                manager=word(child(value, "manager")),
                team=word(child(value, "team")),
            )
            for key, value in entries(node.get("users"))
        ),
        given=given,
        acts=acts,
        now=located(node.get("now")),
        settings={key.text: word(value) or "" for key, value in entries(node.get("settings"))},
        records={**{record.name: record.object for record in given}, **made},
    )


def _given(key: Scalar, value: Node, app: str, find: FindObject) -> ScenarioRecordDef:
    object_name, _, name = key.text.partition(" ")
    return ScenarioRecordDef(name=name, object=find(object_name, app), at=key.at, values=texts_by_key(value))


def _acts(step: Node) -> tuple[ScenarioActDef, ...]:
    user = word(child(step, "as"))
    return tuple(act for key, value in entries(step) if (act := read_act(key, value, user)) is not None)


def read_act(key: Scalar, value: Node, user: str | None) -> ScenarioActDef | None:
    """Read one key of a step; None for `as`, and for what is no step."""
    if key.text in tuple(StepKind) and StepKind(key.text) not in _OF_RECORD:
        return ScenarioActDef(
            kind=StepKind(key.text), at=key.at, user=user, text=located(value), values=texts_by_key(value)
        )
    verb, _, rest = key.text.partition(" ")
    if verb not in tuple(StepKind) or StepKind(verb) not in _OF_RECORD:
        return None
    kind = StepKind(verb)
    target, _, record = rest.rpartition(" ") if kind in _OF_TARGET else ("", "", rest)
    return ScenarioActDef(
        kind=kind, at=key.at, user=user, record=record, target=target or None, values=texts_by_key(value)
    )
