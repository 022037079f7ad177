"""Checks which records an action is about: a path to one, a related list, or the rows of an object."""

from __future__ import annotations

from dataclasses import replace

from workflow_dsl.checked_rules import CheckedRows
from workflow_dsl.checker import checking_of, reads_of
from workflow_dsl.checking.aggregates import find_rows
from workflow_dsl.checking.names import FoundList, FoundObject, find, walk
from workflow_dsl.reads import Read, Reads
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import BinaryOp, Expr, Path, SortKey, Span
from workflow_dsl.typed import (
    Aggregate,
    AggregateKind,
    Comparison,
    Conjunction,
    FieldPath,
    InverseSource,
    ObjectSource,
    Root,
    RootKind,
    SortPath,
    Typed,
)
from workflow_dsl.types import BOOLEAN, INTEGER, MOMENTS, NUMERIC, Kind, Type, record_of

_SORTABLE = NUMERIC | MOMENTS | {Kind.TEXT, Kind.MONEY, Kind.TIME, Kind.UNKNOWN}


def check_rows(
    checking: RuleChecking,
    path: Path,
    where: Expr | None,
    *,
    action: str,
    sorted_by: SortKey | None = None,
    all_rows: bool = False,
    chooses: bool = True,
) -> CheckedRows | None:
    """Check `path`, `path where …` or `object where …`.

    action: what is said in messages ("update"). all_rows: whether an object without `where` may be meant. chooses:
    whether the action has a `where`.
    """
    state = checking_of(checking.scope, checking.problems)
    found = find(state, path) if where is None and not all_rows else find_rows(state, path)
    if found is None:
        return None
    source: InverseSource | ObjectSource
    if isinstance(found, FoundList):
        if found.rest:
            checking.refuse("RUL405", f"'{path.dotted}' leads through a list; name the list itself", found.rest[0].at)
            return None
        source = InverseSource(base=found.base, holder=found.object, inverse=found.inverse, object=found.inverse.object)
    elif isinstance(found, FoundObject):
        if found.rest:
            checking.refuse("RUL405", f"'{path.dotted}' is not an object", path.at)
            return None
        if where is None and not all_rows and found.given is None:
            message = f"'{action} {path.dotted}' is about every {found.object} there is"
            hint = f"say which: {action} {path.dotted} where …" if chooses else "name a lookup, a list or a given name"
            checking.refuse("RUL405", message, path.at, hint)
            return None
        source = ObjectSource(object=found.object, given=found.given)
    else:
        return _one(checking, path, found, where, reads_of(state), action)
    if checking.refuses_source(checking.scope.metamodel.objects[source.object], path.at, f"'{action}' is not for them"):
        return None
    reads = reads_of(state)
    return _many(checking, path.at, source, where, sorted_by, replace(reads, lists=reads.lists | {_list_of(source)}))


def _list_of(source: InverseSource | ObjectSource) -> Read:
    if isinstance(source, InverseSource):
        return Read(source.holder, source.inverse.name)
    return Read(source.object, "")


def _one(
    checking: RuleChecking, path: Path, found: Typed, where: Expr | None, reads: Reads, action: str
) -> CheckedRows | None:
    objects = found.type.objects
    for key in objects:
        pointed_at = checking.scope.metamodel.objects.get(key)
        if checking.refuses_source(pointed_at, path.at, f"'{action}' is not for them"):
            return None
    if found.type.kind is Kind.UNKNOWN:
        checking.refuse("RUL405", f"'{path.dotted}' is no record that a rule can {action}", path.at)
        return None
    if found.type.kind is not Kind.RECORD:
        message = f"'{path.dotted}' is {found.type.with_article}, not a record"
        checking.refuse("RUL405", message, path.at, "name a lookup, a related list, or an object with where")
        return None
    if where is not None:
        return _one_where(checking, path, found, where, reads)
    value = checking.value(path)
    if value is None:
        return None
    return CheckedRows(object=objects[0] if len(objects) == 1 else None, one=value, reads=reads)


