"""The grids of the form at hand: what the request posted into them, and how they are shown again."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from engine.errors import FieldError
from engine.records.transaction import Transaction
from engine.records.types import FormState
from metamodel.objects import ObjectDef
from ui.context import release
from ui.pages.child_grids import MORE_ROWS, GridInput, Grids, child_grids
from ui.pages.child_rows import Rows, read_rows
from ui.pages.rights import user_formats


def posted_rows(object_def: ObjectDef) -> Rows:
    """Read the rows that the request posts."""
    return read_rows(object_def, request.form, release().metamodel, user_formats())


def asks_for_rows() -> bool:
    """Say whether a person without scripts asked for more empty rows instead of saving."""
    return MORE_ROWS in request.form


def form_grids(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str | None,
    state: FormState,
    errors: Sequence[FieldError],
) -> Grids:
    """Write the grids of a form."""
    given = GridInput(rows=posted_rows(object_def), errors=errors, more=request.form.get(MORE_ROWS, ""))
    related = state.layout.layout.related
    return child_grids(transaction, release(), object_def, record_id, related, given, user_formats())
