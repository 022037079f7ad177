"""Which objects anybody may wait for: those of a release's rules, and of earlier releases whose runs are on the way.

A save looks at nothing else: where its object is not among them it notes nothing. What the rules of a release may wait
for is written down when it is published, so that later releases need not read its rules again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import MappingProxyType

from sqlalchemy import Connection, delete, exists, insert, select

from engine.automation.program import Action, AwaitCondition, Branch, Loop, Program
from engine.automation.run_state import OPEN_STATES
from engine.automation.waiting.seen import Awaited
from engine.storage.system_tables import SystemTables

_Pair = tuple[str, str]


def awaited_by(programs: Iterable[Program]) -> frozenset[_Pair]:
    """Give what the rules of a release wait for: (object, "" or a lookup field of it)."""
    return frozenset(
        pair
        for program in programs
        for block in (program.actions, program.otherwise, program.on_failure)
        for wait in _waits(block)
        for pair in wait.awaited
    )


def by_object(pairs: Iterable[_Pair]) -> Awaited:
    """Give the lookup fields by object."""
    found: dict[str, set[str]] = defaultdict(set)
    for object_key, field in pairs:
        found[object_key].update((field,) if field else ())
    return MappingProxyType({name: frozenset(fields) for name, fields in found.items()})


def awaited_before(connection: Connection, system: SystemTables, release: int) -> frozenset[_Pair]:
    """Give what earlier releases wait for whose runs may be on the way."""
    table = system.awaited
    rows = connection.execute(select(table.c.object, table.c.via).where(table.c.release < release).distinct())
    return frozenset((object_key, via) for object_key, via in rows)


def note_awaited(connection: Connection, system: SystemTables, release: int, pairs: Iterable[_Pair]) -> None:
    """Write down what a release waits for, and forget those of earlier ones that have no run on the way any more."""
    table, run = system.awaited, system.run
    known = set(map(tuple, connection.execute(select(table.c.object, table.c.via).where(table.c.release == release))))
    new = sorted(set(pairs) - known)
    if new:
        rows = [{"release": release, "object": object_key, "via": via} for object_key, via in new]
        connection.execute(insert(table), rows)
    on_the_way = exists().where(run.c.release == table.c.release, run.c.state.in_(OPEN_STATES))
    connection.execute(delete(table).where(table.c.release < release, ~on_the_way))


def _waits(block: Iterable[Action]) -> Iterator[AwaitCondition]:
    for action in block:
        match action:
            case AwaitCondition():
                yield action
                yield from _waits(action.on_timeout)
            case Branch():
                yield from _waits(action.then)
                yield from _waits(action.otherwise)
            case Loop():
                yield from _waits(action.actions)
