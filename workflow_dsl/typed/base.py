"""The base of the typed nodes, and constants."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.quick_making import quickly_made
from workflow_dsl.syntax import Span
from workflow_dsl.types import Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Base of the typed nodes."""

    type: Type
    at: Span


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Typed):
    """A value known now, in its Python form (`20%` is Decimal("0.2"), moments are UTC); None for `empty` and `""`."""

    value: object
