"""What the pages say of access: answers, the kinds of reasons, and what may be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from engine.access.explaining.answers import Answer, Basis, Ground
from metamodel.texts import label_text
from ui.context import language, release
from ui.formats import Formats
from ui.page_parts import TraceNode
from ui.pages.run_trace import TraceShower


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundRow:
    """One reason. verdict: holds, does not, depends; place: file and line; sub: role and how it is held."""

    text: str
    written: str
    place: str
    sub: str
    mark: str
    color: str
    condition: TraceNode | None
    parts: tuple[GroundRow, ...]


def answer_words(answer: Answer) -> tuple[str, str]:
    """Give what an answer is called, and its colour."""
    said = {
        Answer.YES: (_("Yes"), "green"),
        Answer.NO: (_("No"), "red"),
        Answer.SOMETIMES: (_("Depends on the record"), "amber"),
        Answer.MASKED: (_("Only masked"), "amber"),
    }
    text, color = said[answer]
    return str(text), color


def action_words(action: str) -> str:
    """Give what an action is called."""
    said = {
        "read": _("See it"),
        "create": _("Create it"),
        "update": _("Change it"),
        "delete": _("Delete it"),
        "export": _("Export it"),
    }
    return str(said.get(action, action))


def ground_rows(grounds: Iterable[Ground], shower: TraceShower, formats: Formats) -> tuple[GroundRow, ...]:
    """Show reasons."""
    return tuple(_row(ground, shower, formats) for ground in grounds)


def _row(ground: Ground, shower: TraceShower, formats: Formats) -> GroundRow:
    mark, color = {True: ("check", "green"), False: ("x", "red"), None: ("circle-dashed", "gray")}[ground.holds]
    if ground.basis in (Basis.REQUIRED, Basis.HIDDEN):
        mark, color = ("alert-circle", "amber") if ground.holds else ("minus", "gray")
    return GroundRow(
        text=basis_words(ground),
        written=ground.written if ground.basis is not Basis.SHARE else "",
        place=str(ground.at) if ground.at is not None else "",
        sub=_sub(ground, formats),
        mark=mark,
        color=color,
        condition=shower.node(ground.condition) if ground.condition is not None and ground.condition.text else None,
        parts=ground_rows(ground.parts, shower, formats),
    )


def _sub(ground: Ground, formats: Formats) -> str:
    pieces = []
    if ground.role:
        pieces.append(str(_("Role “%(role)s”", role=_role(ground.role))))
    if len(ground.through) > 1:
        pieces.append(str(_("held through %(roles)s", roles=" › ".join(_role(each) for each in ground.through[:-1]))))
    if ground.basis is Basis.SHARE and ground.note:
        pieces.append(str(_("shared by %(who)s", who=ground.note)))
    if ground.until is not None:
        pieces.append(str(_("until %(when)s", when=formats.datetime(ground.until))))
    return " · ".join(pieces)


def _role(name: str) -> str:
    role = release().metamodel.roles.get(name)
    return label_text(role.label, language(), role.name) if role is not None else name


def basis_words(ground: Ground) -> str:
    """Say in a sentence what a reason is."""
    if ground.basis is Basis.LOCK:
        return ground.note
    if ground.basis is Basis.KEPT and ground.note == "computed":
        return str(_("It is computed, so nobody types it."))
    if ground.basis is Basis.FIELD and ground.note == "masked":
        return str(_("A role shows the field only masked."))
    holds = {
        Basis.GRANT: _("A role grants it."),
        Basis.FIELD: _("A role grants it for this field."),
        Basis.SHARE: _("It is shared with you or those you belong to."),
        Basis.PARENT: _("It is granted for the record that this belongs to."),
        Basis.READ_FIRST: _("It may be seen."),
        Basis.OTHER_SIDE: _("The record on the other side of the link may be seen."),
        Basis.READONLY: _("Its values do not make it read-only now."),
        Basis.RIGHT: _("The right to export is held."),
        Basis.REQUIRED: _("It has to be filled in."),
        Basis.HIDDEN: _("It is not shown now."),
    }
    if ground.holds is not False and ground.basis in holds:
        return str(holds[ground.basis])
    return str(_refusals()[ground.basis])


def _refusals() -> dict[Basis, str]:
    return {
        Basis.CLOSED: _("No role names this object, so it is closed."),
        Basis.SYSTEM: _("The product itself may do everything."),
        Basis.SWITCHED_OFF: _("The user is switched off."),
        Basis.DENY: _("A role denies it, and a denial wins over every grant."),
        Basis.ELSEWHERE: _("The record lies in another database and is only read here."),
        Basis.RIGHT: _("The right to export is missing."),
        Basis.GRANT: _("A role's grant does not cover this record."),
        Basis.UNGRANTED: _("A role that names the object does not grant this."),
        Basis.SHARE: _("A share does not cover this, or has ended."),
        Basis.PARENT: _("It is not granted for the record that this belongs to."),
        Basis.OTHER_SIDE: _("The record on the other side of the link may not be seen."),
        Basis.READ_FIRST: _("It may not be seen, so nothing else is done with it."),
        Basis.FIELD: _("A role does not grant it for this field."),
        Basis.GUARDED: _("The field is sensitive, so a role has to grant it by name."),
        Basis.KEPT: _("The product keeps it, so nobody types it."),
        Basis.READONLY: _("The values of the record make it read-only now."),
        Basis.LOCK: "",
        Basis.REQUIRED: _("It may stay empty now."),
        Basis.HIDDEN: _("It is shown."),
    }
