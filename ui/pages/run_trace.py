"""A run's trace as templates take it: conditions with their values, steps with what they did, changes of the event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from engine.automation.run_views import ChangeShown, ConditionPart, StepShown
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Money
from ui.formats import Formats
from ui.page_parts import Change, TraceNode, TraceRow, Verdict
from ui.pages.run_words import seconds_text

MASK = "••••"
_LONGEST = 300
_STATUS = {"done": "done", "failed": "failed", "skipped": "skipped", "not sent": "skipped", "waiting": "waiting"}


def trace_node(part: ConditionPart, holds: bool | None, formats: Formats) -> TraceNode:
    """Show a condition and its parts; the whole one's outcome may be known better than its value."""
    return TraceNode(
        text=part.text,
        verdict=_verdict(part, holds),
        values=_values_of(part, formats),
        children=tuple(trace_node(each, None, formats) for each in part.parts),
    )


def step_row(step: StepShown, formats: Formats) -> TraceRow:
    """Show one try of a step."""
    note = str(_("Try %(number)s", number=step.attempt)) if step.attempt > 1 else ""
    return TraceRow(
        id=f"step-{step.path.replace('/', '-')}-{step.attempt}",
        title=step.text or step.kind,
        status=_STATUS.get(step.outcome, "running"),  # type: ignore[arg-type]
        where=step.path,
        took=seconds_text((step.finished_at - step.at).total_seconds()) if step.finished_at is not None else "",
        note=note or (str(_("Not sent")) if step.outcome == "not sent" else ""),
        error=step.error or "",
        details=dict(_details(step, formats)),
    )


def change_of(change: ChangeShown, object_def: ObjectDef | None, formats: Formats) -> Change:
    """Show a field that the event changed."""
    field = object_def.fields.get(change.field) if object_def is not None else None
    label = label_text(field.label, formats.language, change.field) if field is not None else change.field
    if change.masked:
        return Change(label=label, old="", new=MASK)
    return Change(label=label, old=plain(change.old, formats), new=plain(change.new, formats))


def plain(value: Any, formats: Formats) -> str:
    """Write any value of a trace."""
    match value:
        case None:
            return ""
        case bool():
            return str(_("Yes") if value else _("No"))
        case Money():
            return formats.money(value)
        case Decimal() | int():
            return formats.number(value)
        case dt.datetime():
            return formats.datetime(value)
        case dt.date():
            return formats.date(value)
        case list() | tuple():
            return ", ".join(plain(each, formats) for each in value)[:_LONGEST]
        case Mapping():
            return ", ".join(f"{name}: {plain(each, formats)}" for name, each in value.items())[:_LONGEST]
        case _:
            return str(value)[:_LONGEST]


def _verdict(part: ConditionPart, holds: bool | None) -> Verdict:
    value = holds if holds is not None else part.value
    if part.masked or part.error or not isinstance(value, bool):
        return "unknown"
    return "true" if value else "false"


def _values_of(part: ConditionPart, formats: Formats) -> str:
    if part.error:
        return part.error
    if part.masked:
        return MASK
    if isinstance(part.value, bool):
        return ""
    return plain(part.value, formats) or str(_("empty"))


def _details(step: StepShown, formats: Formats) -> Iterable[tuple[str, str]]:
    for number, effect in enumerate(step.effects, start=1):
        said = str(effect.get("title") or effect.get("record_id") or effect.get("to") or "")
        kind = _effect_word(str(effect.get("kind", "")))
        yield (kind if len(step.effects) == 1 else f"{number}. {kind}"), said
    if isinstance(step.result, Mapping):
        for name, value in step.result.items():
            if text := plain(value, formats):
                yield str(name), text
    elif (text := plain(step.result, formats)) and not step.text:
        yield str(_("Result")), text


def _effect_word(kind: str) -> str:
    words = {
        "created": _("Created"),
        "updated": _("Changed"),
        "deleted": _("Deleted"),
        "notified": _("Notified"),
        "mail": _("E-mail"),
        "webhook": _("Web call"),
    }
    return str(words.get(kind, kind))
