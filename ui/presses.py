"""A press as a request does it, from a page or a program: once a key, in one transaction, and answered afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.accounts.idempotency import KeptAnswer
from engine.automation.calls.answers import PressAnswer
from metamodel.objects import ObjectDef
from ui.context import actor, platform, release


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a press came to. repeated: it was done by an earlier request with the same key."""

    answer: PressAnswer
    repeated: bool = False


def press_once(
    object_def: ObjectDef, record_id: str, button: str, raw: Mapping[str, Any], *, key: str | None
) -> Pressed:
    """Press a button on a record; a second request with the same key starts nothing and is told of the first.

    Raises: RecordNotFound, NoSuchButton, AccessDenied, ButtonClosed, ValidationFailed, RepeatedInFlight,
    KeyUsedOtherwise.
    """
    buttons = platform().automation.calls.buttons
    if key is None:
        with platform().records.transaction(actor(), release=release()) as transaction:
            started = buttons.press(transaction, object_def, record_id, button, raw)
        return Pressed(answer=buttons.answer(started))
    who, keys = actor(), platform().accounts.idempotency
    owner = who.user_id or who.login
    asked = orjson.dumps(["press", object_def.key, record_id, button, sorted(raw.items())], default=str)
    runs: tuple[str, ...] = ()
    with keys.in_flight(owner, key):
        kept = keys.find(owner, key, asked)
        if kept is None:
            with platform().records.transaction(who, release=release()) as transaction:
                kept = keys.claim(transaction.connection, owner, key, asked)
                if kept is None:
                    runs = buttons.press(transaction, object_def, record_id, button, raw)
                    done = KeptAnswer(status=200, headers={}, body=",".join(runs))
                    keys.keep(transaction.connection, owner, key, asked, done)
    if kept is not None:
        return Pressed(answer=buttons.standing(kept.body.split(",")), repeated=True)
    return Pressed(answer=buttons.answer(runs))
