"""Checks `when email is received at …`: that a mail box takes mail for the address; and what is known of a mail."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from metamodel.names import did_you_mean
from workflow_dsl.checked_rules import MailTrigger
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import EmailReceived
from workflow_dsl.types import DATETIME, TEXT, Type, list_of

MAILBOX = "mailbox"
MAIL: Mapping[str, Type] = MappingProxyType(
    {
        "mail.from": TEXT,
        "mail.from_name": TEXT,
        "mail.to": list_of(TEXT),
        "mail.cc": list_of(TEXT),
        "mail.subject": TEXT,
        "mail.text": TEXT,
        "mail.html": TEXT,
        "mail.date": DATETIME,
        "mail.message_id": TEXT,
        "mail.in_reply_to": TEXT,
        "mail.attachments": list_of(TEXT),
    }
)
"""What rules know of the mail that started them."""


def check_mail(checking: RuleChecking, event: EmailReceived) -> MailTrigger | None:
    """Check the trigger.

    Problems: RUL224 no mail box takes mail for the address; a warning where there is no mail box at all.
    """
    boxes = [each for each in checking.scope.metamodel.connections.values() if each.kind == MAILBOX]
    known = [str(each).lower() for box in boxes for each in _listed(box.options.get("addresses"))]
    address = event.address.strip().lower()
    if address not in known:
        message = f"no mail box takes mail for '{event.address}'"
        hint = did_you_mean(address, known) or f"write connections/NAME.yaml with kind: {MAILBOX} and this address"
        if boxes:
            checking.refuse("RUL224", message, event.at, hint)
            return None
        checking.warn("RUL224", message, event.at, hint)
    return MailTrigger(address=address, text=checking.text_of(event.at))


def _listed(given: object) -> tuple[object, ...]:
    return tuple(given) if isinstance(given, list | tuple) else (given,) if given else ()
