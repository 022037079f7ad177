"""Field types: what a field's values are, how they are read from text and JSON, given back, stored and shown.

`standard_field_types()` makes the registry of the types that the product has; plugins add theirs with `with_types`.
"""

from __future__ import annotations

from metamodel.field_types.base import (
    COMMON_KEYS,
    FieldType,
    FieldTypeRegistry,
    FieldValueError,
    StorageKind,
    ValueContext,
)
from metamodel.field_types.choice import BooleanType, ChoiceType
from metamodel.field_types.coded import BarcodeType, ColorType
from metamodel.field_types.compound import AddressType, GeoType, PersonNameType
from metamodel.field_types.computed import AutonumberType, RollupType
from metamodel.field_types.files import FilesType, FileType, ImageType, SignatureType
from metamodel.field_types.json_documents import JsonType
from metamodel.field_types.messages import message
from metamodel.field_types.number import DecimalType, IntegerType, MoneyType, PercentType, RatingType
from metamodel.field_types.relation import RelationType
from metamodel.field_types.rich_text import RichTextType
from metamodel.field_types.several import MultiChoiceType
from metamodel.field_types.spans import DurationType, TimeType
from metamodel.field_types.tags import TagsType
from metamodel.field_types.temporal import DateTimeType, DateType
from metamodel.field_types.text import EmailType, LongTextType, PhoneType, TextType, UrlType

__all__ = [
    "COMMON_KEYS",
    "FieldType",
    "FieldTypeRegistry",
    "FieldValueError",
    "StorageKind",
    "ValueContext",
    "message",
    "standard_field_types",
]


def standard_field_types() -> FieldTypeRegistry:
    """Make the registry of the product's own field types."""
    return FieldTypeRegistry(
        (
            TextType(),
            LongTextType(),
            RichTextType(),
            EmailType(),
            PhoneType(),
            UrlType(),
            ColorType(),
            BarcodeType(),
            IntegerType(),
            RatingType(),
            DecimalType(),
            PercentType(),
            MoneyType(),
            BooleanType(),
            DateType(),
            DateTimeType(),
            TimeType(),
            DurationType(),
            ChoiceType(),
            MultiChoiceType(),
            TagsType(),
            PersonNameType(),
            AddressType(),
            GeoType(),
            JsonType(),
            FileType(),
            FilesType(),
            ImageType(),
            SignatureType(),
            RelationType("lookup"),
            RelationType("child_of"),
            RelationType("user"),
            AutonumberType(),
            RollupType(),
        )
    )
