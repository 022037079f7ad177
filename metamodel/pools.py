"""A shared pool of unowned records (公海): who may claim them, how many, for how long a claim is protected.

The object gets the field `claimed_at`, kept by the product: when the present owner claimed the record out of the pool.
"""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.fields import FieldDef
from metamodel.reading.node_values import child, integer, located, words
from metamodel.source import LocatedText, Location
from metamodel.texts import Label
from metamodel.yaml_nodes import Node

CLAIMED_AT = "claimed_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDef:
    """A pool. claim: roles. quota: how many claimed records a person may hold, None = any number.

    protect: how long after a claim the record stays with who claimed it. fall_back: when an owned record goes back.
    """

    claim: tuple[str, ...]
    at: Location
    quota: int | None = None
    protect: LocatedText | None = None
    fall_back: LocatedText | None = None


def read_pool(node: Node | None) -> PoolDef | None:
    """Read `pool:` of an object."""
    if node is None:
        return None
    return PoolDef(
        claim=words(child(node, "claim")),
        at=node.at,
        quota=integer(child(node, "quota")),
        protect=located(child(node, "protect")),
        fall_back=located(child(node, "fall_back")),
    )


def claimed_field(app: str, at: Location, label: Label) -> FieldDef:
    """Make the field of when a record was claimed."""
    return FieldDef(name=CLAIMED_AT, type="datetime", app=app, at=at, label=label, system=True, history=False)
