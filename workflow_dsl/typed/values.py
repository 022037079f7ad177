"""Typed nodes of what is computed: arithmetic, texts, lists, `if`, `case`, `coalesce`, function calls."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.quick_making import quickly_made
from workflow_dsl.functions import Function, Signature
from workflow_dsl.syntax import BinaryOp
from workflow_dsl.typed.base import Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class ListValue(Typed):
    """`["a", "b"]`."""

    items: tuple[Typed, ...]


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Typed):
    """`+ - * /`; the operands' types say which arithmetic it is. Empty with any empty operand."""

    op: BinaryOp
    left: Typed
    right: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(Typed):
    """`-x`."""

    operand: Typed


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class TextJoin(Typed):
    """`a & b` and `"… {a} …"`: operands joined as people read them; empty counts as "".

    as_shown: choices give their label and lists their items (a text with braces); else operands are texts.
    """

    operands: tuple[Typed, ...]
    as_shown: bool


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class IfValue(Typed):
    """`if(condition, then, otherwise)`."""

    condition: Typed
    then: Typed
    otherwise: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseValue(Typed):
    """`case(subject, a, 1, b, 2, 0)`; an absent default is a `Constant` empty."""

    subject: Typed
    pairs: tuple[tuple[Typed, Typed], ...]
    default: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesce(Typed):
    """`coalesce(a, b)`: the first that is not empty."""

    operands: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledCount(Typed):
    """`filled(a, b)`: how many are not empty."""

    operands: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall(Typed):
    """A call of a registered function with one of its signatures."""

    function: Function
    signature: Signature
    args: tuple[Typed, ...]
