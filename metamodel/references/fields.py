"""Checks an object's fields: names, options and transitions, bounds, patterns, number formats, parents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal

import re2

from metamodel.field_types.compound import parts_of_field
from metamodel.field_types.files import holds_files
from metamodel.fields import FieldDef, RelationKind
from metamodel.names import RESERVED_WORDS, did_you_mean
from metamodel.objects import SYSTEM_FIELDS
from metamodel.reading.node_values import child, entries, scalars
from metamodel.reading.object_file import ObjectDraft
from metamodel.references.encrypted_fields import check_encrypted, check_unique_keys
from metamodel.references.file_fields import check_file_limits
from metamodel.references.json_fields import check_json_schema
from metamodel.references.lookups import check_lookup
from metamodel.references.personal_fields import check_personal
from metamodel.references.telling import check_path, tell_unknown
from metamodel.source import Problems
from metamodel.values import Duration, Money
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar

_FORMAT_PART = re.compile(r"\{([^{}]*)\}")
_DATE_PARTS = frozenset(("YYYY", "YY", "MM", "DD"))
_COMPUTED_REFUSES = ("required", "required_if", "default", "readonly_if", "copy_from", "empty_as")


def check_fields(draft: ObjectDraft, drafts: Mapping[str, ObjectDraft], problems: Problems) -> None:
    """Check the fields that an object's files write.

    Problems: OBJ111 – OBJ129, OBJ224 – OBJ225, OBJ251 – OBJ254.
    """
    for key, node in entries(draft.node.get("fields")):
        field = draft.fields.get(key.text)
        if field is None:
            continue
        _check_name(key, problems)
        if isinstance(node, MappingNode) and not field.system:
            _check_field(key, node, field, draft, drafts, problems)
    check_unique_keys(draft.node.get("unique"), draft, problems)
    _check_parents(draft, drafts, problems)


def _check_name(key: Scalar, problems: Problems) -> None:
    if key.text in SYSTEM_FIELDS:
        message = f"'{key.text}' is a field that every object has already"
        problems.report("OBJ112", message, key.at, hint="choose another name", length=key.length)
    elif key.text in RESERVED_WORDS:
        message = f"'{key.text}' is a reserved word and can't name a field"
        problems.report("OBJ111", message, key.at, hint="choose another name", length=key.length)


def _check_field(
    key: Scalar,
    node: MappingNode,
    field: FieldDef,
    draft: ObjectDraft,
    drafts: Mapping[str, ObjectDraft],
    problems: Problems,
) -> None:
    if field.is_computed:
        _check_computed(key, node, problems)
    if field.minimum is not None and field.maximum is not None and _is_above(field.minimum, field.maximum):
        low = node.get("min") or key
        problems.report("OBJ123", "'min' is above 'max'", low.at, length=low.length)
    if field.pattern is not None:
        _check_pattern(node.get("pattern"), problems)
    if field.type == "json":
        check_json_schema(node.get("schema"), problems)
    if field.files is not None:
        check_file_limits(node, problems)
    if field.type == "autonumber":
        _check_format(node.get("format"), problems)
    if field.choice is not None:
        _check_choice(node, field, draft, problems)
    _check_rarer(key, node, field, draft, problems)
    copy_from = node.get("copy_from") if field.copy_from is not None else None
    if isinstance(copy_from, Scalar):
        end = check_path(problems, "OBJ127", copy_from, drafts, draft.key)
        if end is not None and "." not in copy_from.text:
            message = f"'{copy_from.text}' is a field of the record itself"
            hint = "copy from a field of a looked-up record, such as contact.email"
            problems.report("OBJ127", message, copy_from.at, hint=hint, length=copy_from.length)


def _check_rarer(key: Scalar, node: MappingNode, field: FieldDef, draft: ObjectDraft, problems: Problems) -> None:
    """Check what few fields say; most of an app's thousands are let pass by a look."""
    if field.unique or field.external_id:
        _check_several(key, node, field, problems)
    if field.encrypted:
        check_encrypted(key, node, field, problems)
    if field.personal:
        check_personal(key, node, field, problems)
    if field.relation is not None:
        check_lookup(key, node, field, draft, problems)


