"""Outside actions of several parts (an SMS to each of some people): who they are for, and which have left already.

A try that fails half-way leaves the parts that are sent noted in fs_message, so that the next try sends the rest only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from engine.automation.inside_actions import Door, Work
from engine.automation.people import numbers_of
from engine.automation.program import SendSms
from metamodel.field_types import FieldValueError
from metamodel.fields import FieldDef
from metamodel.source import NOWHERE


class PartRows(Protocol):
    """Keeps the parts that have left."""

    def parts(self, connection: Connection, key: str) -> frozenset[str]:
        """Give the parts of a message that have left."""
        ...

    def note_part(self, connection: Connection, key: str, part: str) -> None:
        """Note that a part has left."""
        ...


@dataclass(slots=True, kw_only=True)
class KeptParts:
    """The `SentParts` of one step."""

    door: Door
    rows: PartRows
    key: str
    path: str
    _known: frozenset[str] | None = None

    def is_sent(self, part: str) -> bool:
        """Say whether a part has left."""
        if self._known is None:
            with self.door.work(self.path) as work:
                self._known = self.rows.parts(work.connection, self.key)
        return part in self._known

    def note(self, part: str) -> None:
        """Note that a part has left, at once."""
        with self.door.work(self.path) as work:
            self.rows.note_part(work.connection, self.key, part)


def sms_inputs(action: SendSms, work: Work, names: Mapping[str, Any]) -> Mapping[str, Any]:
    """Decide where an SMS goes: numbers in international form, each once, and who has none."""
    numbers: dict[str, None] = {}
    without: dict[str, None] = {}
    for number, reason in _recipients(action, work, names):
        if number is not None:
            numbers[number] = None
        else:
            without[reason] = None
    inputs = {"template": action.template.name, "gateway": action.gateway.name}
    return {**inputs, "to": list(numbers), "without": list(without)}


def _recipients(action: SendSms, work: Work, names: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Give number and '', or None and why there is none."""
    context = work.context(names)
    for value in action.recipients:
        found = list(numbers_of(value.typed, value.evaluate(context), work.directory))
        if not found:
            yield None, f"{value.text} is empty"
        for written, who in found:
            if written is None:
                yield None, f"{who} has no number"
                continue
            try:
                yield _international(work, written), ""
            except FieldValueError:
                yield None, f"'{written}' is no phone number" if who == written else f"{who}: '{written}' is no number"


def _international(work: Work, written: str) -> str:
    """Give a number as E.164; one without + is of the app's country. Raises: FieldValueError."""
    transaction = work.transaction
    field = FieldDef(name="number", type="phone", app="", at=NOWHERE)
    return str(transaction.release.field_types.parse(written, field, transaction.parts.value_context))
