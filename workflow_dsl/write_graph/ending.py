"""Which writes of a circle of rules come to an end by themselves, so that the circle does.

A write ends where its values follow from what nobody in the circle changes for ever (the second time nothing changes),
where it makes the condition false under which it is done and nobody makes that true again, where it counts towards a
limit, and where it takes away what nobody brings back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from workflow_dsl.checked_rules import CheckedValue
from workflow_dsl.reads import Reads
from workflow_dsl.syntax import BinaryOp
from workflow_dsl.typed import (
    Aggregate,
    AggregateKind,
    Arithmetic,
    Coalesce,
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    FunctionCall,
    Negation,
    Typed,
)
from workflow_dsl.typed_walk import walk
from workflow_dsl.write_graph.alternatives import Alternatives, Key, both
from workflow_dsl.write_graph.arcs import Arcs
from workflow_dsl.write_graph.domains import ANYTHING, Domain
from workflow_dsl.write_graph.facts import key_of
from workflow_dsl.write_graph.watches import Watcher
from workflow_dsl.write_graph.writes import OWN, Guard, Write, WriteKind

_MOST_WRITERS = 40
_SAME_AGAIN = frozenset("upper lower trim title format_phone round floor ceil abs start_of end_of".split())
_NEVER_SAME = frozenset(("token",))

Field = tuple[str, str]


class Endings:
    """Judges the writes of one circle."""

    def __init__(self, arcs: Arcs, watcher: Watcher, writes: Iterable[Write]) -> None:
        self._arcs = arcs
        self._watcher = watcher
        self._writes = list(writes)

    def endless(self) -> list[Write]:
        """Give the writes that nothing shows to end."""
        left = self._writes
        while True:
            state = _Changing(left)
            still = [write for write in left if not self._ends(write, state)]
            if len(still) == len(left):
                return still
            left = still

    def _ends(self, write: Write, state: _Changing) -> bool:
        if write.kind in (WriteKind.DELETE, WriteKind.RESTORE):
            return not state.brings_back(write)
        if write.kind is WriteKind.SUBMIT:
            # Who decides ends it; a timer does not go round either.
            return self._arcs.waits_for_people(write)
        if write.once is not None and not state.makes(write.once):
            return True
        if self._stops_itself(write, state):
            return True
        if write.kind is WriteKind.CREATE:
            return self._asks_for_what_it_makes(write)
        return bool(write.values) and all(self._settles(write, name, state) for name in write.values)

    def _settles(self, write: Write, name: str, state: _Changing) -> bool:
        value = write.values[name]
        if value is None:
            return False
        return self._counts_to_a_limit(write, name, state) or (
            self._is_same_again(write, name, value, state) and not self._is_contested(write, name, state)
        )

    def _is_same_again(self, write: Write, name: str, value: CheckedValue, state: _Changing) -> bool:
        """Say whether the value is the same when the rule comes by again."""
        if any(isinstance(node, FunctionCall) and node.function.name in _NEVER_SAME for node in walk(value.typed)):
            return False
        reads = value.reads
        if not write.is_own:
            # The same record may be written from several others, each with a value of its own.
            return not (reads.fields or reads.lists or reads.now or reads.old)
        if reads.now or reads.old:
            return False
        repeated = _is_repeatable(value.typed, name)
        own = (write.object, name)
        return not any(each != own or not repeated for each in self._changing(reads, state))

    def _changing(self, reads: Reads, state: _Changing) -> Iterable[Field]:
        for read in reads.fields:
            for each in self._with_sources(read.object, read.field):
                if each in state.fields:
                    yield each
        for listed in reads.lists:
            if self._watcher.rows_of(listed.object, listed.field) in state.moving:
                yield listed.object, listed.field

    def _with_sources(self, object_key: str, name: str) -> Iterable[Field]:
        yield object_key, name
        for source in self._watcher.made_of(object_key, name):
            yield source[0], source[2]

    def _is_contested(self, write: Write, name: str, state: _Changing) -> bool:
        """Say whether somebody else in the circle sets the field of the same record to something else."""
        writers = state.writers[write.object, name]
        if len(writers) > _MOST_WRITERS:
            return True
        mine = write.values[name]
        return any(
            other is not write and not _is_same(mine, other.values.get(name)) and not self._exclude(write, other, state)
            for other in writers
        )

    def _exclude(self, one: Write, other: Write, state: _Changing) -> bool:
        """Say whether two writes are never both done to one record, by what nobody changes."""
        if not (one.is_own and other.is_own):
            return False
        left, right = self._lasting(one, state), self._lasting(other, state)
        return not both(left, right)

    def _lasting(self, write: Write, state: _Changing) -> Alternatives:
        return tuple(
            {key: domain for key, domain in facts.items() if self._lasts(write, key, state)}
            for facts in self._arcs.guards(write)
        )

    def _lasts(self, write: Write, key: Key, state: _Changing) -> bool:
        if key[0] != OWN or len(key) != 2:
            return False
        return not any(each in state.fields for each in self._with_sources(write.object, key[1]))

    def _stops_itself(self, write: Write, state: _Changing) -> bool:
        """Say whether a write makes false what it is done under, for good."""
        if write.kind is not WriteKind.UPDATE or write.found_by is None:
            return False
        for name in write.values:
            if len(state.writers[write.object, name]) > _MOST_WRITERS:
                continue  # among so many somebody makes it true again
            made = self._arcs.made(write, name)
            wanted = self._wanted(write, name)
            if wanted and all(each.also(made).is_impossible for each in wanted):
                others = (other for other in state.writers[write.object, name] if other is not write)
                if not any(self._allows(other, name, wanted) for other in others):
                    return True
        return False

    def _wanted(self, write: Write, name: str) -> list[Domain]:
        """Give what a field must be for the write to be done, by alternative."""
        key = (*(write.found_by or ()), name)
        return [facts.get(key, ANYTHING) for facts in self._arcs.guards(write)]

    def _allows(self, other: Write, name: str, wanted: Sequence[Domain]) -> bool:
        made = self._arcs.made(other, name)
        return any(not each.also(made).is_impossible for each in wanted)

    def _counts_to_a_limit(self, write: Write, name: str, state: _Changing) -> bool:
        """Say whether a field only grows, or only falls, up to a limit that the rule's condition sets."""
        step = _step(write.values[name], name) if write.is_own else 0
        if not step:
            return False
        writers = state.writers[write.object, name]
        if len(writers) > _MOST_WRITERS or not all(
            other.is_own and _step(other.values.get(name), name) * step > 0 for other in writers
        ):
            return False
        return all((each.high if step > 0 else each.low) is not None for each in self._wanted(write, name))

    def _asks_for_what_it_makes(self, write: Write) -> bool:
        """Say whether a record is made only where there is none of its kind yet."""
        return any(_denies_rows_of(guard, write.object) for guard in write.guards)


