"""Checks what scenario tests name: users, roles, objects, fields, records of earlier steps, buttons' records."""

from __future__ import annotations

from metamodel.definitions.scenarios import StepKind
from metamodel.reading.node_values import child, entries, items, word
from metamodel.reading.scenario_file import read_act
from metamodel.references.definition_names import DefinitionNames
from metamodel.yaml_nodes import Mapping, Node, Scalar

_WITH_USER = (StepKind.CREATE, StepKind.UPDATE, StepKind.DELETE, StepKind.RESTORE, StepKind.PRESS)


def check_scenario(node: Mapping, look: DefinitionNames) -> None:
    """Check a scenario.

    Problems: APP411, APP501, APP507, APP531 – APP534, APP901, OBJ201.
    """
    look.not_run("scenario tests are", node.key("test"))
    users = {key.text for key, _ in entries(node.get("users"))}
    for _, user in entries(node.get("users")):
        look.roles(child(user, "roles"))
        look.known("APP532", child(user, "manager"), "a user of this test", users)
        look.known("APP507", child(user, "team"), "a team", look.metamodel.teams)
    for setting, _ in entries(node.get("settings")):
        look.known("APP534", setting, "a setting", look.metamodel.settings)
    records: dict[str, str | None] = {}
    for key, values in entries(node.get("given")):
        object_name, _, name = key.text.partition(" ")
        _make(key, object_name, name, values, records, look)
    for step in items(node.get("steps")):
        look.known("APP532", child(step, "as"), "a user of this test", users)
        _check_step(step, users, records, look)


def _make(
    key: Scalar, object_name: str, name: str, values: Node, records: dict[str, str | None], look: DefinitionNames
) -> None:
    found = look.names.resolve(object_name, look.app, key.located.locate(key.text.find(object_name)), look.problems)
    if name in records:
        look.fault("APP533", f"a record of this test is called '{name}' already", key)
    records[name] = found
    for field, _ in entries(values):
        look.path("APP501", field, found)


def _check_step(step: Node, users: set[str], records: dict[str, str | None], look: DefinitionNames) -> None:
    for key, value in entries(step):
        act = read_act(key, value, word(child(step, "as")))
        if act is None:
            continue
        if act.kind is StepKind.CREATE and act.record is not None:
            _make(key, act.target or "", act.record, value, records, look)
        elif act.record is not None and act.kind is not StepKind.SUBMIT:
            _check_record(key, act.record, value, records, look)
        if act.kind is StepKind.SUBMIT and act.target not in look.metamodel.forms:
            place = key.located.part(len("submit "), len(key.text))
            look.problems.report("APP531", f"'{act.target}' is not a form", place.at, length=len(act.target or ""))
        if act.kind in _WITH_USER and act.user is None and users:
            look.fault("APP532", f"say who does this: 'as:' one of {', '.join(sorted(users))}", key)
        if act.kind is StepKind.EXPECT_EMAIL or act.kind is StepKind.EXPECT_NOTIFICATION:
            for part, _ in entries(value):
                look.known("APP531", part, "a key of an expected message", ("to", "contains", "subject", "count"))


def _check_record(key: Scalar, name: str, value: Node, records: dict[str, str | None], look: DefinitionNames) -> None:
    if name not in records:
        at = key.located.part(len(key.text) - len(name), len(key.text)).at
        hint = f"known here: {', '.join(records)}" if records else "make one by 'given' or 'create'"
        look.problems.report("APP533", f"'{name}' is no record of this test", at, hint=hint, length=len(name))
        return
    for field, _ in entries(value):
        look.path("APP501", field, records[name])
