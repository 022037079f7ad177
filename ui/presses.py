"""A press as a request does it, from a page or a program: once a key, in one transaction, and answered afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.accounts.idempotency import KeptAnswer
from engine.automation.calls.answers import PressAnswer
from engine.records.transaction import Transaction
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

    def press(transaction: Transaction) -> str:
        return ",".join(buttons.press(transaction, object_def, record_id, button, raw))

    body, repeated = done_once(["press", object_def.key, record_id, button, sorted(raw.items())], press, key=key)
    runs = [each for each in body.split(",") if each]
    return Pressed(answer=buttons.standing(runs) if repeated else buttons.answer(runs), repeated=repeated)


def done_once(asked: Sequence[object], act: Callable[[Transaction], str], *, key: str | None) -> tuple[str, bool]:
    """Act in a transaction; where a request with the same key did so before, give its text, and that it is repeated.

    Raises: RepeatedInFlight, KeyUsedOtherwise, and what `act` raises.
    """
    who, keys = actor(), platform().accounts.idempotency
    if key is None:
        with platform().records.transaction(who, release=release()) as transaction:
            return act(transaction), False
    owner, wanted = who.user_id or who.login, orjson.dumps(asked, default=str)
    with keys.in_flight(owner, key):
        kept = keys.find(owner, key, wanted)
        if kept is None:
            with platform().records.transaction(who, release=release()) as transaction:
                kept = keys.claim(transaction.connection, owner, key, wanted)
                if kept is None:
                    body = act(transaction)
                    done = KeptAnswer(status=200, headers={}, body=body)
                    keys.keep(transaction.connection, owner, key, wanted, done)
                    return body, False
    return kept.body, True
