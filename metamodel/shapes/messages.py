"""Turns a violation of a JSON Schema into a sentence for people: what stands there, what was expected, what is near."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from jsonschema import ValidationError

from metamodel.names import MAX_NAME_LENGTH, did_you_mean, name_fault
from metamodel.shapes.availability import LATER_KEYS, LATER_VIEW_TYPES
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping, Node, Scalar, Sequence

_WORDS = {
    "string": "a text",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}
_NOT_YAML_BOOLEANS = frozenset(("yes", "no", "on", "off", "Yes", "No", "On", "Off"))
_LIMITS = {
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "maxLength": "may have at most {limit} characters",
    "minItems": "must have at least {limit} entries",
    "maxItems": "may have at most {limit} entries",
    "minProperties": "must have at least {limit} entries",
}
_NOT_EMPTY = (("minItems", 1), ("minProperties", 1))


def report_unknown_key(key: Scalar, known: Iterable[str], problems: Problems) -> None:
    """Report a key that a mapping does not know."""
    names = sorted(known)
    hint = did_you_mean(key.text, names) or f"known here: {', '.join(names)}"
    problems.report("APP201", f"'{key.text}' is not a key here", key.at, hint=hint, length=key.length)


def report_unavailable(what: str, node: Scalar, problems: Problems) -> None:
    """Report something the specification has and this version has not."""
    problems.report("APP902", f"{what} is not available in this version", node.at, length=node.length)


def report_violation(
    error: ValidationError, root: Node, family: str, problems: Problems, key: Scalar | None = None
) -> None:
    """Report one violation.

    root: the node that was validated. family: the file kind, or `field`. key: the key that `root` is the value of.
    """
    node, own_key = _find(root, tuple(error.absolute_path), key)
    kind = str(error.validator)
    limit: Any = error.validator_value
    if "propertyNames" in error.relative_schema_path or _is_about_key(error):
        _report_bad_key(error, node, problems)
    elif kind == "additionalProperties" and isinstance(node, Mapping):
        _report_extra_keys(error, node, family, problems)
    elif kind == "required":
        _report_missing(error, node, own_key, problems)
    elif kind == "type":
        expected, hint = _expected(limit, error.instance)
        _report(problems, "APP203", f"expected {expected} {_for(own_key)}, got {_got(node)}", node, own_key, hint)
    elif kind == "enum":
        _report_enum(error, node, own_key, problems)
    elif kind == "pattern":
        message, hint = _pattern_fault(error)
        _report(problems, "APP205", message, node, own_key, hint)
    elif kind in _LIMITS:
        text = "must not be empty" if (kind, limit) in _NOT_EMPTY else _LIMITS[kind].format(limit=limit)
        _report(problems, "APP206", f"{_subject(own_key)} {text}", node, own_key)
    elif kind == "uniqueItems":
        _report(problems, "APP206", f"{_subject(own_key)} names something twice", node, own_key)
    else:
        _report(problems, "APP206", f"{_subject(own_key)} is not as it must be: {error.message}", node, own_key)


def _is_about_key(error: ValidationError) -> bool:
    return "propertyNames" in error.absolute_schema_path


def _find(root: Node, path: tuple[str | int, ...], key: Scalar | None) -> tuple[Node, Scalar | None]:
    node: Node = root
    for part in path:
        if isinstance(node, Mapping) and isinstance(part, str):
            key = node.key(part) or key
            node = node.get(part) or node
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part]
    return node, key


def _report(problems: Problems, code: str, message: str, node: Node, key: Scalar | None, hint: str = "") -> None:
    # A value that is not there has no place of its own to point at; its key has.
    is_absent = isinstance(node, Scalar) and node.value is None and not node.text
    shown = key if is_absent and key is not None else node
    problems.report(code, message, shown.at, hint=hint, length=shown.length)


def _report_bad_key(error: ValidationError, node: Node, problems: Problems) -> None:
    key = node.key(str(error.instance)) if isinstance(node, Mapping) else None
    if key is None:
        return
    schema = error.schema
    if isinstance(schema, dict) and "enum" in schema:
        report_unknown_key(key, schema["enum"], problems)
        return
    message, hint = _pattern_fault(error)
    problems.report("APP205", message, key.at, hint=hint, length=key.length)


def _report_extra_keys(error: ValidationError, node: Mapping, family: str, problems: Problems) -> None:
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    known = frozenset(schema.get("properties", {}))
    later = _later_keys(family, known)
    for key, _ in node.items():
        if key.text in known:
            continue
        if key.text in later:
            report_unavailable(f"'{key.text}'", key, problems)
        else:
            report_unknown_key(key, known, problems)


def _later_keys(family: str, known: frozenset[str]) -> frozenset[str]:
    """Give the keys that come later to the mapping whose known keys are given."""
    marks = {
        "setting": {"type", "default"},
        "layout": {"highlights", "sections"},
        "view": {"columns", "sort"},
    }
    inner = next((name for name, mark in marks.items() if mark <= known), None)
    return LATER_KEYS.get(inner or family, frozenset())


def _report_missing(error: ValidationError, node: Node, key: Scalar | None, problems: Problems) -> None:
    written = {k.text for k, _ in node.items()} if isinstance(node, Mapping) else set()
    needed: Any = error.validator_value
    missing = next((name for name in needed if name not in written and f"'{name}'" in error.message), needed[0])
    is_entry = bool(error.absolute_path) and isinstance(error.absolute_path[-1], int)
    subject = f"an entry of {_subject(key)}" if is_entry else _subject(key)
    shown = node if is_entry or key is None else key
    problems.report("APP202", f"{subject} needs '{missing}'", shown.at, length=shown.length)


def _report_enum(error: ValidationError, node: Node, key: Scalar | None, problems: Problems) -> None:
    values: Any = error.validator_value
    allowed = [str(value) for value in values]
    if not isinstance(node, Scalar) or node.value is None:
        expected = f"one of: {', '.join(allowed)}"
        _report(problems, "APP203", f"expected {expected} {_for(key)}, got {_got(node)}", node, key)
    elif {"list", "board"} <= set(allowed) and node.text in LATER_VIEW_TYPES:
        report_unavailable(f"the view type '{node.text}'", node, problems)
    else:
        hint = did_you_mean(node.text, allowed) or f"known: {', '.join(allowed)}"
        message = f"'{node.text}' is not a value {_for(key)}"
        _report(problems, "APP204", message, node, key, hint)


def _expected(types: str | list[str], instance: object) -> tuple[str, str]:
    allowed = [types] if isinstance(types, str) else list(types)
    if {"string", "number", "boolean"} <= set(allowed):
        allowed = [name for name in allowed if name not in ("number", "boolean")]
    hint = ""
    if "boolean" in allowed and isinstance(instance, str) and instance in _NOT_YAML_BOOLEANS:
        hint = f"'{instance}' is a text in YAML 1.2"
    elif allowed == ["string"] and isinstance(instance, int | float):
        hint = "put it in quotes"
    return " or ".join(_WORDS[name] for name in allowed if name in _WORDS), hint


def _pattern_fault(error: ValidationError) -> tuple[str, str]:
    text = str(error.instance)
    described = error.schema.get("description") if isinstance(error.schema, dict) else None
    if described is not None:
        return f"'{text}' is not {described}", ""
    for part in text.lstrip("-").split("."):
        fault = name_fault(part, reserved=False)
        if fault is not None:
            return f"'{text}' {fault}", _suggested_name(text)
    return f"'{text}' has too many or too few parts between its dots", ""


def _suggested_name(text: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.strip())
    made = re.sub(r"[^A-Za-z0-9.]+", "_", words).lower().strip("_")[:MAX_NAME_LENGTH]
    is_good = made and all(name_fault(part, reserved=False) is None for part in made.split("."))
    return f"write it as '{made}'" if is_good else ""


def _got(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "nothing"
    text = node.text if len(node.text) <= 40 else node.text[:39] + "…"
    return f"'{text}'"


def _for(key: Scalar | None) -> str:
    return f"for '{key.text}'" if key is not None else "here"


def _subject(key: Scalar | None) -> str:
    return f"'{key.text}'" if key is not None else "this file"
