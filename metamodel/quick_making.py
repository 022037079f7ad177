"""Makes frozen definitions quicker to make, for the few kinds of which an app has tens of thousands.

The `__init__` that a frozen dataclass gets looks each field up by its name (`object.__setattr__`). The one made here
has the same parameters and hands each value to its slot, which is known when the class is made.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from types import CodeType, FunctionType
from typing import Any, TypeVar

Made = TypeVar("Made")


def quickly_made(kind: type[Made]) -> type[Made]:
    """Give a class made by `@dataclass(frozen=True, slots=True, kw_only=True)` an `__init__` of the same meaning."""
    made: Any = kind
    made.__init__ = _filler(made)
    return kind


def _filler(kind: Any) -> Callable[..., None]:
    names = [field.name for field in fields(kind)]
    factories = {f"make_{each.name}": each.default_factory for each in fields(kind) if _is_made_anew(each)}
    slots = {f"fill_{name}": getattr(kind, name).__set__ for name in names}
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg="self")],
        kwonlyargs=[ast.arg(arg=name) for name in names],
        kw_defaults=[None for _ in names],
        defaults=[],
    )
    body: list[ast.stmt] = []
    for name in names:
        if f"make_{name}" in factories:
            body += ast.parse(f"if {name} is absent: {name} = make_{name}()").body
        body.append(ast.Expr(value=_call(f"fill_{name}", "self", name)))
    definition = ast.FunctionDef(name="__init__", args=arguments, body=body, decorator_list=[])
    module = ast.fix_missing_locations(ast.Module(body=[definition], type_ignores=[]))
    compiled = compile(module, f"<filling of {kind.__name__}>", "exec")
    code = next(constant for constant in compiled.co_consts if isinstance(constant, CodeType))
    made = FunctionType(code, {"__builtins__": {}, "absent": MISSING, **factories, **slots})
    made.__kwdefaults__ = {
        each.name: MISSING if _is_made_anew(each) else each.default
        for each in fields(kind)
        if each.default is not MISSING or _is_made_anew(each)
    }
    return made


def _is_made_anew(field: Field[Any]) -> bool:
    return field.default_factory is not MISSING


def _call(function: str, *arguments: str) -> ast.Call:
    read = [ast.Name(id=name, ctx=ast.Load()) for name in (function, *arguments)]
    return ast.Call(func=read[0], args=list(read[1:]), keywords=[])
