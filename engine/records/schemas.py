"""Reading the raw values of a save: one marshmallow schema an object, writable fields and language, built once.

A schema turns form texts, JSON values and Python values into the fields' Python values and says everything that is
wrong with them at once. Whether the values make a good record together is judged later, in `saving`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, missing

from engine.errors import FieldError, ValidationFailed
from metamodel.field_types import FieldType, FieldTypeRegistry, FieldValueError, ValueContext, message
from metamodel.fields import FieldDef
from metamodel.masks import is_masked
from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef

_UNKNOWN = ("This field does not exist", "没有这个字段")
_READ_ONLY = ("This field can't be set.", "此字段不能填写。")


class ValueField(fields.Field[Any]):
    """A field of a schema that reads values as the field's type does; empty is a value like any other.

    masked: whether some role sees the field masked; then a mask that comes back is refused, whoever brings it.
    """

    def __init__(
        self, field_def: FieldDef, field_type: FieldType, context: ValueContext, language: str, *, masked: bool = False
    ) -> None:
        super().__init__(allow_none=True, required=False)
        self._definition = field_def
        self._parse = _refusing_masks(field_type) if masked else field_type.parse
        self._stand = None if masked else field_type.stand
        self._context = context
        self._language = language

    def sound(self, value: Any) -> Any:
        """Turn a raw value into the field's Python value.

        Raises: FieldValueError.
        """
        return self._parse(value, self._definition, self._context)

    def stand(self, texts: Sequence[str]) -> bool:
        """Say whether each of some texts is a value of the field as it stands."""
        return self._stand is not None and self._stand(texts, self._definition)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_options: Any) -> Any:
        """Turn a raw value into the field's Python value.

        Raises: ValidationError with one FieldError.
        """
        if value is missing:
            return value
        try:
            return self._parse(value, self._definition, self._context)
        except FieldValueError as fault:
            text = message(fault.code, self._language, **fault.params)
            found = FieldError(code=fault.code, message=text, field=self._definition.name)
            raise ValidationError([found]) from fault


class ValueReader:
    """Reads the raw values that an actor may set on an object."""

    def __init__(
        self,
        object_def: ObjectDef,
        types: FieldTypeRegistry,
        context: ValueContext,
        *,
        writable: Collection[str],
        shown: Collection[str],
        masked: Collection[str],
        language: str,
    ) -> None:
        self._object = object_def
        self._shown = frozenset(shown)
        self._writable = frozenset(writable)
        self._language = language
        built = {
            name: ValueField(definition, types.of(definition), context, language, masked=name in masked)
            for name, definition in object_def.fields.items()
            if name in self._writable
        }
        self._fields = built
        self._schema = Schema.from_dict(dict(built), name=object_def.name.title())(unknown=RAISE)

    def read(self, raw: Mapping[str, object]) -> dict[str, object]:
        """Give field → Python value for the raw values.

        Raises: ValidationFailed with every finding.
        """
        found = self._sound(raw)
        if found is not None:
            return found
        try:
            return dict(self._schema.load(raw))
        except ValidationError as fault:
            raise ValidationFailed(self._findings(fault)) from fault

    def sound_of(self, name: str) -> Callable[[Any], Any] | None:
        """Give what turns sound raw values of a field into its Python values; None where the field can't be set.

        What it gives raises FieldValueError where `read` has to say why a value is refused.
        """
        found = self._fields.get(name)
        return None if found is None else found.sound

    def stand(self, name: str, texts: Sequence[Any]) -> bool:
        """Say whether raw values of a field that can be set are texts, and each is a value of it as it stands."""
        field = self._fields[name]
        return {*map(type, texts)} == {str} and field.stand(texts)

    def try_read(self, raw: Mapping[str, object]) -> tuple[dict[str, object], tuple[FieldError, ...]]:
        """Give the values that can be read and the findings on the others."""
        found = self._sound(raw)
        if found is not None:
            return found, ()
        try:
            return dict(self._schema.load(raw)), ()
        except ValidationError as fault:
            return _mapping(fault.valid_data), self._findings(fault)

    def _sound(self, raw: object) -> dict[str, object] | None:
        """Read values that are all sound, each as its field of the schema does; None where the schema has to say why.

        Most values are sound, and a schema costs more to ask than all of them.
        """
        if not isinstance(raw, Mapping):
            return None
        found: dict[str, object] = {}
        try:
            for name, value in raw.items():
                found[name] = self._fields[name].sound(value)
        except (KeyError, FieldValueError):
            return None
        return found

    def _findings(self, fault: ValidationError) -> tuple[FieldError, ...]:
        messages = fault.messages
        if not isinstance(messages, dict) or set(messages) == {"_schema"}:
            return (FieldError(code="not_values", message="Expected fields with their values."),)
        found: list[FieldError] = []
        for name, said in messages.items():
            known = [item for item in said if isinstance(item, FieldError)]
            found.extend(known or [self._unknown(str(name))])
        order = {name: index for index, name in enumerate(self._object.fields)}
        return tuple(sorted(found, key=lambda item: order.get(item.field or "", len(order))))

    def _unknown(self, name: str) -> FieldError:
        chinese = self._language.startswith("zh")
        if name in self._shown:
            return FieldError(code="read_only", message=_READ_ONLY[chinese], field=name)
        hint = did_you_mean(name, self._writable)
        text = _UNKNOWN[chinese] + (f"; {hint}" if hint else "") + ("。" if chinese else ".")
        return FieldError(code="unknown_field", message=text, field=name)


def _refusing_masks(field_type: FieldType) -> Callable[[object, FieldDef, ValueContext], object]:
    def parse(raw: object, field: FieldDef, context: ValueContext) -> object:
        if is_masked(raw):
            raise FieldValueError("masked")
        return field_type.parse(raw, field, context)

    return parse


def _mapping(found: object) -> dict[str, object]:
    return dict(found) if isinstance(found, dict) else {}
