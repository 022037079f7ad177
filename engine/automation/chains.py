"""Chains of causes, and reasons that tell them, as their reader may see them: what may not be read is not named."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence

from engine.access.actor import Actor
from engine.automation.run_sight import RecordPlace, RunSight

_LINK = re.compile(r"(?P<rule>.+) \((?P<object>\S+) (?P<record>\S+)\)")

_IN_TEXT = re.compile(r" \((?P<object>[A-Za-z_][\w.]*) (?P<record>[0-9a-f]{8}-[0-9a-f-]{27})\)")


def places_in(texts: Iterable[str | None]) -> frozenset[RecordPlace]:
    """Give the records that reasons name by id."""
    return frozenset((each["object"], each["record"]) for text in texts for each in _IN_TEXT.finditer(text or ""))


def seen_text(text: str | None, readable: Container[RecordPlace]) -> str | None:
    """Give a reason without the ids of records that are not among the readable ones."""

    def seen(found: re.Match[str]) -> str:
        return found[0] if (found["object"], found["record"]) in readable else f" ({found['object']})"

    return _IN_TEXT.sub(seen, text) if text else text


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
