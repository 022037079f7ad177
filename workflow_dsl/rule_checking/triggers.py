"""Checks what starts a rule: events of records, moments of their fields, schedules; and finds the rule's object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import (
    ApprovalTrigger,
    CallTrigger,
    HeldTrigger,
    MomentTrigger,
    RecordTrigger,
    TimeTrigger,
)
from workflow_dsl.checker import check_text
from workflow_dsl.rule_checking.approvals import approval_decided, approval_object
from workflow_dsl.rule_checking.calls import CALLS, check_call, form_object
from workflow_dsl.rule_checking.edges import comes_to_match, crosses, has_matched
from workflow_dsl.rule_checking.schedules import check_schedule
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import (
    ApprovalDecided,
    ButtonPressed,
    ComesToMatch,
    Crosses,
    Event,
    EventKind,
    EventTrigger,
    FieldChanges,
    FormSubmitted,
    HasMatched,
    Moment,
    Path,
    RecordEvent,
    Rule,
    ScheduleTrigger,
    Trigger,
    UserLogsIn,
)
from workflow_dsl.types import MOMENTS, type_of_field

_SAVES = frozenset((EventKind.CREATED, EventKind.UPDATED))
_KINDS = {
    EventKind.CREATED: frozenset((EventKind.CREATED,)),
    EventKind.UPDATED: frozenset((EventKind.UPDATED,)),
    EventKind.SAVED: _SAVES,
    EventKind.DELETED: frozenset((EventKind.DELETED,)),
    EventKind.RESTORED: frozenset((EventKind.RESTORED,)),
    EventKind.MERGED: frozenset((EventKind.MERGED,)),
    EventKind.CONVERTED: frozenset((EventKind.CONVERTED,)),
}
_UNSEEN = "what changes there is not seen here"


EventCheck = Callable[[RuleChecking, Any, "Triggers"], None]
"""Checks one kind of event and adds what it makes."""


@dataclass(slots=True)
class Triggers:
    """The triggers of a rule, as far as they are right."""

    on_record: list[RecordTrigger] = field(default_factory=list)
    on_moment: list[MomentTrigger] = field(default_factory=list)
    on_held: list[HeldTrigger] = field(default_factory=list)
    on_time: list[TimeTrigger] = field(default_factory=list)
    on_call: list[CallTrigger] = field(default_factory=list)
    on_approval: list[ApprovalTrigger] = field(default_factory=list)


def trigger_objects(checking: RuleChecking, rule: Rule) -> list[ObjectDef]:
    """Give the objects that a rule's triggers name, each once; unknown ones are reported by `check_triggers`."""
    found: dict[str, ObjectDef] = {}
    for trigger in rule.triggers:
        if isinstance(trigger, EventTrigger) and isinstance(trigger.event, UserLogsIn):
            user = checking.scope.metamodel.objects.get("user")
            found |= {user.key: user} if user is not None else {}
            continue
        if isinstance(trigger, EventTrigger) and isinstance(trigger.event, ApprovalDecided):
            known = approval_object(checking, trigger.event)
            found |= {known.key: known} if known is not None else {}
            continue
        if isinstance(trigger, EventTrigger) and isinstance(trigger.event, FormSubmitted):
            made = form_object(checking, trigger.event)
            found |= {made.key: made} if made is not None else {}
            continue
        path = _object_path(trigger)
        split = split_path(checking, path) if path is not None else None
        if split is not None:
            found[split[0].key] = split[0]
    return list(found.values())


def _object_path(trigger: Trigger) -> Path | None:
    if isinstance(trigger, ScheduleTrigger):
        return None
    event = trigger.event
    if isinstance(event, RecordEvent | ComesToMatch | HasMatched | ButtonPressed):
        return event.object
    return event.path if isinstance(event, FieldChanges | Moment | Crosses) else None


def split_path(checking: RuleChecking, path: Path) -> tuple[ObjectDef, tuple[str, ...]] | None:
    """Split `app.object.field` or `object.field` into the object and the names after it."""
    names = [name.text for name in path.names]
    for count in (1, 2):
        found = checking.scope.metamodel.find_object(".".join(names[:count]))
        if found is not None and len(names) >= count:
            return found, tuple(names[count:])
    return None


def check_triggers(checking: RuleChecking, rule: Rule) -> Triggers:
    """Check the triggers; the rule's scope knows its object already."""
    result = Triggers()
    befores = {trigger.before for trigger in rule.triggers if isinstance(trigger, EventTrigger)}
    times = any(isinstance(trigger, ScheduleTrigger) for trigger in rule.triggers)
    if len(befores) > 1 or (True in befores and times):
        hint = "make two rules of it"
        checking.refuse("RUL401", "a rule runs before the save or after it, not both", rule.name.at, hint)
    for trigger in rule.triggers:
        if isinstance(trigger, ScheduleTrigger):
            timed = check_schedule(checking, trigger)
            result.on_time += [timed] if timed is not None else []
        else:
            _check_event(checking, trigger.event, result)
    if True in befores and (result.on_moment or result.on_held):
        message = "a before rule runs inside a save, and the passing of time saves nothing"
        checking.refuse("RUL401", message, rule.name.at, "write the rule with 'when'")
    return result


