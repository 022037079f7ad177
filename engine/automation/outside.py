"""Actions that reach outside (mails, webhooks, plugins' own): decided in one transaction, done, recorded in another.

What is sent is decided once and kept in fs_message, so every try of a step sends the same thing with the same
idempotency key. After a crash between sending and recording it is sent again: at least once, never with a second key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import Connection

from engine import faults
from engine.automation.approval_letters import LETTER, SEAT
from engine.automation.documents import DOCUMENTS, file_document
from engine.automation.inside_actions import Door, Work
from engine.automation.journal import Journal, StepDone
from engine.automation.outside_parts import KeptParts, PartRows, sms_inputs
from engine.automation.people import addresses_of
from engine.automation.program import (
    Action,
    AskByMail,
    CallPlugin,
    CallWebhook,
    MakeDocument,
    SendEmail,
    SendSms,
    SendSurvey,
)
from engine.automation.run_state import StepFailed
from engine.automation.survey_asking import LETTERS, SEND_SURVEY, survey_inputs
from engine.automation.targets import Targets
from engine.clock import Clock
from engine.files.store import FileStore
from metamodel.values import Money, Ref
from plugins.contexts import SentParts
from plugins.contributions import ActionDone, ActionFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is to leave: the plugin action's name, who or what it is for, and its inputs as plain values."""

    action: str
    target: str
    inputs: Mapping[str, Any]


class Outbox(PartRows, Protocol):
    """Keeps what leaves the installation (fs_message)."""

    def kept(self, connection: Connection, key: str) -> Outgoing | None:
        """Give what was decided for a key, None where nothing was yet."""
        ...

    def keep(self, connection: Connection, key: str, outgoing: Outgoing, *, run_id: str, path: str) -> None:
        """Decide what a key sends, once and for all."""
        ...

    def settle(self, connection: Connection, key: str, done: ActionDone) -> None:
        """Note what became of it."""
        ...


class Courier(Protocol):
    """Hands what leaves to the plugin that offers the action."""

    def deliver(self, outgoing: Outgoing, *, path: str, attempt: int, parts: SentParts) -> ActionDone:
        """Do it.

        Raises:
            ActionFailed: it did not work.
        """
        ...


