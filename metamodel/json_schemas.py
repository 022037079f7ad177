"""JSON Schemas that authors give to fields of type `json`: which keywords they may use, and what a document breaks.

A pattern is RE2, a reference stays inside the schema, and nothing is fetched: a schema can neither hang nor leave the
installation. Where a mistake of a schema stands in the file is told by `references.json_fields`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import re2
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend
from referencing import Registry

from metamodel.names import did_you_mean

_KEPT = 512
_OF_ONE = frozenset(
    "items additionalProperties not if then else contains propertyNames unevaluatedItems unevaluatedProperties".split()
)
_OF_MANY = frozenset("allOf anyOf oneOf prefixItems".split())
_BY_NAME = frozenset("properties $defs definitions dependentSchemas".split())
_PLAIN = frozenset(
    "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems "
    "minItems uniqueItems maxContains minContains maxProperties minProperties required dependentRequired $ref "
    "title description default examples deprecated readOnly writeOnly format $comment $schema".split()
)
KEYWORDS = _OF_ONE | _OF_MANY | _BY_NAME | _PLAIN
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFault:
    """A mistake of a schema: where in it, what, and what helps."""

    path: Path
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFault:
    """What a document breaks: a code of `field_types.messages` and the parts of its message, the JSON path first."""

    code: str
    params: Mapping[str, object]


def _re2_pattern(validator: Any, pattern: str, instance: object, schema: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not re2.search(pattern, instance):
        yield ValidationError(f"does not match {pattern}")


_Validator: Any = extend(Draft202012Validator, {"pattern": _re2_pattern})  # type: ignore[no-untyped-call]


def schema_faults(schema: object) -> Iterator[SchemaFault]:
    """Give the mistakes of a schema."""
    faults = list(_walk(schema, schema, ()))
    yield from faults
    if faults:
        return
    for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema):
        yield SchemaFault(path=tuple(error.absolute_path), message=error.message)
        return
    empties: tuple[object, ...] = ({}, [])
    for document in empties:
        try:
            list(_validator(schema).iter_errors(document))
        except RecursionError:
            yield SchemaFault(path=(), message="its references lead back to themselves without an end")
            return


def _walk(schema: object, root: object, path: Path) -> Iterator[SchemaFault]:
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        at = (*path, key)
        if key not in KEYWORDS:
            yield SchemaFault(path=at, message=f"'{key}' is not a keyword that is known here", hint=_hint(key))
        elif key == "type" and (unknown := _unknown_types(value)):
            hint = did_you_mean(unknown[0], _TYPES)
            yield SchemaFault(path=at, message=f"'{unknown[0]}' is not a type of JSON", hint=hint)
        elif key == "pattern" and isinstance(value, str) and not _is_re2(value):
            yield SchemaFault(path=at, message=f"'{value}' is not an RE2 pattern")
        elif key == "$ref" and not _leads_inside(str(value), root):
            yield SchemaFault(path=at, message=f"'{value}' leads nowhere in this schema", hint="write #/$defs/name")
        for step, inner in _inner_schemas(key, value):
            yield from _walk(inner, root, (*at, *step))


def _unknown_types(value: object) -> list[str]:
    written = value if isinstance(value, list) else [value]
    return [str(each) for each in written if each not in _TYPES]


def _inner_schemas(key: str, value: object) -> Iterator[tuple[Path, object]]:
    """Give the schemas under a keyword, with the steps to them."""
    if key in _OF_ONE:
        yield (), value
    elif key in _OF_MANY and isinstance(value, list):
        yield from (((index,), each) for index, each in enumerate(value))
    elif key in _BY_NAME and isinstance(value, dict):
        yield from (((name,), each) for name, each in value.items())


def _hint(key: str) -> str:
    if key == "patternProperties":
        return "use 'propertyNames' with a pattern, and 'additionalProperties'"
    return did_you_mean(key, sorted(KEYWORDS))


def _is_re2(pattern: str) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options=options)
    except re2.error:
        return False
    return True


def _leads_inside(reference: str, root: object) -> bool:
    if reference == "#":
        return True
    if not reference.startswith("#/"):
        return False
    found = root
    for step in reference[2:].split("/"):
        if not isinstance(found, dict) or step not in found:
            return False
        found = found[step]
    return isinstance(found, dict | bool)


def _validator(schema: Any) -> Any:
    return _Validator(schema, registry=Registry())


@lru_cache(maxsize=_KEPT)
def _of_text(schema_text: str) -> Any:
    return _validator(json.loads(schema_text))


def document_fault(schema_text: str, document: object) -> DocumentFault | None:
    """Give what is most wrong with a document; None where it fits the schema, given as JSON text."""
    try:
        error = best_match(_of_text(schema_text).iter_errors(document))
    except RecursionError:
        return DocumentFault(code="json_too_deep", params=MappingProxyType({}))
    return None if error is None else _told(error)


def _told(error: ValidationError) -> DocumentFault:
    limit: Any = error.validator_value
    instance: Any = error.instance
    path, keyword = error.json_path, str(error.validator)
    match keyword:
        case "type":
            return _fault("json_type", path=path, expected=limit)
        case "required":
            missing = next(name for name in limit if name not in instance)
            return _fault("json_missing", path=path, name=missing)
        case "additionalProperties" if limit is False:
            known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
            extra = next(name for name in instance if name not in known)
            return _fault("json_unknown", path=path, name=str(extra)[:80], known=sorted(known))
        case "enum":
            return _fault("json_option", path=path, options=[_short(option) for option in limit])
    return _fault("json_rule", path=path, rule=f"{keyword}: {_short(limit)}")


def _fault(code: str, **params: object) -> DocumentFault:
    return DocumentFault(code=code, params=MappingProxyType(params))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
