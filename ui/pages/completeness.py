"""How complete a record is, as pages show it: the share, and the fields that are still empty."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.quality import QUALITY, is_weighed
from metamodel.texts import label_text
from ui.formats import Formats
from ui.rows import plain_text

_MOST_MISSING = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """A record's completeness. value: percent for a meter. missing: labels of empty fields, more: how many beyond."""

    value: str
    text: str
    missing: tuple[str, ...]
    more: int


def has_quality(object_def: ObjectDef) -> bool:
    """Say whether the completeness of the object's records is ever other than empty."""
    return is_weighed(object_def.fields.values())


def weighed_fields(object_def: ObjectDef, readable: Collection[str]) -> tuple[FieldDef, ...]:
    """Give what counts and may be read, the heaviest first."""
    found = [field for field in object_def.fields.values() if field.quality and field.name in readable]
    return tuple(sorted(found, key=lambda field: -field.quality))


def completeness_of(object_def: ObjectDef, values: Mapping[str, object], formats: Formats) -> Completeness | None:
    """Give the completeness of a record's values; None where there is none, or it may not be read."""
    share = values.get(QUALITY) if has_quality(object_def) else None
    if not isinstance(share, Decimal):
        return None
    missing = [
        label_text(field.label, formats.language, field.name)
        for field in weighed_fields(object_def, values.keys())
        if values[field.name] in (None, ())
    ]
    return Completeness(
        value=format(share * 100, ".2f"),
        text=_percent(object_def, formats)(share),
        missing=tuple(missing[:_MOST_MISSING]),
        more=max(0, len(missing) - _MOST_MISSING),
    )


def _percent(object_def: ObjectDef, formats: Formats) -> Callable[[object], str]:
    return plain_text(object_def.fields[QUALITY], formats, {})
