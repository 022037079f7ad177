"""Puts together what explains access, out of what the platform has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.access.explaining.service import AccessExplainer
from engine.automation.sight import AccessSight

if TYPE_CHECKING:
    from engine.automation.service import Automation
    from engine.records.service import Records
    from engine.releases.store import ReleaseStore


def open_access(releases: ReleaseStore, records: Records, automation: Automation) -> AccessExplainer:
    """Make what explains access in an installation."""
    sight = AccessSight(
        database=releases.database, records=records, current=releases.current, index_of=automation.index
    )
    return AccessExplainer(records, sight.condition_eyes)
