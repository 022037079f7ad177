"""The rule action `send sms`: a plain text from a template of the app, to each number, through an HTTP gateway.

What the gateway wants and which reply means success is said by its file in connections/; nothing here knows a provider.
"""

from __future__ import annotations

from collections.abc import Sequence

from plugins import RuleAction, hookimpl
from plugins.bundled.sms.action import send_sms


@hookimpl
def rule_actions() -> Sequence[RuleAction]:
    """Add `send sms`."""
    return [RuleAction(name="send_sms", summary="Sends an SMS made from a template.", run=send_sms, timeout_s=120.0)]