def _check_several(key: Scalar, node: MappingNode, field: FieldDef, problems: Problems) -> None:
    if holds_files(field) or not (field.holds_several or parts_of_field(field)):
        # Files do not have these keys at all.
        return
    for name, known_as, is_set in (
        ("unique", "unique", field.unique),
        # Other types do not have this key at all, which is told already.
        ("external_id", "an external id", field.external_id and field.multiple),
    ):
        written = node.key(name)
        if written is not None and is_set:
            what = "holds several values" if field.holds_several else "consists of parts"
            message = f"'{key.text}' {what}, so it can't be {known_as}"
            hint = "keep them as child records, each with a field that is" if field.holds_several else ""
            problems.report("OBJ128", message, written.at, hint=hint, length=written.length)


def _check_computed(key: Scalar, node: MappingNode, problems: Problems) -> None:
    for name in _COMPUTED_REFUSES:
        written = node.key(name)
        if written is not None:
            message = f"'{key.text}' is computed, so '{name}' has no meaning for it"
            problems.report("OBJ126", message, written.at, length=written.length)


def _is_above(low: object, high: object) -> bool:
    if isinstance(low, Money) and isinstance(high, Money):
        return low.amount > high.amount
    if isinstance(low, int | Decimal) and isinstance(high, int | Decimal):
        return low > high
    if isinstance(low, Duration) and isinstance(high, Duration):
        return low.length_seconds > high.length_seconds
    if isinstance(low, time) and isinstance(high, time):
        return low > high
    return isinstance(low, date) and isinstance(high, date) and low > high


def _check_pattern(node: Node | None, problems: Problems) -> None:
    if not isinstance(node, Scalar) or node.value is None:
        return
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(node.text, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        problems.report("OBJ124", f"this is not an RE2 pattern: {text}", node.at, length=node.length)


def _check_format(node: Node | None, problems: Problems) -> None:
    if not isinstance(node, Scalar):
        return
    parts = list(_FORMAT_PART.finditer(node.text))
    counters = [part for part in parts if part.group(1) and set(part.group(1)) == {"0"}]
    unknown = next((part for part in parts if part.group(1) not in _DATE_PARTS and part not in counters), None)
    if unknown is not None:
        message = f"'{unknown.group()}' is not a part of a number format"
        hint = did_you_mean(unknown.group(1), _DATE_PARTS) or "known: {YYYY} {YY} {MM} {DD} and zeros for the number"
        at = node.located.locate(unknown.start())
        problems.report("OBJ125", message, at, hint=hint, length=len(unknown.group()))
    elif len(counters) != 1:
        message = f"a number format has one group of zeros for the number, this one has {len(counters)}"
        problems.report("OBJ125", message, node.at, hint="for instance OPP-{YYYY}-{000000}", length=node.length)


def _check_choice(node: MappingNode, field: FieldDef, draft: ObjectDraft, problems: Problems) -> None:
    assert field.choice is not None
    names = field.choice.names
    for entry in entries(node.get("transitions")) if names else ():
        for option in (entry.key, *scalars(entry.value)):
            if option.text not in names:
                tell_unknown(problems, "OBJ224", option, f"an option of '{field.name}'", names)
    options = node.get("options")
    for entry in entries(options):
        for needed in scalars(child(entry.value, "requires")):
            if needed.text not in draft.fields:
                tell_unknown(problems, "OBJ225", needed, f"a field of {draft.key}", draft.fields)


def _check_parents(draft: ObjectDraft, drafts: Mapping[str, ObjectDraft], problems: Problems) -> None:
    parents = [f for f in draft.fields.values() if f.relation is not None and f.relation.kind is RelationKind.CHILD_OF]
    for second in parents[1:]:
        message = f"'{draft.key}' has a parent already: '{parents[0].name}'"
        hint = "a record has one parent; make this a lookup"
        problems.report("OBJ251", message, second.at, hint=hint, length=len(second.name))
    if parents:
        _check_parent_circle(draft, parents[0], drafts, problems)


def _check_parent_circle(
    draft: ObjectDraft, parent: FieldDef, drafts: Mapping[str, ObjectDraft], problems: Problems
) -> None:
    chain = [draft.key]
    field: FieldDef | None = parent
    while field is not None and field.relation is not None and field.relation.single_target in drafts:
        target = drafts[field.relation.single_target or ""]
        chain.append(target.key)
        if target.key == draft.key and draft.key == min(chain):
            message = f"objects are each other's parents: {' → '.join(chain)}"
            problems.report("OBJ252", message, parent.at, length=len(parent.name))
            return
        if chain.count(target.key) > 1:
            return
        field = next(
            (f for f in target.fields.values() if f.relation and f.relation.kind is RelationKind.CHILD_OF), None
        )
