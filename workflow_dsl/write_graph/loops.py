"""Rules that start each other without end: circles of writes that no condition, no value and no `allow loop` ends.

First everything that might start anything is joined, by events rather than in pairs; only what lies on a circle then is
judged by values and conditions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from metamodel.source import LocatedText, Problem
from workflow_dsl.checked_rules import CheckedRule
from workflow_dsl.parser import parse_rules
from workflow_dsl.syntax import AllowLoop, Rule
from workflow_dsl.write_graph.alternatives import Facts
from workflow_dsl.write_graph.arcs import Arcs
from workflow_dsl.write_graph.cycles import circles, shortest_way_round
from workflow_dsl.write_graph.ending import Endings
from workflow_dsl.write_graph.watches import Source, Watch, Watcher
from workflow_dsl.write_graph.writes import Write, WriteKind

_MOST_JUDGED = 150
_MOST_TOLD = 20
_HINT = "let a condition end it that the rules make false, or write 'allow loop at most n' at the end of one of them"

_DONE: Mapping[WriteKind, str] = {
    WriteKind.CREATE: "creates",
    WriteKind.DELETE: "deletes",
    WriteKind.RESTORE: "restores",
    WriteKind.CONVERT: "converts",
    WriteKind.MERGE: "merges",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Rules in the order in which they start each other, the last one the first; with what each writes."""

    writes: tuple[Write, ...]

    @property
    def rules(self) -> tuple[CheckedRule, ...]:
        """The rules, the one that stands first in the files first."""
        return tuple(write.rule for write in self.writes)

    def problem(self) -> Problem:
        """Say it with the places of all rules."""
        first = self.writes[0].rule
        steps = []
        for number, write in enumerate(self.writes):
            following = self.writes[(number + 1) % len(self.writes)].rule
            steps.append(f"{_named(write.rule)} {_done(write)} and so starts '{following.key}'")
        message = f"rules start each other without end: {', '.join(steps)}" if len(steps) > 1 else _of_itself(steps[0])
        return Problem(code="RUL421", message=message, at=first.at, hint=_HINT, length=len(first.name))


def _of_itself(step: str) -> str:
    return f"a rule starts itself without end: {step}"


def _named(rule: CheckedRule) -> str:
    return f"'{rule.key}' ({rule.at.file}:{rule.at.line})"


def _done(write: Write) -> str:
    if write.kind is WriteKind.SUBMIT:
        return f"submits {write.object} for approval in line {write.at.line}"
    if write.kind is WriteKind.UPDATE:
        names = ", ".join(f"{write.object}.{name}" for name in write.values)
        return f"sets {names} in line {write.at.line}"
    return f"{_DONE[write.kind]} {write.object} in line {write.at.line}"


_Event = tuple[Source, bool]
_Node = int | _Event
"""A write by its number, or what it brings about."""


class LoopFinder:
    """Finds the loops of a release's active rules."""

    def __init__(self, arcs: Arcs, watcher: Watcher, writes: Iterable[Write]) -> None:
        self._arcs = arcs
        self._watcher = watcher
        self._writes = tuple(writes)
        self._of_rule: dict[str, list[int]] = defaultdict(list)
        for number, write in enumerate(self._writes):
            self._of_rule[write.rule.key].append(number)

    def loops(self) -> Sequence[Loop]:
        """Give the loops, one for each rule that lies on any, as far as it is not in one that is told."""
        parts = ([node for node in part if isinstance(node, int)] for part in circles(self._numbers(), self._beyond))
        found = [loop for part in list(parts) for loop in self._within(part)]
        return sorted(found, key=lambda loop: loop.writes[0].rule.at)[:_MOST_TOLD]

    def _numbers(self) -> Iterable[_Node]:
        return range(len(self._writes))

    def _beyond(self, node: _Node) -> Iterable[_Node]:
        """Give what may follow, by events alone."""
        if isinstance(node, int):
            return tuple(self._arcs.events(self._writes[node]))
        started = {watch.rule.key for watch in self._arcs.watching(node)}
        return [number for key in sorted(started) for number in self._of_rule.get(key, ())]

    def _within(self, part: Iterable[int]) -> Iterator[Loop]:
        """Take out what ends and what does not start each other, as long as that changes anything."""
        at_hand = [number for number in part if not may_loop(self._writes[number].rule)]
        # Of a circle of thousands some are judged in pairs: they tell what is wrong, and the next check tells the rest.
        endless = self._endless(at_hand)[:_MOST_JUDGED]
        if not endless:
            return
        after = self._judged_arcs(endless)
        for circle in list(circles(endless, lambda number: after[number])):
            if len(circle) < len(at_hand):
                yield from self._within(circle)
            else:
                yield from self._told(circle, after)

    def _endless(self, numbers: Sequence[int]) -> list[int]:
        left = Endings(self._arcs, self._watcher, [self._writes[number] for number in numbers]).endless()
        kept = {id(write) for write in left}
        return [number for number in numbers if id(self._writes[number]) in kept]

    def _judged_arcs(self, numbers: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """Give for each write those that it starts, by values and conditions."""
        setters: dict[tuple[str, str], set[str]] = defaultdict(set)
        of_rule: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            write = self._writes[number]
            of_rule[write.rule.key].append(number)
            for name in write.values:
                setters[write.object, name].add(write.rule.key)
        return {number: self._started(number, of_rule, setters) for number in numbers}

    def _started(
        self, number: int, of_rule: Mapping[str, Sequence[int]], setters: Mapping[tuple[str, str], set[str]]
    ) -> Sequence[int]:
        write = self._writes[number]
        changed = {field for field, keys in setters.items() if keys != {write.rule.key}}
        known = self._arcs.known_after(write, changed)
        found: dict[int, None] = {}
        for watch in self._arcs.started(write):
            for other in of_rule.get(watch.rule.key, ()):
                if other not in found and self._leads(write, known, watch, self._writes[other]):
                    found[other] = None
        return tuple(found)

    def _leads(self, write: Write, known: Sequence[Facts], watch: Watch, target: Write) -> bool:
        return self._arcs.can_start(write, known, watch) and self._arcs.can_reach(write, known, target)

    def _told(self, circle: Sequence[int], after: Mapping[int, Sequence[int]]) -> Iterator[Loop]:
        inside, told = set(circle), set[str]()
        within = {each: [number for number in after[each] if number in inside] for each in circle}
        for number in sorted(circle, key=lambda each: self._writes[each].rule.at):
            if self._writes[number].rule.key in told or len(told) > _MOST_TOLD:
                continue
            loop = self._shortest(number, within)
            if loop is not None:
                told |= {rule.key for rule in loop.rules}
                yield loop

    def _shortest(self, number: int, after: Mapping[int, Sequence[int]]) -> Loop | None:
        """Give the shortest way round that does not end by itself, if there is a short one."""
        way = shortest_way_round(number, after.__getitem__)
        if len(way) == 1 and not self._endless(way):
            # By itself the rule ends; it goes on with whoever sets the same field to something else.
            others = {each: [n for n in following if n != each] for each, following in after.items()}
            way = shortest_way_round(number, others.__getitem__) or way
        return Loop(writes=tuple(self._writes[each] for each in way)) if way else None


def may_loop(rule: CheckedRule) -> bool:
    """Say whether a rule's author allows it to start itself: `allow loop at most n`."""
    if "allow" not in rule.text:
        return False
    items = parse_rules(LocatedText.plain(rule.text)).items
    return any(isinstance(option, AllowLoop) for item in items if isinstance(item, Rule) for option in item.options)
