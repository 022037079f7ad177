"""What stands for a value that its reader may not see in clear: bullets, and of some texts the last characters.

How much of a value its mask tells is the field type's to say (`FieldType.mask`); who sees one, access decides.
"""

from __future__ import annotations

MASK = "••••"
"""Always as long, so that nobody learns how long the value is."""

_MOST_SHOWN = 4


def masked_end(text: str) -> str:
    """Mask all but the last characters: four at most, and never more than a third of the text.

    >>> masked_end("110101199003074711"), masked_end("4711"), masked_end("x")
    ('••••4711', '••••1', '••••')
    """
    shown = min(_MOST_SHOWN, len(text) // 3)
    return MASK + (text[-shown:] if shown else "")


def masked_email(text: str) -> str:
    """Mask the name of an address but for its first character; the domain stays.

    >>> masked_email("ann@example.com"), masked_email("a@example.com")
    ('a••••@example.com', '••••@example.com')
    """
    name, _at, domain = text.rpartition("@")
    return f"{name[:1] if len(name) > 1 else ''}{MASK}@{domain}"


def is_masked(raw: object) -> bool:
    """Tell whether a raw value is a masked text that comes back."""
    return isinstance(raw, str) and MASK in raw
