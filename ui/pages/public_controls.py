"""The controls of a public form: those of record forms, over the fields that it asks, named and required as it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from engine.errors import FieldError
from engine.records.types import ChosenLayout, FieldState, FormState
from engine.releases.release import Release
from metamodel.currency_rates import known_currencies
from metamodel.definitions.intake import FormDef
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from ui.context import language, release
from ui.formats import Formats, formats_for
from ui.pages.field_controls import FieldControl
from ui.pages.form_parts import control_words
from ui.pages.form_values import PostedForm, read_posted
from ui.written import kept_with, written


def asked_fields(pinned: Release, form: FormDef) -> tuple[FieldDef, ...]:
    """Give the fields of a form with its own labels, helps and what it needs.

    A form shows all that it asks; what the object hides at times need not be filled in, unless the form itself says so.
    """
    fields = _object(pinned, form).fields
    return tuple(
        replace(
            fields[each.field],
            label=each.label or fields[each.field].label,
            help=each.help or fields[each.field].help,
            required=bool(each.required) or (fields[each.field].required and fields[each.field].visible_if is None),
        )
        for each in form.fields
    )


def read_filled(form: FormDef, given: MultiDict[str, str]) -> PostedForm:
    """Read what was posted, the fields of the form only."""
    pinned = release()
    return read_posted(asked_fields(pinned, form), given, _formats(pinned))


def write_controls(
    form: FormDef, posted: PostedForm, errors: Sequence[FieldError]
) -> tuple[Markup, tuple[tuple[str, str, str], ...]]:
    """Write the controls, and what is wrong with them for the summary: (control id, label, message)."""
    pinned = release()
    formats = _formats(pinned)
    key = ("public form", form.name, formats.language)
    made: tuple[FieldControl, ...] = kept_with(pinned, key, lambda: _controls(pinned, form, formats))
    fields, object_def = asked_fields(pinned, form), _object(pinned, form)
    state = FormState(
        fields={each.name: _verdict(each) for each in fields},
        layout=ChosenLayout(layout=object_def.all_layouts[0]),
        sections=(),
        values={},
    )
    told = {each.field: each.message for each in reversed(errors) if each.field}
    shown = [each.write(f"form-{form.name}", state, posted.typed, told) for each in made]
    named = {each.name: each for each in shown}
    # What is wrong is told in the order of the form, what has no control last.
    places = {name: at for at, name in enumerate(named)}
    summary = tuple(
        (named[each.field].id, named[each.field].label, each.message) if each.field in named else ("", "", each.message)
        for each in sorted(errors, key=lambda each: places.get(each.field or "", len(places)))
    )
    return written(each.html for each in shown), summary


def _controls(pinned: Release, form: FormDef, formats: Formats) -> tuple[FieldControl, ...]:
    words, types, currencies = control_words(), pinned.field_types, known_currencies(pinned.metamodel)
    object_def = _object(pinned, form)
    return tuple(
        FieldControl(object_def, each, formats, words, currencies, types) for each in asked_fields(pinned, form)
    )


def _verdict(field: FieldDef) -> FieldState:
    options = tuple(each.name for each in field.choice.options if each.active) if field.choice is not None else None
    return FieldState(visible=True, required=field.required, readonly=False, options=options)


def _object(pinned: Release, form: FormDef) -> ObjectDef:
    assert form.object is not None
    return pinned.metamodel.objects[form.object]


def _formats(pinned: Release) -> Formats:
    main = pinned.metamodel.main
    return formats_for(language(), main.timezone, main.currency)
