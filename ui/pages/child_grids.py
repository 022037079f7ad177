"""Child lists as grids inside the form of their parent: stored rows, rows typed so far, and empty ones to fill in.

Cells are the controls that the child's own form has. A grid works without scripts: a box takes a row away, empty rows
stand ready, a button asks for more. What it posts is read in ui/pages/child_rows.py. What its lookups offer is asked
for by the form, together with what the form's own lookups do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from engine.access.compiler import Access
from engine.access.object_access import ObjectAccess
from engine.errors import FieldError
from engine.records.saving.children import REMOVE
from engine.records.saving.plan import save_plan
from engine.records.transaction import Transaction
from engine.records.types import ChosenLayout, FieldState, FormState, Lookups, Record
from engine.releases.release import Release
from metamodel.currency_rates import known_currencies
from metamodel.fields import FieldDef
from metamodel.objects import InverseDef, ObjectDef
from metamodel.texts import label_text
from metamodel.values import Ref
from ui.formats import Formats
from ui.pages.child_rows import PostedRow, Rows, row_errors
from ui.pages.field_controls import FieldControl
from ui.pages.form_parts import control_words
from ui.pages.form_values import WAS
from ui.pages.offered import NOTHING, Offered
from ui.written import html_text, kept_with, written

MORE_ROWS = "fs-rows"
_MOST_STORED = 200
_MOST_COLUMNS = 6
_PLACE = "\0"
_WIDE = ("long_text", "rich_text", "json", "address", "file", "files", "image", "signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class GridInput:
    """What was typed into grids, what is wrong with it, and the list that more empty rows were asked for."""

    rows: Rows
    errors: Sequence[FieldError] = ()
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grids:
    """The grids of a form as markup, findings for the summary on top (control id, label, message), and errors told."""

    html: str = ""
    summary: tuple[tuple[str, str, str], ...] = ()
    told: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPlan:
    """The compiled part of a grid, of one role set and language.

    lookups: columns that may be set to records. remove, add_row: words, escaped.
    """

    inverse: InverseDef
    child: ObjectDef
    title: str
    columns: tuple[FieldControl, ...]
    labels: tuple[str, ...]
    new: Mapping[str, FieldState]
    stored: Mapping[str, FieldState]
    may_add: bool
    may_remove: bool
    lookups: tuple[str, ...]
    remove: str
    add_row: str

    def asked(self, object_key: str, record_id: str | None) -> Lookups:
        """Give what to ask for the choices of the grid's lookups, in rows of this record."""
        relation = self.child.fields[self.inverse.field].relation
        parent: str | Ref | None = record_id
        if record_id is not None and relation is not None and relation.single_target is None:
            parent = Ref(object_key, record_id)
        return Lookups(object=self.child.key, names=self.lookups, values={self.inverse.field: parent})


def grid_plans(
    transaction: Transaction, pinned: Release, object_def: ObjectDef, related: Sequence[str], formats: Formats
) -> tuple[GridPlan, ...]:
    """Give the grids of the lists that the layout names and the actor may edit; compiled once a release and roles."""
    access = transaction.access
    key = ("grids", object_def.key, access.roles, access.full, tuple(related), formats.language, formats.zone.key)
    plans: tuple[GridPlan, ...] = kept_with(
        pinned, key, lambda: tuple(_plans(transaction, object_def, related, access, formats))
    )
    return plans


def write_grids(
    transaction: Transaction,
    plans: Sequence[GridPlan],
    object_def: ObjectDef,
    record_id: str | None,
    given: GridInput,
    offered: Sequence[Offered],
) -> Grids:
    """Write grids; offered: what the lookups of each may be set to."""
    html: list[str] = []
    summary: list[tuple[str, str, str]] = []
    found = list(row_errors(given.rows, given.errors))
    for plan, choices in zip(plans, offered, strict=True):
        faults = [(place, name, error) for list_name, place, name, error in found if list_name == plan.inverse.name]
        writer = _GridWriter(transaction, plan, object_def, record_id, given, faults, choices)
        html += writer.pieces()
        summary += writer.summary()
    names = {plan.inverse.name for plan in plans}
    told = tuple(error for name, _place, _field, error in found if name in names)
    return Grids(html=written(html), summary=tuple(summary), told=told)


