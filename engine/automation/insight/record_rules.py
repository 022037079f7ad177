"""Which rules touched a record, which looked at it and did not match, and which never looked, each with the reason.

The newest saves of the record's history are judged again as they were, each by the rules of the release it was saved
under; the first false part of a condition is found in its tree. Only rules about the record's object are looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.access.actor import Actor
from engine.automation.before_rules import BeforeRunner
from engine.automation.insight.judging import Judged
from engine.automation.insight.past import Entry, PastEvent, entries_of, events_of, stored_records
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.reasons import first_false, reason_of_look, reason_of_silence
from engine.automation.insight.rules_then import RulesThen
from engine.automation.insight.sweep_looks import look_of_schedule
from engine.automation.insight.views import RecordRules, RuleLook, RuleOnRecord, RuleStanding, RuleStart
from engine.automation.insight.within_saves import PastSaves
from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex
from engine.automation.run_log import RunLog
from engine.automation.run_views import ChangeShown, RunSummary
from engine.automation.trace import part_of
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef

MOST_SAVES = 60
_LOOKS_SHOWN = 5
_RUNS_SHOWN = 5
_ORDER = {each: place for place, each in enumerate(RuleStanding)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: who reads, within which reading transaction, of which record, with what is known of it."""

    actor: Actor
    transaction: Transaction
    object_def: ObjectDef
    record_id: str
    readable: Container[str]
    before: BeforeRunner


def rules_of_record(
    asked: Asked, index: RuleIndex, then: RulesThen, off: Mapping[str, str], runs: RunLog, rule: str | None = None
) -> RecordRules:
    """Tell of all rules about a record, or of one. off: rules that are switched off, with the reason."""
    key, record_id = asked.object_def.key, asked.record_id
    found = entries_of(asked.transaction, key, record_id, most=MOST_SAVES + 1)
    entries, more = found[:MOST_SAVES], len(found) > MOST_SAVES
    looks = _looks(asked, index, then, entries)
    by_rule: dict[str, list[RunSummary]] = defaultdict(list)
    for run in runs.touching(asked.actor, key, record_id, within=asked.transaction):
        by_rule[run.rule].append(run)
    rules = [
        _of_program(asked, program, looks.get(program.name, ()), by_rule.pop(program.name, ()), off, entries)
        for program in index.programs.values()
        if (_is_about(program, key) and trigger_texts(program)) or program.name in by_rule
    ]
    rules += [_of_gone(name, each) for name, each in by_rule.items()]
    wanted = (each for each in rules if rule is None or each.rule == rule)
    ordered = sorted(wanted, key=lambda each: (_ORDER[each.standing], each.label.casefold()))
    return RecordRules(rules=tuple(ordered), saves=len(entries), more=more)


def trigger_texts(program: Program) -> tuple[str, ...]:
    """Give what a rule waits for, as its author wrote it."""
    on_time = (*(each.text for each in program.on_moment), *(each.text for each in program.on_held))
    on_time = (*on_time, *(each.text for each in program.on_schedule))
    by_others = (*(each.text for each in program.on_call), *(each.text for each in program.on_approval))
    return (*(each.text for each in program.on_record), *on_time, *by_others)


def start_of(program: Program) -> RuleStart:
    """Give what a rule waits for; of several the save goes first. What an approval sets off has no trigger."""
    if program.is_before:
        return RuleStart.IN_SAVE
    if program.on_record:
        return RuleStart.AFTER_SAVE
    if program.on_moment or program.on_held or program.on_schedule:
        return RuleStart.CLOCK
    return RuleStart.CALL if program.on_call else RuleStart.APPROVAL


def _is_about(program: Program, object_key: str) -> bool:
    return program.object == object_key or any(each.object == object_key for each in program.on_record)


