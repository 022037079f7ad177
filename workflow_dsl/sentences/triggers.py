"""What starts a rule, as words: events, moments, schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from workflow_dsl.sentences.expressions import condition_words, duration_words, list_words, rows_words, value_words
from workflow_dsl.sentences.place import Place
from workflow_dsl.syntax import (
    ApprovalDecided,
    Arg,
    ButtonPressed,
    CalendarTimes,
    ComesToMatch,
    Cron,
    Crosses,
    DayNumber,
    Each,
    EmailReceived,
    Event,
    EventKind,
    EventTrigger,
    FieldChanges,
    FormSubmitted,
    HasMatched,
    Interval,
    Moment,
    Path,
    PluginEvent,
    RecordEvent,
    Schedule,
    Trigger,
    UserLogsIn,
    WebhookReceived,
)

_KINDS: Mapping[EventKind, str] = MappingProxyType(
    {
        EventKind.CREATED: "{}新建",
        EventKind.UPDATED: "{}修改",
        EventKind.SAVED: "{}保存",
        EventKind.DELETED: "{}删除",
        EventKind.RESTORED: "{}恢复",
        EventKind.MERGED: "{}合并",
        EventKind.CONVERTED: "{}转换",
    }
)
_DAYS = {
    "business day": "每个工作日",
    "weekday": "周一至周五",
    "day": "每天",
    "week": "每周",
    "month": "每月",
    "quarter": "每季度",
    "year": "每年",
    "monday": "每周一",
    "tuesday": "每周二",
    "wednesday": "每周三",
    "thursday": "每周四",
    "friday": "每周五",
    "saturday": "每周六",
    "sunday": "每周日",
}
_OUTCOMES = {"submitted": "提交", "approved": "批准", "rejected": "驳回", "recalled": "撤回", "timed out": "超时"}


def trigger_words(place: Place, trigger: Trigger) -> str:
    """Say one trigger as a part of a sentence: `when a Deal is created`, `商机新建后`."""
    if isinstance(trigger, EventTrigger):
        words = _EVENTS[type(trigger.event)](place, trigger.event)
        if trigger.before:
            return place.say("before {}", "{}之前").format(words)
        return place.say("when {}", "{}时" if isinstance(trigger.event, Moment) else "{}后").format(words)
    return _SCHEDULES[type(trigger.schedule)](place, trigger.schedule)


def each_words(place: Place, each: Each) -> str:
    """Say for which records a rule by the clock is."""
    rows = rows_words(place, Arg(value=each.source, where=each.where))
    return place.say("for each of the {}", "对每条{}").format(rows)


def object_of(place: Place, trigger: Trigger) -> str | None:
    """Give the object that a trigger is about."""
    if not isinstance(trigger, EventTrigger):
        return None
    event = trigger.event
    if isinstance(event, RecordEvent | ComesToMatch | HasMatched | ButtonPressed):
        return event.object.dotted
    if isinstance(event, FieldChanges | Crosses | Moment):
        return ".".join(_split(place, event.path)[0])
    return "user" if isinstance(event, UserLogsIn) else None


def _split(place: Place, path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = tuple(name.text for name in path.names)
    count = 1 if place.object_def(names[0]) is not None or len(names) < 3 else 2
    return names[:count], names[count:]


def _field(place: Place, path: Path) -> tuple[str, Any]:
    """Give the words for a field of an object's records, and the field."""
    start, rest = _split(place, path)
    key = ".".join(start)
    inside = Place(metamodel=place.metamodel, language=place.language, object=key)
    found = inside.find_names(rest) if rest else None
    words = found.words if found is not None else ""
    said = place.say("the {1} of {0}", "{0}的{1}").format(place.one_of(key), words)
    return said, found.field if found is not None else None


def _changes(place: Place, event: FieldChanges) -> str:
    words, field = _field(place, event.path)
    said = place.say("{} changes", "{}变化" if event.after is None else "{}").format(words)
    if event.before is not None:
        before = value_words(place, event.before, field)
        said = place.say("{} from {}", "{}由{}").format(words if place.is_chinese else said, before)
    if event.after is not None:
        return place.say("{} to {}", "{}变为{}").format(said, value_words(place, event.after, field))
    return said if event.before is None or not place.is_chinese else f"{said}变化"


def _crosses(place: Place, event: Crosses) -> str:
    words, field = _field(place, event.path)
    english, chinese = ("{} rises above {}", "{}升到{}以上") if event.rises else ("{} falls below {}", "{}降到{}以下")
    return place.say(english, chinese).format(words, value_words(place, event.value, field))


