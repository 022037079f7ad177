"""The tools that an AI agent has: what this caller may do with objects, reports and buttons, each as a call of the API.

A tool is described by what the caller may see and translated to one call; it decides nothing. Names are those of the
API, with `-` for the point of `app.object`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from engine.access.limits import WRITE
from engine.accounts.token_scopes import opens
from engine.automation.calls.index import Button
from engine.records.types import MAX_PAGE
from metamodel.currency_rates import known_currencies
from metamodel.texts import label_text
from ui.api.button_paths import known_buttons
from ui.api.reports import known_reports
from ui.api.value_schemas import Schema, shared_schemas, write_schema
from ui.api.visible import VisibleObject, visible_objects
from ui.context import actor, language, release, signed_in
from ui.pages.input_controls import input_fields

_REF, _OWN_REF = "#/components/schemas/", "#/$defs/"
_TEXT: Schema = {"type": "string"}
_ID: Schema = {"type": "string", "format": "uuid", "description": "Id of the record."}
_CONFIRM: Schema = {"type": "array", "items": _TEXT, "description": "Codes of warnings that are confirmed."}
_VERSION: Schema = {"type": "integer", "description": "Refused where the record has another version meanwhile."}
_LIST: Mapping[str, Schema] = {
    "filter": {**_TEXT, "description": 'An expression over the fields, such as `amount > 1000 and stage = "open"`.'},
    "sort": {**_TEXT, "description": "Fields or paths with commas between them, `-` before a falling one."},
    "fields": {**_TEXT, "description": "Fields or paths to answer with, with commas between them."},
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
    "cursor": {**_TEXT, "description": "Out of `next` of the page before."},
    "count": {"enum": ["true", "exact"]},
    "q": {**_TEXT, "description": "Words to search for."},
    "view": _TEXT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A call of the API. body: None where it takes none."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool. given: the schemas of its arguments; call: makes the call of the API out of arguments that it knows."""

    name: str
    summary: str
    given: Mapping[str, Schema]
    required: tuple[str, ...]
    reads_only: bool
    call: Callable[[Mapping[str, Any]], ApiCall]

    @property
    def input_schema(self) -> Schema:
        """The schema of the arguments; what fields refer to stands in it."""
        schema: Schema = {"type": "object", "properties": _own(self.given), "additionalProperties": False}
        if self.required:
            schema["required"] = list(self.required)
        shared = shared_schemas(known_currencies(release().metamodel))
        named = {name: each for name, each in shared.items() if f"{_OWN_REF}{name}'" in repr(schema)}
        return {**schema, "$defs": _own(named)} if named else schema


def tools() -> tuple[Tool, ...]:
    """Give the tools of the caller, and of what the caller's token opens."""
    found, asker = list(_of_reports()), signed_in()
    scopes = asker.scopes if asker is not None else frozenset()
    for each in visible_objects(release(), actor()):
        found += _of_object(each)
        if WRITE in scopes or opens(scopes, each.object.key, actions=("update",)):
            found += (_press(each, button) for button in known_buttons(release(), actor(), each.object.key))
    # A token that limits no object by name may still be for reading only.
    reads_only = asker is not None and WRITE not in scopes and not asker.is_limited
    return tuple(each for each in found if each.reads_only or not reads_only)


def _of_object(each: VisibleObject) -> Iterator[Tool]:
    key, label = each.object.key, label_text(each.object.label, language(), each.object.name)
    name, path = key.replace(".", "-"), f"/records/{key}"
    if "read" in each.actions:
        yield Tool(
            name=f"list_{name}", summary=f"List records: {label}", given=_LIST, required=(), reads_only=True,
            call=lambda given: ApiCall(method="GET", path=f"{path}?{urlencode(given)}"),
        )  # fmt: skip
        yield Tool(
            name=f"get_{name}", summary=f"Read a record: {label}", given={"id": _ID}, required=("id",), reads_only=True,
            call=lambda given: ApiCall(method="GET", path=_one(path, given)),
        )  # fmt: skip
    if "create" in each.actions:
        yield Tool(
            name=f"create_{name}", summary=f"Create a record: {label}", reads_only=False, required=("values",),
            given={"values": _values(each, each.creatable), "confirm": _CONFIRM},
            call=lambda given: ApiCall(method="POST", path=path, body=_body(given)),
        )  # fmt: skip
    if "update" in each.actions:
        yield Tool(
            name=f"update_{name}", summary=f"Change a record: {label}", reads_only=False, required=("id", "values"),
            given={"id": _ID, "version": _VERSION, "values": _values(each, each.updatable), "confirm": _CONFIRM},
            call=lambda given: ApiCall(
                method="PATCH", path=_one(path, given), body=_body(given), headers=_if_match(given)
            ),
        )  # fmt: skip
    if "delete" in each.actions:
        yield Tool(
            name=f"delete_{name}", summary=f"Move a record to the recycle bin: {label}", reads_only=False,
            given={"id": _ID, "version": _VERSION}, required=("id",),
            call=lambda given: ApiCall(method="DELETE", path=_one(path, given), headers=_if_match(given)),
        )  # fmt: skip


def _press(each: VisibleObject, button: Button) -> Tool:
    fields, key = input_fields(each.object, button), each.object.key
    asked = {one.name: write_schema(one, release().field_types, language()) for one in fields}
    inputs: Schema = {"type": "object", "properties": asked, "additionalProperties": False}
    needed = [one.name for one in fields if one.required]
    if needed:
        inputs["required"] = needed
    return Tool(
        name=f"press_{button.name}_on_{key.replace('.', '-')}",
        summary=f"Press the button: {button.called(language())}",
        given={"id": _ID, "input": inputs},
        required=("id", "input") if needed else ("id",),
        reads_only=False,
        call=lambda given: ApiCall(
            method="POST",
            path=f"{_one(f'/records/{key}', given)}/actions/{button.name}",
            body={"input": given.get("input", {})},
        ),
    )


def _of_reports() -> Iterator[Tool]:
    for each in known_reports():
        label, path = label_text(each.label, language(), each.name), f"/reports/{quote(each.name, safe='')}"
        yield Tool(
            name=f"report_{each.name.replace('.', '-')}", summary=f"Read the report: {label}", given={}, required=(),
            reads_only=True, call=lambda _given, path=path: ApiCall(method="GET", path=path),  # type: ignore[misc]
        )  # fmt: skip


def _values(each: VisibleObject, names: frozenset[str]) -> Schema:
    types = release().field_types
    properties = {name: write_schema(each.object.fields[name], types, language()) for name in sorted(names)}
    return {"type": "object", "properties": properties, "description": "Fields with their values."}


def _one(path: str, given: Mapping[str, Any]) -> str:
    return f"{path}/{quote(str(given['id']), safe='')}"


def _body(given: Mapping[str, Any]) -> Mapping[str, Any]:
    values = given["values"]
    return {**values, "confirm": given["confirm"]} if "confirm" in given else values


def _if_match(given: Mapping[str, Any]) -> Mapping[str, str]:
    return {"If-Match": f'"{given["version"]}"'} if "version" in given else {}


def _own(value: Any) -> Any:
    """Give a schema with references that lead into itself."""
    match value:
        case dict() | Mapping():
            return {key: _own(each) for key, each in value.items()}
        case list() | tuple():
            return [_own(each) for each in value]
        case str() if value.startswith(_REF):
            return _OWN_REF + value.removeprefix(_REF)
    return value
