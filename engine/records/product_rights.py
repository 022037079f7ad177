"""Acting for a person without being bound by grants: for what an app's author has said shall happen.

Whoever uses it has judged first, with the person's own rights, that the person may cause it. The log names the person.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def with_product_rights(transaction: Transaction) -> Transaction:
    """Give a transaction on the same connection for the same person, not bound by grants."""
    kind = type(transaction)
    elevated = replace(transaction.actor, is_system=True)
    parts, now, cause = transaction.parts, transaction.now, transaction.cause
    return kind(transaction.services, transaction.connection, parts, elevated, now, cause)