def _moment(place: Place, event: Moment) -> str:
    words, _ = _field(place, event.path)
    if event.offset is None:
        said = place.say("{} is reached", "{}到来").format(words)
    else:
        length = duration_words(place, event.offset)
        english, chinese = _BEFORE if event.before else _AFTER
        said = place.say(english, chinese).format(words, length)
    if event.time is None:
        return said
    return place.say("{} at {}", "{}的{}").format(said, event.time.value.isoformat(timespec="minutes"))


_BEFORE, _AFTER = ("it is {1} before {0}", "{0}之前{1}"), ("it is {1} after {0}", "{0}之后{1}")


def _match(place: Place, event: ComesToMatch | HasMatched) -> str:
    inside = Place(metamodel=place.metamodel, language=place.language, object=event.object.dotted)
    parts = [place.one_of(event.object.dotted), condition_words(inside, event.condition)]
    if isinstance(event, ComesToMatch):
        return place.say("it comes to be true of {} that {}", "{}开始满足“{}”").format(*parts)
    parts.append(value_words(place, event.duration))
    return place.say("it has been true of {0} for {2} that {1}", "{}满足“{}”已有{}").format(*parts)


def _button(place: Place, event: ButtonPressed) -> str:
    by = list_words(place, [value_words(place, each) for each in event.by])
    asked = list_words(place, [param.name.text for param in event.asking])
    said = place.say("the button “{}” on {} is pressed", "{1}上的按钮“{0}”被按下").format(
        event.button.text, place.one_of(event.object.dotted)
    )
    said += place.say(f" by {by}", f"（由{by}）") if by else ""
    return said + (place.say(f", which asks for {asked}", f"（询问{asked}）") if asked else "")


def _approval(place: Place, event: ApprovalDecided) -> str:
    outcome = place.say(event.outcome, _OUTCOMES.get(event.outcome, event.outcome))
    return place.say("the approval “{}” is {}", "审批“{}”{}").format(event.approval.text, outcome)


_EVENTS: Mapping[type[Event], Callable[[Place, Any], str]] = MappingProxyType(
    {
        RecordEvent: lambda place, event: place.say(f"{{}} is {event.kind}", _KINDS[event.kind]).format(
            place.one_of(event.object.dotted)
        ),
        FieldChanges: _changes,
        ComesToMatch: _match,
        HasMatched: _match,
        Crosses: _crosses,
        Moment: _moment,
        FormSubmitted: lambda place, event: place.say("the form “{}” is sent", "表单“{}”提交").format(event.form.text),
        WebhookReceived: lambda place, event: place.say("the webhook “{}” calls", "收到 webhook“{}”").format(
            event.webhook.text
        ),
        EmailReceived: lambda place, event: place.say("a mail arrives at {}", "{}收到邮件").format(event.address),
        ButtonPressed: _button,
        ApprovalDecided: _approval,
        UserLogsIn: lambda place, event: place.say("a user signs in", "用户登录"),
        PluginEvent: lambda place, event: place.say("the plugin event “{}” is told", "插件事件“{}”发生").format(
            event.event.dotted
        ),
    }
)  # fmt: skip


def _calendar(place: Place, schedule: CalendarTimes) -> str:
    times = list_words(place, [time.value.isoformat(timespec="minutes") for time in schedule.times])
    numbers = list_words(place, [_day_number(place, number) for number in schedule.day_numbers])
    if place.is_chinese:
        days = "、".join(_DAYS[day] for day in schedule.days)
        said = f"{days}{numbers}{times}"
    else:
        days = " and ".join(day if day in _PLAIN else day.capitalize() for day in schedule.days)
        said = f"every {days}{f' on {numbers}' if numbers else ''} at {times}"
    return said + (place.say(f" in {schedule.zone}", f"（{schedule.zone}）") if schedule.zone else "")


_PLAIN = frozenset(("day", "weekday", "business day", "week", "month", "quarter", "year"))


def _day_number(place: Place, number: DayNumber) -> str:
    if number.number is None:
        return place.say("the last day", "最后一天")
    return place.say(f"day {number.number}", f"{number.number}日")


_SCHEDULES: Mapping[type[Schedule], Callable[[Place, Any], str]] = MappingProxyType(
    {
        Interval: lambda place, each: place.say("every {}", "每隔{}").format(duration_words(place, each.duration)),
        Cron: lambda place, each: (
            place.say("by the cron times {}", "按 cron 时间 {}").format(each.expression)
            + (f" ({each.zone})" if each.zone else "")
        ),
        CalendarTimes: _calendar,
    }
)
