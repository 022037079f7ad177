"""Checks that one former name is claimed once: what had it can become one thing only, and keeps its data there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from metamodel.reading.object_file import ObjectDraft
from metamodel.source import Location, Problems


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def was(self) -> str | None: ...
    @property
    def at(self) -> Location: ...


def check_former_names(drafts: Mapping[str, ObjectDraft], problems: Problems) -> None:
    """Check `was:` of objects, fields and options.

    Problems: OBJ273.
    """
    apps = dict.fromkeys(draft.app for draft in drafts.values())
    for app in apps:
        _check([draft for draft in drafts.values() if draft.app == app], "objects", "", problems)
    for draft in drafts.values():
        _check(draft.fields.values(), "fields", f" of {draft.key}", problems)
        for field in draft.fields.values():
            if field.choice is not None:
                _check(field.choice.options, "options", f" of '{field.name}'", problems)


def _check(named: Iterable[_Named], kind: str, where: str, problems: Problems) -> None:
    claimed: dict[str, str] = {}
    for each in named:
        if each.was is None:
            continue
        first = claimed.setdefault(each.was, each.name)
        if first != each.name:
            both = f"the {kind} '{first}' and '{each.name}'{where}"
            message = f"{both} both were '{each.was}'; its data can stay with one only"
            problems.report("OBJ273", message, each.at, hint="leave `was:` out of the other, which is new")
