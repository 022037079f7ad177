"""What is known of a record: domains by path, in alternatives; how two sets of them go together, if they can."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workflow_dsl.write_graph.domains import ANYTHING, EMPTY, Domain

Key = tuple[str, ...]
"""A path: the root's kind (`this`, `old`, `user`, `row`, `given:name`), then names; `changed` before a path; `new`."""
Facts = Mapping[Key, Domain]
Alternatives = tuple[Facts, ...]

NOTHING_SAID: Facts = MappingProxyType({})
UNKNOWN: Alternatives = (NOTHING_SAID,)
IMPOSSIBLE: Alternatives = ()
NEW: Key = ("new",)
_MOST_ALTERNATIVES = 32


def both(one: Alternatives, other: Alternatives) -> Alternatives:
    """Give the alternatives under which two hold; too many are left at the first."""
    if one == UNKNOWN or other == UNKNOWN:
        return other if one == UNKNOWN else one
    if len(one) * len(other) > _MOST_ALTERNATIVES:
        return one
    found = []
    for left in one:
        for right in other:
            joined = joined_facts(left, right)
            if joined is not None:
                found.append(joined)
    return tuple(found)


def either(*several: Alternatives) -> Alternatives:
    """Give the alternatives under which one of several holds."""
    found = tuple(facts for alternatives in several for facts in alternatives)
    return found if len(found) <= _MOST_ALTERNATIVES and NOTHING_SAID not in found else UNKNOWN


def joined_facts(one: Facts, other: Facts) -> Facts | None:
    """Give what holds where both hold; None where that can't be."""
    found = dict(one)
    for key, domain in other.items():
        known = found.get(key)
        joined = domain if known is None else known.also(domain)
        if joined.is_impossible:
            return None
        found[key] = joined
    return found if _is_consistent(found) else None


def clash_of(one: Facts, other: Facts) -> tuple[Key, Domain, Domain] | None:
    """Give a path that two can't both be right about, with what each says of it."""
    for key, domain in other.items():
        known = one.get(key)
        if known is not None and known.also(domain).is_impossible:
            return key, known, domain
    return None


def _is_consistent(facts: Mapping[Key, Domain]) -> bool:
    is_new = facts.get(NEW)
    creates = is_new is not None and is_new.only == (True,)
    for key, domain in facts.items():
        if creates and key[0] == "old" and not domain.may_be_empty:
            return False
        if key[0] != "changed" or key[1] != "this":
            continue
        now, before = facts.get(key[1:], ANYTHING), facts.get(("old", *key[2:]), EMPTY if creates else ANYTHING)
        if domain.only == (True,) and now.only is not None and now.only == before.only:
            return False
        if domain.only == (False,) and now.also(before).is_impossible:
            return False
    return True
