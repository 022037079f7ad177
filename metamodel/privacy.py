"""What an object says of the persons its records are about: purpose, consent, and how long records are kept.

Which of its fields hold values of a person is said at the fields (`personal: true`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.reading.node_values import Reading, child, label, located, word
from metamodel.source import LocatedText, Location
from metamodel.texts import Label
from metamodel.yaml_nodes import Mapping, Node


class Disposal(StrEnum):
    """What becomes of a record whose time is over."""

    ERASE = "erase"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionDef:
    """How long records are kept. after: a length of time since the last change. where: of which, None = of all."""

    after: LocatedText
    do: Disposal
    at: Location
    where: LocatedText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyDef:
    """purpose: what records are kept for. consent: whether the person of a record agreed, an expression over it."""

    purpose: Label | None = None
    consent: LocatedText | None = None
    retention: RetentionDef | None = None


def read_privacy(node: Mapping, reading: Reading) -> PrivacyDef | None:
    """Read `purpose:`, `consent:` and `retention:` of an object; None where it says nothing."""
    purpose, consent = label(node.get("purpose"), reading.language), located(node.get("consent"))
    retention = _read_retention(node.get("retention"))
    if purpose is None and consent is None and retention is None:
        return None
    return PrivacyDef(purpose=purpose, consent=consent, retention=retention)


def _read_retention(node: Node | None) -> RetentionDef | None:
    if node is None:
        return None
    after, do = located(child(node, "after")), word(child(node, "do"))
    if after is None or do not in tuple(Disposal):
        # The shape check tells what is missing.
        return None
    return RetentionDef(after=after, do=Disposal(do), at=node.at, where=located(child(node, "where")))