class _Changing:
    """What the writes at hand change."""

    def __init__(self, writes: Iterable[Write]) -> None:
        self.writers: dict[Field, list[Write]] = defaultdict(list)
        self.moving: set[str] = set()
        self._made: set[str] = set()
        self._deleted: set[str] = set()
        for write in writes:
            for field in (*((write.object, name) for name in write.values), *write.moves):
                self.writers[field].append(write)
            if write.kind not in (WriteKind.UPDATE, WriteKind.SUBMIT):
                self.moving.add(write.object)
            self.moving |= {object_key for object_key, _ in write.moves}
            if write.kind in (WriteKind.CREATE, WriteKind.RESTORE):
                self._made.add(write.object)
            elif write.kind in (WriteKind.DELETE, WriteKind.MERGE):
                self._deleted.add(write.object)
        self.fields: Collection[Field] = frozenset(self.writers)

    def makes(self, object_key: str) -> bool:
        """Say whether somebody makes records of an object."""
        return object_key in self._made

    def brings_back(self, write: Write) -> bool:
        """Say whether somebody undoes what a deletion or restoring does, over and over."""
        return write.object in (self._made if write.kind is WriteKind.DELETE else self._deleted)


def _is_same(one: CheckedValue | None, other: CheckedValue | None) -> bool:
    if one is None or other is None:
        return False
    if isinstance(one.typed, Constant) and isinstance(other.typed, Constant):
        return one.typed.value == other.typed.value
    return one.text == other.text


def _is_repeatable(typed: Typed, name: str) -> bool:
    """Say whether a value made of the field itself is the same when it is made once more: `trim(name)`."""
    if isinstance(typed, FunctionCall) and typed.function.name in _SAME_AGAIN and typed.args:
        first, rest = typed.args[0], typed.args[1:]
        return (key_of(first) == (OWN, name) or _is_repeatable(first, name)) and all(
            isinstance(each, Constant) for each in rest
        )
    return isinstance(typed, Coalesce) and key_of(typed.operands[0]) == (OWN, name)


def _step(value: CheckedValue | None, name: str) -> int:
    """Give the sign of what is added to the field at each time; 0 where it is anything else."""
    typed = value.typed if value is not None else None
    if not isinstance(typed, Arithmetic) or typed.op not in (BinaryOp.ADD, BinaryOp.SUB):
        return 0
    if key_of(typed.left) != (OWN, name) or not isinstance(typed.right, Constant):
        return 0
    amount = typed.right.value
    amount = getattr(amount, "amount", amount)
    try:
        sign = (amount > 0) - (amount < 0)  # type: ignore[operator]
    except TypeError:
        return 0
    return sign if typed.op is BinaryOp.ADD else -sign


def _denies_rows_of(guard: Guard, object_key: str) -> bool:
    """Say whether a condition says that there are no rows of an object: `not exists(tasks …)`, `count(tasks) < 3`."""
    condition, holds = guard.condition, guard.holds
    if isinstance(condition, Negation):
        return _denies_rows_of(Guard(condition=condition.operand, holds=not holds), object_key)
    if isinstance(condition, Conjunction if holds else Disjunction):
        parts = (Guard(condition=operand, holds=holds) for operand in condition.operands)
        return any(_denies_rows_of(part, object_key) for part in parts)
    if isinstance(condition, Comparison):
        few = condition.op in (BinaryOp.EQ, BinaryOp.LT, BinaryOp.LE) and isinstance(condition.right, Constant)
        return holds and few and _is_over(condition.left, AggregateKind.COUNT, object_key)
    return not holds and _is_over(condition, AggregateKind.EXISTS, object_key)


def _is_over(node: Typed, function: AggregateKind, object_key: str) -> bool:
    return isinstance(node, Aggregate) and node.function is function and node.source.object == object_key
