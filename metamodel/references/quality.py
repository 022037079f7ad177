"""Checks what counts for the completeness of an object's records: fields that exist and that people can leave empty."""

from __future__ import annotations

from metamodel.quality import QUALITY, is_weighable, marked_fields
from metamodel.reading.node_values import entries
from metamodel.reading.object_file import ObjectDraft
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems
from metamodel.yaml_nodes import Scalar


def check_quality(draft: ObjectDraft, problems: Problems) -> None:
    """Check `quality:` of an object and of its fields.

    Problems: OBJ351 an unknown field, OBJ352 a field that is never empty or not read, OBJ353 a field `quality` beside.
    """
    marked = marked_fields(draft.node)
    weighed = [key for key, _ in entries(draft.node.get(QUALITY))]
    for key in (*marked, *weighed):
        field = draft.fields.get(key.text)
        if field is None:
            tell_unknown(problems, "OBJ351", key, f"a field of {draft.key}", draft.fields)
        elif field.system or not is_weighable(field):
            reason = "given by the product" if field.system else _reason(key, draft)
            message = f"'{key.text}' is {reason}, so it can't count for completeness"
            problems.report("OBJ352", message, key.at, length=key.length)
    own = next((key for key, _ in entries(draft.node.get("fields")) if key.text == QUALITY), None)
    if own is not None and (marked or weighed):
        message = "'quality' is the field that counting completeness makes"
        problems.report("OBJ353", message, own.at, hint="choose another name", length=own.length)


def _reason(key: Scalar, draft: ObjectDraft) -> str:
    field = draft.fields[key.text]
    if field.encrypted:
        return "encrypted and read by no expression"
    return "computed" if field.is_computed else "true or false and never empty"
