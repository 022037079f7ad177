"""Reads app.yaml, organization.yaml, connections and templates."""

from __future__ import annotations

from types import MappingProxyType

from metamodel.apps import AppDef, ConnectionDef, QueueDef, RunsKept, SettingDef, TeamDef, TemplateDef
from metamodel.field_types import FieldValueError
from metamodel.reading.node_values import Reading, as_hint, child, entries, integer, items, label, located, word, words
from metamodel.setting_values import parse_setting
from metamodel.source import LocatedText
from metamodel.texts import Label
from metamodel.yaml_nodes import Mapping, Node, Scalar


def read_app(
    node: Mapping, reading: Reading, rule_files: tuple[LocatedText, ...], data_files: tuple[LocatedText, ...]
) -> AppDef:
    """Read app.yaml."""
    name_node = node.get("app")
    name = word(name_node) or ""
    return AppDef(
        name=name,
        version=word(node.get("version")) or "0",
        at=(name_node or node).at,
        label=label(node.get("label"), reading.language),
        depends=read_depends(node),
        languages=words(node.get("languages")) or ("en",),
        currency=word(node.get("currency")) or "USD",
        timezone=word(node.get("timezone")) or "UTC",
        country=word(node.get("country")),
        calendar=word(node.get("calendar")),
        plugins=words(child(node.get("needs"), "plugins")),
        automation_roles=words(child(node.get("automation"), "roles")),
        keep_runs=integer(child(node.get("automation"), "keep_runs")),
        keep_runs_of=tuple(
            RunsKept(rule=entry.key.text, days=integer(entry.value) or 1, at=entry.key.at)
            for entry in entries(child(node.get("automation"), "keep_runs_of"))
        ),
        settings={
            entry.key.text: _read_setting(entry.key, entry.value, name, reading)
            for entry in entries(node.get("settings"))
        },
        permissions=words(node.get("permissions")),
        rule_files=rule_files,
        data_files=data_files,
    )


def read_depends(node: Mapping) -> dict[str, str]:
    """Read `depends:`, app → version constraint ('' = any)."""
    written = node.get("depends")
    found = {entry.key.text: word(entry.value) or "" for entry in entries(written)}
    found.update({item.text: "" for item in items(written) if isinstance(item, Scalar)})
    return found


def _read_setting(key: Scalar, node: Node, app: str, reading: Reading) -> SettingDef:
    type_name = word(child(node, "type")) or "text"
    return SettingDef(
        name=key.text,
        type=type_name,
        app=app,
        at=key.at,
        default=_setting_value(key, child(node, "default"), type_name, reading, "the default"),
        label=label(child(node, "label"), reading.language),
        by_role=MappingProxyType(
            {
                entry.key.text: _setting_value(key, entry.value, type_name, reading, "the value")
                for entry in entries(child(node, "by_role"))
            }
        ),
    )


def _setting_value(key: Scalar, node: Node | None, type_name: str, reading: Reading, what: str) -> object:
    if not isinstance(node, Scalar) or node.value is None:
        return None
    try:
        return parse_setting(
            node.text, name=key.text, type_name=type_name, types=reading.types, context=reading.context
        )
    except FieldValueError as error:
        reading.problems.report(
            "APP321", f"{what} '{node.text}' of the setting '{key.text}' is not of type {type_name}", node.at,
            hint=as_hint(error), length=node.length,
        )  # fmt: skip
        return None


def read_teams(node: Mapping, reading: Reading) -> tuple[TeamDef, ...]:
    """Read the teams of organization.yaml."""
    return tuple(
        TeamDef(name=entry.key.text, at=entry.key.at, label=label(child(entry.value, "label"), reading.language))
        for entry in entries(node.get("teams"))
    )


def read_queues(node: Mapping, reading: Reading) -> tuple[QueueDef, ...]:
    """Read the queues of organization.yaml."""
    return tuple(
        _read_queue(entry.key, entry.value, label(child(entry.value, "label"), reading.language))
        for entry in entries(node.get("queues"))
    )


def _read_queue(key: Scalar, node: Node, text: Label | None) -> QueueDef:
    def by_member(part: str) -> dict[str, Node]:
        return {entry.key.text: entry.value for entry in entries(child(node, part))}

    return QueueDef(
        name=key.text,
        at=key.at,
        label=text,
        members=words(child(node, "members")),
        capacity=_whole(child(node, "capacity")),
        touch_within=word(child(node, "touch_within")),
        skills={member: words(value) for member, value in by_member("skills").items()},
        absence={
            member: (word(child(value, "from")) or "", word(child(value, "until")) or "")
            for member, value in by_member("absence").items()
        },
        weights={member: _whole(value) or 1 for member, value in by_member("weights").items()},
        hours={member: word(value) or "" for member, value in by_member("hours").items()},
    )


def _whole(node: Node | None) -> int | None:
    found = node.value if isinstance(node, Scalar) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def read_connection(node: Mapping, reading: Reading) -> ConnectionDef:
    """Read a file of connections/."""
    name_node = node.get("connection")
    plain = node.plain
    assert isinstance(plain, dict)
    options: dict[str, object] = {key: value for key, value in plain.items() if key not in ("connection", "kind")}
    return ConnectionDef(
        name=word(name_node) or "",
        app=reading.app(node.at),
        kind=word(node.get("kind")) or "",
        at=(name_node or node).at,
        options=options,
    )


def read_template(name: str, front: Mapping, body: LocatedText, reading: Reading) -> TemplateDef:
    """Read a template: its front matter and the text below it."""
    return TemplateDef(
        name=name,
        app=reading.app(front.at),
        object=word(front.get("object")),
        language=word(front.get("language")),
        subject=located(front.get("subject")) or LocatedText(text="", at=front.at),
        body=body,
        sender=word(front.get("from")),
        reply_to=word(front.get("reply_to")),
        cc=words(front.get("cc")),
        gateway=word(front.get("gateway")),
        header=located(front.get("header")),
        footer=located(front.get("footer")),
        paper=word(front.get("paper")),
    )
