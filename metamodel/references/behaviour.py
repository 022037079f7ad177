"""Checks `events:` of an object: the person that its records are about, the moment, and what persons are found by."""

from __future__ import annotations

from collections.abc import Mapping

from metamodel.fields import FieldDef
from metamodel.reading.node_values import child, entries
from metamodel.reading.object_file import ObjectDraft
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems
from metamodel.yaml_nodes import Scalar

KEY_TYPES = ("text", "email", "phone", "barcode", "integer", "autonumber")
_CODE = "OBJ371"


def check_behaviour(draft: ObjectDraft, drafts: Mapping[str, ObjectDraft], problems: Problems) -> None:
    """Check `events:` of an object.

    Problems: OBJ371 a field that does not exist; OBJ372 a person that is no lookup of one object, or must be filled in;
    OBJ373 a moment that is none or may be empty; OBJ374 values by which no person can be found.
    """
    node = draft.node.get("events")
    person, moment = child(node, "person"), child(node, "at")
    target = _check_person(person, draft, drafts, problems) if isinstance(person, Scalar) else None
    if isinstance(moment, Scalar):
        _check_moment(moment, draft, problems)
    for key, value in entries(child(node, "found_by")):
        own = _field(key, draft, problems)
        other = _field(value, target, problems) if target is not None and isinstance(value, Scalar) else None
        for name, field, place in ((key, own, draft), (value, other, target)):
            if field is not None and place is not None and isinstance(name, Scalar):
                _check_key(name, field, place, problems)
        if own is not None and other is not None and _family(own) != _family(other):
            message = f"'{key.text}' is of type {own.value_type} and '{other.name}' of type {other.value_type}"
            problems.report("OBJ374", message, key.at, hint="give both one type", length=key.length)


def _check_person(
    name: Scalar, draft: ObjectDraft, drafts: Mapping[str, ObjectDraft], problems: Problems
) -> ObjectDraft | None:
    field = _field(name, draft, problems)
    if field is None:
        return None
    relation = field.relation
    if relation is None or len(relation.targets) != 1 or relation.kind.value != "lookup":
        message = f"'{name.text}' does not look up records of one object, so it can't name the person"
        problems.report("OBJ372", message, name.at, hint="write type: lookup with to: OBJECT", length=name.length)
        return None
    if field.required:
        message = f"'{name.text}' is empty while nobody knows who it was, so it can't be required"
        problems.report("OBJ372", message, name.at, hint="take 'required' out of the field", length=name.length)
    target = drafts.get(relation.targets[0])
    if target is not None and target.source is not None:
        message = f"the records of '{target.key}' lie in another database, so no person is found there"
        problems.report("OBJ372", message, name.at, length=name.length)
    return target


def _check_moment(name: Scalar, draft: ObjectDraft, problems: Problems) -> None:
    field = _field(name, draft, problems)
    if field is None or (field.value_type == "datetime" and not field.encrypted and (field.required or field.system)):
        return
    message = f"'{name.text}' is no date and time that every record has"
    hint = "write {type: datetime, required: true, default: = now}"
    problems.report("OBJ373", message, name.at, hint=hint, length=name.length)


def _check_key(name: Scalar, field: FieldDef, draft: ObjectDraft, problems: Problems) -> None:
    if field.encrypted or field.multiple or field.formula is not None or field.value_type not in KEY_TYPES:
        message = f"no person is found by '{name.text}' of {draft.key}"
        hint = f"a key is one value of type {', '.join(KEY_TYPES)}, neither encrypted nor computed"
        problems.report("OBJ374", message, name.at, hint=hint, length=name.length)


def _field(name: Scalar, draft: ObjectDraft, problems: Problems) -> FieldDef | None:
    field = draft.fields.get(name.text)
    if field is None:
        tell_unknown(problems, _CODE, name, f"a field of {draft.key}", draft.fields)
    return field


def _family(field: FieldDef) -> str:
    return "text" if field.value_type in ("text", "barcode", "autonumber") else field.value_type
