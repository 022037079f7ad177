"""What a save found fault with, as pages say it: the label of the field, then the message.

Forms show findings beside their fields (form_parts.py); this is for the places that have no such field to show.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import FieldError
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import language
from ui.telling import tell


def finding_text(object_def: ObjectDef, finding: FieldError) -> str:
    """Give a finding with the label of its field, or of the last field of its path, where the object has it."""
    field = object_def.fields.get((finding.field or "").rpartition(".")[2])
    message = tell(finding.message)
    return f"{label_text(field.label, language(), field.name)}: {message}" if field is not None else message


def findings_text(object_def: ObjectDef, findings: Iterable[FieldError]) -> str:
    """Give several findings as one line; what stands twice is said once."""
    return " ".join(dict.fromkeys(finding_text(object_def, each) for each in findings))
