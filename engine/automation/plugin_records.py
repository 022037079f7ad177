"""The record service that plugins' actions get: paths of the rule's record, read as the rule's actor may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from engine.automation.path_sight import unseen
from engine.automation.run_door import RunDoor
from engine.automation.run_state import StepFailed
from engine.automation.run_work import RunWork
from engine.errors import RecordNotFound
from engine.expressions.context import RecordContext
from engine.expressions.language import ReleaseLanguage
from engine.files.store import FileStore
from metamodel.fields import FieldDef
from metamodel.names import did_you_mean
from metamodel.texts import label_text
from metamodel.values import Money, Ref, StoredFile
from plugins.contexts import MoneyAmount, MoneyText, OptionText, PathUnknown, Plain, Share
from workflow_dsl.compiler import compile_expression
from workflow_dsl.context import Context
from workflow_dsl.typed import FieldPath, Typed
from workflow_dsl.types import Kind


class RunRecordAccess:
    """A `RecordAccess` over the record of one run."""

    def __init__(self, door: RunDoor, language: ReleaseLanguage, base_url: str, files: FileStore) -> None:
        self._door = door
        self._language = language
        self._base_url = base_url.rstrip("/")
        self._files = files
        self._hidden: set[str] = set()

    def read(self, paths: Sequence[str], language: str | None = None) -> Mapping[str, Plain]:
        """Give path → value; what may not be read is None. Options know their label in the language.

        Raises:
            PathUnknown: the record's object does not have it.
        """
        own = self._own()
        with self._door.reading() as work:
            context = work.context({})
            return {path: self._value(path, own, context, language, work) for path in paths}

    def rows(
        self, name: str, paths: Sequence[str], language: str | None = None, *, most: int
    ) -> Sequence[Mapping[str, Plain]] | None:
        """Give path → value of the rows of a related list that may be read; None where there are more than `most`.

        Raises:
            PathUnknown: the record's object, or that of the list, does not have it.
        """
        own = self._own()
        inverses = self._door.metamodel.objects[own.object].inverses
        if name not in inverses:
            raise PathUnknown(name, did_you_mean(name, inverses))
        child = inverses[name].object
        with self._door.reading() as work:
            context = work.context({})
            assert isinstance(context, RecordContext)
            ids = [str(row["id"]) for row in context.children(own.object, name, own.id)]
            if len(ids) > most:
                return None
            self._fetch_along(work, child, ids, paths)
            rows = ((Ref(child, each), context.of(child, each)) for each in ids)
            return [
                {path: self._value(path, row, seen, language, work, f"{name}.") for path in paths}
                for row, seen in rows
                if seen is not None
            ]

    def image(self, path: str) -> bytes | None:
        """Give the image in a field, drawn anew in a bounded size; None where there is none that may be seen.

        Raises:
            PathUnknown: the record's object does not have it.
        """
        with self._door.reading() as work:
            typed = self._typed(path, self._own().object)
            found = compile_expression(typed).evaluate(work.context({}))
            file = next(iter(found), None) if isinstance(found, tuple) else found
            actor = work.transaction.actor
        if not isinstance(file, StoredFile):
            return None
        with suppress(RecordNotFound):
            return self._files.open(actor, file.id, preview="large").path.read_bytes()
        return None

    def hidden(self) -> Sequence[str]:
        """Give the paths read so far that may not be read."""
        return sorted(self._hidden)

    def url(self) -> str:
        """Give the address of the record's page."""
        run = self._door.run
        return f"{self._base_url}/o/{run.object}/{run.record_id}"

    def _own(self) -> Ref:
        run = self._door.run
        if run.object is None or run.record_id is None:
            raise StepFailed("The rule has no record of its own to read.")
        return Ref(run.object, run.record_id)

    def _fetch_along(self, work: RunWork, child: str, ids: Sequence[str], paths: Sequence[str]) -> None:
        """Load what rows point at with a statement an object, not one a row."""
        cache = work.transaction.cache
        cache.prefetch(child, ids)
        for path in paths:
            typed = self._typed(path, child)
            step = typed.steps[0] if isinstance(typed, FieldPath) and typed.steps else None
            if step is not None and len(step.targets) == 1:
                rows = (cache.related(child, each) for each in ids)
                wanted = [row[step.field.name] for row in rows if row is not None and row.get(step.field.name)]
                cache.prefetch(step.targets[0], (each for each in wanted if isinstance(each, str)))

    def _typed(self, path: str, object_key: str) -> Typed:
        found = self._language.path(path, object_key).typed
        if found is None:
            known = self._door.metamodel.objects[object_key]
            raise PathUnknown(path, did_you_mean(path, (*known.fields, *known.inverses)))
        return found

    def _value(
        self, path: str, of: Ref, context: Context, language: str | None, work: RunWork, prefix: str = ""
    ) -> Plain:
        typed = self._typed(path, of.object)
        value = compile_expression(typed).evaluate(context)
        if value is None and isinstance(typed, FieldPath):
            instead = unseen(work.transaction, of.object, of.id, typed)
            if instead is not None:
                self._hidden.add(prefix + path)
            return instead or None
        if typed.type.kind is Kind.RECORD and value is not None:
            return self._title(value, typed.type.objects, context)
        if typed.type.kind is Kind.PERCENT and isinstance(value, Decimal):
            return Share(value)
        if isinstance(typed, FieldPath) and typed.field is not None and not typed.attribute:
            return self._with_labels(value, typed.field, language or self._door.actor().language, context)
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
        case Money(currency=currency) if currency == base_currency:
            return MoneyAmount(value.amount, currency)
        case Money():
            return MoneyText(value.amount, value.currency)
        case Ref():
            return value.id
        case None | bool() | int() | str() | Decimal():
            return value
        case list() | tuple():
            return [plain_value(item, base_currency) for item in value]
    return value if hasattr(value, "isoformat") else str(value)
