"""A record form as templates take it: sections of written controls by the layout, starting texts, findings by field.

`form_maker` compiles an object's form once per release, language and time zone; a request only fills in the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup

from engine.errors import FieldError
from engine.records.types import FormState
from engine.releases.release import Release
from metamodel.currency_rates import known_currencies
from metamodel.field_types import FieldTypeRegistry
from metamodel.layouts import LayoutDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.controls import SECTION_END, section_start
from ui.formats import Formats
from ui.pages.controls import control_id
from ui.pages.field_controls import FieldControl, FormControl
from ui.pages.form_values import WAS
from ui.pages.offered import NOTHING, Offered
from ui.widgets import ControlWords
from ui.written import html_text, kept_with, written


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection:
    """A titled group of controls; start: the markup that opens it."""

    start: str
    controls: tuple[FormControl, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormInput:
    """What was typed and found so far.

    was: starting texts that travel on; a control that has none starts with what it shows now. offered: field →
    records to choose from.
    """

    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[FieldError] = ()
    was: Mapping[str, str] = field(default_factory=dict)
    offered: Offered = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormParts:
    """The sections of a form, the starting texts of its controls, and its findings for the summary on top.

    summary: (control id, label, message); the id is empty where the finding is about no field of the form.
    """

    sections: tuple[FormSection, ...]
    was: Mapping[str, str]
    summary: tuple[tuple[str, str, str], ...]

    @property
    def names(self) -> frozenset[str]:
        """The fields that the form shows."""
        return frozenset(control.name for section in self.sections for control in section.controls)

    @property
    def controls(self) -> Markup:
        """The controls alone, without sections and starting texts."""
        return written(control.html for section in self.sections for control in section.controls)

    @property
    def inside(self) -> Markup:
        """The inside of the form: hidden starting texts, then the sections."""
        return written(self._pieces())

    def _pieces(self) -> Iterator[str]:
        for name, text in self.was.items():
            yield f'<input type="hidden" name="{WAS}{html_text(name)}" value="{html_text(text)}">'
        for section in self.sections:
            yield section.start
            for control in section.controls:
                yield control.html
            yield SECTION_END


class FormMaker:
    """Writes the forms of one object for a language and time zone; it holds nothing of a person or record."""

    def __init__(
        self,
        object_def: ObjectDef,
        formats: Formats,
        words: ControlWords,
        currencies: Sequence[str],
        types: FieldTypeRegistry,
    ) -> None:
        self._object = object_def
        self._fields = {
            name: FieldControl(object_def, definition, formats, words, currencies, types)
            for name, definition in object_def.fields.items()
        }
        language = formats.language
        self._sections = {layout.name: _layout_sections(layout, language) for layout in object_def.all_layouts}

    def make(self, record_id: str | None, state: FormState, given: FormInput, only: Sequence[str] = ()) -> FormParts:
        """Make the parts; only: the fields to show, () = those of the layout's visible sections."""
        errors = {each.field: each.message for each in reversed(given.errors) if each.field}
        form = html_text(control_id(self._object.key, record_id, "").removesuffix("-"))
        why = "" if record_id is None else html_text(f"/o/{quote(self._object.key)}/{quote(record_id)}/why/")
        sections = []
        for start, names in self._shown_sections(state, only):
            controls = tuple(
                self._fields[name].write(form, state, given.typed, errors, given.offered.get(name, NOTHING), why)
                for name in names
                if _is_shown(name, state)
            )
            if controls:
                sections.append(FormSection(start=start, controls=controls))
        shown = {control.name: control for section in sections for control in section.controls}
        starts = {name: control.start for name, control in shown.items() if control.start is not None}
        return FormParts(
            sections=tuple(sections),
            was={**starts, **given.was},
            summary=tuple(self._summary(shown, given.errors)) if given.errors else (),
        )

    def _shown_sections(self, state: FormState, only: Sequence[str]) -> Iterable[tuple[str, Sequence[str]]]:
        if only:
            return ((str(section_start("", "", 1)), only),)
        sections = self._sections[state.layout.layout.name]
        return (section for section, visible in zip(sections, state.sections, strict=True) if visible)

    def _summary(
        self, shown: Mapping[str, FormControl], errors: Sequence[FieldError]
    ) -> Iterable[tuple[str, str, str]]:
        for each in errors:
            name = each.field or ""
            label = self._fields[name].label if name in self._fields else ""
            if name in shown:
                yield shown[name].id, label, each.message
            else:
                yield "", "", f"{label}: {each.message}" if label else each.message


def _layout_sections(layout: LayoutDef, language: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (
            str(section_start(label_text(section.label, language, ""), f"form-section-{index}", section.columns)),
            tuple(section.fields),
        )
        for index, section in enumerate(layout.sections, 1)
    )


def form_maker(pinned: Release, object_def: ObjectDef, formats: Formats) -> FormMaker:
    """Give the compiled form of an object in the request's language; kept with the release."""
    currencies = known_currencies(pinned.metamodel)
    key = ("form", object_def.key, formats.language, formats.zone.key)
    made: FormMaker = kept_with(
        pinned, key, lambda: FormMaker(object_def, formats, control_words(), currencies, pinned.field_types)
    )
    return made


def control_words() -> ControlWords:
    """Give what controls say, in the request's language."""
    draw = current_app.jinja_env.globals["ui"].icon  # type: ignore[attr-defined]
    return ControlWords(
        required=str(_("required")),
        choose=str(_("Please choose")),
        currency_of=str(_("Currency of %(label)s", label="%(label)s")),
        lock=str(draw("lock", _("read-only"))),
        alert=str(draw("alert-circle")),
        kept=str(_("%(mask)s is kept unless you enter another value.", mask="%(mask)s")),
        choose_file=str(_("Choose a file")),
        keep_file=str(_("Keep")),
        sign_here=str(_("Sign here")),
    )


def form_id(object_def: ObjectDef, record_id: str | None) -> str:
    """Give the id of an object's form; drafts hang on it."""
    return control_id("form-" + object_def.key, record_id, "").removesuffix("-")


def _is_shown(name: str, state: FormState) -> bool:
    verdict = state.fields.get(name)
    if verdict is None or not verdict.visible:
        return False
    # What nobody can type and holds nothing would only be noise.
    return not verdict.readonly or state.values.get(name) is not None or name in state.masked


__all__ = ["FormInput", "FormMaker", "FormParts", "FormSection", "control_words", "form_id", "form_maker"]
