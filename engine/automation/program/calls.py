"""What people and other systems start a rule by, and how it answers the person who pressed a button."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Rows, Value
from metamodel.texts import Label
from workflow_dsl.typed import FieldPath, RootKind
from workflow_dsl.typed_walk import walk


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedInput:
    """What a button asks for. type: a field type; of a record "lookup", to `object`. Required without a default.

    label: what translations call it.
    """

    name: str
    type: str
    object: str | None = None
    default: Value | None = None
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnButton:
    """`when button send_quote on quote is pressed`. by: who may, of whom one must be who presses; () = everybody."""

    object: str
    button: str
    text: str
    by: tuple[Value, ...] = ()
    inputs: tuple[AskedInput, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnWebhook:
    """`when webhook stock_changed is received`."""

    webhook: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnMail:
    """`when email is received at "sales@example.com"`; the address is in small letters."""

    address: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLogin:
    """`when user logs in`."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPluginEvent:
    """`when event telephony.call_ended`."""

    event: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnForm:
    """`when form contact_us is submitted`."""

    form: str
    text: str


OnCall = OnButton | OnForm | OnWebhook | OnMail | OnLogin | OnPluginEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowText(Action):
    """`show "Done."`."""

    message: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage(Action):
    """`open review`; `rows` is one record."""

    rows: Rows


def reads_inputs(condition: Value | None) -> bool:
    """Say whether a condition reads what a button asks for, so that it can't be judged before it is pressed."""
    if condition is None:
        return False
    paths = (node for node in walk(condition.typed) if isinstance(node, FieldPath))
    return any(path.root.kind is RootKind.GIVEN and path.root.name.startswith("input.") for path in paths)
