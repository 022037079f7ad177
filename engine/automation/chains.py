"""Chains of causes as their reader may see them: a record that may not be read is not named in its link."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.access.actor import Actor
from engine.automation.run_sight import RecordPlace, RunSight

_LINK = re.compile(r"(?P<rule>.+) \((?P<object>\S+) (?P<record>\S+)\)")


def seen_chain(sight: RunSight, actor: Actor, links: Sequence[str]) -> tuple[str, ...]:
    """Give the links of a chain, without the ids of records that the actor may not read."""
    found = [(link, _LINK.fullmatch(link)) for link in links]
    places = {(match["object"], match["record"]) for _, match in found if match is not None}
    readable = sight.readable_among(actor, places) if places else frozenset()
    return tuple(_seen(link, match, readable) for link, match in found)


def _seen(link: str, match: re.Match[str] | None, readable: frozenset[RecordPlace]) -> str:
    if match is None or (match["object"], match["record"]) in readable:
        return link
    return f"{match['rule']} ({match['object']})"