def _plans(
    transaction: Transaction, object_def: ObjectDef, related: Sequence[str], access: Access, formats: Formats
) -> Iterator[GridPlan]:
    for name in related:
        inverse = object_def.inverses.get(name)
        if inverse is None or not inverse.owned or not access.may_read(inverse.object, inverse.field):
            continue
        child, rights = transaction.parts.metamodel.objects[inverse.object], access.of(inverse.object)
        settable = save_plan(transaction.parts, child.key).settable
        fields = _columns(child, inverse, rights)
        may_add = rights.may("create") and inverse.field in rights.creatable
        if not fields or not (may_add or rights.may("update")):
            continue
        words, currencies = control_words(), known_currencies(transaction.parts.metamodel)
        types = transaction.release.field_types
        prefix = f"{name}.{_PLACE}."
        new = {each.name: _state(each, settable & rights.creatable) for each in fields}
        stored = {each.name: _state(each, settable & rights.updatable) for each in fields}
        lookups = [each.name for each in fields if each.relation is not None]
        yield GridPlan(
            inverse=inverse,
            child=child,
            title=label_text(child.plural or child.label, formats.language, name),
            columns=tuple(
                FieldControl(child, each, formats, words, currencies, types, prefix=prefix) for each in fields
            ),
            labels=tuple(label_text(each.label, formats.language, each.name) for each in fields),
            new=new,
            stored=stored,
            may_add=may_add,
            may_remove=rights.may("delete"),
            lookups=tuple(name for name in lookups if not (new[name].readonly and stored[name].readonly)),
            remove=html_text(str(_("Remove"))),
            add_row=html_text(str(_("Add row"))),
        )


def _columns(child: ObjectDef, inverse: InverseDef, rights: ObjectAccess) -> list[FieldDef]:
    named = dict.fromkeys(name for section in child.layout.sections for name in section.fields)
    fields = [child.fields[name] for name in named if name in child.fields and name in rights.shown]
    shown = [each for each in fields if not each.system and each.name != inverse.field and each.value_type not in _WIDE]
    return shown[:_MOST_COLUMNS]


def _state(field: FieldDef, settable: frozenset[str]) -> FieldState:
    options = None
    if field.choice is not None:
        options = tuple(option.name for option in field.choice.options if option.active)
    readonly = field.name not in settable
    return FieldState(visible=True, required=field.required and not readonly, readonly=readonly, options=options)


