"""Counts in words: counting stops at a thousand, and pages say so."""

from __future__ import annotations

from flask_babel import gettext as _

from engine.records.types import COUNT_CAP, Count


def count_text(count: Count) -> str:
    """Write a count, a capped one as `1,000+`."""
    return f"{COUNT_CAP - 1:,}+" if count.capped else f"{count.value:,}"


def records_text(count: Count) -> str:
    """Write how many records there are."""
    return str(_("1 record") if count.value == 1 else _("%(count)s records", count=count_text(count)))
