"""Makes frozen definitions quicker to make, for the few kinds of which an app has tens of thousands.

The `__init__` that a frozen dataclass gets looks each field up by its name (`object.__setattr__`). The one made here
has the same parameters and hands each value to its slot, which is known when the class is made.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import MISSING, fields
from types import CodeType, FunctionType
from typing import Any, TypeVar

Made = TypeVar("Made")


def quickly_made(kind: type[Made]) -> type[Made]:
    """Give a class made by `@dataclass(frozen=True, slots=True, kw_only=True)` an `__init__` of the same meaning.

    Raises: TypeError: a default of a field is made anew each time.
    """
    made: Any = kind
    made.__init__ = _filler(made)
    return kind


def _filler(kind: Any) -> Callable[..., None]:
    if any(field.default_factory is not MISSING for field in fields(kind)):
        raise TypeError(f"{kind.__name__} has defaults that are made anew each time")
    names = [field.name for field in fields(kind)]
    slots = {f"fill_{name}": getattr(kind, name).__set__ for name in names}
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg="self")],
        kwonlyargs=[ast.arg(arg=name) for name in names],
        kw_defaults=[None for _ in names],
        defaults=[],
    )
    body: list[ast.stmt] = [ast.Expr(value=_call(f"fill_{name}", "self", name)) for name in names]
    definition = ast.FunctionDef(name="__init__", args=arguments, body=body, decorator_list=[])
    module = ast.fix_missing_locations(ast.Module(body=[definition], type_ignores=[]))
    compiled = compile(module, f"<filling of {kind.__name__}>", "exec")
    code = next(constant for constant in compiled.co_consts if isinstance(constant, CodeType))
    made = FunctionType(code, {"__builtins__": {}, **slots})
    made.__kwdefaults__ = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    return made


def _call(function: str, *arguments: str) -> ast.Call:
    read = [ast.Name(id=name, ctx=ast.Load()) for name in (function, *arguments)]
    return ast.Call(func=read[0], args=list(read[1:]), keywords=[])
