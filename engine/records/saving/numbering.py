"""When a new record gets its autonumber: as late as can be, since its series stays locked until the commit.

A number that something judged before the write reads is drawn early. That is decided by what stands in the texts: a
word that only looks like the field costs some time, never a wrong value. Drawing itself is in `filling`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.records.parts import ReleaseParts
from engine.records.saving.filling import has_one_place
from engine.records.saving.plan import SavePlan
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText


def draws_late(parts: ReleaseParts, plan: SavePlan) -> bool:
    """Say whether nothing but the title and what is written reads the autonumbers of an object."""
    return parts.made(("draws late", plan.object.key), lambda: _is_late(plan))


def drawn_with_the_write(parts: ReleaseParts, plan: SavePlan, reads: Callable[[str], bool]) -> bool:
    """Say whether the statement that writes a record may draw its number: nothing at all reads it before.

    reads: whether the matching of after rules may read a field.
    """
    return parts.made(("draws with the write", plan.object.key), lambda: _is_with_the_write(plan, reads))


def _is_with_the_write(plan: SavePlan, reads: Callable[[str], bool]) -> bool:
    names = [item.name for item in plan.numbers]
    return (
        len(names) == 1
        and has_one_place(plan.numbers[0])
        and names[0] not in plan.title_reads
        and names[0] not in plan.table.sort_keys
        and not plan.numbers[0].encrypted
        and not plan.object.duplicates
        and not reads(names[0])
    )


def _is_late(plan: SavePlan) -> bool:
    names = {item.name for item in plan.numbers}
    if names & plan.title_reads:
        names.add("title")
    needed = {*plan.required, *plan.required_if, *(name for item in plan.choices for name in _asked_for(item))}
    return not names & needed and not any(name in text for text in _texts(plan.object) for name in names)


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
