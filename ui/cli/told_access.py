"""Writes why somebody may do something on a terminal: the answer, what it rests on, and where that is written."""

from __future__ import annotations

from collections.abc import Iterator

from engine.access.explaining.answers import AccessAnswer, Answer, Asked, Basis, Ground
from ui.cli.told_rules import part_lines

_WORDS = {
    Basis.CLOSED: "no role names the object, so it is closed",
    Basis.SYSTEM: "the product itself may do everything",
    Basis.SWITCHED_OFF: "the user is switched off",
    Basis.ELSEWHERE: "the records lie in another database and are only read",
    Basis.GUARDED: "the field is sensitive or encrypted and needs a grant by name",
    Basis.KEPT: "the field is not set by hand",
    Basis.LOCK: "an approval keeps it as it is",
    Basis.PARENT: "it follows its parent",
    Basis.OTHER_SIDE: "the other side of the link has to be readable",
    Basis.READ_FIRST: "it has to be readable",
    Basis.READONLY: "read-only by its values",
    Basis.RIGHT: "the system right is needed",
    Basis.DENY: "a denial wins over every grant",
    Basis.GRANT: "grant",
    Basis.UNGRANTED: "what the role says of the object does not name the action",
    Basis.FIELD: "grant on the field",
    Basis.SHARE: "share",
    Basis.REQUIRED: "required",
    Basis.HIDDEN: "not shown on pages",
}


def answer_lines(answer: AccessAnswer) -> Iterator[str]:
    """Give an answer with its grounds, those that decide first."""
    held = ", ".join(answer.roles) or "no roles"
    yield f"{answer.answer.value}: {answer.login} ({held}) {_verb(answer)} {asked_text(answer.asked)}"
    deciding = list(answer.deciding())
    if deciding:
        yield "because"
        for ground in deciding:
            yield from ground_lines(ground, 1)
    if answer.of_control:
        yield "on forms"
        for ground in answer.of_control:
            yield from ground_lines(ground, 1)
    others = [ground for ground in answer.grounds if not ground.decides]
    if others:
        yield "looked at as well"
        for ground in others:
            yield from ground_lines(ground, 1)


def ground_lines(ground: Ground, depth: int) -> Iterator[str]:
    """Give one ground, with what it rests on under it."""
    pieces = [_WORDS[ground.basis], ground.note and f"({ground.note})", ground.written and f"`{ground.written}`"]
    if ground.role:
        pieces.append(f"of role {ground.role}")
    if len(ground.through) > 1:
        pieces.append(f"through {' > '.join(ground.through)}")
    if ground.until is not None:
        pieces.append(f"until {ground.until:%Y-%m-%d %H:%M:%SZ}")
    if ground.at is not None:
        pieces.append(f"at {ground.at}")
    outcome = {True: "holds", False: "does not hold", None: "depends on the record"}[ground.holds]
    yield f"{'  ' * depth}{' '.join(filter(None, pieces))}: {outcome}"
    if ground.condition is not None:
        yield from (f"{'  ' * (depth + 2)}{line}" for line in part_lines(ground.condition))
    for part in ground.parts:
        yield from ground_lines(part, depth + 2)


def asked_text(asked: Asked) -> str:
    """Write what is asked about as it is typed."""
    record = f":{asked.record_id}" if asked.record_id is not None else ""
    return f"{asked.action} {asked.object}{record}{f'.{asked.field}' if asked.field is not None else ''}"


def _verb(answer: AccessAnswer) -> str:
    match answer.answer:
        case Answer.NO:
            return "may not"
        case Answer.SOMETIMES:
            return "may, depending on the record,"
        case Answer.MASKED:
            return "sees only a mask of: may not"
    return "may"
