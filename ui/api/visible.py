"""What a caller may see of the metamodel: objects, fields and what may be done with them, out of the compiled access.

The one place where the API asks for rights itself, to describe; using them is the door's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.access.actor import Actor
from engine.records.saving.plan import save_plan
from engine.releases.release import Release
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.views import ViewDef
from ui.context import platform


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleObject:
    """An object with the fields shown to a caller, those to be written, and the actions granted at all.

    masked: fields that some records show masked.
    """

    object: ObjectDef
    fields: Mapping[str, FieldDef]
    masked: frozenset[str]
    creatable: frozenset[str]
    updatable: frozenset[str]
    actions: frozenset[str]
    views: tuple[ViewDef, ...]


def visible_objects(release: Release, actor: Actor) -> tuple[VisibleObject, ...]:
    """Give what the caller may see, in the metamodel's order."""
    found = (visible_object(release, actor, key) for key in release.metamodel.objects)
    return tuple(each for each in found if each is not None)


def visible_object(release: Release, actor: Actor, key: str) -> VisibleObject | None:
    """Give what the caller may see of one object; None where no right on it is granted."""
    records = platform().records
    rights = records.access(actor, release).of(key)
    if not rights.visible:
        return None
    settable = save_plan(records.parts(release), key).settable
    object_def = release.metamodel.objects[key]
    fields = {name: field for name, field in object_def.fields.items() if name in rights.shown}
    return VisibleObject(
        object=object_def,
        fields=fields,
        masked=rights.masked,
        creatable=rights.creatable & settable,
        updatable=rights.updatable & settable,
        actions=frozenset(action for action in rights.actions if rights.may(action)),
        views=tuple(view for view in object_def.views.values() if not view.roles or actor.roles & set(view.roles)),
    )
