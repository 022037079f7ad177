"""What a function of the language is: signatures, docs, a runnable example and its Python implementation.

The registry is a value made by `standard_functions()`; plugins add functions with `with_functions`. Calls that evaluate
their arguments only as needed (`if`, `case`, `coalesce`), aggregates and look-ups are forms of the checker; they stand
in the registry too, for the docs, with `form` set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workflow_dsl.types import AMOUNTS, NUMERIC, Kind, Type

# Implementations take Python values of as many types as the language has; the checker has matched them to `params`.
Implementation = Callable[..., Any]
ReturnRule = Callable[[tuple[Type, ...]], Type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter; `kinds` empty = any type."""

    name: str
    kinds: frozenset[Kind]

    def takes(self, type_: Type) -> bool:
        """Say whether an argument of that type fits."""
        return type_.is_open or not self.kinds or type_.kind in self.kinds

    def __str__(self) -> str:
        return f"{self.name}: {kinds_text(self.kinds)}"


def kinds_text(kinds: frozenset[Kind]) -> str:
    """Name kinds for people: `number`, `text or choice`."""
    if not kinds:
        return "any"
    if kinds >= NUMERIC:
        rest = sorted(kind.value for kind in kinds - NUMERIC)
        return " or ".join(["number", *rest])
    return " or ".join(sorted(kind.value for kind in kinds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One way to call a function.

    required: how many of `params` must be given. variadic: the last parameter may be repeated. returns: a type, or a
    rule that gives it from the arguments' types. takes_empty: called also where an argument is empty; else any empty
    argument gives empty. needs_context: the first argument is the evaluation context.
    """

    params: tuple[Parameter, ...]
    required: int
    returns: Type | ReturnRule
    implementation: Implementation
    variadic: bool = False
    takes_empty: bool = False
    needs_context: bool = False

    def accepts_count(self, count: int) -> bool:
        """Say whether it can be called with that many arguments."""
        return self.required <= count and (self.variadic or count <= len(self.params))

    def param(self, index: int) -> Parameter:
        """Give the parameter that the argument at `index` fills."""
        return self.params[min(index, len(self.params) - 1)]

    def return_type(self, arguments: tuple[Type, ...]) -> Type:
        """Give the type of a call with arguments of these types."""
        return self.returns if isinstance(self.returns, Type) else self.returns(arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An expression with constants only, and the value it has; `shown` is that value as a text expression."""

    expression: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function: its name, what it does in one sentence, its signatures and a runnable example.

    group: the docs heading. sql: the SQL back end can run it. form: the checker handles the call itself. usage: how it
    is written, for forms, whose signatures say nothing. volatile: differs between calls with equal arguments.
    """

    name: str
    group: str
    doc: str
    example: Example
    signatures: tuple[Signature, ...] = ()
    sql: bool = False
    form: bool = False
    usage: str = ""
    volatile: bool = False

    @property
    def written(self) -> tuple[str, ...]:
        """How it may be called, for docs and messages."""
        return (self.usage,) if self.usage else tuple(f"{self.name}({_params(s)})" for s in self.signatures)


def _params(signature: Signature) -> str:
    shown = [str(param) if index < signature.required else f"[{param}]" for index, param in enumerate(signature.params)]
    return ", ".join(shown) + (", …" if signature.variadic else "")


class FunctionRegistry:
    """The functions an installation has, by name; immutable."""

    def __init__(self, functions: Iterable[Function]) -> None:
        by_name: dict[str, Function] = {}
        for function in functions:
            if function.name in by_name:
                raise ValueError(f"the function '{function.name}' is registered twice")
            by_name[function.name] = function
        self._by_name: Mapping[str, Function] = MappingProxyType(by_name)

    def find(self, name: str) -> Function | None:
        """Give the function of that name, or None."""
        return self._by_name.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._by_name)

    def __iter__(self) -> Iterator[Function]:
        return iter(self._by_name.values())

    def with_functions(self, functions: Iterable[Function]) -> FunctionRegistry:
        """Give a registry that has these functions as well (a plugin's)."""
        return FunctionRegistry((*self, *functions))


# ------------------------------------------------------------------ short forms for defining functions
_KINDS: Mapping[str, frozenset[Kind]] = MappingProxyType(
    {
        **{kind.value: frozenset((kind,)) for kind in Kind},
        "number": NUMERIC,
        "whole": frozenset((Kind.INTEGER,)),
        "amount": AMOUNTS,
        "moment": frozenset((Kind.DATE, Kind.DATETIME)),
        "any": frozenset(),
    }
)


def parameters(text: str) -> tuple[tuple[Parameter, ...], int]:
    """Read `t: text, n: whole, [c: text]` into parameters and how many are required; kinds are joined with `|`."""
    found: list[Parameter] = []
    required = 0
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, kinds = part.strip("[]").split(":")
        required += not part.startswith("[")
        union = frozenset[Kind]().union(*(_KINDS[kind.strip()] for kind in kinds.split("|")))
        found.append(Parameter(name=name.strip(), kinds=frozenset() if "any" in kinds else union))
    return tuple(found), required


def signature(
    params: str,
    returns: Type | ReturnRule,
    implementation: Implementation,
    *,
    variadic: bool = False,
    takes_empty: bool = False,
    needs_context: bool = False,
) -> Signature:
    """Make a signature from its written form."""
    read, required = parameters(params)
    return Signature(
        params=read,
        required=required,
        returns=returns,
        implementation=implementation,
        variadic=variadic,
        takes_empty=takes_empty,
        needs_context=needs_context,
    )
