"""An approval as it is carried out: conditions and people compiled, blocks of actions as programs of rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.automation.program import Program, SetFields, Value
from workflow_dsl.syntax import ApproverChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Actions that a decision sets off: what is set with the decision, and the rest as a rule that runs after it."""

    sets: tuple[SetFields, ...] = ()
    rest: Program | None = None


NOTHING = Block()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """When a step is for a record; otherwise: skip, approve or reject."""

    condition: Value
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """How long a step may take; otherwise: escalate, approve, reject or remind."""

    within: Value
    otherwise: str
    escalate_to: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgram:
    """One step. place: its number in the approval. people: those listed; none where they are chosen at submit."""

    name: str
    place: int
    text: str
    choice: ApproverChoice
    label: str | None = None
    quorum: int | None = None
    people: tuple[Value, ...] = ()
    entry: Entry | None = None
    deadline: Deadline | None = None
    may_edit: frozenset[str] = frozenset()
    after_approval: Block = NOTHING
    after_rejection: Block = NOTHING
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_chosen(self) -> bool:
        """Whether who submits says who decides."""
        return self.choice is ApproverChoice.CHOSEN_AT_SUBMIT

    def called(self, language: str) -> str:
        """Give its label in a language, else as its text gives it, else its name."""
        return self.labels.get(language) or self.label or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalProgram:
    """One approval. text, at: as written and where. decisions: outcome → what it sets off. mail: asks people."""

    key: str
    label: str | None
    text: str
    at: str
    app: str
    object: str
    steps: tuple[StepProgram, ...]
    mail: Program
    condition: Value | None = None
    priority: int = 0
    submitted_by: tuple[Value, ...] = ()
    decisions: Mapping[str, Block] = field(default_factory=lambda: MappingProxyType({}))
    locks: bool = False
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def order(self) -> tuple[int, str]:
        """Its place among the approvals of its object."""
        return (self.priority, self.key)

    @property
    def blocks(self) -> Iterator[Block]:
        """All that it may set off."""
        yield from self.decisions.values()
        for step in self.steps:
            yield step.after_approval
            yield step.after_rejection

    def called(self, language: str) -> str:
        """Give its label in a language, else as its text gives it, else its name."""
        return self.labels.get(language) or self.label or self.key

    def step(self, name: str) -> StepProgram | None:
        """Give a step by its name."""
        return next((step for step in self.steps if step.name == name), None)


class ApprovalIndex:
    """The approvals of one release, by name and object, and the rules that wait for their decisions."""

    def __init__(self, approvals: Iterable[ApprovalProgram], rules: Sequence[Program]) -> None:
        self.by_key: Mapping[str, ApprovalProgram] = {each.key: each for each in approvals}
        self._rules = tuple(rule for rule in rules if rule.active and rule.on_approval)
        self._of_object: dict[str, tuple[ApprovalProgram, ...]] = {}
        for program in sorted(self.by_key.values(), key=lambda each: each.order):
            self._of_object[program.object] = (*self._of_object.get(program.object, ()), program)
        self.locking = frozenset(each.object for each in self.by_key.values() if each.locks)

    def of(self, object_key: str) -> tuple[ApprovalProgram, ...]:
        """Give the approvals of an object, the first to be tried first."""
        return self._of_object.get(object_key, ())

    @property
    def objects(self) -> frozenset[str]:
        """The objects that have approvals."""
        return frozenset(self._of_object)

    def waiting_for(self, approval: str, outcome: str) -> Iterator[tuple[Program, str]]:
        """Give the rules that wait for an outcome, in their order, with the text of the trigger that does."""
        for rule in sorted(self._rules, key=lambda each: each.order):
            for trigger in rule.on_approval:
                if trigger.approval == approval and trigger.outcome == outcome:
                    yield rule, trigger.text
                    break
