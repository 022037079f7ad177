"""The function `email_domain` of the expression language."""

from __future__ import annotations


def email_domain(address: str) -> str | None:
    """Give the part after the last @ in lower case, None where there is none."""
    _, at, domain = address.rpartition("@")
    return domain.strip().lower() or None if at else None
