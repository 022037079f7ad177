"""When a new record gets its autonumber: as late as can be, since its series stays locked until the commit.

A number that something judged before the write reads is drawn early. That is decided by what stands in the texts: a
word that only looks like the field costs some time, never a wrong value. Drawing itself is in `filling`.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.records.parts import ReleaseParts
from engine.records.saving.plan import SavePlan
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText


def draws_late(parts: ReleaseParts, plan: SavePlan) -> bool:
    """Say whether nothing but the title and what is written reads the autonumbers of an object."""
    return parts.made(("draws late", plan.object.key), lambda: _Answer(plan)).late


class _Answer:
    """Kept with the release; an object, since `made` keeps nothing that is false."""

    __slots__ = ("late",)

    def __init__(self, plan: SavePlan) -> None:
        names = {item.name for item in plan.numbers}
        if names & plan.title_reads:
            names.add("title")
        needed = {*plan.required, *plan.required_if, *(name for item in plan.choices for name in _asked_for(item))}
        self.late = not names & needed and not any(name in text for text in _texts(plan.object) for name in names)


def _asked_for(item: FieldDef) -> Iterator[str]:
    for option in item.choice.options if item.choice is not None else ():
        yield from option.requires


def _texts(object_def: ObjectDef) -> Iterator[str]:
    for item in object_def.fields.values():
        written = [item.formula, item.required_if, item.readonly_if, item.visible_if, item.copy_from]
        written.append(item.default.expression if item.default is not None else None)
        written.append(item.relation.where if item.relation is not None else None)
        yield from _given(*written)
    for check in object_def.validations:
        yield from _given(check.check, check.when, check.active)
        yield from _given(*(text for _, text in check.message.texts))


def _given(*texts: LocatedText | None) -> Iterator[str]:
    return (text.text for text in texts if text is not None)
