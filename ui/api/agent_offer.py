"""What an agent is offered: the words between the tools (ui/api/mcp.py) and the protocol (ui/api/mcp_protocol.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class CallRefused(Exception):
    """A tool cannot be called like that; the text is told to the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTold:
    """A tool as agents are told of it."""

    name: str
    summary: str
    input_schema: Mapping[str, Any]
    reads_only: bool
    deletes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a tool gave: the body of the answer of the API, which may be empty, and its status."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is offered to the one who asks.

    tools: gives all that can be called. call: carries out the message's call of a tool; raises CallRefused.
    """

    name: str
    version: str
    instructions: str
    tools: Callable[[], Sequence[ToolTold]]
    call: Callable[[str], Called]
