"""A whole rule as one sentence, and its options as short ones after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from metamodel.apps import Metamodel
from metamodel.source import LocatedText
from workflow_dsl.parser import parse_rules
from workflow_dsl.sentences.actions import block_words
from workflow_dsl.sentences.expressions import condition_words
from workflow_dsl.sentences.place import Place
from workflow_dsl.sentences.triggers import each_words, object_of, trigger_words
from workflow_dsl.syntax import (
    AllowLoop,
    Bulk,
    Inactive,
    Limit,
    Missed,
    Mode,
    OncePerRecord,
    OnFailure,
    Option,
    Priority,
    Retry,
    Rule,
    RunAs,
    RunsAs,
    UseCalendar,
)

_RUN_AS = {
    RunAs.USER: ("It acts as the user who caused it.", "以触发者的权限执行。"),
    RunAs.OWNER: ("It acts as the record’s owner.", "以记录负责人的权限执行。"),
    RunAs.SYSTEM: ("It acts with all rights of the product.", "以系统权限执行。"),
}
_MODES = {
    "single": ("While it runs for a record, it does not start again for it.", "同一记录正在执行时不再启动。"),
    "restart": ("Started again for a record, it begins anew.", "同一记录再次触发时重新开始。"),
    "queued": ("Runs of one record wait for each other.", "同一记录的执行依次排队。"),
    "parallel": ("Runs of one record go side by side.", "同一记录的执行可同时进行。"),
}
_BULK = {
    "each": ("Bulk work starts it for each record.", "批量操作时逐条执行。"),
    "once": ("Bulk work starts it once a batch.", "批量操作时每批执行一次。"),
    "skip": ("Bulk work does not start it.", "批量操作时不执行。"),
}
_MISSED = {
    "skip": ("Missed times are left out.", "错过的时间不补执行。"),
    "once": ("Missed times are made up for once.", "错过的时间补执行一次。"),
    "all": ("Missed times are all made up for.", "错过的时间全部补执行。"),
}
_PERIODS = {
    None: ("It runs once per record.", "每条记录只执行一次。"),
    "ever": ("It runs only once per record, ever.", "每条记录永远只执行一次。"),
    "hour": ("It runs once per record and hour.", "每条记录每小时最多执行一次。"),
    "day": ("It runs once per record and day.", "每条记录每天最多执行一次。"),
    "week": ("It runs once per record and week.", "每条记录每周最多执行一次。"),
    "month": ("It runs once per record and month.", "每条记录每月最多执行一次。"),
}
_LIMITS = {"minute": "每分钟", "hour": "每小时", "day": "每天"}


def sentence_of(text: str, metamodel: Metamodel, language: str) -> str:
    """Read the text of one rule back as a sentence; "" where it is no rule."""
    items = parse_rules(LocatedText.plain(text)).items
    rule = next((item for item in items if isinstance(item, Rule)), None)
    return rule_sentence(rule, metamodel, language) if rule is not None else ""


def trigger_sentence(text: str, metamodel: Metamodel, language: str, *, is_before: bool = False) -> str:
    """Read one trigger back, as lists of rules and runs have it; "" where it is none.

    is_before: of a rule that acts before the save, whose trigger is written without that word.
    """
    when = "before " if is_before else "when "
    for head in ("", when):
        parsed = parse_rules(LocatedText.plain(f'rule x {head}{text} then log "x"'))
        rule = next((item for item in parsed.items if isinstance(item, Rule)), None)
        if rule is not None and rule.triggers and not parsed.problems:
            place = Place(metamodel=metamodel, language=language)
            words = place.say(", or ", "，或").join(trigger_words(place, each) for each in rule.triggers)
            return words + (place.say(", ", "，") + each_words(place, rule.each) if rule.each is not None else "")
    return ""


def rule_sentence(rule: Rule, metamodel: Metamodel, language: str) -> str:
    """Read a rule back: when it runs, under which condition, what it does, and how.

    language: `zh` gives Chinese, any other English; labels are in the language, as far as they are written in it.
    """
    place = Place(metamodel=metamodel, language=language)
    objects = [found for trigger in rule.triggers if (found := object_of(place, trigger)) is not None]
    head = place.say(", or ", "，或").join(trigger_words(place, trigger) for trigger in rule.triggers)
    if rule.each is not None:
        head += place.say(", ", "，") + each_words(place, rule.each)
        objects = [key for key in (place.find(rule.each.source).object,) if key is not None]
    place = Place(metamodel=metamodel, language=language, object=objects[0] if objects else None)
    if rule.each is not None and rule.each.variable is not None:
        place = place.giving(rule.each.variable.text, place.object)
    said = [(head if place.is_chinese else _first_upper(head)) + _body(place, rule) + place.say(".", "。")]
    said += [_OPTIONS[type(option)](place, option) for option in rule.options]
    return place.say(" ", "").join(said)


def _body(place: Place, rule: Rule) -> str:
    done = block_words(place, rule.actions)
    if rule.condition is None:
        return place.say(", ", "，") + done
    condition = condition_words(place, rule.condition)
    words = place.say(", if {}, then {}", "，如果{}，则{}").format(condition, done)
    if rule.otherwise:
        words += place.say("; otherwise {}", "；否则{}").format(block_words(place, rule.otherwise))
    return words


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _limit(place: Place, option: Limit) -> str:
    chinese = f"{_LIMITS[option.unit]}最多执行{option.count}次。"
    return place.say(f"At most {option.count} times per {option.unit}.", chinese)


def _on_failure(place: Place, option: OnFailure) -> str:
    return place.say("If it fails: {}.", "失败时：{}。").format(block_words(place, option.actions))


_OPTIONS: Mapping[type[Option], Callable[[Place, Any], str]] = MappingProxyType(
    {
        AllowLoop: lambda place, option: place.say(
            f"It may start itself {option.times} times in a chain.", f"同一链条中最多自我触发{option.times}次。"
        ),
        Bulk: lambda place, option: place.say(*_BULK[option.mode]),
        Inactive: lambda place, option: place.say("It is switched off.", "已停用。"),
        Limit: _limit,
        Missed: lambda place, option: place.say(*_MISSED[option.mode]),
        Mode: lambda place, option: place.say(*_MODES[option.mode]),
        OnFailure: _on_failure,
        OncePerRecord: lambda place, option: place.say(*_PERIODS[option.period]),
        Priority: lambda place, option: place.say(f"Its priority is {option.value}.", f"优先级为{option.value}。"),
        Retry: lambda place, option: place.say(
            f"What fails outside is tried {'once' if option.times == 1 else f'{option.times} times'} more.",
            f"外部操作失败后最多重试{option.times}次。",
        ),
        RunsAs: lambda place, option: place.say(*_RUN_AS[option.who]),
        UseCalendar: lambda place, option: place.say(
            f"Business days are those of “{option.calendar.text}”.", f"工作日按日历“{option.calendar.text}”。"
        ),
    }
)
