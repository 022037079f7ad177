"""What a field is: its type, its common keys, and the parts that only choices, relations, roll-ups or numbers have.

Definitions only; how a type parses, stores and shows values is in `field_types`, and expressions stay located texts
here, since the language that reads them lies in a higher layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.quick_making import quickly_made
from metamodel.source import LocatedText, Location
from metamodel.texts import Label


class OnDelete(StrEnum):
    """What happens to a record whose lookup points at a deleted one."""

    RESTRICT = "restrict"
    CLEAR = "clear"
    CASCADE = "cascade"


class RelationKind(StrEnum):
    """How a field points at other records."""

    LOOKUP = "lookup"
    CHILD_OF = "child_of"
    USER = "user"


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class OptionDef:
    """One option of a choice.

    attributes: (declared attribute name, value) pairs, values as its type parses them (Decimal, bool …).
    requires: fields that must be filled to enter the option.
    """

    name: str
    at: Location
    label: Label | None = None
    color: str | None = None
    order: int = 0
    active: bool = True
    tip: Label | None = None
    requires: tuple[str, ...] = ()
    only_for: tuple[str, ...] = ()
    was: str | None = None
    attributes: tuple[tuple[str, object], ...] = ()

    def attribute(self, name: str) -> object:
        """Give the value of a declared attribute, or None where this option has none."""
        return dict(self.attributes).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceDef:
    """The options of a choice field in their order, its declared attributes and its transitions.

    attribute_types: (attribute, field type name) pairs; `stage.probability` is read through them.
    transitions: (from option, allowed next options) pairs; empty = every change is allowed.
    option_set: name of the shared set the options come from, if they do.
    depends_on: field whose value limits the options (by `only_for`).
    """

    options: tuple[OptionDef, ...]
    attribute_types: tuple[tuple[str, str], ...] = ()
    transitions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    option_set: str | None = None
    depends_on: str | None = None

    def option(self, name: str) -> OptionDef | None:
        """Give the option of that name, or None."""
        return next((option for option in self.options if option.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The option names in their order."""
        return tuple(option.name for option in self.options)

    def allowed_next(self, current: str) -> tuple[str, ...] | None:
        """Give the options a record may move to from `current`; None = no transitions are declared for it."""
        if not self.transitions:
            return None
        return dict(self.transitions).get(current, ())


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class RelationDef:
    """Where a lookup, child_of or user field points.

    targets: keys of the objects (one, or several); empty = any object (`to: any`).
    inverse: name of the list on the target; None where the target is `any` or several (then `inverse_names` by target).
    where: limits the choices; bare names are fields of the target, `this` is the record with the lookup.
    """

    kind: RelationKind
    targets: tuple[str, ...]
    at: Location
    on_delete: OnDelete = OnDelete.CLEAR
    inverse: str | None = None
    where: LocatedText | None = None
    tree: bool = False

    @property
    def single_target(self) -> str | None:
        """The one target object's key; None for a polymorphic lookup, whose values are `Ref`s."""
        return self.targets[0] if len(self.targets) == 1 else None


class RollupFunction(StrEnum):
    """What a roll-up computes over the children."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupDef:
    """A roll-up: `function` over `of` (an inverse list, for count; else list.field), where a condition holds."""

    of: LocatedText
    function: RollupFunction
    where: LocatedText | None = None
    sorted_by: LocatedText | None = None

    @property
    def list_name(self) -> str:
        """The inverse list it reads."""
        return self.of.text.split(".")[0].strip()

    @property
    def field_name(self) -> str | None:
        """The child's field it reads, or None for a count."""
        parts = self.of.text.split(".", 1)
        return parts[1].strip() if len(parts) == 2 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultDef:
    """A default: a constant, written as on the field, or an expression over the new record."""

    constant: object = None
    expression: LocatedText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """Which files a field takes.

    accept: endings (`pdf`), content types or families of them (`image/*`); none = all. max_size: bytes of one file.
    max_files: how many a field of several holds. camera: a phone opens its camera.
    """

    accept: tuple[str, ...] = ()
    max_size: int | None = None
    max_files: int | None = None
    camera: bool = False


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDef:
    """One field of an object.

    type: name in the field type registry (`text`, `money`, `lookup` …); a formula has its result type here and
    `formula` set; a roll-up has type `rollup`, its result type is `result_type` once linked.
    app: the app whose file defines it. system: one of id, owner, created_at … that every object has.
    json_schema: what a document must fit, as JSON text. files: which ones a field of files takes, where it says.
    personal: its values tell of a person and can be forgotten, in the audit log too.
    quality: weight with which being filled counts for the completeness of a record; 0 = not at all.
    minimum, maximum: bounds as the type parses them. digits: decimal places stored (money: of its currency).
    """

    name: str
    type: str
    app: str
    at: Location
    label: Label | None = None
    help: Label | None = None
    system: bool = False
    required: bool = False
    required_if: LocatedText | None = None
    visible_if: LocatedText | None = None
    readonly_if: LocatedText | None = None
    default: DefaultDef | None = None
    unique: bool = False
    index: bool = False
    external_id: bool = False
    history: bool = True
    sensitive: bool = False
    encrypted: bool = False
    personal: bool = False
    multiple: bool = False
    quality: int = 0
    minimum: object = None
    maximum: object = None
    pattern: LocatedText | None = None
    max_length: int | None = None
    digits: int | None = None
    normalise: str | None = None
    empty_as: object = None
    copy_from: LocatedText | None = None
    was: str | None = None
    formula: LocatedText | None = None
    choice: ChoiceDef | None = None
    relation: RelationDef | None = None
    rollup: RollupDef | None = None
    result_type: str | None = None
    number_format: str | None = None
    json_schema: str | None = None
    files: FileLimits | None = None
    options: tuple[tuple[str, object], ...] = ()

    @property
    def value_type(self) -> str:
        """The field type its values have: a roll-up's result type, else `type`."""
        return self.result_type or self.type

    @property
    def holds_several(self) -> bool:
        """Whether its value is a tuple of texts."""
        return self.multiple or self.value_type in ("multi_choice", "tags")

    @property
    def is_computed(self) -> bool:
        """Whether the product, not a person, gives its value (formula, roll-up, autonumber)."""
        return self.formula is not None or self.type in ("rollup", "autonumber")
