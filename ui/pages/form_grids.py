"""The grids of the form at hand: what was posted into them, what its lookups offer, and how they are shown again."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from engine.errors import FieldError
from engine.records.transaction import Transaction
from engine.records.types import FormState, Lookups
from metamodel.objects import ObjectDef
from ui.context import release
from ui.pages.child_grids import MORE_ROWS, GridInput, Grids, grid_plans, write_grids
from ui.pages.child_rows import Rows, read_rows
from ui.pages.offered import Offered, OfferedWriter
from ui.pages.rights import user_formats


def posted_rows(object_def: ObjectDef) -> Rows:
    """Read the rows that the request posts."""
    return read_rows(object_def, request.form, release().metamodel, user_formats())


def asks_for_rows() -> bool:
    """Say whether a person without scripts asked for more empty rows instead of saving."""
    return MORE_ROWS in request.form


def offered_and_grids(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str | None,
    state: FormState,
    errors: Sequence[FieldError],
) -> tuple[Offered, Grids]:
    """Give what the lookups of a form offer, and its grids; the choices of all are asked for together."""
    plans = grid_plans(transaction, release(), object_def, state.layout.layout.related, user_formats())
    own = Lookups(object=object_def.key, names=state.lookups, values=state.values)
    found = transaction.choices_of([own, *(plan.asked(object_def.key, record_id) for plan in plans)])
    writer, objects = OfferedWriter(), (object_def, *(plan.child for plan in plans))
    offered, *of_rows = (writer.write(each, choices) for each, choices in zip(objects, found, strict=True))
    given = GridInput(rows={})
    if request.method == "POST":
        given = GridInput(rows=posted_rows(object_def), errors=errors, more=request.form.get(MORE_ROWS, ""))
    return offered, write_grids(transaction, plans, object_def, record_id, given, of_rows)
