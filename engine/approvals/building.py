"""Builds approvals from their checked form; each block of actions becomes a program that durable runs carry out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

from engine.approvals.messages import say
from engine.approvals.program import ApprovalProgram, Block, Deadline, Entry, StepProgram
from engine.automation.program import Action, AskByMail, Program, SetFields
from engine.automation.program_builder.blocks import build_block
from engine.automation.program_builder.place import Place
from metamodel.apps import Metamodel
from metamodel.texts import Label
from workflow_dsl.checked_rules import CheckedAction, CheckedApproval, CheckedDeadline, CheckedStep

SYSTEM = "system"


def build_approvals(metamodel: Metamodel, approvals: Iterable[CheckedApproval]) -> Iterator[ApprovalProgram]:
    """Build the approvals of a release."""
    labels = {(app.name, name): label for app in metamodel.apps for name, label in app.rule_labels.items()}
    for approval in approvals:
        place = Place(metamodel, approval.object, build_block)
        called = {name: label for (app, name), label in labels.items() if app == approval.app}
        yield _Building(approval, place, called).build()


def programs_of(approvals: Iterable[ApprovalProgram]) -> Iterator[Program]:
    """Give the programs that runs of approvals carry out."""
    for approval in approvals:
        yield approval.mail
        yield from (block.rest for block in approval.blocks if block.rest is not None)


@dataclass(frozen=True, slots=True)
class _Building:
    checked: CheckedApproval
    place: Place
    translated: Mapping[str, Label]

    def build(self) -> ApprovalProgram:
        checked, place = self.checked, self.place
        return ApprovalProgram(
            key=checked.key,
            label=checked.label,
            labels=self._labels(checked.name),
            text=checked.text,
            at=str(checked.at),
            app=checked.app,
            object=checked.object,
            mail=self._program("mail", (AskByMail(index="0", text="ask by mail"),)),
            steps=tuple(self._step(number, step) for number, step in enumerate(checked.steps)),
            condition=place.optional(checked.condition),
            priority=checked.priority,
            submitted_by=tuple(map(place.value, checked.submitted_by)),
            decisions={each.outcome: self._block(f"on {each.outcome}", each.actions) for each in checked.decisions},
            locks=checked.locks,
        )

    def _step(self, number: int, step: CheckedStep) -> StepProgram:
        place, entry = self.place, step.entry
        return StepProgram(
            name=step.name,
            place=number,
            label=step.label,
            labels=self._labels(f"{self.checked.name}.{step.name}"),
            text=step.text,
            choice=step.choice,
            quorum=step.quorum,
            people=tuple(map(place.value, step.people)),
            entry=Entry(condition=place.value(entry.condition), otherwise=entry.otherwise) if entry else None,
            deadline=self._deadline(step.deadline) if step.deadline is not None else None,
            may_edit=frozenset(step.may_edit),
            after_approval=self._block(f"{step.name} after approval", step.after_approval),
            after_rejection=self._block(f"{step.name} after rejection", step.after_rejection),
        )

    def _deadline(self, deadline: CheckedDeadline) -> Deadline:
        people = tuple(map(self.place.value, deadline.escalate_to))
        within = self.place.value(deadline.within)
        return Deadline(within=within, otherwise=deadline.otherwise, escalate_to=people)

    def _block(self, name: str, actions: tuple[CheckedAction, ...]) -> Block:
        built = self.place.actions(actions)
        sets = tuple(each for each in takewhile(lambda each: isinstance(each, SetFields), built))
        rest = built[len(sets) :]
        kept = tuple(each for each in sets if isinstance(each, SetFields))
        if not rest:
            return Block(sets=kept)
        return Block(sets=kept, rest=self._program(name, rest))

    def _called(self, approval: str, name: str, language: str) -> str:
        """Give what a run of the approval is called in another language: `…: on approve`, `…: STEP after approval`."""
        step, _, after = name.rpartition(" after ")
        label = self._labels(f"{self.checked.name}.{step}").get(language, step)
        code = f"run_after_{after}" if step else f"run_{name.replace(' ', '_')}"
        return say(code, language, approval=approval, step=label)

    def _labels(self, name: str) -> Mapping[str, str]:
        found = self.translated.get(name)
        return {code: text.text for code, text in found.texts} if found is not None else {}

    def _program(self, name: str, actions: tuple[Action, ...]) -> Program:
        checked = self.checked
        return Program(
            name=f"{checked.key}: {name}",
            label=None if checked.label is None else f"{checked.label}: {name}",
            labels={code: self._called(text, name, code) for code, text in self._labels(checked.name).items()},
            text=checked.text,
            at=str(checked.at),
            app=checked.app,
            is_before=False,
            object=checked.object,
            actions=actions,
            runs_as=SYSTEM,
        )
