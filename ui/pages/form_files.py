"""Files that come with a form: taken in before the form is judged, so that a refused form still has them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from werkzeug.datastructures import MultiDict

from engine.errors import FieldError, ValidationFailed
from metamodel.field_types.files import holds_files
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from ui.context import actor, platform
from ui.file_widget import UPLOAD
from ui.refused import note_caught


@dataclass(frozen=True, slots=True, kw_only=True)
class FormWithFiles:
    """A posted form in which each file stands as its id, and what was wrong with files."""

    given: MultiDict[str, str]
    errors: tuple[FieldError, ...] = ()


def take_files(object_def: ObjectDef) -> FormWithFiles:
    """Take the files of the posted form in."""
    if not request.files:
        return FormWithFiles(given=request.form)
    given, errors = MultiDict(request.form), []
    for field in object_def.fields.values():
        if holds_files(field):
            errors += _take(object_def, field, given)
    return FormWithFiles(given=given, errors=tuple(errors))


def _take(object_def: ObjectDef, field: FieldDef, given: MultiDict[str, str]) -> list[FieldError]:
    errors: list[FieldError] = []
    for part in request.files.getlist(field.name + UPLOAD):
        if not part.filename:
            continue
        try:
            found = platform().files.upload(actor(), object_def.key, field.name, part.stream, part.filename)  # type: ignore[arg-type]
        except ValidationFailed as refused:
            note_caught(refused)
            errors += refused.errors
        else:
            given.add(field.name, found.id)
    return errors
