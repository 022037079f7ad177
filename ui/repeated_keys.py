"""A form says each thing once: a key that comes twice where one value is asked for is refused, never guessed at.

What the fields of a record take is their type's to say (`pages/form_values.py`); here stand the other keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from metamodel.field_types.files import holds_files
from metamodel.fields import FieldDef

_SEVERAL: Final = frozenset(
    {
        ("approvals", "id"),
        ("inbox", "id"),
        ("run_acts", "run"),
        ("runs", "run"),
        ("admin_users", "to"),
        ("team_users", "role"),
        ("merging", "with"),
        ("press_many", "fs-record"),
        ("mass_edit", "fs-record"),
        ("delete_many", "fs-record"),
        ("recycle_bin", "fs-record"),
        ("versions", "fs-field"),
    }
)
"""The page and the key of everything else that is chosen in numbers."""
_ANYWHERE: Final = frozenset({"fs-confirm"})
_OF_STEPS: Final = ("approval_submit", "chosen-")
_RECORD_FORMS: Final = frozenset(
    {"record_form", "inline_edit", "moves", "pressing", "press_many", "mass_edit", "public_forms"}
)
"""The pages whose fields are read by `read_posted`, which refuses those by their type."""
_OF_RECORD: Final = re.compile(r"[a-z][a-z0-9_]*(\.[0-9]{1,4}\..+)?", re.DOTALL)
_NO_FIELDS: Final = frozenset({"csrf_token", "version"})


def refuse_repeated(form: MultiDict[str, str], page: str | None) -> None:
    """Refuse a form of a page in which a key stands twice that is asked for once.

    Raises: BadRequest.
    """
    for name, values in form.lists():
        if len(values) > 1 and not _may_repeat(name, page):
            raise _refused(name)


def refuse_repeated_fields(fields: Iterable[FieldDef], given: MultiDict[str, str]) -> None:
    """Refuse values of a record in which a field stands twice that has one value; the rest is `refuse_repeated`'s.

    Raises: BadRequest.
    """
    by_name = {field.name: field for field in fields}
    for name, values in given.lists():
        if len(values) > 1 and _OF_RECORD.fullmatch(name) and "." not in name and not _fits(by_name.get(name), values):
            raise _refused(name)


def _may_repeat(name: str, page: str | None) -> bool:
    if name in _ANYWHERE or (page, name) in _SEVERAL:
        return True
    if page == _OF_STEPS[0] and name.startswith(_OF_STEPS[1]):
        return True
    return page in _RECORD_FORMS and name not in _NO_FIELDS and _OF_RECORD.fullmatch(name) is not None


def _fits(field: FieldDef | None, values: list[str]) -> bool:
    if field is None:
        return False
    if field.holds_several or holds_files(field):
        return True
    # A box sends the empty value that stands before it, and its own where it is ticked.
    return field.value_type == "boolean" and len(values) == 2 and not values[0]


def _refused(name: str) -> BadRequest:
    return BadRequest(f"The form says '{name[:60]}' more than once.")
