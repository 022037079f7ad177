"""Which record an action of a blueprint writes, as far as names tell before anything is checked."""

from __future__ import annotations

from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from workflow_dsl.syntax import (
    ButtonPressed,
    ComesToMatch,
    ConvertTarget,
    Create,
    Crosses,
    EventTrigger,
    FieldChanges,
    HasMatched,
    Moment,
    Path,
    RecordEvent,
    Rule,
    SyntaxNode,
    Update,
)


def written_fields(metamodel: Metamodel, node: SyntaxNode, rule: Rule) -> frozenset[str]:
    """Give the fields of the record that a `create` or `update` writes; none where that is not known by names alone."""
    found: ObjectDef | None = None
    if isinstance(node, Create | ConvertTarget):
        found = metamodel.find_object(node.object.dotted)
    elif isinstance(node, Update):
        found = _reached(metamodel, node.target, rule) or metamodel.find_object(node.target.dotted)
    return frozenset(found.fields) if found is not None else frozenset()


def _reached(metamodel: Metamodel, path: Path, rule: Rule) -> ObjectDef | None:
    here = object_of(metamodel, rule)
    for name in path.names:
        if here is None:
            return None
        if name.text != "this":
            here = _next(metamodel, here, name.text)
    return here


def _next(metamodel: Metamodel, here: ObjectDef, name: str) -> ObjectDef | None:
    if name in here.inverses:
        return metamodel.objects.get(here.inverses[name].object)
    found = here.fields.get(name)
    target = found.relation.single_target if found is not None and found.relation is not None else None
    return metamodel.objects.get(target) if target is not None else None


def object_of(metamodel: Metamodel, rule: Rule) -> ObjectDef | None:
    """Give the object of a rule's record by the names in its head."""
    for trigger in rule.triggers:
        event = trigger.event if isinstance(trigger, EventTrigger) else None
        if isinstance(event, RecordEvent | ComesToMatch | HasMatched | ButtonPressed):
            return metamodel.find_object(event.object.dotted)
        if isinstance(event, FieldChanges | Crosses | Moment):
            return _owner(metamodel, event.path)
    return metamodel.find_object(rule.each.source.dotted) if rule.each is not None else None


def _owner(metamodel: Metamodel, path: Path) -> ObjectDef | None:
    names = [name.text for name in path.names]
    found = (metamodel.find_object(".".join(names[:count])) for count in (1, 2))
    return next((each for each in found if each is not None), None)
