"""What an object is: its fields, validations, unique keys, layouts and views, with the extensions of it merged in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from metamodel.behaviour import BehaviourDef
from metamodel.duplicates import DuplicateDef
from metamodel.fields import FieldDef
from metamodel.layouts import LayoutDef
from metamodel.pools import PoolDef
from metamodel.privacy import PrivacyDef
from metamodel.quick_making import quickly_made
from metamodel.record_types import RecordTypeDef
from metamodel.source import LocatedText, Location
from metamodel.sources import SourceDef
from metamodel.texts import Label
from metamodel.views import ViewDef

SYSTEM_FIELDS = (
    "id",
    "owner",
    "created_at",
    "created_by",
    "modified_at",
    "modified_by",
    "version",
    "deleted_at",
)


class ValidationSeverity(StrEnum):
    """What a validation that does not hold does to a save."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationDef:
    """A condition a record must meet: `check` must hold wherever `when` does (always, without one)."""

    name: str
    check: LocatedText
    message: Label
    at: Location
    app: str
    when: LocatedText | None = None
    field: str | None = None
    severity: ValidationSeverity = ValidationSeverity.ERROR
    active: LocatedText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueDef:
    """Fields whose values together may stand in one record only (records in the bin aside)."""

    fields: tuple[str, ...]
    at: Location


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class InverseDef:
    """A related list: the records of `object` (key) whose `field` points at the record; `owned` for child_of.

    other: of a list of links, the field of a link that names the record on the other side.
    """

    name: str
    object: str
    field: str
    owned: bool
    other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDef:
    """A kind of record, linked: system fields and extensions included, in the order pages show them.

    key: what all later layers call it: its bare name, or `app.name` where an earlier app has that bare name.
    fields: API name → field, system fields (id, owner …) last. inverses: list name → related list.
    title: a text with `{expression}` parts. search: paths. layout: the default one; layouts: those tried before it.
    links: of an object that a `links` field stands for, the field that looks up the other record.
    rate_date: the field with the day whose rates count for money in other currencies; None = the day of creation.
    source: the table of another database whose rows its records are; it has those system fields that are mapped.
    """

    key: str
    name: str
    app: str
    at: Location
    fields: Mapping[str, FieldDef]
    label: Label | None = None
    plural: Label | None = None
    help: Label | None = None
    icon: str | None = None
    title: LocatedText
    search: tuple[LocatedText, ...] = ()
    history: bool = True
    validations: tuple[ValidationDef, ...] = ()
    unique: tuple[UniqueDef, ...] = ()
    duplicates: tuple[DuplicateDef, ...] = ()
    reveal_duplicates: bool = False
    pool: PoolDef | None = None
    privacy: PrivacyDef | None = None
    behaviour: BehaviourDef | None = None
    source: SourceDef | None = None
    rate_date: str | None = None
    links: str | None = None
    layout: LayoutDef
    layouts: tuple[LayoutDef, ...] = ()
    record_types: tuple[RecordTypeDef, ...] = ()
    views: Mapping[str, ViewDef] = field(default_factory=lambda: MappingProxyType({}))
    inverses: Mapping[str, InverseDef] = field(default_factory=lambda: MappingProxyType({}))
    was: str | None = None

    @property
    def all_layouts(self) -> tuple[LayoutDef, ...]:
        """All layouts in the order in which they are tried, the default one last."""
        return (*self.layouts, self.layout)

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The choice fields that are the stage path of some layout."""
        paths = (layout.path for layout in self.all_layouts)
        return tuple(dict.fromkeys(path for path in paths if path is not None and path in self.fields))

    def record_type(self, name: object) -> RecordTypeDef | None:
        """Give the record type of that name, or None."""
        return next((kind for kind in self.record_types if kind.name == name), None)

    @property
    def parent_field(self) -> FieldDef | None:
        """The child_of field, if this object's records are owned by a parent."""
        return next((f for f in self.fields.values() if f.relation is not None and f.relation.kind == "child_of"), None)