def _one_where(checking: RuleChecking, path: Path, found: Typed, where: Expr, reads: Reads) -> CheckedRows | None:
    target = found.type.objects[0] if len(found.type.objects) == 1 else None
    if target is None:
        checking.refuse("RUL405", f"'{path.dotted}' may be of several objects, so 'where' can't ask it", path.at)
        return None
    name = path.names[0].text
    if len(path.names) == 1 and checking.scope.metamodel.find_object(name) is not None:
        message = f"'{name}' is both a field of the record and an object; the field goes first"
        checking.warn("RUL410", message, path.at, f"the object is {_app_of(checking, name)}.{name}")
    source = ObjectSource(object=target)
    rows = _many(checking, path.at, source, where, None, reads)
    if rows is None or rows.many is None or rows.many.where is None:
        return None
    # The one record the lookup points at, if it fits: the rows of its object whose id is that.
    id_field = checking.scope.metamodel.objects[target].fields["id"]
    row = Root(kind=RootKind.ROW, objects=(target,))
    own_id = FieldPath(type=record_of(target), at=path.at, root=row, field=id_field, holders=(target,))
    same = Comparison(type=BOOLEAN, at=path.at, op=BinaryOp.EQ, left=own_id, right=found)
    both = Conjunction(type=BOOLEAN, at=path.at, operands=(same, rows.many.where))
    return replace(rows, many=replace(rows.many, where=both))


def _app_of(checking: RuleChecking, name: str) -> str:
    found = checking.scope.metamodel.find_object(name)
    return found.app if found is not None else ""


def _many(
    checking: RuleChecking,
    at: Span,
    source: InverseSource | ObjectSource,
    where: Expr | None,
    sorted_by: SortKey | None,
    reads: Reads,
) -> CheckedRows | None:
    place = f"the 'where' of {checking.scope.place}"
    scope = replace(checking.scope, row_object=source.object, needs_sql=True, place=place)
    condition = checking.value_in(scope, where, BOOLEAN) if where is not None else None
    if where is not None and condition is None:
        return None
    order = _order(checking, source.object, sorted_by)
    aggregate = Aggregate(
        type=INTEGER,
        at=at,
        function=AggregateKind.COUNT,
        source=source,
        level=0,
        where=condition.typed if condition is not None else None,
        sorted_by=order,
    )
    both = reads if condition is None else reads.joined(condition.reads)
    return CheckedRows(object=source.object, many=aggregate, reads=both)


def _order(checking: RuleChecking, object_key: str, key: SortKey | None) -> SortPath | None:
    if key is None:
        return None
    state = checking_of(replace(checking.scope, row_object=object_key), checking.problems)
    found = walk(state, Root(kind=RootKind.ROW, objects=(object_key,)), key.path.names, key.path)
    if isinstance(found, FieldPath) and found.type.kind in _SORTABLE:
        return SortPath(path=found, descending=key.descending)
    if found is not None:
        checking.refuse("RUL405", f"rows can't be sorted by '{key.path.dotted}'", key.at)
    return None


def collect(checking: RuleChecking, path: Path) -> tuple[Aggregate, Reads] | None:
    """Give the values along a path through a list (`lines.product.owner`), or None where there is no list in it."""
    state = checking_of(checking.scope, type(checking.problems)())
    found = find(state, path)
    if not isinstance(found, FoundList):
        return None
    source = InverseSource(base=found.base, holder=found.object, inverse=found.inverse, object=found.inverse.object)
    row = Root(kind=RootKind.ROW, objects=(source.object,))
    state = checking_of(replace(checking.scope, row_object=source.object), checking.problems)
    inner = walk(state, row, found.rest, path) if found.rest else None
    if found.rest and not isinstance(inner, FieldPath):
        return None
    item = inner.type if isinstance(inner, FieldPath) else record_of(source.object)
    type_ = Type(kind=Kind.LIST, item=item)
    aggregate = Aggregate(
        type=type_,
        at=path.at,
        function=AggregateKind.COLLECT,
        source=source,
        level=0,
        inner=inner if isinstance(inner, FieldPath) else None,
    )
    return aggregate, reads_of(state)
