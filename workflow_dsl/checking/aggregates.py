"""Checks aggregates over related lists and whole objects: `count(orders where total > 100)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from workflow_dsl.checking.conditions import condition
from workflow_dsl.checking.names import AGGREGATES_HINT, Found, FoundList, FoundObject, find, walk
from workflow_dsl.checking.state import Argument, Checking, failed, shown
from workflow_dsl.functions import kinds_text
from workflow_dsl.reads import Read
from workflow_dsl.syntax import Arg, Call, Name, Path, SortKey
from workflow_dsl.typed import (
    Aggregate,
    AggregateKind,
    Constant,
    FieldPath,
    InverseSource,
    ObjectSource,
    Root,
    RootKind,
    SortPath,
    Typed,
)
from workflow_dsl.types import AMOUNTS, BOOLEAN, DECIMAL, INTEGER, TEXT, Kind, Type, record_of

_ORDERABLE = AMOUNTS | {Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.DURATION}
_INNER: Mapping[AggregateKind, frozenset[Kind]] = MappingProxyType(
    {
        AggregateKind.SUM: AMOUNTS | {Kind.DURATION},
        AggregateKind.AVG: AMOUNTS,
        AggregateKind.MIN: _ORDERABLE,
        AggregateKind.MAX: _ORDERABLE,
        AggregateKind.JOIN: frozenset((Kind.TEXT,)),
    }
)
_NEED_ORDER = frozenset((AggregateKind.FIRST, AggregateKind.LAST, AggregateKind.JOIN))
_ROWS_ONLY = frozenset((AggregateKind.COUNT, AggregateKind.EXISTS))


def list_argument(checking: Checking, arg: Arg) -> FoundList | FoundObject | None:
    """Give the list or object that an argument names, or None where it is an ordinary value."""
    if not isinstance(arg.value, Path):
        return None
    found = find_rows(_probe(checking), arg.value)
    return found if isinstance(found, FoundList | FoundObject) else None


def _probe(checking: Checking) -> Checking:
    """Give a check of the same place that reports nothing to anybody."""
    return Checking(
        scope=checking.scope, problems=type(checking.problems)(), check=checking.check, rows=list(checking.rows)
    )


def find_rows(checking: Checking, path: Path) -> Found:
    """Find what a path names as the source of rows, where `user` is the object, not who acts."""
    if path.dotted == "user" and "user" in checking.scope.metamodel.objects:
        return FoundObject(object="user", rest=(), at=path.at)
    return find(checking, path)


def check_aggregate(checking: Checking, node: Call) -> Typed:
    """Check a call of an aggregate."""
    kind = AggregateKind(node.function.text)
    separator = _separator(checking, node, kind)
    if separator is None:
        return failed(node.at)
    arg = node.args[0]
    found = find_rows(checking, arg.value) if isinstance(arg.value, Path) else None
    if not isinstance(found, FoundList | FoundObject):
        if found is not None or not isinstance(arg.value, Path):
            _refuse_source(checking, node, arg)
        return failed(node.at)
    source: InverseSource | ObjectSource
    if isinstance(found, FoundList):
        source = InverseSource(base=found.base, holder=found.object, inverse=found.inverse, object=found.inverse.object)
        checking.reads.add(Read(found.inverse.object, found.inverse.field))
        checking.uses.add(f"list {found.object} {found.inverse.name}")
    else:
        source = ObjectSource(object=found.object, given=found.given)
        checking.uses.add(f"list {found.object} ")
    checking.rows.append(source.object)
    try:
        return _check_rows(checking, node, kind, source, found.rest, separator)
    finally:
        checking.rows.pop()


def _separator(checking: Checking, node: Call, kind: AggregateKind) -> str | None:
    most = 2 if kind is AggregateKind.JOIN else 1
    if not 1 <= len(node.args) <= most:
        form = f'{kind}(list.field sorted by field, ", ")' if most == 2 else f"{kind}(list where …)"
        checking.refuse("EXP303", f"'{kind}' takes one list", node.at, f"write {form}")
        return None
    if len(node.args) == 1:
        return ", "
    separator = checking.check(checking, node.args[1].value)
    if not isinstance(separator, Constant) or not isinstance(separator.value, str | None):
        given = Argument(written=node.args[1].value, type=separator.type, at=separator.at)
        checking.refuse_argument(kind, "text in quotes", "separator", given)
        return None
    return separator.value or ""


def _refuse_source(checking: Checking, node: Call, arg: Arg) -> None:
    hint = "it runs over a related list or an object"
    if isinstance(arg.value, Path) and checking.scope.metamodel.find_object(arg.value.names[0].text) is not None:
        hint = f"the field '{arg.value.names[0].text}' goes before the object of that name"
    probe = _probe(checking)
    given = probe.check(probe, arg.value)
    if given.type.is_open:
        written = f"'{node.function.text}' takes a list as its argument 'list', and '{shown(arg.value)}' is none"
        checking.refuse("EXP302", written, arg.at, hint)
        return
    argument = Argument(written=arg.value, type=given.type, at=arg.at, hint=hint)
    checking.refuse_argument(node.function.text, "a list", "list", argument)


def _check_rows(
    checking: Checking,
    node: Call,
    kind: AggregateKind,
    source: InverseSource | ObjectSource,
    rest: Sequence[Name],
    separator: str,
) -> Typed:
    level = len(checking.rows) - 1
    arg = node.args[0]
    inner = _inner(checking, node, kind, rest) if rest else None
    if rest and inner is None:
        return failed(node.at)
    where = condition(checking, arg.where) if arg.where is not None else None
    order = _order(checking, node, kind, arg.sorted_by)
    if inner is None and kind in _INNER:
        message = f"'{kind}' needs a field of the list '{shown(arg.value)}'"
        checking.refuse("EXP302", message, arg.at, f"write {kind}({shown(arg.value)}.field)")
        return failed(node.at)
    return Aggregate(
        type=_result(kind, inner, source.object),
        at=node.at,
        function=kind,
        source=source,
        level=level,
        where=where,
        inner=inner,
        sorted_by=order,
        separator=separator,
    )


def _inner(checking: Checking, node: Call, kind: AggregateKind, rest: Sequence[Name]) -> Typed | None:
    written = node.args[0].value
    assert isinstance(written, Path)
    if kind in _ROWS_ONLY:
        hint = f"write {kind}(list where field is not empty)"
        given = _of_rows(checking, node, rest)
        if isinstance(given, Typed):
            argument = Argument(written=written, type=given.type, at=rest[0].at, hint=hint)
            checking.refuse_argument(kind, "a list", "list", argument)
        return None
    found = _of_rows(checking, node, rest)
    if isinstance(found, FoundList):
        checking.refuse("EXP205", f"'{written.dotted}' leads through two lists", written.at, AGGREGATES_HINT)
        return None
    if not isinstance(found, Typed):
        return None
    wanted = _INNER.get(kind)
    if wanted is not None and found.type.kind not in wanted and not found.type.is_open:
        argument = Argument(written=written, type=found.type, at=written.at)
        checking.refuse_argument(kind, kinds_text(wanted), "list.field", argument)
        return None
    return found


def _of_rows(checking: Checking, node: Call, rest: Sequence[Name]) -> Found:
    written = node.args[0].value
    assert isinstance(written, Path)
    level = len(checking.rows) - 1
    root = Root(kind=RootKind.ROW, level=level, objects=(checking.rows[level],))
    return walk(checking, root, rest, written)


def _order(checking: Checking, node: Call, kind: AggregateKind, key: SortKey | None) -> SortPath | None:
    if key is None:
        if kind in _NEED_ORDER:
            hint = f"write {kind}(list sorted by -created_at)"
            checking.refuse("EXP406", f"'{kind}' needs an order of the rows", node.at, hint)
        return None
    level = len(checking.rows) - 1
    root = Root(kind=RootKind.ROW, level=level, objects=(checking.rows[level],))
    found = walk(checking, root, key.path.names, key.path)
    if isinstance(found, FieldPath) and (found.type.kind in _ORDERABLE or found.type.is_open):
        return SortPath(path=found, descending=key.descending)
    if isinstance(found, Typed):
        argument = Argument(written=key.path, type=found.type, at=key.at)
        checking.refuse_argument(kind, kinds_text(_ORDERABLE), "sorted by", argument)
    elif found is not None:
        checking.refuse("EXP302", f"rows can't be sorted by '{key.path.dotted}'", key.at)
    return None


def _result(kind: AggregateKind, inner: Typed | None, object_key: str) -> Type:
    if kind is AggregateKind.COUNT:
        return INTEGER
    if kind is AggregateKind.EXISTS:
        return BOOLEAN
    if kind is AggregateKind.JOIN:
        return TEXT
    if inner is None:
        return record_of(object_key)
    if kind is AggregateKind.AVG and inner.type.kind is Kind.INTEGER:
        return DECIMAL
    return inner.type
