"""The calls of the API as its page shows them, read from the document that programs get: inputs, bodies, answers.

Types are told in the words of JSON Schema, which are those of programs in every language.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ui.api.document_words import calls_of

Schema = Mapping[str, Any]
BYTES, FORM, JSON = "application/octet-stream", "multipart/form-data", "application/json"
_KINDS = (BYTES, FORM, JSON)
_PLACES = ("path", "query", "header")
_DEEPEST = 3
_MOST_FIELDS = 200
_MOST_OPTIONS = 6
_MOST_IN_EXAMPLE = 4
_FILES = ("binary", BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTold:
    """A call in the list of calls."""

    name: str
    method: str
    path: str
    summary: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiInput:
    """What is typed for a call. place: path, query, header, or form for a part of a form. control: its name here."""

    name: str
    place: str
    type: str
    note: str = ""
    required: bool = False
    options: tuple[str, ...] = ()
    is_file: bool = False

    @property
    def control(self) -> str:
        """The name of the control, which no field of the page has."""
        return f"{self.place}-{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiField:
    """A field of a body or answer. name: with its path, such as `items[].amount`."""

    name: str
    title: str
    type: str
    note: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """An answer that the call may have."""

    status: str
    note: str
    fields: tuple[ApiField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetail:
    """Everything about one call. body_type: the content type of its body, empty where it takes none."""

    told: CallTold
    inputs: tuple[ApiInput, ...]
    body_type: str
    body_required: bool
    fields: tuple[ApiField, ...]
    example: str
    answers: tuple[ApiAnswer, ...]


def told_calls(document: Schema) -> tuple[CallTold, ...]:
    """Give all calls of a document."""
    return tuple(_told(method, path, call) for method, path, call in calls_of(document))


def find_call(document: Schema, name: str) -> CallDetail | None:
    """Give the call of a name."""
    for method, path, call in calls_of(document):
        if call["operationId"] == name:
            return _detail(document, method, path, call)
    return None


def _told(method: str, path: str, call: Schema) -> CallTold:
    name = call["operationId"]
    return CallTold(
        name=name, method=method.upper(), path=path, summary=call.get("summary", name), group=call["tags"][0]
    )


def _detail(document: Schema, method: str, path: str, call: Schema) -> CallDetail:
    own = [_resolved(document, each) for each in call.get("parameters", ())]
    above = [_resolved(document, each) for each in document["paths"][path].get("parameters", ())]
    inputs = sorted(
        (_input(document, each) for each in (*above, *own)),
        key=lambda each: (_PLACES.index(each.place), not each.required),
    )
    content = _resolved(document, call.get("requestBody", {})).get("content", {})
    kind = next((each for each in _KINDS if each in content), "")
    schema: Schema = content.get(kind, {}).get("schema", {})
    if kind in (BYTES, FORM):
        inputs += _parts(document, schema) if kind == FORM else [_file("file")]
    return CallDetail(
        told=_told(method, path, call),
        inputs=tuple(inputs),
        body_type=kind,
        body_required=bool(call.get("requestBody", {}).get("required")),
        fields=tuple(_fields(document, schema)) if kind == JSON else (),
        example=_example(document, schema) if kind == JSON else "",
        answers=tuple(_answer(document, status, each) for status, each in sorted(call["responses"].items())),
    )


def _input(document: Schema, each: Schema) -> ApiInput:
    schema = _resolved(document, each["schema"])
    return ApiInput(
        name=each["name"],
        place=each["in"],
        type=_type(schema),
        note=each.get("description", ""),
        required=bool(each.get("required")),
        options=tuple(schema.get("enum", ())),
    )


def _file(name: str) -> ApiInput:
    return ApiInput(name=name, place="form", type="", required=True, is_file=True)


def _parts(document: Schema, schema: Schema) -> list[ApiInput]:
    needed, found = schema.get("required", ()), []
    for name, each in schema.get("properties", {}).items():
        part = _resolved(document, each)
        if part.get("format") in _FILES or part.get("contentMediaType") in _FILES:
            found.append(_file(name))
        else:
            note = part.get("description", "")
            found.append(ApiInput(name=name, place="form", type=_type(part), note=note, required=name in needed))
    return found


def _answer(document: Schema, status: str, answer: Schema) -> ApiAnswer:
    told = _resolved(document, answer)
    content = told.get("content", {})
    schema: Schema = next((each.get("schema", {}) for kind, each in content.items() if kind.endswith("json")), {})
    return ApiAnswer(
        status="4xx" if status == "default" else status,
        note=told.get("description", ""),
        fields=tuple(_fields(document, schema)),
    )


def _fields(document: Schema, schema: Schema) -> Sequence[ApiField]:
    return list(_walk(document, schema, "", 0))[:_MOST_FIELDS]


def _walk(document: Schema, schema: Schema, above: str, depth: int) -> Iterable[ApiField]:
    whole = _resolved(document, schema)
    needed = whole.get("required", ())
    for name, each in whole.get("properties", {}).items():
        part = _resolved(document, each)
        path = f"{above}.{name}" if above else name
        yield ApiField(
            name=path, title=part.get("title", each.get("title", "")), type=_type(each), required=name in needed,
            note=each.get("description", part.get("description", "")),
        )  # fmt: skip
        if depth + 1 < _DEEPEST and not _is_shared(each):
            inside = part.get("items", {}) if part.get("type") == "array" else part
            if not _is_shared(inside):
                yield from _walk(document, inside, f"{path}[]" if inside is not part else path, depth + 1)


def _is_shared(schema: Schema) -> bool:
    """Say whether a schema is one that fields share, as Money: its name tells enough."""
    return _named(schema)[:1].isupper()


def _named(schema: Schema) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _named(schema)
    if "anyOf" in schema or "oneOf" in schema:
        return " | ".join(dict.fromkeys(_type(each) for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))))
    if "enum" in schema:
        shown = [json.dumps(each, ensure_ascii=False) for each in schema["enum"][:_MOST_OPTIONS]]
        return " | ".join([*shown, "…"] if len(schema["enum"]) > _MOST_OPTIONS else shown)
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    kinds = schema.get("type", "")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " | ".join(f"{_type(schema.get('items', {}))}[]" if each == "array" else _narrowed(each, schema)
                      for each in kinds)  # fmt: skip


def _narrowed(kind: str, schema: Schema) -> str:
    return f"{kind} ({schema['format']})" if kind == "string" and "format" in schema else kind


def _example(document: Schema, schema: Schema) -> str:
    """Write a body to begin with: what is required, else a few fields that need no other record."""
    whole = _resolved(document, schema)
    needed, fields = whole.get("required", ()), whole.get("properties", {})
    begun = {name: _begin(document, fields[name]) for name in needed if name in fields}
    if not begun:
        simple = sorted((name for name in fields if _is_simple(fields[name])), key=lambda name: name != "name")
        begun = {name: _begin(document, fields[name]) for name in simple[:_MOST_IN_EXAMPLE]}
    return json.dumps(begun, ensure_ascii=False, indent=2)


def _is_simple(schema: Schema) -> bool:
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    return "title" in schema and "format" not in schema and bool({"string", "integer", "boolean"} & set(kinds))


def _begin(document: Schema, schema: Schema) -> object:
    whole = _resolved(document, schema)
    if whole.get("enum"):
        return whole["enum"][0]
    kinds = whole.get("type", "")
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    for kind, value in (("object", {}), ("array", []), ("boolean", False), ("integer", 1), ("number", 1)):
        if kind in kinds:
            return value
    return ""


def _resolved(document: Schema, schema: Schema) -> Schema:
    found: Any = schema
    while "$ref" in found:
        target: Any = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        found = target
    return found  # type: ignore[no-any-return]