class _GridWriter:
    """Writes one grid for a request."""

    def __init__(
        self,
        transaction: Transaction,
        plan: GridPlan,
        object_def: ObjectDef,
        record_id: str | None,
        given: GridInput,
        faults: Sequence[tuple[int, str, FieldError]],
        choices: Offered,
    ) -> None:
        self._plan, self._faults, self._choices = plan, faults, choices
        name = plan.inverse.name
        self._form = f"{object_def.key}-{record_id or 'new'}-{name}".replace(".", "-")
        self._stored: dict[str, Record] = {}
        self._has_more = False
        if record_id is not None:
            fields = ("version", *(column.name for column in plan.columns))
            page = transaction.related(object_def.key, record_id, name, fields=fields, limit=_MOST_STORED)
            # In the order they were made, which their ids tell.
            self._stored = {row.id: row for row in sorted(page.rows, key=lambda row: row.id)}
            self._has_more = page.next_cursor is not None
        self._rows: Sequence[PostedRow | None] = given.rows.get(name, ())
        self._is_posted = name in given.rows
        self._empty = 0 if not plan.may_add else (5 if given.more == name else 1 if self._stored else 3)

    def pieces(self) -> Iterator[str]:
        """Give the grid's markup."""
        plan, title = self._plan, html_text(self._plan.title)
        rows = list(self._written_rows())
        yield f'<fieldset class="form-section child-grid" id="{self._form}" data-fs-grid="{len(rows) + self._empty}">'
        yield f'<legend>{title}</legend><div class="table-wrap card"><table class="records as-cards">'
        heads = "".join(f'<th scope="col">{html_text(label)}</th>' for label in plan.labels)
        last = f'<th scope="col"><span class="sr-only">{plan.remove}</span></th>'
        yield f"<thead><tr>{heads}{last}</tr></thead><tbody>"
        yield from rows
        # Findings are about rows that were posted; empty ones differ by their place only.
        blank = self._row(None, None, None) if plan.may_add else ""
        for place in range(len(rows), len(rows) + self._empty):
            yield blank.replace(_PLACE, str(place))
        yield "</tbody></table></div>"
        if self._has_more:
            note = _("Only the last %(count)s rows stand here.", count=_MOST_STORED)
            yield f'<p class="field-help">{html_text(str(note))}</p>'
        if plan.may_add:
            button = f'<button class="btn btn-sm" name="{MORE_ROWS}" value="{html_text(plan.inverse.name)}"'
            yield f"<template>{blank.replace(_PLACE, '__row__')}</template>"
            yield f"{button} data-fs-add-row>{plan.add_row}</button>"
        yield "</fieldset>"

    def summary(self) -> Iterator[tuple[str, str, str]]:
        """Give the findings of the grid for the list on top of the form."""
        labels = {column.name: column.label for column in self._plan.columns}
        for place, name, error in self._faults:
            row = str(_("%(list)s, row %(number)s", list=self._plan.title, number=place + 1))
            if name in labels:
                yield f"{self._form}-{place}-{name}", f"{row}: {labels[name]}", error.message
            else:
                yield f"{self._form}-{place}", row, error.message

    def _written_rows(self) -> Iterator[str]:
        if self._is_posted:
            for place, row in enumerate(self._rows):
                assert row is not None
                yield self._row(place, self._stored.get(row.id), row)
            return
        for place, record in enumerate(self._stored.values()):
            yield self._row(place, record, None)

    def _row(self, place: int | None, record: Record | None, typed: PostedRow | None) -> str:
        plan, index = self._plan, _PLACE if place is None else str(place)
        form = f"{self._form}-{index}"
        is_stored = record is not None or bool(typed is not None and typed.id)
        errors = {name: error.message for at, name, error in reversed(self._faults) if at == place and name}
        state = FormState(
            fields=plan.stored if is_stored else plan.new,
            layout=ChosenLayout(layout=plan.child.layout),
            sections=(),
            values=record.values if record is not None else {},
            titles=record.titles if record is not None else {},
            masked=record.masked if record is not None else {},
        )
        cells, prefix = [], html_text(f"{plan.inverse.name}.{index}.")
        hidden = self._identity(prefix, record, typed) if is_stored else ""
        for column, label in zip(plan.columns, plan.labels, strict=True):
            made = column.write(
                form,
                state,
                typed.form.typed if typed is not None else {},
                errors,
                self._choices.get(column.name, NOTHING),
            )
            if is_stored and made.start is not None:
                start = made.start if typed is None else typed.form.was.get(column.name, "")
                hidden += f'<input type="hidden" name="{prefix}{WAS}{column.name}" value="{html_text(start)}">'
            cell = made.html if place is None else made.html.replace(f"{plan.inverse.name}.{_PLACE}.", prefix)
            cells.append(f'<td data-label="{html_text(label)}">{cell}</td>')
        end = self._end(prefix, place, is_stored, typed)
        return f'<tr id="{form}">{"".join(cells)}<td class="row-end">{hidden}{end}</td></tr>'

    def _identity(self, prefix: str, record: Record | None, typed: PostedRow | None) -> str:
        record_id = typed.id if typed is not None else record.id if record is not None else ""
        version = typed.form.version if typed is not None else record.version if record is not None else None
        return (
            f'<input type="hidden" name="{prefix}id" value="{html_text(record_id)}">'
            f'<input type="hidden" name="{prefix}version" value="{version or ""}">'
        )

    def _end(self, prefix: str, place: int | None, is_stored: bool, typed: PostedRow | None) -> str:
        told = "".join(
            f'<p class="field-error">{html_text(error.message)}</p>'
            for at, name, error in self._faults
            if at == place and name not in self._plan.new
        )
        if is_stored and not self._plan.may_remove:
            return told
        checked = " checked" if typed is not None and typed.remove else ""
        box = f'<input class="form-check-input" type="checkbox" name="{prefix}{REMOVE}" value="true"{checked}>'
        return f'<label class="check remove-row">{box}<span>{self._plan.remove}</span></label>{told}'
