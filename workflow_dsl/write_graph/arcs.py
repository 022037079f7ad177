"""Whether a write of one rule can start another, and what is known of the record then.

An index of what rules watch finds who may be started; values and conditions tell whether they are: a rule that waits
for "won" is not started by a write of "lost", and one whose condition the write makes false is not either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule, RecordTrigger
from workflow_dsl.syntax import EventKind
from workflow_dsl.write_graph.alternatives import NEW, UNKNOWN, Alternatives, Facts, Key, both, joined_facts
from workflow_dsl.write_graph.domains import ANYTHING, EMPTY, FILLED, Domain, exactly
from workflow_dsl.write_graph.events import Events
from workflow_dsl.write_graph.facts import FactFinder
from workflow_dsl.write_graph.watches import Source, Watch, Watcher
from workflow_dsl.write_graph.writes import OWN, Guard, Write, WriteKind

_TRUE, _FALSE = exactly(True), exactly(False)
Fields = Collection[tuple[str, str]]
"""Fields of objects, as (object, field)."""


class Arcs:
    """Knows what starts the rules of a release, and judges single ways from a write to a rule."""

    def __init__(
        self,
        metamodel: Metamodel,
        watcher: Watcher,
        rules: Iterable[CheckedRule],
        set_before: Fields,
        approvals: Iterable[CheckedApproval] = (),
    ) -> None:
        self._set_before = set_before
        self._objects = metamodel.objects
        self._events = Events(metamodel.objects, approvals)
        self.facts = FactFinder(metamodel.main.currency)
        self._clocks = tuple((clock.object, f"{name}_") for name, clock in metamodel.service_clocks.items())
        self._index: dict[tuple[Source, bool], list[Watch]] = defaultdict(list)
        self._heads: dict[tuple[str, int], Alternatives] = {}
        self._guards: dict[tuple[str, str, str], Alternatives] = {}
        for rule in rules:
            for source, watch in watcher.watches(rule):
                self._index[source, rule.is_before].append(watch)

    def events(self, write: Write) -> Iterator[tuple[Source, bool]]:
        """Give what a write brings about, each for after rules and, in a save of its own, for before rules."""
        for source in self._events.of(write):
            yield source, False
            if not write.rule.is_before:
                # What a before rule sets belongs to the save in which it runs.
                yield source, True

    def waits_for_people(self, write: Write) -> bool:
        """Say whether somebody has to decide before a submission leads on."""
        return write.kind is WriteKind.SUBMIT and self._events.waits_for_people(write)

    def watching(self, event: tuple[Source, bool]) -> Iterable[Watch]:
        """Give the triggers that look at an event."""
        return self._index.get(event, ())

    def started(self, write: Write) -> Iterator[Watch]:
        """Give the triggers that look at what a write does; values are not compared yet."""
        for event in self.events(write):
            yield from self._index.get(event, ())

    def known_after(self, write: Write, changed: Fields) -> tuple[Facts, ...]:
        """Give what is known of the record once a write is done, and of it before.

        changed: fields that other rules at hand may change in between.
        """
        if write.kind is WriteKind.SUBMIT:
            return ({NEW: _FALSE},)  # until it is decided others may change whatever they may
        own = {
            (OWN, name): self.made(write, name) for name in write.values if (write.object, name) not in self._set_before
        }
        if write.kind is WriteKind.CREATE:
            return ({NEW: _TRUE, **own, **self._defaults(write)},)
        untouched = self._untouched(write)
        return tuple({**untouched, **self._carried(write, facts, changed), **own} for facts in self._of_target(write))

    def made(self, write: Write, name: str) -> Domain:
        """Give what a write makes of a field."""
        value = write.values.get(name)
        if value is None:
            return FILLED if name in write.filled else ANYTHING
        return self.facts.value(value.typed)

    def can_start(self, write: Write, known: Sequence[Facts], watch: Watch) -> bool:
        """Say whether a write, after which something is known of the record, can start a rule by a trigger."""
        head = self.head(watch.rule, watch.trigger)
        if watch.through or watch.trigger.object != write.object:
            return bool(head)
        return self._fills(write, watch.trigger) and _meet(known, head)

    def can_reach(self, write: Write, known: Sequence[Facts], target: Write) -> bool:
        """Say whether a write of the rule that was started is reached, as far as its own conditions tell."""
        return write.object != target.rule.object or _meet(known, self._arrival(target))

    def head(self, rule: CheckedRule, trigger: RecordTrigger) -> Alternatives:
        """Give what holds when a rule is started by a trigger; with an `else` its condition need not hold."""
        key = (rule.key, id(trigger))
        if key not in self._heads:
            found = self.trigger_facts(trigger)
            if rule.condition is not None and not rule.otherwise:
                found = both(found, self.facts.of(rule.condition.typed))
            self._heads[key] = found
        return self._heads[key]

    def trigger_facts(self, trigger: RecordTrigger) -> Alternatives:
        """Give what a trigger itself says of the record before and after the save."""
        found: Alternatives = UNKNOWN
        if EventKind.CREATED not in trigger.kinds:
            found = ({NEW: _FALSE},)
        elif trigger.kinds == {EventKind.CREATED}:
            found = ({NEW: _TRUE},)
        if trigger.field is not None:
            found = both(found, ({("changed", OWN, trigger.field): _TRUE},))
            for root, value in (("old", trigger.before), (OWN, trigger.after)):
                if value is not None:
                    found = both(found, ({(root, trigger.field): self.facts.value(value.typed)},))
        if trigger.match is not None:
            found = both(found, self.facts.of(trigger.match.typed))
        return found

    def guards(self, write: Write) -> Alternatives:
        """Give what holds of the rule's record where a write is done, but of what the rule has set before."""
        key = (write.rule.key, write.path, "guards")
        if key not in self._guards:
            found = UNKNOWN
            if len(write.rule.on_record) == 1:
                found = self.trigger_facts(write.rule.on_record[0])
            for guard in write.guards:
                found = both(found, self._of(guard))
            self._guards[key] = tuple(_without(facts, write.before) for facts in found)
        return self._guards[key]

    def _arrival(self, target: Write) -> Alternatives:
        key = (target.rule.key, target.path, "arrival")
        if key not in self._guards:
            found = UNKNOWN
            for number, guard in enumerate(target.guards):
                facts = self._of(guard)
                if number or target.rule.condition is None:
                    facts = tuple(_without(each, target.before) for each in facts)
                found = both(found, facts)
            self._guards[key] = found
        return self._guards[key]

    def _of(self, guard: Guard) -> Alternatives:
        return self.facts.of(guard.condition, guard.holds)

    def _fills(self, write: Write, trigger: RecordTrigger) -> bool:
        """Say whether a creation can fill the field that a trigger watches."""
        if write.kind is not WriteKind.CREATE or trigger.field is None or trigger.field in write.values:
            return True
        return self._given(write.object, trigger.field) is None

    def _carried(self, write: Write, facts: Mapping[str, Domain], changed: Fields) -> dict[Key, Domain]:
        """Give what the rule knew of the record it writes, as far as that still holds."""
        known: dict[Key, Domain] = {NEW: _FALSE} if write.kind is WriteKind.UPDATE else {}
        for name, domain in facts.items():
            if (write.object, name) in changed:
                continue
            known["old", name] = domain
            if name not in write.values and (write.object, name) not in self._set_before:
                known[OWN, name] = domain
        return known

    def _of_target(self, write: Write) -> Iterator[dict[str, Domain]]:
        """Give what the rule knows of the record it writes, by field."""
        prefix = write.found_by
        if prefix is None or write.kind is WriteKind.CREATE:
            yield {}
            return
        before = {
            name: self.facts.value(value.typed)
            for name, value in write.before.items()
            if write.is_own and value is not None
        }
        for facts in self.guards(write):
            reached = {key[-1]: domain for key, domain in facts.items() if key[:-1] == prefix}
            yield {**reached, **before}

    def _untouched(self, write: Write) -> dict[Key, Domain]:
        object_def = self._objects.get(write.object)
        if object_def is None or write.kind is not WriteKind.UPDATE:
            return {}
        return {
            ("changed", OWN, name): _FALSE
            for name, field in object_def.fields.items()
            if name not in write.values
            and (write.object, name) not in self._set_before
            and not self._is_kept(write.object, field)
        }

    def _is_kept(self, object_key: str, field: FieldDef) -> bool:
        kept = any(key == object_key and field.name.startswith(start) for key, start in self._clocks)
        return kept or field.is_computed or (field.system and field.name != "owner")

    def _defaults(self, write: Write) -> dict[Key, Domain]:
        object_def = self._objects.get(write.object)
        found: dict[Key, Domain] = {}
        for name in object_def.fields if object_def is not None else ():
            if name not in write.values:
                domain = self._given(write.object, name)
                if domain is not None:
                    found[OWN, name] = domain
        return found

    def _given(self, object_key: str, name: str) -> Domain | None:
        """Give what a field of a new record is where no value is given; None where that is not known."""
        object_def = self._objects.get(object_key)
        field = object_def.fields.get(name) if object_def is not None else None
        if field is None or (object_key, name) in self._set_before or field.system or self._is_kept(object_key, field):
            return None
        if field.default is not None:
            constant = field.default.constant
            return exactly(constant) if isinstance(constant, str) else None
        if field.copy_from is not None or field.type == "boolean":
            return None
        return EMPTY


def _meet(known: Sequence[Facts], wanted: Alternatives) -> bool:
    if wanted == UNKNOWN:
        return True
    return any(joined_facts(facts, alternative) is not None for facts in known for alternative in wanted)


def _without(facts: Facts, names: Collection[str]) -> Facts:
    if not names:
        return facts
    return {key: domain for key, domain in facts.items() if key[0] != OWN or len(key) != 2 or key[1] not in names}
