"""What a save found fault with, as pages say it, and the saves of a few fields whose pages ask again.

Forms show findings beside their fields (form_parts.py); this is for the places that have no such field to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import ConfirmationNeeded, FieldError, StaleVersion, ValidationFailed
from engine.records.types import Saved
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform
from ui.pages.form_values import PostedForm
from ui.refused import note_caught
from ui.telling import tell


def finding_text(object_def: ObjectDef, finding: FieldError) -> str:
    """Give a finding with the label of its field, or of the last field of its path, where the object has it."""
    field = object_def.fields.get((finding.field or "").rpartition(".")[2])
    message = tell(finding.message)
    return f"{label_text(field.label, language(), field.name)}: {message}" if field is not None else message


def findings_text(object_def: ObjectDef, findings: Iterable[FieldError]) -> str:
    """Give several findings as one line; what stands twice is said once."""
    return " ".join(dict.fromkeys(finding_text(object_def, each) for each in findings))


def warning_texts(warnings: Iterable[FieldError]) -> tuple[str, ...]:
    """Give what warnings say; what stands twice is said once."""
    return tuple(dict.fromkeys(tell(each.message) for each in warnings))


def warning_codes(warnings: Iterable[FieldError]) -> str:
    """Give what a button posts that confirms warnings."""
    return ",".join(dict.fromkeys(each.code for each in warnings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What stands against a save. version: the one the record has by now, where somebody else was faster."""

    errors: Sequence[FieldError] = ()
    warnings: Sequence[FieldError] = ()
    version: int | None = None


def save_some(
    object_def: ObjectDef, record_id: str, values: Mapping[str, object], posted: PostedForm
) -> Saved | Refusal:
    """Save some fields of a record as a small form posted them, or say what stands against it.

    Raises: RecordNotFound, AccessDenied.
    """
    records = platform().records
    try:
        return records.update(
            actor(), object_def.key, record_id, values, version=posted.version, confirm=posted.confirm
        )
    except ValidationFailed as refused:
        note_caught(refused)
        return Refusal(errors=refused.errors)
    except ConfirmationNeeded as asked:
        return Refusal(warnings=asked.warnings)
    except StaleVersion as stale:
        return Refusal(version=stale.current)
