"""How records come to be from outside or from others: public forms and surveys, and conversions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from metamodel.source import LocatedText, Location
from metamodel.texts import Label

SURVEY = "survey"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFieldDef:
    """A field that a form asks; its label, help and whether it must be filled may differ from the object's."""

    field: str
    at: Location
    label: Label | None = None
    help: Label | None = None
    required: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDef:
    """A public form: answers become a record of `object`, made with the rights of `role`.

    values: field → constant as written. origins: sites that may embed it. Of surveys: asked, about: fields that get who
    was asked, and the record of the rule that asked; template: of its mail; expires: how long a link is good, as
    written.
    """

    name: str
    app: str
    at: Location
    object: str | None
    role: str
    fields: tuple[FormFieldDef, ...]
    label: Label | None = None
    help: Label | None = None
    kind: str = "form"
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    thanks: Label | None = None
    origins: tuple[str, ...] = ()
    asked: str | None = None
    about: str | None = None
    template: str | None = None
    expires: str = "30 days"

    @property
    def is_survey(self) -> bool:
        """Whether it is answered by a link that somebody was sent, and not by everybody."""
        return self.kind == SURVEY


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionTargetDef:
    """One record that a conversion makes: field → expression over the converted record and the records made before.

    match: fields by which a record that is there already is taken instead of a new one.
    """

    name: str
    at: Location
    object: str | None
    fields: Mapping[str, LocatedText]
    match: tuple[str, ...] = ()
    when: LocatedText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionDef:
    """How a record becomes others, in this order. values: field of the converted record → expression.

    carry: related lists whose records go along.
    """

    name: str
    app: str
    at: Location
    source: str | None
    targets: tuple[ConversionTargetDef, ...]
    label: Label | None = None
    when: LocatedText | None = None
    values: Mapping[str, LocatedText] = field(default_factory=lambda: MappingProxyType({}))
    carry: tuple[str, ...] = ()
