"""What a rule that is only tried would have sent and waited for: listed, never done.

Waits are taken as over; after `wait until` the rule goes on as if its condition held in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.automation.inside import InsideActions
from engine.automation.insight.views import Intent
from engine.automation.journal import StepDone
from engine.automation.outside import outgoing_of
from engine.automation.program import Action, AwaitCondition, MakeDocument, Pause, Value
from engine.automation.schedules.waiting import end_of_wait

_KINDS = {
    "send_email": "mail",
    "generate_document": "document",
    "call_webhook": "webhook",
    "send_sms": "sms",
    "send_survey": "survey",
}


@dataclass(slots=True)
class Listed:
    """What was listed, in the order of the rule."""

    intents: list[Intent] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOutside:
    """Stands in for the outside actions of a run: what they would send is decided and listed, and stays here."""

    inside: InsideActions
    listed: Listed

    def perform(self, action: Action, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """List one action; what it would be answered is empty."""

        def do(work: Any) -> StepDone:
            outgoing = outgoing_of(action, work, names)
            kind = _KINDS.get(outgoing.action, outgoing.action)
            self.listed.intents.append(
                Intent(path=path, kind=kind, target=outgoing.target, values=dict(outgoing.inputs), text=action.text)
            )
            return StepDone(
                kind=outgoing.action.replace("_", " "),
                text=action.text,
                # A document is a record, and there is none.
                value={"given": None if isinstance(action, MakeDocument) else {}},
                effects=[{"kind": "not sent", "target": outgoing.target}],
                outcome="not sent",
            )

        return self.inside.step(path, do)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedWaits:
    """The waiter of a walk that never waits: waits are listed."""

    inside: InsideActions
    listed: Listed

    def wait(self, action: Pause, path: str, names: Mapping[str, Any]) -> None:
        """List a wait and go on."""
        self._list(action, "wait", action.duration, path, names)

    def wait_until(self, action: AwaitCondition, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """List a wait for a condition and go on as if it held."""
        self._list(action, "wait until", action.at_most, path, names)
        return {"holds": True}

    def yield_turn(self) -> None:
        """Go on: a walk that is only tried has one piece."""

    def _list(self, action: Action, kind: str, length: Value | None, path: str, names: Mapping[str, Any]) -> None:
        def do(work: Any) -> StepDone:
            value: dict[str, Any] = {}
            if length is not None:
                context = work.context(names)
                value["until"] = end_of_wait(self.inside.clock.now(), length.evaluate(context), context)
            return StepDone(kind=kind, text=action.text, value=value, outcome="waiting", counts=False)

        found = self.inside.step(path, do, counts=False)
        self.listed.intents.append(Intent(path=path, kind=kind, text=action.text, values=dict(found)))
