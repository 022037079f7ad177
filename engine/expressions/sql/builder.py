"""Turns typed expressions into SQL, node by node; each topic has a module of its own.

A builder belongs to one release, database and set of roles. Formulas and titles that are computed when read are built
in place, with the eyes of their author.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import false, func

from engine.expressions.sql import conditions, constants, operations, paths
from engine.expressions.sql.aggregates import aggregate_value, lookup_record
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.functions import function_value
from engine.expressions.sql.merging import is_empty
from engine.expressions.sql.numbers import Numbers
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.texts import joined_text, label_value, text_test
from engine.expressions.sql.values import Sql, SqlBoolean, SqlEmpty, SqlValue
from engine.storage.tables import Tables
from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from workflow_dsl import typed as t
from workflow_dsl.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource:
    """What a builder needs of its release.

    formula: (object key, field) → typed formula. title: object key → typed title. setting: name → value.
    evaluate: gives a part that reads no record its value in memory (see `runtime`).
    """

    tables: Tables
    metamodel: Metamodel
    formula: Callable[[str, str], t.Typed]
    title: Callable[[str], t.Typed]
    setting: Callable[[str], object]
    evaluate: Callable[[t.Typed], Callable[[Context], object]]
    language: str = "en"


class SqlBuilder:
    """Makes SQL of typed expressions; `roles` are those the acting user holds, included ones too."""

    def __init__(self, source: SqlSource, roles: frozenset[str]) -> None:
        self.source = source
        self.tables = source.tables
        self.metamodel = source.metamodel
        self.roles = roles
        self.numbers = Numbers(source.tables.dialect, source.metamodel.main.currency)

    def value(self, node: t.Typed, environment: Environment) -> SqlValue:
        """Give the value of an expression.

        Raises: NotInSql.
        """
        found = constants.run_constant(self, node)
        if found is not None:
            return found
        make = _VALUES.get(type(node))
        if make is not None:
            return make(self, node, environment)
        if type(node) in _CONDITIONS:
            return SqlBoolean(expr=self.condition(node, environment), certain=True)
        raise NotInSql(_IN_MEMORY.get(type(node), "a part of this kind"), node.at)

    def condition(self, node: t.Typed, environment: Environment, *, loose: bool = False) -> Sql:
        """Give an expression as a condition that is never NULL; `loose`: NULL may stand for false.

        Raises: NotInSql.
        """
        make = _CONDITIONS.get(type(node))
        if make is not None:
            return make(self, node, environment, loose)
        value = self.value(node, environment)
        if isinstance(value, SqlEmpty):
            return false()
        if not isinstance(value, SqlBoolean):
            return ~is_empty(value)
        return value.expr if loose or value.certain else func.coalesce(value.expr, false())

    def formula(self, scope: RowScope, name: str) -> SqlValue:
        """Give a formula field that is computed when read, rounded as a column would keep it."""
        node = self.source.formula(scope.object_key, name)
        value = self.value(node, Environment(scope.frame, scope))
        return operations.as_field(self, value, self.field_def(scope.object_key, name))

    def title(self, scope: RowScope) -> Sql:
        """Give a title that is computed when read."""
        node = self.source.title(scope.object_key)
        return joined_text(self, node, Environment(scope.frame, scope))

    def field_def(self, object_key: str, name: str) -> FieldDef:
        """Give the definition of a field."""
        return self.metamodel.objects[object_key].fields[name]


ValueMaker = Callable[[SqlBuilder, t.Typed, Environment], SqlValue]
ConditionMaker = Callable[[SqlBuilder, t.Typed, Environment, bool], Sql]

_VALUES: Mapping[type[t.Typed], ValueMaker] = {
    t.Constant: constants.constant_value,
    t.SettingValue: constants.setting_value,
    t.NamedValue: constants.named_value,
    t.ContextValue: constants.context_value,
    t.FieldPath: paths.path_value,
    t.ListValue: paths.list_value,
    t.Arithmetic: operations.arithmetic_value,
    t.Negative: operations.negative_value,
    t.IfValue: operations.if_value,
    t.CaseValue: operations.case_value,
    t.Coalesce: operations.coalesce_value,
    t.FilledCount: operations.filled_value,
    t.TextJoin: operations.text_value,
    t.FunctionCall: function_value,
    t.LabelValue: label_value,
    t.LookupRecord: lookup_record,
    t.Aggregate: aggregate_value,
}

_CONDITIONS: Mapping[type[t.Typed], ConditionMaker] = {
    t.Conjunction: conditions.conjunction,
    t.Disjunction: conditions.disjunction,
    t.Negation: conditions.negation,
    t.Comparison: conditions.comparison,
    t.BetweenTest: conditions.between,
    t.Membership: conditions.membership,
    t.PeriodTest: conditions.period,
    t.EmptyTest: conditions.empty,
    t.ObjectTest: conditions.object_test,
    t.RoleTest: conditions.role_test,
    t.TextTest: text_test,
}

# What only memory runs, as it is written.
_IN_MEMORY: Mapping[type[t.Typed], str] = {
    t.PatternTest: "'matches'",
    t.ChangedTest: "'is changed'",
    t.NewTest: "'is_new()'",
}
