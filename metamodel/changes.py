"""The kinds of difference between two metamodels. Plans are made of them; what a change costs is not known here.

Objects are named by their keys. Where a thing was renamed, `object` and `field` are the new names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectAdded:
    """An object that was not there."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRemoved:
    """An object that is no longer there."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRenamed:
    """An object that `was:` something else; its records stay."""

    old: str
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChanged:
    """An object whose own keys differ (label, title, search, history …), as attribute names of ObjectDef."""

    object: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAdded:
    """A field that was not there; not reported for the fields of an added object."""

    object: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRemoved:
    """A field that is no longer there; not reported for the fields of a removed object."""

    object: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRenamed:
    """A field that `was:` something else; its values stay."""

    object: str
    old: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTypeChanged:
    """A field whose values have another type now; old and new are names of field types."""

    object: str
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChanged:
    """A field whose other keys differ (required, unique, minimum, formula, relation …), as attributes of FieldDef."""

    object: str
    field: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionAdded:
    """An option that a choice did not have."""

    object: str
    field: str
    option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRemoved:
    """An option that a choice has no longer; records may hold it."""

    object: str
    field: str
    option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRenamed:
    """An option that `was:` something else; records hold the old name until it is replaced."""

    object: str
    field: str
    old: str
    option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueAdded:
    """A unique key over several fields that was not there."""

    object: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueRemoved:
    """A unique key over several fields that is no longer there."""

    object: str
    fields: tuple[str, ...]


class PartKind(StrEnum):
    """The kinds of definition that keep no data of their own."""

    APP = "app"
    VALIDATION = "validation"
    VIEW = "view"
    LAYOUT = "layout"
    ROLE = "role"
    MENU = "menu"
    TEMPLATE = "template"
    CONNECTION = "connection"
    SETTING = "setting"
    TEAM = "team"
    QUEUE = "queue"
    CURRENCY = "currency"
    DECISION_TABLE = "decision_table"
    CONNECTOR = "connector"
    RULE_FILE = "rule_file"
    DATA_FILE = "data_file"


class How(StrEnum):
    """What became of a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChanged:
    """A part that was added, removed, changed; `object` of validations, views, layouts; a file's name is its path."""

    kind: PartKind
    name: str
    how: How
    object: str | None = None


Change = (
    ObjectAdded
    | ObjectRemoved
    | ObjectRenamed
    | ObjectChanged
    | FieldAdded
    | FieldRemoved
    | FieldRenamed
    | FieldTypeChanged
    | FieldChanged
    | OptionAdded
    | OptionRemoved
    | OptionRenamed
    | UniqueAdded
    | UniqueRemoved
    | PartChanged
)
