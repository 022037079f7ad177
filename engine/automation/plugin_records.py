"""The record service that plugins' actions get: paths of the rule's record, read as the rule's actor may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.automation.run_door import RunDoor
from engine.automation.run_state import StepFailed
from engine.expressions.language import ReleaseLanguage
from metamodel.fields import FieldDef
from metamodel.names import did_you_mean
from metamodel.texts import label_text
from metamodel.values import Money, Ref
from plugins.contexts import OptionText, PathUnknown, Plain
from workflow_dsl.compiler import compile_expression
from workflow_dsl.context import Context
from workflow_dsl.typed import FieldPath
from workflow_dsl.types import Kind


class RunRecordAccess:
    """A `RecordAccess` over the record of one run."""

    def __init__(self, door: RunDoor, language: ReleaseLanguage, base_url: str) -> None:
        self._door = door
        self._language = language
        self._base_url = base_url.rstrip("/")

    def read(self, paths: Sequence[str], language: str | None = None) -> Mapping[str, Plain]:
        """Give path → value; what may not be read is None. Options know their label in the language.

        Raises:
            PathUnknown: the record's object does not have it.
        """
        object_key = self._door.run.object
        if object_key is None:
            raise StepFailed("The rule has no record of its own to read.")
        with self._door.reading() as work:
            context = work.context({})
            return {path: self._value(path, object_key, context, language) for path in paths}

    def url(self) -> str:
        """Give the address of the record's page."""
        run = self._door.run
        return f"{self._base_url}/o/{run.object}/{run.record_id}"

    def _value(self, path: str, object_key: str, context: Context, language: str | None) -> Plain:
        checked = self._language.path(path, object_key)
        if checked.typed is None:
            known = self._door.metamodel.objects[object_key].fields
            raise PathUnknown(path, did_you_mean(path, known))
        value = compile_expression(checked.typed).evaluate(context)
        if checked.typed.type.kind is Kind.RECORD and value is not None:
            return self._title(value, checked.typed.type.objects, context)
        if isinstance(checked.typed, FieldPath) and checked.typed.field is not None and not checked.typed.attribute:
            return self._with_labels(value, checked.typed.field, language or self._door.actor().language, context)
        return plain_value(value, context.base_currency)

    def _with_labels(self, value: Any, field: FieldDef, language: str, context: Context) -> Plain:
        if field.choice is None or not isinstance(value, str | tuple | list):
            return plain_value(value, context.base_currency)
        if not isinstance(value, str):
            return [self._with_labels(each, field, language, context) for each in value]
        option = field.choice.option(value)
        return OptionText(value, label_text(option.label, language, value)) if option is not None else value

    def _title(self, value: Any, objects: Sequence[str], context: Context) -> str:
        key, record_id = (value.object, value.id) if isinstance(value, Ref) else (objects[0], value)
        return context.title(key, record_id)


def plain_value(value: Any, base_currency: str) -> Plain:
    """Give a value as plugins take it: money of the base currency is its amount, other money a text."""
    match value:
        case Money():
            return value.amount if value.currency == base_currency else f"{value.amount} {value.currency}"
        case Ref():
            return value.id
        case None | bool() | int() | str() | Decimal():
            return value
        case list() | tuple():
            return [plain_value(item, base_currency) for item in value]
    return value if hasattr(value, "isoformat") else str(value)
