"""Typed tree to `Evaluator`: builds one Python function from `ast` nodes and makes it callable.

The code object is made by `compile` from nodes of ours and wrapped without running any module text; its globals hold
constants and functions, and no builtins.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType, MappingProxyType
from typing import Any

from metamodel.source import LocatedText
from workflow_dsl import operations
from workflow_dsl.compiling.emission import Code, Emission, attribute, variable
from workflow_dsl.compiling.emit_aggregates import emit_aggregate
from workflow_dsl.compiling.emit_paths import (
    emit_constant,
    emit_context_value,
    emit_label,
    emit_lookup,
    emit_named,
    emit_path,
    emit_setting,
)
from workflow_dsl.compiling.emit_tests import (
    emit_between,
    emit_chain,
    emit_changed,
    emit_comparison,
    emit_empty_test,
    emit_membership,
    emit_new,
    emit_not,
    emit_object_test,
    emit_pattern,
    emit_period,
    emit_role_test,
    emit_text_test,
)
from workflow_dsl.compiling.emit_values import (
    emit_arithmetic,
    emit_call,
    emit_case,
    emit_coalesce,
    emit_filled,
    emit_if,
    emit_join,
    emit_list,
    emit_negative,
)
from workflow_dsl.evaluator import Evaluator
from workflow_dsl.typed import (
    Aggregate,
    Arithmetic,
    BetweenTest,
    CaseValue,
    ChangedTest,
    Coalesce,
    Comparison,
    Conjunction,
    Constant,
    ContextValue,
    Disjunction,
    EmptyTest,
    FieldPath,
    FilledCount,
    FunctionCall,
    IfValue,
    LabelValue,
    ListValue,
    LookupRecord,
    Membership,
    NamedValue,
    Negation,
    Negative,
    NewTest,
    ObjectTest,
    PatternTest,
    PeriodTest,
    RoleTest,
    SettingValue,
    TextJoin,
    TextTest,
    Typed,
)
from workflow_dsl.types import Kind


def compile_expression(typed: Typed, source: LocatedText | None = None) -> Evaluator:
    """Give what evaluates a typed tree, compiled at its first use; `source` is the text it was parsed from."""
    return Evaluator(typed, _compile_function, source.text if source is not None else "")


def _compile_function(typed: Typed) -> tuple[Callable[..., Any], bool]:
    em = Emission(emit=_emit)
    code = _emit(em, typed)
    result = code.expr
    if typed.type.kind in (Kind.DECIMAL, Kind.PERCENT):
        # Whole numbers may stand for decimals inside; what leaves is a Decimal.
        result = em.call(operations.as_decimal, result)
    body: list[ast.stmt] = []
    if em.uses_this:
        get = attribute(attribute(variable("c"), "this"), "get")
        body.append(ast.Assign(targets=[ast.Name(id="g", ctx=ast.Store())], value=get))
    body.append(ast.Return(value=result))
    return _function(body, em.constants), em.loops


def _function(body: list[ast.stmt], constants: Mapping[str, Any]) -> Callable[..., Any]:
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg=name) for name in ("c", "b", "r0")],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    definition = ast.FunctionDef(name="expression", args=arguments, body=body, decorator_list=[])
    module = ast.fix_missing_locations(ast.Module(body=[definition], type_ignores=[]))
    compiled = compile(module, "<expression>", "exec")
    code = next(constant for constant in compiled.co_consts if isinstance(constant, CodeType))
    return FunctionType(code, {"__builtins__": {}, **constants})


def _emit(em: Emission, node: Typed) -> Code:
    return _EMITTERS[type(node)](em, node)


_EMITTERS: Mapping[type[Typed], Callable[[Emission, Any], Code]] = MappingProxyType(
    {
        Aggregate: emit_aggregate,
        Arithmetic: emit_arithmetic,
        BetweenTest: emit_between,
        CaseValue: emit_case,
        ChangedTest: emit_changed,
        Coalesce: emit_coalesce,
        Comparison: emit_comparison,
        Conjunction: emit_chain,
        Constant: emit_constant,
        ContextValue: emit_context_value,
        Disjunction: emit_chain,
        EmptyTest: emit_empty_test,
        FieldPath: emit_path,
        FilledCount: emit_filled,
        FunctionCall: emit_call,
        IfValue: emit_if,
        LabelValue: emit_label,
        ListValue: emit_list,
        LookupRecord: emit_lookup,
        Membership: emit_membership,
        NamedValue: emit_named,
        Negation: emit_not,
        Negative: emit_negative,
        NewTest: emit_new,
        ObjectTest: emit_object_test,
        PatternTest: emit_pattern,
        PeriodTest: emit_period,
        RoleTest: emit_role_test,
        SettingValue: emit_setting,
        TextJoin: emit_join,
        TextTest: emit_text_test,
    }
)
