"""A record form as templates take it: sections of controls by the layout, hidden starting texts, findings by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import FieldError
from engine.records.types import Choice, FormState
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.formats import Formats
from ui.page_parts import Control
from ui.pages.controls import control_id, make_control
from ui.pages.form_values import started_text


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection:
    """A titled group of controls."""

    id: str
    label: str
    columns: int
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormInput:
    """What was typed and found so far.

    was: starting texts that travel on; a control that has none starts with what it shows now. offered: field →
    records to choose from.
    """

    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[FieldError] = ()
    was: Mapping[str, str] = field(default_factory=dict)
    offered: Mapping[str, Sequence[Choice]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormParts:
    """The sections of a form, the starting texts of its controls, and its findings for the summary on top.

    summary: (control id, label, message); the id is empty where the finding is about no field of the form.
    """

    sections: tuple[FormSection, ...]
    was: Mapping[str, str]
    summary: tuple[tuple[str, str, str], ...]


class FormMaker:
    """Makes forms of one object for one person."""

    def __init__(self, object_def: ObjectDef, record_id: str | None, formats: Formats, currency: str) -> None:
        self._object = object_def
        self._record_id = record_id
        self._formats = formats
        self._currency = currency

    def make(self, state: FormState, given: FormInput, only: Sequence[str] = ()) -> FormParts:
        """Make the parts; only: the fields to show, () = those of the layout's visible sections."""
        errors = {each.field: each.message for each in reversed(given.errors) if each.field}
        sections = tuple(self._sections(state, given, errors, only))
        controls = [control for section in sections for control in section.controls]
        was = {**_starts(controls), **given.was}
        return FormParts(sections=sections, was=was, summary=tuple(self._summary(controls, given.errors)))

    def _sections(
        self, state: FormState, given: FormInput, errors: Mapping[str, str], only: Sequence[str]
    ) -> Iterable[FormSection]:
        if only:
            yield FormSection(id="", label="", columns=1, controls=self._controls(only, state, given, errors))
            return
        for index, (section, visible) in enumerate(zip(self._object.layout.sections, state.sections, strict=True)):
            controls = self._controls(section.fields, state, given, errors) if visible else ()
            if controls:
                yield FormSection(
                    id=f"form-section-{index + 1}",
                    label=label_text(section.label, self._formats.language, ""),
                    columns=section.columns,
                    controls=controls,
                )

    def _controls(
        self, names: Iterable[str], state: FormState, given: FormInput, errors: Mapping[str, str]
    ) -> tuple[Control, ...]:
        return tuple(self._control(name, state, given, errors) for name in names if self._is_shown(name, state))

    def _is_shown(self, name: str, state: FormState) -> bool:
        verdict = state.fields.get(name)
        if verdict is None or not verdict.visible:
            return False
        # What nobody can type and holds nothing would only be noise.
        return not verdict.readonly or state.values.get(name) is not None

    def _control(self, name: str, state: FormState, given: FormInput, errors: Mapping[str, str]) -> Control:
        return make_control(
            self._object,
            self._object.fields[name],
            state,
            record_id=self._record_id,
            formats=self._formats,
            typed=given.typed,
            errors=errors,
            currency=self._currency,
            offered=given.offered.get(name, ()),
        )

    def _summary(self, controls: Sequence[Control], errors: Sequence[FieldError]) -> Iterable[tuple[str, str, str]]:
        shown = {control.name: control for control in controls}
        for each in errors:
            control = shown.get(each.field or "")
            definition = self._object.fields.get(each.field or "")
            label = label_text(definition.label, self._formats.language, definition.name) if definition else ""
            if control is not None:
                yield control.id, label, each.message
            else:
                yield "", "", f"{label}: {each.message}" if label else each.message


def form_id(object_def: ObjectDef, record_id: str | None) -> str:
    """Give the id of an object's form; drafts hang on it."""
    return control_id("form-" + object_def.key, record_id, "").removesuffix("-")


def _starts(controls: Iterable[Control]) -> Mapping[str, str]:
    found = {}
    for control in controls:
        if control.readonly:
            continue
        if control.widget == "switch":
            found[control.name] = "true" if control.checked else ""
        elif control.options:
            found[control.name] = next((each.value for each in control.options if each.selected), "")
        else:
            currency = control.currency if control.widget == "money" and control.currency_name else ""
            found[control.name] = started_text(control.value, currency)
    return found


__all__ = ["FormInput", "FormMaker", "FormParts", "FormSection", "form_id"]
