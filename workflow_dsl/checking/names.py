"""Resolves names and paths: fields along lookups, settings, what the trigger gives, lists for aggregates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from metamodel.field_types.compound import parts_of_field
from metamodel.fields import FieldDef
from metamodel.names import did_you_mean
from metamodel.objects import InverseDef, ObjectDef
from workflow_dsl.checking.special_names import find_special
from workflow_dsl.checking.state import Checking
from workflow_dsl.checking.unknown_names import report_no_field, report_unknown
from workflow_dsl.limits import MAX_PATH_STEPS
from workflow_dsl.reads import Read
from workflow_dsl.scope import reads_everything
from workflow_dsl.syntax import Name, Path, Span
from workflow_dsl.typed import FieldPath, PathStep, Root, RootKind, Typed
from workflow_dsl.types import Kind, record_of, type_of_field, type_of_name

AGGREGATES_HINT = "use an aggregate: count, sum, avg, min, max, exists, first, last or join"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundList:
    """A path that ends in a related list; `rest` are the names after it."""

    base: FieldPath
    inverse: InverseDef
    object: str
    rest: tuple[Name, ...]
    at: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundObject:
    """A path that begins with the name of an object; `rest` are the names after it.

    given: it is the name of a list of records that a rule is given (`records`), not of all there are.
    """

    object: str
    rest: tuple[Name, ...]
    at: Span
    given: str | None = None


Found = Typed | FoundList | FoundObject | None


def find(checking: Checking, path: Path) -> Found:
    """Find out what a path names; None when it names nothing (which is then reported)."""
    first, rest = path.names[0], path.names[1:]
    if first.text in ("now", "today", "app"):
        return find_special(checking, path)
    part = _given_part(checking, first, rest)
    if part is not None:
        return walk(checking, part, rest[1:], path)
    listed = _given_list(checking, first)
    if listed is not None:
        return FoundObject(object=listed, rest=rest, at=path.at, given=first.text)
    root = _root(checking, first)
    if root is not None:
        return walk(checking, root, rest, path)
    holder = _holder(checking, first.text)
    if holder is not None:
        return walk(checking, holder, path.names, path)
    object_def = checking.scope.metamodel.find_object(first.text)
    if object_def is not None:
        return FoundObject(object=object_def.key, rest=rest, at=path.at)
    if len(path.names) > 1:
        qualified = checking.scope.metamodel.find_object(f"{first.text}.{path.names[1].text}")
        if qualified is not None:
            return FoundObject(object=qualified.key, rest=path.names[2:], at=path.at)
    report_unknown(checking, first)
    return None


def resolve(checking: Checking, path: Path) -> Typed | None:
    """Resolve a path to a value; lists and objects are refused with the places they belong to."""
    found = find(checking, path)
    if isinstance(found, FoundList):
        checking.refuse(
            "EXP205", f"'{path.dotted}' leads through the list '{found.inverse.name}'", path.at, AGGREGATES_HINT
        )
        return None
    if isinstance(found, FoundObject):
        hint = "an object's name stands in aggregates, for each, update, delete, lookup, and after create and is a"
        checking.refuse("EXP205", f"'{path.dotted}' is an object, not a value", path.at, hint)
        return None
    return found


def _root(checking: Checking, name: Name) -> Root | None:
    scope = checking.scope
    if name.text == "this" and scope.object is not None:
        return Root(kind=RootKind.THIS, objects=(scope.object,))
    if name.text == "old" and scope.object is not None:
        return old_root(checking, name.at)
    if name.text == "user":
        checking.uses.add("user")
        return Root(kind=RootKind.USER, objects=("user",))
    if scope.given and name.text in scope.given and not any(_has(checking, key, name.text) for key in checking.rows):
        given = scope.given[name.text]
        return Root(kind=RootKind.GIVEN, name=name.text, objects=given.objects)
    return None


def _given_part(checking: Checking, first: Name, rest: Sequence[Name]) -> Root | None:
    """Give the root of a given name of two parts, such as `input.reason`."""
    given = checking.scope.given.get(f"{first.text}.{rest[0].text}") if rest and checking.scope.given else None
    if given is None or any(_has(checking, key, first.text) for key in checking.rows):
        return None
    return Root(kind=RootKind.GIVEN, name=f"{first.text}.{rest[0].text}", objects=given.objects)


def _given_list(checking: Checking, name: Name) -> str | None:
    """Give the object of the records that a given name lists; None where it lists none."""
    given = checking.scope.given.get(name.text) if checking.scope.given else None
    if given is None or given.kind is not Kind.LIST or given.item is None or len(given.item.objects) != 1:
        return None
    return None if any(_has(checking, key, name.text) for key in checking.rows) else given.item.objects[0]


def old_root(checking: Checking, at: Span) -> Root:
    """Give the root `old`, refused where no change is at hand."""
    scope = checking.scope
    checking.uses.add("old")
    if not scope.allows_old:
        reason = f"no change of a record is at hand in {scope.place}"
        checking.refuse("EXP403", "'old' has no meaning here", at, reason)
    checking.memory_only.append("'old'")
    return Root(kind=RootKind.OLD, objects=(scope.object,) if scope.object else ())


def _holder(checking: Checking, name: str) -> Root | None:
    for level in range(len(checking.rows) - 1, -1, -1):
        if _has(checking, checking.rows[level], name):
            return Root(kind=RootKind.ROW, level=level, objects=(checking.rows[level],))
    own = checking.scope.object
    if own is not None and _has(checking, own, name):
        return Root(kind=RootKind.THIS, objects=(own,))
    return None


def _has(checking: Checking, object_key: str, name: str) -> bool:
    object_def = checking.scope.metamodel.objects.get(object_key)
    return object_def is not None and (_field(checking, object_def, name) is not None or name in object_def.inverses)


def _field(checking: Checking, object_def: ObjectDef, name: str) -> FieldDef | None:
    found = object_def.fields.get(name)
    if found is None or checking.scope.may_read is reads_everything or checking.scope.may_read(object_def.key, name):
        return found
    return None


@dataclass(slots=True)
class _Position:
    """How far a path has been followed: the objects it may stand at, and the lookups on the way."""

    objects: tuple[str, ...]
    steps: list[PathStep]

    def narrow(self, holders: Sequence[ObjectDef]) -> None:
        """Keep only those targets of the last lookup that have the next name."""
        if self.steps and self.steps[-1].polymorphic:
            self.steps[-1] = replace(self.steps[-1], targets=tuple(holder.key for holder in holders))


def walk(checking: Checking, root: Root, names: Sequence[Name], path: Path) -> Found:
    """Follow names from a root."""
    if root.kind is RootKind.GIVEN and checking.scope.given[root.name].kind is not Kind.RECORD:
        return _given_value(checking, root, names, path)
    position = _Position(root.objects, [])
    if not names:
        given = checking.scope.given.get(root.name) if root.kind is RootKind.GIVEN else None
        return FieldPath(type=given or record_of(*root.objects), at=path.at, root=root)
    for index, name in enumerate(names):
        holders = _holders(checking, position.objects, name.text)
        if not holders:
            return _list_or_unknown(checking, root, position, names[index:], path)
        position.narrow(holders)
        field = holders[0].fields[name.text]
        _note_read(checking, root, position, holders, name)
        rest = names[index + 1 :]
        if not rest:
            return _final(checking, root, position, field, holders, path)
        if field.relation is None:
            return _attribute(checking, root, position, field, holders, rest, path)
        targets = field.relation.targets
        position.steps.append(PathStep(field=field, targets=targets, polymorphic=len(targets) != 1))
        position.objects = targets
        if len(position.steps) > MAX_PATH_STEPS:
            checking.refuse("EXP404", f"'{path.dotted}' follows more than {MAX_PATH_STEPS} lookups", path.at)
            return None
    raise AssertionError("a path ends in its last name")


def _holders(checking: Checking, objects: tuple[str, ...], name: str) -> list[ObjectDef]:
    """Give those of the objects that have a field."""
    if len(objects) == 1:
        # Nearly every path stands at one object.
        one = checking.scope.metamodel.objects.get(objects[0])
        return [one] if one is not None and _field(checking, one, name) is not None else []
    return [each for each in checking.scope.objects(objects) if _field(checking, each, name) is not None]


def _note_read(checking: Checking, root: Root, position: _Position, holders: Sequence[ObjectDef], name: Name) -> None:
    reads = {Read(holder.key, name.text) for holder in holders}
    checking.reads |= reads
    if root.kind in (RootKind.THIS, RootKind.OLD) and not position.steps:
        checking.own_reads |= reads
    else:
        checking.path_reads |= reads


def refuse_encrypted(checking: Checking, name: str, at: Span) -> None:
    """Report that an expression reads an encrypted field."""
    hint = "it can be shown, set and required; keep what is asked for in a field of its own"
    checking.refuse("EXP409", f"'{name}' is encrypted, so no expression can read it", at, hint)


def _final(
    checking: Checking, root: Root, position: _Position, field: FieldDef, holders: Sequence[ObjectDef], path: Path
) -> Typed | None:
    several = len(holders) > 1
    is_encrypted = any(holder.fields[field.name].encrypted for holder in holders) if several else field.encrypted
    if is_encrypted and not checking.scope.shows_encrypted:
        refuse_encrypted(checking, field.name, path.at)
        return None
    if several and len({type_of_field(holder.fields[field.name]).kind for holder in holders}) > 1:
        objects = ", ".join(holder.key for holder in holders)
        checking.refuse("EXP206", f"'{field.name}' is of another type in each of {objects}", path.at)
        return None
    return FieldPath(
        type=type_of_field(field),
        at=path.at,
        root=root,
        steps=tuple(position.steps),
        field=field,
        holders=tuple([holder.key for holder in holders]),
    )


def _attribute(
    checking: Checking,
    root: Root,
    position: _Position,
    field: FieldDef,
    holders: Sequence[ObjectDef],
    rest: Sequence[Name],
    path: Path,
) -> Typed | None:
    attributes = dict(field.choice.attribute_types) if field.choice is not None else {}
    attributes |= {part.name: part.type for part in parts_of_field(field)}
    name = rest[0]
    if name.text in attributes and len(rest) == 1:
        base = _final(checking, root, position, field, holders, path)
        if not isinstance(base, FieldPath):
            return None
        return replace(base, type=type_of_name(attributes[name.text]), attribute=name.text)
    if attributes:
        what = "attribute" if field.choice is not None else "part"
        message = f"'{name.text}' is not {'an' if what == 'attribute' else 'a'} {what} of {field.name}"
        checking.refuse("EXP204", message, name.at, did_you_mean(name.text, attributes))
    else:
        kind = type_of_field(field).with_article
        checking.refuse("EXP204", f"'{field.name}' is {kind}, so '.{name.text}' can't follow", name.at)
    return None


def _given_value(checking: Checking, root: Root, names: Sequence[Name], path: Path) -> Typed | None:
    type_ = checking.scope.given[root.name]
    if names and type_.kind is not Kind.UNKNOWN:
        checking.refuse("EXP204", f"'{root.name}' is {type_.with_article}, so nothing can follow it", names[0].at)
        return None
    return FieldPath(type=type_, at=path.at, root=root, keys=tuple(name.text for name in names))


def _list_or_unknown(checking: Checking, root: Root, position: _Position, names: Sequence[Name], path: Path) -> Found:
    name = names[0]
    holders = [o for o in checking.scope.objects(position.objects) if name.text in o.inverses]
    if not holders:
        report_no_field(checking, position.objects, name)
        return None
    position.narrow(holders)
    inverse = holders[0].inverses[name.text]
    if not checking.scope.may_read(inverse.object, inverse.field):
        report_no_field(checking, position.objects, name)
        return None
    base = FieldPath(type=record_of(holders[0].key), at=path.at, root=root)
    if position.steps:
        last = position.steps[-1]
        base = replace(
            base, steps=tuple(position.steps[:-1]), field=last.field, type=type_of_field(last.field),
            holders=position.steps[-2].targets if len(position.steps) > 1 else root.objects,
        )  # fmt: skip
    return FoundList(base=base, inverse=inverse, object=holders[0].key, rest=tuple(names[1:]), at=path.at)
