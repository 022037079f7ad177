"""By which roles held somebody has a role: itself, or one that includes it, over any number of steps."""

from __future__ import annotations

from collections.abc import Iterable

from metamodel.apps import Metamodel


def through(metamodel: Metamodel, held: Iterable[str], name: str) -> tuple[str, ...]:
    """Give the shortest chain from a role that is held down to a role; empty where there is none."""
    chains: list[tuple[str, ...]] = [(role,) for role in sorted(held)]
    seen: set[str] = set()
    while chains:
        chain = chains.pop(0)
        if chain[-1] == name:
            return chain
        role = metamodel.roles.get(chain[-1])
        if role is None or role.name in seen:
            continue
        seen.add(role.name)
        chains += [(*chain, included) for included in role.includes]
    return ()
