"""What the person who asks may do, and how values are written for that person.

Asks the same compiled access that the door enforces, to show or leave out a button, a column or a menu entry; a page
that forgets to ask shows too much to press, never too much data.
"""

from __future__ import annotations

from engine.access.actor import Actor
from engine.access.compiler import Access
from engine.errors import UnknownObject
from metamodel.objects import ObjectDef
from ui.context import actor, language, platform, release
from ui.formats import Formats, formats_for


def access_of(asking: Actor | None = None) -> Access:
    """Give the compiled rights of a person over the request's release."""
    return platform().records.access(asking or actor(), release())


def user_formats() -> Formats:
    """Give how values are written for who asks."""
    return formats_for(language(), actor().timezone, release().metamodel.main.currency)


def can_read(asking: Actor, object_key: str) -> bool:
    """Say whether any record of the object may be read."""
    return access_of(asking).of(object_key).visible


def readable_object(name: str) -> ObjectDef:
    """Give the object of an address; one that may not be read is as absent as one that is not there."""
    found = release().metamodel.find_object(name)
    if found is None or not can_read(actor(), found.key):
        raise UnknownObject(name)
    return found
