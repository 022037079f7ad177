"""The types that inputs of blueprints have, and the places that each of them may stand in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from workflow_dsl.syntax import (
    ApprovalDecided,
    ButtonPressed,
    CallWebhook,
    ConvertUsing,
    FormSubmitted,
    GenerateDocument,
    NamedKind,
    RunRule,
    Send,
    SubmitForApproval,
    UseCalendar,
    WebhookReceived,
)
from workflow_dsl.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    INTEGER,
    MONEY,
    PERCENT,
    TEXT,
    TIME,
    Type,
)


class Family(StrEnum):
    """What an input stands for: a name of the metamodel, somebody, a name of a definition, or a value."""

    OBJECT = "object"
    FIELD = "field"
    NAMED = "named"
    DEFINITION = "definition"
    VALUE = "value"


VALUES: Mapping[str, Type] = MappingProxyType(
    {
        "text": TEXT,
        "choice": TEXT,
        "number": DECIMAL,
        "integer": INTEGER,
        "decimal": DECIMAL,
        "percent": PERCENT,
        "money": MONEY,
        "boolean": BOOLEAN,
        "date": DATE,
        "datetime": DATETIME,
        "time": TIME,
        "duration": DURATION,
    }
)
DEFINITIONS: Mapping[str, frozenset[tuple[type, str]]] = MappingProxyType(
    {
        "template": frozenset(((Send, "template"), (Send, "documents"), (GenerateDocument, "template"))),
        "webhook": frozenset(((CallWebhook, "webhook"), (WebhookReceived, "webhook"))),
        "calendar": frozenset(((UseCalendar, "calendar"),)),
        "conversion": frozenset(((ConvertUsing, "conversion"),)),
        "form": frozenset(((FormSubmitted, "form"),)),
        "button": frozenset(((ButtonPressed, "button"),)),
        "approval": frozenset(((SubmitForApproval, "approval"), (ApprovalDecided, "approval"))),
        "rule": frozenset(((RunRule, "rule"),)),
    }
)
NAMED: Mapping[str, NamedKind] = MappingProxyType({kind.value: kind for kind in NamedKind})
TYPE_NAMES = ("object", "field", *VALUES, *NAMED, *DEFINITIONS)


def family_of(type_name: str) -> Family:
    """Give the family of a type of inputs, which is one of TYPE_NAMES."""
    if type_name in VALUES:
        return Family.VALUE
    if type_name in NAMED:
        return Family.NAMED
    return Family.DEFINITION if type_name in DEFINITIONS else Family(type_name)
