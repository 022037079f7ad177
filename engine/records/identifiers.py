"""What a record id looks like; the databases would answer another text with an error of their own."""

from __future__ import annotations

import re

from engine.outer.keys import key_of_id
from metamodel.objects import ObjectDef

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.ASCII)


def could_be_id(text: str, object_def: ObjectDef | None = None) -> bool:
    """Say whether a text has the form of an id: one of ours, or where the object lies elsewhere of a key there."""
    if object_def is not None and object_def.source is not None:
        return key_of_id(text) is not None
    return _ID.match(text) is not None
