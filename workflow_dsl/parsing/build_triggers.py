"""Builders of what starts a rule: events, schedules, and the head that joins them with `or`."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token

from workflow_dsl.parsing.build_actions import words
from workflow_dsl.parsing.build_expressions import after, nodes, tokens
from workflow_dsl.parsing.build_literals import duration_of, number_of, time_of
from workflow_dsl.parsing.building import Builder, Building, Built
from workflow_dsl.syntax import (
    ApprovalDecided,
    ButtonPressed,
    CalendarTimes,
    ComesToMatch,
    Cron,
    Crosses,
    DayNumber,
    Each,
    EmailReceived,
    EventKind,
    EventTrigger,
    FieldChanges,
    FormSubmitted,
    HasMatched,
    Interval,
    Moment,
    Param,
    PluginEvent,
    RecordEvent,
    ScheduleTrigger,
    Span,
    UserLogsIn,
    WebhookReceived,
)


def _head(building: Building, at: Span, children: Sequence[Built]) -> Built:
    triggers: list[EventTrigger | ScheduleTrigger] = []
    each: Each | None = None
    for child in nodes(children):
        if isinstance(child, Each):
            each = child
        elif isinstance(child, EventTrigger | ScheduleTrigger):
            triggers.append(child)
        else:
            # `before lead is created or lead is updated`: an event without its own word goes on like the one before.
            before = isinstance(triggers[-1], EventTrigger) and triggers[-1].before
            triggers.append(EventTrigger(event=child, before=before, at=child.at))
    return tuple(triggers), each


def _trigger(before: bool) -> Builder:
    def build_trigger(building: Building, at: Span, children: Sequence[Built]) -> Built:
        return EventTrigger(event=children[1], before=before, at=at)

    return build_trigger


def _every(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return ScheduleTrigger(schedule=children[1], at=at)


def _each(building: Building, at: Span, children: Sequence[Built]) -> Built:
    variable = building.name(children[1]) if isinstance(children[1], Token) else None
    paths = [child for child in nodes(children) if child is not after(children, "WHERE")]
    return Each(source=paths[0], variable=variable, where=after(children, "WHERE"), at=at)


def _on_event(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return RecordEvent(object=children[0], kind=EventKind(words(children[1])[1]), at=at)


def _on_change(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return FieldChanges(path=children[0], before=after(children, "FROM"), after=after(children, "TO"), at=at)


def _on_match(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return ComesToMatch(object=children[0], condition=children[2], at=at)


def _on_held(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return HasMatched(object=children[0], condition=children[2], duration=children[4], at=at)


def _crosses(rises: bool) -> Builder:
    def build_crossing(building: Building, at: Span, children: Sequence[Built]) -> Built:
        return Crosses(path=children[0], rises=rises, value=children[2], at=at)

    return build_crossing


def _moment(before: bool) -> Builder:
    def build_moment(building: Building, at: Span, children: Sequence[Built]) -> Built:
        time = after(children, "AT")
        return Moment(
            path=nodes(children)[0],
            offset=duration_of(building, children[0]),
            before=before,
            time=time_of(building, time) if time is not None else None,
            at=at,
        )

    return build_moment


def _on_date(building: Building, at: Span, children: Sequence[Built]) -> Built:
    time = after(children, "AT")
    return Moment(path=children[0], time=time_of(building, time) if time is not None else None, at=at)


def _on_button(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return ButtonPressed(
        button=building.name(children[1]),
        object=after(children, "ON"),
        by=after(children, "BY") or (),
        asking=after(children, "ASKING") or (),
        at=at,
    )


def _on_approval(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return ApprovalDecided(approval=building.name(children[1]), outcome=" ".join(words(children[2])[1:]), at=at)


def _params(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return tuple(children)


def _param(building: Building, at: Span, children: Sequence[Built]) -> Built:
    type_name = children[1]
    return Param(
        name=building.name(children[0]),
        type_name=building.name(type_name) if isinstance(type_name, Token) and type_name.type == "NAME" else None,
        default=after(children, "EQUALS"),
        at=at,
    )


def _interval(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Interval(duration=duration_of(building, children[0]), at=at)


def _zone(building: Building, children: Sequence[Built]) -> str | None:
    token = after(children, "ZONE")
    return building.plain_text(token) if token is not None else None


def _cron(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Cron(expression=building.plain_text(children[1]), zone=_zone(building, children), at=at)


def _calendar_times(building: Building, at: Span, children: Sequence[Built]) -> Built:
    parts = nodes(children)
    return CalendarTimes(
        days=tuple(part for part in parts if isinstance(part, str)),
        day_numbers=tuple(part for part in parts if isinstance(part, DayNumber)),
        times=tuple(time_of(building, token) for token in tokens(children, "TIME")),
        zone=_zone(building, children),
        at=at,
    )


def _day(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return " ".join(words(children[0]))


def _day_no(building: Building, at: Span, children: Sequence[Built]) -> Built:
    if children[0].type == "LAST_DAY":
        return DayNumber(number=None, at=at)
    number = number_of(building, children[1], at)
    if children[0] != "day" or number not in range(1, 32):
        building.refuse("RUL104", "a schedule names days of the month as `day 1` to `day 31` or `last day`", at)
        return DayNumber(number=1, at=at)
    return DayNumber(number=int(number), at=at)


TRIGGER_BUILDERS: dict[str, Builder] = {
    "head": _head,
    "when": _trigger(before=False),
    "before": _trigger(before=True),
    "every": _every,
    "each": _each,
    "on_event": _on_event,
    "on_change": _on_change,
    "on_match": _on_match,
    "on_held": _on_held,
    "on_rise": _crosses(rises=True),
    "on_fall": _crosses(rises=False),
    "on_date_before": _moment(before=True),
    "on_date_after": _moment(before=False),
    "on_date": _on_date,
    "on_form": lambda building, at, children: FormSubmitted(form=building.name(children[1]), at=at),
    "on_webhook": lambda building, at, children: WebhookReceived(webhook=building.name(children[1]), at=at),
    "on_email": lambda building, at, children: EmailReceived(address=building.plain_text(children[1]), at=at),
    "on_button": _on_button,
    "on_approval": _on_approval,
    "on_login": lambda building, at, children: UserLogsIn(at=at),
    "on_plugin": lambda building, at, children: PluginEvent(event=children[1], at=at),
    "params": _params,
    "param": _param,
    "interval": _interval,
    "cron": _cron,
    "calendar_": _calendar_times,
    "day": _day,
    "day_no": _day_no,
}
