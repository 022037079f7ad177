"""Puts together what an installation does with its audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from engine.audit.digests import SealKey
from engine.audit.log import AuditLog
from engine.audit.sealing import AuditSealer
from engine.audit.verifying import AuditVerifier
from engine.automation.duties import Duty
from engine.clock import Clock
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_SEAL_EVERY = dt.timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The audit log: who reads it, who seals it, who proves it."""

    log: AuditLog
    sealer: AuditSealer
    verifier: AuditVerifier


def open_audit(
    database: Database,
    system: SystemTables,
    records: Records,
    current: Callable[[], Release],
    clock: Clock,
    *,
    secret: bytes,
) -> Audit:
    """Open the audit log of an installation. secret: what keys of seals are made of."""
    key = SealKey(secret)
    return Audit(
        log=AuditLog(database=database, system=system, records=records, current=current, clock=clock),
        sealer=AuditSealer(database=database, system=system, clock=clock, key=key),
        verifier=AuditVerifier(database=database, system=system, key=key),
    )


def sealing(audit: Audit) -> Duty:
    """Give what the housekeeping of a worker does for it."""
    return Duty(name="seals of the audit log", every=_SEAL_EVERY, do=audit.sealer.seal)
