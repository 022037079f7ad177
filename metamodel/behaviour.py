"""What makes the records of an object behaviour events: whom they are about, when they happened, how persons are found.

Everything else of an event is a field of the object like any other: its kind, the page, the amount.
"""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.reading.node_values import child, entries, word
from metamodel.source import Location
from metamodel.yaml_nodes import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourDef:
    """Events of persons. person: the lookup that names the person, empty while nobody knows who it was.

    happened: the field with the moment, None = when the record was made. found_by: pairs of a field of the event and
    the field of the person that has the same value, in the order in which they are tried.
    """

    person: str
    found_by: tuple[tuple[str, str], ...]
    at: Location
    happened: str | None = None


def read_behaviour(node: Node | None) -> BehaviourDef | None:
    """Read `events:` of an object; None where it has none, or none that can be used."""
    person = word(child(node, "person"))
    pairs = ((key.text, word(value)) for key, value in entries(child(node, "found_by")))
    found_by = tuple((own, other) for own, other in pairs if other is not None)
    if node is None or person is None or not found_by:
        # The shape check tells what is missing.
        return None
    return BehaviourDef(person=person, found_by=found_by, at=node.at, happened=word(child(node, "at")))
