"""The typed tree: what an expression means, with every name resolved and every type known.

Both back ends (compiled Python here, SQL in engine) read this tree only, never the syntax. Each node has its `type` and
its place. Meaning that a back end must keep:

- a text is never `""`: whatever would give it gives empty (wrap text results in NULLIF in SQL);
- logical nodes (`Conjunction`, `Disjunction`, `Negation`, tests and comparisons) are never empty: an empty operand
  counts as false; `=` holds for two empties, `<` and `between` never hold with an empty;
- `!=` and `not in` are the negation of `=` and `in`.
"""

from __future__ import annotations

from workflow_dsl.typed.aggregates import Aggregate, AggregateKind, InverseSource, ObjectSource, SortPath
from workflow_dsl.typed.base import Constant, Typed
from workflow_dsl.typed.conditions import (
    BetweenTest,
    ChangedTest,
    Comparison,
    Conjunction,
    Disjunction,
    EmptyTest,
    Membership,
    Negation,
    NewTest,
    ObjectTest,
    PatternTest,
    PeriodTest,
    RoleTest,
    TextTest,
)
from workflow_dsl.typed.paths import (
    ContextName,
    ContextValue,
    FieldPath,
    LabelValue,
    LookupRecord,
    NamedValue,
    PathStep,
    Root,
    RootKind,
    SettingValue,
)
from workflow_dsl.typed.values import (
    Arithmetic,
    CaseValue,
    Coalesce,
    FilledCount,
    FunctionCall,
    IfValue,
    ListValue,
    Negative,
    TextJoin,
)

__all__ = [
    "Aggregate",
    "AggregateKind",
    "Arithmetic",
    "BetweenTest",
    "CaseValue",
    "ChangedTest",
    "Coalesce",
    "Comparison",
    "Conjunction",
    "Constant",
    "ContextName",
    "ContextValue",
    "Disjunction",
    "EmptyTest",
    "FieldPath",
    "FilledCount",
    "FunctionCall",
    "IfValue",
    "InverseSource",
    "LabelValue",
    "ListValue",
    "LookupRecord",
    "Membership",
    "NamedValue",
    "Negation",
    "Negative",
    "NewTest",
    "ObjectSource",
    "ObjectTest",
    "PathStep",
    "PatternTest",
    "PeriodTest",
    "RoleTest",
    "Root",
    "RootKind",
    "SettingValue",
    "SortPath",
    "TextJoin",
    "TextTest",
    "Typed",
]
