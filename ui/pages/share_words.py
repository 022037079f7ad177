"""What pages say of shares: in the history with whom and for what, and when a share ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from engine.records.sharing.sharees import Sharee, sharee_titles
from engine.records.sharing.sharing import last_day
from engine.records.transaction import Transaction
from engine.records.types import HistoryEntry
from ui.formats import Formats


def share_words(transaction: Transaction, entries: Sequence[HistoryEntry], formats: Formats) -> Mapping[int, str]:
    """Say of each entry of a history that is about a share with whom it is and what is shared; by the entry's id."""
    told = {each.id: (Sharee.of_key(each.share.grantee), each.share.new) for each in entries if each.share is not None}
    if not told:
        return {}
    titles = sharee_titles(transaction, [sharee for sharee, _new in told.values()])
    zone, found = transaction.around.zone, {}
    for entry, (sharee, new) in told.items():
        who = titles.get(sharee) or str(_("Not yours to see"))
        found[entry] = who if new is None else f"{who} · {_for_what(new, zone, formats)}"
    return found


def _for_what(share: tuple[str, dt.datetime | None], zone: ZoneInfo, formats: Formats) -> str:
    level, until = share
    words = str(_("read and edit it") if level == "edit" else _("read it"))
    return words if until is None else f"{words} · {_('until %(day)s', day=end_words(until, zone, formats))}"


def end_words(until: dt.datetime, zone: ZoneInfo, formats: Formats) -> str:
    """Say when a share ends: the day until which it goes, or the moment."""
    day = last_day(until, zone)
    return formats.date(day) if day is not None else formats.datetime(until)
