"""What a plugin adds, as values: rule actions, functions of the expression language, field types.

A hook returns these; who uses them (checker, evaluator, forms, runner) asks the plugin manager, which checks names so
that no plugin takes a name of the product or of another plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from plugins.contexts import ActionContext, Plain

API_VERSION = 1
CONTROLS = ("text", "long_text", "email", "phone", "url", "barcode", "color", "integer", "number", "date", "time")
"""The controls of forms that a field type of a plugin may have: those that show and post one text."""


class ActionFailed(Exception):
    """An outside action did not work.

    permanent: trying again would change nothing. retry_after_s: what the other side asked for (Retry-After).
    """

    def __init__(self, reason: str, *, permanent: bool = False, retry_after_s: float | None = None) -> None:
        self.reason = reason
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file as bytes: what an action made for the record, or what goes with a mail."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDone:
    """What an action did, for the trace.

    summary: one sentence for people. value: what `as name` gives later actions. delivered: whether it left the house.
    file: what `generate_document` made, to be filed with the record.
    """

    summary: str
    value: Mapping[str, Plain] = field(default_factory=lambda: MappingProxyType({}))
    delivered: bool = True
    file: MadeFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAction:
    """An action of rules that reaches outside; it runs between two transactions and may run again after a crash.

    name: `send_email`, `call_webhook` and `generate_document` carry the language's own actions; others are
    `<plugin>.<name>`.
    run: gets the context and the inputs, returns what it did or raises ActionFailed.
    timeout_s: how long one try may take; one that takes longer has failed, and is made again under the same key.
    """

    name: str
    summary: str
    run: Callable[[ActionContext, Mapping[str, object]], ActionDone]
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEvent:
    """Something that a plugin tells of, which rules can wait for: `when event telephony.call_ended`.

    name: `<plugin>.<name>`. payload: what is told, as (key, what it is) pairs; rules know it as `payload.<key>`.
    """

    name: str
    summary: str
    payload: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionFunction:
    """A function of the expression language; it is pure, total and fast.

    parameters: (name, type) pairs and result: type, with the type names of the language (text, number, date …).
    call: gets Python values; an empty argument gives empty without a call. example: (expression, result as text).
    """

    name: str
    parameters: tuple[tuple[str, str], ...]
    result: str
    call: Callable[..., object]
    summary: str
    example: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTypeAddition:
    """A field type stored, shown, compared and searched like `base`, with a check of its own.

    normalise: takes what a person typed, returns what is stored, or raises ValueError with a sentence for people.
    widget: its control on forms, one of CONTROLS; what is posted goes through `normalise`.
    """

    name: str
    base: str
    summary: str
    normalise: Callable[[str], str]
    example: tuple[str, str]
    wrong_example: str
    widget: str = "text"