@dataclass(slots=True, kw_only=True)
class OutsideActions:
    """Does the outside actions of one run."""

    journal: Journal
    door: Door
    outbox: Outbox
    courier: Courier
    targets: Targets
    clock: Clock
    files: FileStore

    def perform(self, action: Action, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do one action and give what was recorded.

        Raises:
            StepFailed: the plugin's action failed, or none offers it; TargetPaused where what it calls is paused.
        """
        begun = self.clock.now()
        target = target_of(action)
        call = self.targets.require(target)
        outgoing = self._decide(action, path, names)
        faults.reach("run.before_outside")
        parts = KeptParts(door=self.door, rows=self.outbox, key=self.journal.run.key(path), path=path)
        try:
            done = self.courier.deliver(outgoing, path=path, attempt=self.journal.next_try(path), parts=parts)
        except ActionFailed as failed:
            if failed.permanent:
                # It was there to refuse.
                self.targets.answered(target, call)
            else:
                self.targets.failed(target, failed.reason, call)
            raise StepFailed(failed.reason, permanent=failed.permanent, retry_after_s=failed.retry_after_s) from failed
        faults.reach("run.after_outside")
        self.targets.answered(target, call)
        return self._record(action, path, done, outgoing, begun)

    def _decide(self, action: Action, path: str, names: Mapping[str, Any]) -> Outgoing:
        run = self.journal.run
        key = run.key(path)
        with self.door.work(path) as work:
            self.journal.claim(work.connection, progress=False)
            outgoing = self.outbox.kept(work.connection, key)
            if outgoing is None:
                outgoing = outgoing_of(action, work, names)
                self.outbox.keep(work.connection, key, outgoing, run_id=run.id, path=path)
        return outgoing

    def _record(
        self, action: Action, path: str, done: ActionDone, outgoing: Outgoing, begun: dt.datetime
    ) -> Mapping[str, Any]:
        step = StepDone(
            kind=outgoing.action.replace("_", " "),
            text=action.text,
            value={"given": done.value, "summary": done.summary},
            effects=[{"kind": "sent" if done.delivered else "not sent", "target": outgoing.target}],
            outcome="done" if done.delivered else "not sent",
        )
        with self.door.work(path) as work:
            self.journal.claim(work.connection, counts=False)
            if isinstance(action, MakeDocument):
                step = self._filed(work, step, done)
            self.outbox.settle(work.connection, self.journal.run.key(path), done)
            self.journal.record(work.connection, path, step, begun=begun)
            faults.reach("run.before_commit")
        self.journal.keep(path, step)
        return step.value

    def _filed(self, work: Work, step: StepDone, done: ActionDone) -> StepDone:
        """File what was made, in the transaction that records the step: it is there once, however often it was made."""
        if done.file is None:
            raise StepFailed("The plugin made no document.")
        attachment, made = file_document(work, self.files, self.journal.run, done.file)
        return replace(step, value={**step.value, "given": attachment, "made": done.value}, effects=[made], rows=1)


def target_of(action: Action) -> str:
    """Name what an action calls: what fails and is paused as one."""
    match action:
        case CallWebhook(connection=connection):
            return f"webhook {connection.name}"
        case SendSms(gateway=gateway):
            return f"sms {gateway.name}"
        case CallPlugin(action=name):
            return f"plugin {name.partition('.')[0]}"
        case SendEmail() | SendSurvey() | AskByMail():
            return "email"
        case MakeDocument():
            return "documents"
    return type(action).__name__


def outgoing_of(action: Action, work: Work, names: Mapping[str, Any]) -> Outgoing:
    """Decide what an outside action sends."""
    return _MAKERS[type(action)](action, work, names)


def _mail(action: Any, work: Work, names: Mapping[str, Any]) -> Outgoing:
    assert isinstance(action, SendEmail)
    context = work.context(names)
    addresses = dict.fromkeys(
        address
        for value in action.recipients
        for address in addresses_of(value.typed, value.evaluate(context), work.directory)
    )
    return Outgoing(
        action="send_email",
        target=", ".join(addresses),
        inputs={"template": action.template.name, "to": list(addresses), **_documents(names)},
    )


def _documents(names: Mapping[str, Any]) -> Mapping[str, Any]:
    found = [each for each in names.get(DOCUMENTS) or () if isinstance(each, str)]
    return {"documents": found} if found else {}


def _document(action: Any, work: Work, names: Mapping[str, Any]) -> Outgoing:
    assert isinstance(action, MakeDocument)
    template = action.template.name
    return Outgoing(action="generate_document", target=template, inputs={"template": template})


def _sms(action: Any, work: Work, names: Mapping[str, Any]) -> Outgoing:
    assert isinstance(action, SendSms)
    inputs = sms_inputs(action, work, names)
    return Outgoing(action="send_sms", target=", ".join(inputs["to"]), inputs=inputs)


def _survey(action: Any, work: Work, names: Mapping[str, Any]) -> Outgoing:
    assert isinstance(action, SendSurvey)
    inputs = survey_inputs(action, work, names)
    return Outgoing(action=SEND_SURVEY, target=", ".join(each["to"] for each in inputs[LETTERS]), inputs=inputs)


def _webhook(action: Any, work: Work, names: Mapping[str, Any]) -> Outgoing:
    assert isinstance(action, CallWebhook)
    context = work.context(names)
    body = {name: _as_sent(value.evaluate(context)) for name, value in action.fields}
    return Outgoing(
        action="call_webhook",
        target=action.connection.name,
        inputs={"connection": action.connection.name, "body": body},
    )


def _as_sent(value: Any) -> Any:
    """Give a value in the form the API has it, so that other systems meet one form of money and references."""
    match value:
        case Money():
            return {"amount": value.amount, "currency": value.currency}
        case Ref():
            return {"object": value.object, "id": value.id}
        case list() | tuple():
            return [_as_sent(item) for item in value]
    return value


def _plugin(action: Any, work: Work, names: Mapping[str, Any]) -> Outgoing:
    assert isinstance(action, CallPlugin)
    context = work.context(names)
    inputs = {name: value.evaluate(context) for name, value in action.fields}
    return Outgoing(action=action.action, target=action.action, inputs=inputs)


def _letter(action: Any, work: Work, names: Mapping[str, Any]) -> Outgoing:
    letter = names[LETTER]
    return Outgoing(action="send_email", target=letter["to"], inputs={"to": [letter["to"]], SEAT: letter[SEAT]})


_MAKERS: Mapping[type[Action], Callable[[Any, Work, Mapping[str, Any]], Outgoing]] = {
    SendEmail: _mail,
    MakeDocument: _document,
    SendSms: _sms,
    SendSurvey: _survey,
    CallWebhook: _webhook,
    CallPlugin: _plugin,
    AskByMail: _letter,
}
