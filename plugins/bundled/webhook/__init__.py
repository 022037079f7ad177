"""The rule action `call webhook`: a signed POST of JSON to a connection of kind webhook_out; and of one that refuses.

How a request stays outside the own network is the egress client's work; this plugin signs, sends and reads the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from plugins import RuleAction, RuleEvent, hookimpl
from plugins.bundled.webhook.action import REFUSED, call_webhook


@hookimpl
def rule_actions() -> Sequence[RuleAction]:
    """Add `call webhook`."""
    return [RuleAction(name="call_webhook", summary="Calls a webhook of another system.", run=call_webhook)]


@hookimpl
def rule_events() -> Sequence[RuleEvent]:
    """Tell of calls that the other system refuses for good."""
    told = (("connection", "name of the connection"), ("status", "HTTP status"), ("answer", "start of the answer"))
    return [RuleEvent(name=REFUSED, summary="Another system refused a call for good.", payload=told)]
