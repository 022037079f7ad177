"""How an evaluation fails: its budget is spent, or a value can't be computed.

The engine turns these into its own errors: a `before` rule refuses, an `after` rule does not match; never true.
"""

from __future__ import annotations

from workflow_dsl.limits import MAX_STEPS, MAX_VALUE_BYTES


class EvaluationError(Exception):
    """An expression could not be evaluated; the sentence says why."""


class StepsExceeded(EvaluationError):
    """More steps than the budget allows."""

    def __init__(self) -> None:
        super().__init__(f"this takes more than {MAX_STEPS} steps")


class ValueTooLarge(EvaluationError):
    """A text or list grew beyond its limit."""

    def __init__(self) -> None:
        super().__init__(f"a value has more than {MAX_VALUE_BYTES} bytes")


class NotComputable(EvaluationError):
    """A number or date lies beyond what can be computed."""


def checked_text(text: str) -> str | None:
    """Give a text that may be a value: not too large, and empty where it has no characters."""
    if len(text) > MAX_VALUE_BYTES or (
        len(text) * 4 > MAX_VALUE_BYTES and len(text.encode("utf-8", "surrogatepass")) > MAX_VALUE_BYTES
    ):
        raise ValueTooLarge
    return text or None
