"""What a view is to be that somebody saves, and what can't be one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import AccessDenied, FieldError, QueryProblem, ValidationFailed
from engine.records.saving.messages import say
from engine.records.sharing.sharees import Sharee, ShareeKind, is_seen
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef

VIEW = "fs_view"
STATE = ("view", "filter", "q", "sort", "columns", "density", "group", "size")
"""What of a list's address a view holds."""
RIGHT = "create_view"
"""The right to save views for others."""
MOST_VIEWS = 100
"""Views that one person may have of one object."""
LONGEST_LABEL = 80
LONGEST_PART = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDraft:
    """What a view is to be. state: parts of STATE that are not empty. audience: None = the owner alone.

    locked: it can be changed as a copy only. first: it is what is seen before a view is chosen.
    """

    label: str
    state: Mapping[str, str] = field(default_factory=dict)
    audience: Sharee | None = None
    locked: bool = False
    first: bool = False


def cleaned(state: Mapping[str, str]) -> dict[str, str]:
    """Give the parts of a state that are not empty, in their order."""
    return {name: state[name] for name in STATE if state.get(name)}


def refused(transaction: Transaction, name: str, code: str, **parts: object) -> ValidationFailed:
    """Make a refusal of one part of a view."""
    text = say(code, transaction.actor.language, **parts)
    return ValidationFailed([FieldError(code=code, message=text, field=name)])


def check_draft(
    transaction: Transaction, object_def: ObjectDef, draft: ViewDraft, *, before: Sharee | None = None
) -> None:
    """Raises: AccessDenied, QueryProblem, ValidationFailed."""
    label = draft.label.strip()
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        raise refused(transaction, "label", "view_label", most=LONGEST_LABEL)
    for name, value in draft.state.items():
        if name not in STATE or len(value) > LONGEST_PART:
            raise refused(transaction, name, "view_part", most=LONGEST_PART)
    audience = draft.audience
    if audience is not None:
        if not transaction.access.has_right(RIGHT):
            raise AccessDenied("create", VIEW, say("view_right", transaction.actor.language))
        if audience.kind is ShareeKind.USER or (audience != before and not is_seen(transaction, audience)):
            raise refused(transaction, "for", "share_nobody")
    named = draft.state.get("view")
    shown = object_def.views.get(named) if named else None
    if named and (shown is None or (shown.roles and not transaction.access.roles & set(shown.roles))):
        raise refused(transaction, "view", "view_unknown")
    text = draft.state.get("filter", "").strip()
    if text:
        checked = transaction.parts.language.brought(text, object_def.key, transaction.access.may_read)
        if checked.typed is None:
            raise QueryProblem(checked.problems.errors)
