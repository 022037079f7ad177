"""The write graph for people: rules with what they read and write, and who starts whom, each with its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from metamodel.apps import Metamodel
from metamodel.source import Location
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.reads import Read
from workflow_dsl.write_graph.arcs import Arcs
from workflow_dsl.write_graph.checks import set_before
from workflow_dsl.write_graph.decisions import decisions_of, is_decision
from workflow_dsl.write_graph.reading import reads_of
from workflow_dsl.write_graph.watches import Source, Watcher
from workflow_dsl.write_graph.writes import Write, WriteKind, writes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphWrite:
    """What one action of a rule writes. kind: update, create, delete, restore, convert, merge or submit.

    fields: those given a value.
    """

    kind: str
    object: str
    fields: tuple[str, ...]
    path: str
    at: Location
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRule:
    """One rule of the graph, or one block of an approval (is_decision).

    starts_on: its triggers as written; watches: the objects of its triggers.
    """

    key: str
    app: str
    label: str | None
    object: str | None
    is_before: bool
    active: bool
    is_decision: bool
    at: Location
    starts_on: tuple[str, ...]
    watches: tuple[str, ...]
    reads: tuple[Read, ...]
    writes: tuple[GraphWrite, ...]

    @property
    def objects(self) -> frozenset[str]:
        """The objects it has to do with: its own, those it watches and those it writes."""
        own = (self.object,) if self.object is not None else ()
        return frozenset((*own, *self.watches, *(write.object for write in self.writes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """One rule starts another. via: what is written (`deal.stage`, `task`); at, path, text: the action that does it."""

    source: str
    target: str
    via: str
    path: str
    at: Location
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteGraph:
    """All rules, active or not, and who starts whom."""

    rules: tuple[GraphRule, ...]
    edges: tuple[GraphEdge, ...]

    def about(self, objects: Collection[str]) -> WriteGraph:
        """Give the rules that have to do with some objects, and the edges between them."""
        rules = tuple(rule for rule in self.rules if not rule.objects.isdisjoint(objects))
        keys = {rule.key for rule in rules}
        return WriteGraph(rules=rules, edges=tuple(e for e in self.edges if e.source in keys and e.target in keys))


def build_write_graph(
    metamodel: Metamodel,
    rules: Iterable[CheckedRule],
    functions: FunctionRegistry,
    objects: Collection[str] | None = None,
    approvals: Sequence[CheckedApproval] = (),
) -> WriteGraph:
    """Build the graph of checked rules and of what approvals set off; `objects`: only what has to do with these.

    An edge stands where values and conditions do not tell that the one never starts the other.
    """
    found = [(rule, writes_of(rule)) for rule in (*rules, *decisions_of(approvals))]
    before = set_before([write for _, writes in found for write in writes])
    shown = [(_rule(rule, writes), rule, writes) for rule, writes in found]
    if objects is not None:
        shown = [each for each in shown if not each[0].objects.isdisjoint(objects)]
    watcher = Watcher(metamodel, functions)
    active = [rule for _, rule, _ in shown if rule.active]
    arcs = Arcs(metamodel, watcher, active, before, approvals)
    edges = [edge for _, rule, writes in shown if rule.active for edge in _edges(arcs, writes)]
    return WriteGraph(rules=tuple(rule for rule, _, _ in shown), edges=tuple(edges))


# All kinds of triggers stand in fields of this name, and each knows how it was written.
_TRIGGERS = tuple(each.name for each in fields(CheckedRule) if each.name.startswith("on_"))


def _rule(rule: CheckedRule, writes: Sequence[Write]) -> GraphRule:
    texts = [trigger.text for name in _TRIGGERS for trigger in getattr(rule, name)]
    watched = [trigger.object for trigger in rule.on_record]
    watched += [trigger.object for trigger in rule.on_moment]
    watched += [trigger.object for trigger in rule.on_held]
    return GraphRule(
        key=rule.key,
        app=rule.app,
        label=rule.label,
        object=rule.object,
        is_before=rule.is_before,
        active=rule.active,
        is_decision=is_decision(rule),
        at=rule.at,
        starts_on=tuple(texts),
        watches=tuple(dict.fromkeys(watched)),
        reads=tuple(sorted(reads_of(rule))),
        writes=tuple(_write(write) for write in writes),
    )


def _write(write: Write) -> GraphWrite:
    return GraphWrite(
        kind=write.kind.value,
        object=write.object,
        fields=tuple(write.values),
        path=write.path,
        at=write.at,
        text=write.text,
    )


def _via(write: Write, source: Source) -> str:
    object_key, _, name = source
    if write.kind is WriteKind.SUBMIT:
        return write.object
    return f"{object_key}.{name}" if name else object_key


def _edges(arcs: Arcs, writes: Iterable[Write]) -> Iterator[GraphEdge]:
    told: set[tuple[str, str, str]] = set()
    for write in writes:
        known = None
        for event in arcs.events(write):
            for watch in arcs.watching(event):
                via = _via(write, event[0])
                key = (watch.rule.key, via, write.path)
                if key in told:
                    continue
                known = arcs.known_after(write, ()) if known is None else known
                if arcs.can_start(write, known, watch):
                    told.add(key)
                    yield GraphEdge(
                        source=write.rule.key,
                        target=watch.rule.key,
                        via=via,
                        path=write.path,
                        at=write.at,
                        text=write.text,
                    )
