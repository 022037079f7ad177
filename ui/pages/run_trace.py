"""A run's trace as templates take it: conditions with their values, steps with what they did, changes of the event.

What a step computed may tell of fields that its reader may not see; details other than conditions, which are masked
part by part, are therefore shown to those only who may read all of the record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from flask_babel import gettext as _

from engine.automation.run_views import ChangeShown, ConditionPart, RunTrace, StepShown
from engine.records.reading import RecordKey
from metamodel.masks import MASK
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Money
from ui.formats import Formats
from ui.page_parts import Change, Touched, TraceNode, TraceRow, Verdict
from ui.pages.record_names import Titles, named_text, record_key
from ui.pages.run_words import seconds_text
from ui.telling import tell

_LONGEST = 300
_STATUS = {"done": "done", "failed": "failed", "skipped": "skipped", "not sent": "skipped", "waiting": "waiting"}
_HIDDEN = ("text", "given", "holds", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceShower:
    """Shows the parts of one trace.

    object_def: of the run's record, None where there is none any more. readable: its fields that the reader may see.
    """

    object_def: ObjectDef | None
    readable: frozenset[str]
    titles: Titles
    formats: Formats

    def node(self, part: ConditionPart, holds: bool | None = None) -> TraceNode:
        """Show a condition and its parts; the whole one's outcome may be known better than its value."""
        return TraceNode(
            text=part.text,
            verdict=_verdict(part, holds),
            values=self._values_of(part),
            children=tuple(self.node(each) for each in part.parts if _tells_more(each)),
        )

    def step(self, step: StepShown) -> TraceRow:
        """Show one try of a step."""
        result = step.result if isinstance(step.result, Mapping) else {}
        unless = step.path.endswith("unless")
        return TraceRow(
            id=f"step-{step.path.replace('/', '-')}-{step.attempt}",
            title=self._title(step, unless=unless),
            status=_STATUS.get(step.outcome, "running"),  # type: ignore[arg-type]
            where=step.path,
            when=self.formats.datetime(step.at),
            iso=step.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            took=seconds_text((step.finished_at - step.at).total_seconds()) if step.finished_at is not None else "",
            touched=tuple(self._touched(effect) for effect in step.effects),
            note=_note(step, result.get("holds"), unless=unless),
            error=tell(step.error or ""),
            condition=self.node(step.condition, result.get("holds")) if step.condition is not None else None,
            details=dict(self._details(step, result)),
        )

    def changes(self, changes: Iterable[ChangeShown]) -> Iterable[Change]:
        """Show the fields that the event changed, without the product's own."""
        for change in changes:
            field = self.object_def.fields.get(change.field) if self.object_def is not None else None
            if field is None or (field.system and field.name != "owner"):
                continue
            label = label_text(field.label, self.formats.language, field.name)
            if change.masked:
                yield Change(label=label, old="", new=MASK)
            elif change.old is not None or change.new is not None:
                old, new = (named_text(field, value, self.titles, self.formats) for value in (change.old, change.new))
                yield Change(label=label, old=old, new=new)

    def _title(self, step: StepShown, *, unless: bool) -> str:
        text = step.text or step.kind
        if unless:
            return f"unless {text}"
        return f"if {text}" if step.kind == "if" else text

    def _values_of(self, part: ConditionPart) -> str:
        if part.error:
            return tell(part.error)
        if part.masked:
            return MASK
        if isinstance(part.value, bool):
            return ""
        return self._plain(part) or str(_("empty"))

    def _plain(self, part: ConditionPart) -> str:
        field = self.object_def.fields.get(part.text) if self.object_def is not None else None
        key = record_key(field, part.value)
        if key is not None:
            return self.titles.get(key, "–")
        return plain(part.value, self.formats)

    def _touched(self, effect: Mapping[str, Any]) -> Touched:
        key = (str(effect.get("object") or ""), str(effect.get("record_id") or ""))
        said = effect.get("title") or self.titles.get(key) or effect.get("to") or effect.get("target") or "–"
        href = f"/o/{quote(key[0])}/{quote(key[1])}" if key in self.titles else ""
        return Touched(word=effect_word(str(effect.get("kind", ""))), text=str(said), href=href)

    def _details(self, step: StepShown, result: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        if self.object_def is not None and not set(self.object_def.fields) <= self.readable:
            return
        for name, value in result.items():
            if name not in _HIDDEN and (text := plain(value, self.formats)):
                yield _detail_word(name), text


def keys_of(trace: RunTrace, object_def: ObjectDef | None) -> Iterable[RecordKey]:
    """Give the records that a trace names by their ids."""
    fields = object_def.fields if object_def is not None else {}
    for change in trace.changes:
        for value in (change.old, change.new):
            if (key := record_key(fields.get(change.field), value)) is not None:
                yield key
    for part in (trace.matched, trace.condition):
        if part is not None:
            yield from keys_of_part(part, object_def)
    yield from batch_keys(trace)
    for step in trace.steps:
        for effect in step.effects:
            if effect.get("object") and effect.get("record_id"):
                yield str(effect["object"]), str(effect["record_id"])


def batch_keys(trace: RunTrace) -> Iterable[RecordKey]:
    """Give the records of a run that is about a batch of them."""
    return ((trace.summary.object, each) for each in trace.records if trace.summary.object is not None)


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


def effect_word(kind: str) -> str:
    """Give the words for what a step did to a record or person."""
    words = {
        "created": _("Created"),
        "updated": _("Changed"),
        "deleted": _("Deleted"),
        "restored": _("Restored"),
        "converted": _("Converted"),
        "merged": _("Merged"),
        "shared": _("Shared"),
        "called": _("Rule started"),
        "notified": _("Notified"),
        "mail": _("E-mail"),
        "document": _("Document"),
        "sms": _("Text message"),
        "survey": _("Survey"),
        "webhook": _("Web call"),
        "missing": _("Not in what was received"),
        "unchanged": _("Unchanged"),
        "sent": _("Sent"),
        "not sent": _("Not sent"),
        "wait": _("Waits"),
        "wait until": _("Waits"),
        "set": _("Sets"),
        "reject": _("Refuses"),
        "warn": _("Warns"),
        "add tag": _("Adds the tag"),
        "remove tag": _("Takes off the tag"),
        "add follower": _("Adds the follower"),
        "remove follower": _("Takes off the follower"),
        "assign to next": _("Assigns to the next of"),
        "submitted": _("Submits for approval"),
    }
    return str(words.get(kind, kind))


def keys_of_part(part: ConditionPart, object_def: ObjectDef | None) -> Iterable[RecordKey]:
    """Give the records that a condition names by their ids."""
    field = object_def.fields.get(part.text) if object_def is not None else None
    if (key := record_key(field, part.value)) is not None:
        yield key
    for each in part.parts:
        yield from keys_of_part(each, object_def)


def _tells_more(part: ConditionPart) -> bool:
    # A literal's value is its text.
    return bool(part.parts) or part.masked or bool(part.error) or not _is_literal(part.text)


def _is_literal(text: str) -> bool:
    return text[:1].isdigit() or text[:1] in "\"'" or text in ("true", "false", "empty")


def _verdict(part: ConditionPart, holds: bool | None) -> Verdict:
    value = holds if holds is not None else part.value
    if part.masked or part.error or not isinstance(value, bool):
        return "unknown"
    return "true" if value else "false"


def _note(step: StepShown, holds: object, *, unless: bool) -> str:
    said = []
    if step.attempt > 1:
        said.append(str(_("Try %(number)s", number=step.attempt)))
    if step.outcome == "not sent":
        said.append(str(_("Not sent")))
    if step.outcome == "nobody":
        said.append(str(_("There was nobody for it.")))
    if isinstance(holds, bool) and unless:
        said.append(str(_("So the action was left out.") if holds else _("So the action was done.")))
    if isinstance(holds, bool) and step.kind == "wait until":
        said.append(str(_("It held.") if holds else _("It did not hold in time.")))
    return " · ".join(said)


def _detail_word(name: str) -> str:
    words = {"message": _("Text"), "until": _("Goes on"), "count": _("Records"), "summary": _("Result")}
    words["made"] = _("What was made")
    return str(words.get(name, name))
