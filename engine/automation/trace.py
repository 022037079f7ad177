"""Builds the trace of a run from its rows: what happened, the condition with its values, each action, what it caused.

The condition is explained when the rule matches and kept compactly; here it is masked for its reader.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from engine.automation.batch_runs import RECORDS
from engine.automation.run_state import Run
from engine.automation.run_views import ChangeShown, ConditionPart, RunSummary, RunTrace, StepShown
from engine.automation.save_order import order_shown
from engine.automation.stored_values import from_stored

_RECORDS_SHOWN = 100


def build_trace(
    run: Run,
    steps: Sequence[Mapping[Any, Any]],
    *,
    summary: RunSummary,
    cause: RunSummary | None,
    caused: tuple[RunSummary, ...],
    readable: Container[str],
    actor_name: str,
    may_manage: bool,
    chain: tuple[str, ...] = (),
) -> RunTrace:
    """Put the trace together; `readable` is what the reader may see of the record and of those it leads to."""
    meta = run.snapshot.facts
    records = tuple((meta.get("names") or {}).get(RECORDS) or ()) if run.record_id is None else ()
    return RunTrace(
        summary=summary,
        rule_text=run.rule_text,
        rule_at=str(meta.get("at", "")),
        actor_id=run.actor.get("user_id"),
        actor_name=actor_name,
        runs_as=str(run.actor.get("runs_as", "user")),
        mode=str(meta.get("mode", "queued")),
        changes=_changes(run, readable),
        condition=part_of(run.snapshot.explained, readable),
        matched=part_of(run.snapshot.matched, readable),
        holds=run.snapshot.holds,
        steps=tuple(_step(row, readable) for row in sorted(steps, key=_order)),
        chain=chain,
        cause=cause,
        caused=caused,
        facts={key: value for key, value in meta.items() if key in ("due", "field")},
        order=order_shown(meta, run.rule),
        records=records[:_RECORDS_SHOWN],
        record_count=len(records),
        may_retry=may_manage,
        may_dismiss=may_manage,
    )


def part_of(stored: Any, readable: Container[str]) -> ConditionPart | None:
    """Read an explained condition: `[text, value, fields it reads, error, parts]`; unreadable values are masked."""
    if stored is None:
        return None
    text, value, fields, error, parts = stored
    masked = any(name not in readable for name in fields)
    return ConditionPart(
        text=text,
        value=None if masked else from_stored(value),
        masked=masked,
        error=error,
        parts=tuple(part for part in (part_of(each, readable) for each in parts) if part is not None),
    )


def _changes(run: Run, readable: Container[str]) -> tuple[ChangeShown, ...]:
    new = run.snapshot.facts.get("new") or {}
    shown = []
    for name in run.snapshot.changed:
        if name in readable:
            shown.append(ChangeShown(field=name, old=run.snapshot.old.get(name), new=new.get(name)))
        else:
            shown.append(ChangeShown(field=name, masked=True))
    return tuple(shown)


def _order(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    """Sort steps by time, those of one moment by their places in the rule: the tenth comes after the second."""
    place = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in row["path"].split("/")]
    return row["at"], place, row["attempt"]


def _step(row: Mapping[Any, Any], readable: Container[str]) -> StepShown:
    result = from_stored(row["result"])
    explained = row["result"].get("explained") if isinstance(row["result"], dict) else None
    text, value = "", result
    if isinstance(result, Mapping):
        text = str(result.get("text", ""))
        value = {key: item for key, item in result.items() if key not in ("text", "explained")}
    return StepShown(
        path=row["path"],
        attempt=row["attempt"],
        kind=row["kind"],
        text=text,
        outcome=row["outcome"] or "",
        at=row["at"],
        finished_at=row["finished_at"],
        result=value,
        error=row["error"],
        effects=tuple(_masked(effect, readable) for effect in row["effects"] or ()),
        condition=part_of(explained, readable),
    )


def _masked(effect: Mapping[str, Any], readable: Container[str]) -> Mapping[str, Any]:
    fields = effect.get("fields")
    if not effect.get("own") or not isinstance(fields, list):
        return effect
    return {**effect, "fields": [name for name in fields if name in readable]}
