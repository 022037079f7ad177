"""What the person who asks may do, for pages that show or leave out a button, a column or a menu entry.

Asks the same compiled access that the door enforces; a page that forgets to ask shows too much to press, never too
much data.
"""

from __future__ import annotations

from engine.access.actor import Actor
from engine.access.compiler import Access
from engine.errors import UnknownObject
from metamodel.objects import ObjectDef
from ui.context import actor, platform, release


def access_of(asking: Actor | None = None) -> Access:
    """Give the compiled rights of a person over the request's release."""
    return platform().records.access(asking or actor(), release())


def can_read(asking: Actor, object_key: str) -> bool:
    """Say whether any record of the object may be read."""
    return access_of(asking).of(object_key).visible


def readable_object(name: str) -> ObjectDef:
    """Give the object of an address; one that may not be read is as absent as one that is not there."""
    found = release().metamodel.find_object(name)
    if found is None or not can_read(actor(), found.key):
        raise UnknownObject(name)
    return found
