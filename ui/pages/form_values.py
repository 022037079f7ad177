"""What a record form brings: the values typed, those that were there when it was opened, and what to do with both.

A form carries beside each control `was-<name>`: the text the control started with. So only what a person changed is
saved, and a conflict can show mine, theirs and the original.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from metamodel.field_types.files import holds_files
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from ui.formats import Formats
from ui.pages.controls import CURRENCY_SUFFIX, PART, is_posted, posted_text, read_form
from ui.repeated_keys import refuse_repeated_fields
from ui.whole_numbers import whole_number

WAS = "was-"
KEEP = "keep-"
# Names with a hyphen, which no field can have.
BACK = "fs-back"
CONFIRM = "fs-confirm"
BOARD = "fs-board"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OWN = frozenset(("csrf_token", "version"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedForm:
    """One posted form.

    typed: control name → text as typed, the last one where a control posts twice. values: field → raw value for the
    door. was: field → text the control started with. kept: field → `mine` or `theirs` on a conflict page.
    """

    typed: Mapping[str, str]
    values: Mapping[str, object]
    was: Mapping[str, str]
    kept: Mapping[str, str]
    version: int | None
    confirm: tuple[str, ...]
    back: str

    @property
    def changed(self) -> Mapping[str, object]:
        """The values whose text is not the one the control started with."""
        return {name: value for name, value in self.values.items() if self._text(name) != self.was.get(name)}

    @property
    def chosen(self) -> Mapping[str, object]:
        """The changed values without those where a conflict was decided for the other person."""
        return {name: value for name, value in self.changed.items() if self.kept.get(name) != "theirs"}

    def _text(self, name: str) -> str:
        return started_text(self.typed[name], self.typed.get(name + CURRENCY_SUFFIX, ""))


def form_fields(object_def: ObjectDef) -> tuple[FieldDef, ...]:
    """Give the fields that a form of an object may post: the system's own are not among them, but the owner."""
    return tuple(field for field in object_def.fields.values() if not field.system or field.name == "owner")


def is_edited_in_place(field: FieldDef) -> bool:
    """Say whether a field can be changed alone, where it stands; files come in on forms only."""
    return not field.is_computed and not holds_files(field) and (not field.system or field.name == "owner")


def started_text(text: str, currency: str = "") -> str:
    """Give the text of a control as it is compared: browsers change line ends; a currency with it."""
    plain = text.replace("\r\n", "\n").strip()
    return f"{plain} {currency}" if currency and plain else plain


def with_strangers(posted: PostedForm, fields: Iterable[FieldDef], given: MultiDict[str, str]) -> PostedForm:
    """Add what was posted under names that no control of these fields has; the door refuses them by name."""
    known = {field.name for field in fields}
    strange = {
        name: given.getlist(name)[-1]
        for name in given
        if _NAME.fullmatch(name) and name.partition(PART)[0] not in known and name not in _OWN
    }
    if not strange:
        return posted
    return replace(posted, typed={**posted.typed, **strange}, values={**posted.values, **strange})


def read_posted(
    fields: Iterable[FieldDef], given: MultiDict[str, str], formats: Formats, masked: Collection[str] = ()
) -> PostedForm:
    """Read a form's controls, those of these fields only; masked: fields that are kept where nothing is typed.

    Raises: BadRequest: a field that has one value is given several.
    """
    if not given:
        return PostedForm(typed={}, values={}, was={}, kept={}, version=None, confirm=(), back="")
    known: Sequence[FieldDef] = tuple(fields)
    refuse_repeated_fields(known, given)
    by_name = {field.name: field for field in known}
    names = {*by_name, *(name + CURRENCY_SUFFIX for name in by_name)}
    version = given.get("version", "")
    values = read_form(known, given, formats)
    return PostedForm(
        typed={
            **{name: posted_text(field, given) for name, field in by_name.items() if is_posted(field, given)},
            **{name: given.getlist(name)[-1] for name in given if name in names and name not in by_name},
        },
        values={name: value for name, value in values.items() if name not in masked or value not in (None, "", False)},
        was={name.removeprefix(WAS): started_text(given[name]) for name in given if name.startswith(WAS)},
        kept={name.removeprefix(KEEP): given[name] for name in given if name.startswith(KEEP)},
        version=whole_number(version),
        confirm=tuple(code for text in given.getlist(CONFIRM) for code in text.split(",") if code),
        back=given.get(BACK, ""),
    )
