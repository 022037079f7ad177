"""Counts in words: counting stops at a thousand, and pages say so."""

from __future__ import annotations

from engine.records.types import COUNT_CAP, Count


def count_text(count: Count) -> str:
    """Write a count, a capped one as `1,000+`."""
    return f"{COUNT_CAP - 1:,}+" if count.capped else f"{count.value:,}"