def _looks(
    asked: Asked, index: RuleIndex, then: RulesThen, entries: Sequence[Entry]
) -> Mapping[str, Sequence[RuleLook]]:
    """Judge the saves again, the newest first."""
    key, record_id = asked.object_def.key, asked.record_id
    now = stored_records(asked.transaction, key, [record_id]).get(record_id)
    if now is None or not entries:
        return {}
    records = PastRecords(asked.transaction, entries[-1].id)
    records.know(key, now, record_id, entries)
    saves = PastSaves(transaction=asked.transaction, before=asked.before, records=records)
    looks: dict[str, list[RuleLook]] = defaultdict(list)
    for past in events_of(asked.transaction, asked.object_def, now, entries):
        for program in then.about(index, key, past.entry.release):
            judged = saves.judged(program, past)
            if judged is not None:
                looks[program.name].append(_look(asked, program, past, judged))
    return looks


def _look(asked: Asked, program: Program, past: PastEvent, judged: Judged) -> RuleLook:
    condition = part_of(judged.explained, asked.readable)
    starts = judged.starts(program)
    return RuleLook(
        at=past.entry.at,
        entry=past.entry.id,
        version=past.entry.version,
        who=past.entry.actor_name if past.entry.actor else "",
        trigger=judged.trigger.text,
        matched=starts,
        otherwise=starts and judged.holds is False,
        reason=reason_of_look(program, judged),
        because=None if starts else first_false(condition),
        condition=condition,
        change=None if judged.fits else _change(asked, past, judged),
        release=past.entry.release,
    )


def _change(asked: Asked, past: PastEvent, judged: Judged) -> ChangeShown | None:
    name = judged.trigger.field
    if name is None:
        return None
    if name not in asked.readable:
        return ChangeShown(field=name, masked=True)
    return ChangeShown(field=name, old=past.event.old.get(name), new=past.event.new.get(name))


def _of_program(
    asked: Asked,
    program: Program,
    looks: Sequence[RuleLook],
    runs: Sequence[RunSummary],
    off: Mapping[str, str],
    entries: Sequence[Entry],
) -> RuleOnRecord:
    if not looks and not runs:
        looks = look_of_schedule(asked.transaction, asked.object_def, asked.record_id, program, asked.readable)
    standing, reason = _standing(asked, program, looks, runs, off, entries)
    return RuleOnRecord(
        rule=program.name,
        label=program.called(asked.actor.language),
        is_before=program.is_before,
        start=start_of(program),
        triggers=trigger_texts(program),
        standing=standing,
        reason=reason,
        looks=tuple(looks[:_LOOKS_SHOWN]),
        runs=tuple(runs[:_RUNS_SHOWN]),
    )


def _standing(
    asked: Asked,
    program: Program,
    looks: Sequence[RuleLook],
    runs: Sequence[RunSummary],
    off: Mapping[str, str],
    entries: Sequence[Entry],
) -> tuple[RuleStanding, str]:
    acted = next((look for look in looks if look.matched), None)
    if runs or (program.is_before and acted is not None):
        return RuleStanding.RAN, acted.reason if program.is_before and acted is not None else ""
    if program.name in off:
        return RuleStanding.OFF, f"The rule was switched off: {off[program.name]}"
    if not program.active:
        return RuleStanding.OFF, "The rule is inactive."
    if looks:
        return RuleStanding.LOOKED, looks[0].reason
    return RuleStanding.NEVER, reason_of_silence(asked.transaction, asked.object_def, asked.record_id, program, entries)


def _of_gone(name: str, runs: Iterable[RunSummary]) -> RuleOnRecord:
    """Tell of a rule that is no longer there and has touched the record."""
    shown = tuple(runs)
    return RuleOnRecord(
        rule=name,
        label=name,
        is_before=False,
        start=RuleStart.AFTER_SAVE,
        triggers=tuple(dict.fromkeys(run.event for run in shown)),
        standing=RuleStanding.RAN,
        reason="The rule is no longer there.",
        runs=shown[:_RUNS_SHOWN],
    )
