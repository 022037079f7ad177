"""The records that lookups offer, written as options once for all the controls that show them.

Which records these are is the door's to say; a control adds the one that is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.records.types import Choice
from metamodel.objects import ObjectDef
from ui.widgets import option_html
from ui.written import html_text


class OfferedRecords:
    """Options of records; bare: the lookup points at one object, so that its values are ids alone."""

    __slots__ = ("_places", "_texts", "_titles")

    def __init__(self, choices: Sequence[Choice], *, bare: bool) -> None:
        values = [each.id if bare else f"{each.object}:{each.id}" for each in choices]
        self._places = {value: place for place, value in enumerate(values)}
        self._titles = [each.title for each in choices]
        # Ids and keys of objects have nothing that needs an escape.
        self._texts = [
            f'<option value="{value}">{html_text(title)}</option>'
            for value, title in zip(values, self._titles, strict=True)
        ]

    def options(self, chosen: str, title: str) -> str:
        """Give the options; the one chosen stands first, whether or not it is offered. title: if it is not."""
        if not chosen:
            return "".join(self._texts)
        place = self._places.get(chosen)
        if place is None:
            return option_html(chosen, title or "–", selected=True) + "".join(self._texts)
        first = option_html(chosen, self._titles[place] or title or "–", selected=True)
        return first + "".join(self._texts[:place]) + "".join(self._texts[place + 1 :])


Offered = Mapping[str, OfferedRecords]
"""Lookup → what it offers."""
NOTHING = OfferedRecords((), bare=True)


class OfferedWriter:
    """Writes what the lookups of one form offer; those that offer the same share it."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, bool], OfferedRecords] = {}

    def write(self, object_def: ObjectDef, choices: Mapping[str, Sequence[Choice]]) -> Offered:
        """Write the choices of an object's lookups; they must stay alive as long as this does."""
        return {name: self._one(object_def, name, found) for name, found in choices.items()}

    def _one(self, object_def: ObjectDef, name: str, choices: Sequence[Choice]) -> OfferedRecords:
        relation = object_def.fields[name].relation
        bare = relation is not None and relation.single_target is not None
        key = (id(choices), bare)
        if key not in self._made:
            self._made[key] = OfferedRecords(choices, bare=bare)
        return self._made[key]