def _check_event(checking: RuleChecking, event: Event, result: Triggers) -> None:
    _EVENTS[type(event)](checking, event, result)


def _record_event(checking: RuleChecking, event: RecordEvent) -> Iterator[RecordTrigger]:
    object_def = checking.find_object(event.object)
    if event.kind not in _KINDS:
        checking.not_available("RUL901", f"'is {event.kind}'", event.at)
    elif object_def is not None and not checking.refuses_source(object_def, event.object.at, _UNSEEN):
        yield RecordTrigger(object=object_def.key, kinds=_KINDS[event.kind], text=checking.text_of(event.at))


def _edge(checking: RuleChecking, event: ComesToMatch | Crosses) -> Iterator[RecordTrigger]:
    if isinstance(event, Crosses):
        found = _own_field(checking, event.path)
        if found is not None:
            yield from crosses(checking, *found, event)
        return
    object_def = checking.find_object(event.object)
    if object_def is not None and not checking.refuses_source(object_def, event.object.at, _UNSEEN):
        yield from comes_to_match(checking, object_def, event)


def _held(checking: RuleChecking, event: HasMatched) -> Iterator[HeldTrigger]:
    object_def = checking.find_object(event.object)
    if object_def is not None and not checking.refuses_source(object_def, event.object.at, _UNSEEN):
        yield from has_matched(checking, object_def, event)


def _own_field(checking: RuleChecking, path: Path) -> tuple[ObjectDef, FieldDef] | None:
    split = split_path(checking, path)
    if split is None:
        checking.refuse_object(path)
        return None
    object_def, rest = split
    if checking.refuses_source(object_def, path.at, _UNSEEN):
        return None
    if len(rest) != 1:
        hint = f"write {object_def.key}.field" if not rest else "a trigger watches a field of the object itself"
        checking.refuse("RUL406", f"'{path.dotted}' names no field of {object_def.key}", path.at, hint)
        return None
    found = checking.find_field(object_def, rest[0], path.names[-1].at)
    return (object_def, found) if found is not None else None


def _field_changes(checking: RuleChecking, event: FieldChanges) -> Iterator[RecordTrigger]:
    split = _own_field(checking, event.path)
    if split is None:
        return
    object_def, field_def = split
    _warn_of_formula(checking, object_def, field_def, event.path)
    type_ = type_of_field(field_def)
    what = f"the field '{field_def.name}'"
    before = checking.value(event.before, type_, what) if event.before is not None else None
    after = checking.value(event.after, type_, what) if event.after is not None else None
    yield RecordTrigger(
        object=object_def.key,
        kinds=_SAVES,
        text=checking.text_of(event.at),
        field=field_def.name,
        before=before,
        after=after,
    )


def _warn_of_formula(checking: RuleChecking, object_def: ObjectDef, field_def: FieldDef, path: Path) -> None:
    if field_def.formula is None:
        return
    scope = Scope(metamodel=checking.scope.metamodel, functions=checking.scope.functions, object=object_def.key)
    if not check_text(field_def.formula, scope).reads.is_stable:
        message = f"'{path.dotted}' reads other records or the clock, and changes of those start no rule"
        checking.warn("RUL411", message, path.at, "wait for a change of a field that is stored")


def _moment(checking: RuleChecking, event: Moment) -> Iterator[MomentTrigger]:
    split = _own_field(checking, event.path)
    if split is None:
        return
    object_def, field_def = split
    type_ = type_of_field(field_def)
    if type_.kind not in MOMENTS:
        message = f"'{event.path.dotted}' is {type_.with_article}, and only dates and moments are reached"
        checking.refuse("RUL406", message, event.path.at)
        return
    if field_def.formula is not None:
        checking.refuse("RUL406", f"'{event.path.dotted}' is computed; timers follow stored fields", event.path.at)
        return
    yield MomentTrigger(object=object_def.key, field=field_def.name, moment=event, text=checking.text_of(event.at))


_EVENTS: Mapping[type[Event], EventCheck] = MappingProxyType(
    {
        RecordEvent: lambda checking, event, result: result.on_record.extend(_record_event(checking, event)),
        FieldChanges: lambda checking, event, result: result.on_record.extend(_field_changes(checking, event)),
        ComesToMatch: lambda checking, event, result: result.on_record.extend(_edge(checking, event)),
        Crosses: lambda checking, event, result: result.on_record.extend(_edge(checking, event)),
        Moment: lambda checking, event, result: result.on_moment.extend(_moment(checking, event)),
        HasMatched: lambda checking, event, result: result.on_held.extend(_held(checking, event)),
        ApprovalDecided: lambda checking, event, result: result.on_approval.extend(approval_decided(checking, event)),
        **dict.fromkeys(CALLS, lambda checking, event, result: result.on_call.extend(check_call(checking, event))),
    }
)
