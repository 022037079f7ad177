"""Schedules that stand alone, in a file that is no rule: `every 15 minutes`, `monday at 08:00`."""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.source import LocatedText, Location, Problem, Problems
from workflow_dsl.parser import parse_rules
from workflow_dsl.syntax import Rule, Schedule
from workflow_dsl.syntax.rules import ScheduleTrigger

_HEAD = "rule schedule\n  every "


def schedule_of(text: str) -> Schedule | None:
    """Read a schedule as a rule writes it, with or without `every`; None for what is none."""
    plain = text.strip().removeprefix("every ").strip()
    if not plain or "\n" in plain:
        return None
    parsed = parse_rules(LocatedText(text=f"{_HEAD}{plain}\n  then stop\n", at=Location(file="schedule")))
    if parsed.problems.errors or len(parsed.items) != 1:
        return None
    rule = parsed.items[0]
    triggers = rule.triggers if isinstance(rule, Rule) and rule.each is None and rule.condition is None else ()
    found = triggers[0] if len(triggers) == 1 else None
    return found.schedule if isinstance(found, ScheduleTrigger) else None


def check_schedule(text: LocatedText) -> Iterator[Problem]:
    """Tell of a text that is no schedule.

    Problems: RUL701.
    """
    if text.text and schedule_of(text.text) is None:
        problems = Problems()
        message, hint = f"'{text.text}' is no schedule", "write one as in a rule, such as every 15 minutes"
        problems.report("RUL701", message, text.at, hint=hint, length=len(text.text))
        yield from problems
