"""Steps of rule cases that start rules by what people and other systems do: presses, webhooks, log-ins, events.

Keys of a press: `press: [object, name, button]`, `as`, `input: {name: value}`, and what comes of it: `shows` (texts),
`opens` (a record's name), `refused` ({input: text}, or a text), `fails` (part of the reason). Of the others:
`receive: [webhook, payload]`, `mail: lines` (a mail as it is written, for the box of the app), `login: person`,
`event: [name, payload]` with `key`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.access.actor import Actor, system_actor
from engine.automation.calls.buttons import ButtonClosed, NoSuchButton
from engine.errors import AccessDenied, RecordNotFound, ValidationFailed
from engine.platform import Platform

CALLS = ("press", "receive", "mail", "login", "event")


def call(platform: Platform, step: Mapping[str, Any], who: Actor, ids: Mapping[str, str]) -> Iterator[str]:
    """Do such a step; give what is not as the case wants it."""
    others = platform.automation.calls.others
    if "press" in step:
        yield from _press(platform, step, who, ids)
    elif "receive" in step:
        name, payload = step["receive"]
        with platform.records.transaction(system_actor()) as transaction:
            others.received(transaction, name, payload)
    elif "mail" in step:
        mails = platform.automation.calls.mails
        (box,) = mails.boxes()
        mails.take_in(box, step["mail"].encode())
    elif "event" in step:
        name, payload = step["event"]
        others.tell(name, payload, key=step.get("key"))
    else:
        with platform.database.write() as connection:
            others.logged_in(connection, who)


def _press(platform: Platform, step: Mapping[str, Any], who: Actor, ids: Mapping[str, str]) -> Iterator[str]:
    object_key, name, button = step["press"]
    buttons, record_id = platform.automation.calls.buttons, ids[name]
    given = {
        key: ids[value[1:]] if str(value).startswith("$") else value for key, value in step.get("input", {}).items()
    }
    refusal: object = None
    run_ids: tuple[str, ...] = ()
    with platform.records.reading(who) as transaction:
        object_def = transaction.object_def(object_key)
        found = transaction.reader.titles([(object_key, record_id)])
        offered = [each.name for each in buttons.offered(transaction, object_def, record_id)] if found else []
    try:
        with platform.records.transaction(who) as transaction:
            run_ids = buttons.press(transaction, object_def, record_id, button, given)
    except ValidationFailed as refused:
        refusal = {error.field or "": error.message for error in refused.errors}
    except (ButtonClosed, AccessDenied) as refused:
        refusal = refused.reason
    except (NoSuchButton, RecordNotFound) as refused:
        refusal = type(refused).__name__
    if refusal != step.get("refused"):
        yield f"press {button}: wanted the refusal {step.get('refused')}, got {refusal}"
        return
    if (button in offered) != (refusal is None) and not isinstance(refusal, dict):
        yield f"press {button}: it is offered: {button in offered}, and the press was refused: {refusal}"
    if refusal is not None:
        return
    answer = buttons.answer(run_ids)
    opened = next((key for key, each in ids.items() if answer.opened is not None and each == answer.opened.id), None)
    for what, wanted, got in (
        ("shows", step.get("shows", []), list(answer.shown)),
        ("opens", step.get("opens"), opened if answer.opened is None or opened else answer.opened.object),
    ):
        if wanted != got:
            yield f"press {button}: {what}: wanted {wanted}, got {got}"
    if step.get("fails", "") not in (answer.failure or "") or bool(step.get("fails")) != bool(answer.failure):
        yield f"press {button}: wanted the failure {step.get('fails')}, got {answer.failure}"
