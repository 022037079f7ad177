"""What a role says, and where: the provenance that compiled rights are explained by."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.access import DenyDef
from metamodel.source import LocatedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A scope that a role writes for an action. levels: how far above the record asked for the object of it stands."""

    role: str
    object: str
    action: str
    text: LocatedText
    levels: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A denial and the role that has it."""

    role: str
    deny: DenyDef
