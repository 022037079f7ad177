"""Opens what gives and takes rights by hand: requests for access, team administrators, off-boarding."""

from __future__ import annotations

from engine.access.requests.service import AccessRequests
from engine.accounts.administration import Administration
from engine.accounts.delegation import Delegation
from engine.accounts.trail import AccountTrail
from engine.approvals.service import Approvals
from engine.clock import Clock
from engine.ids import IdMaker
from engine.offboarding import Offboarding
from engine.records.service import Records
from engine.releases.store import ReleaseStore


def open_granting(
    releases: ReleaseStore,
    records: Records,
    administration: Administration,
    approvals: Approvals,
    clock: Clock,
    ids: IdMaker,
) -> tuple[AccessRequests, Delegation, Offboarding]:
    """Make the three, out of what the platform has."""
    trail = AccountTrail(releases.system.audit, clock)
    asking = AccessRequests(releases=releases, records=records, administration=administration, trail=trail, ids=ids)
    delegation = Delegation(records=records, administration=administration, current_release=releases.current)
    leaving = Offboarding(
        releases=releases,
        system=releases.system,
        records=records,
        administration=administration,
        approvals=approvals,
        trail=trail,
        clock=clock,
    )
    return asking, delegation, leaving
