"""Puts the parts of accounts together over one database; the composition root of the engine calls it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.accounts.administration import Administration
from engine.accounts.askers import Askers
from engine.accounts.elsewhere import Elsewhere
from engine.accounts.factors import SecondFactors
from engine.accounts.idempotency import IdempotencyKeys
from engine.accounts.lockout import Lockout, LockoutLimits
from engine.accounts.passwords import PasswordCost, Passwords
from engine.accounts.reset_letters import ResetLetters
from engine.accounts.resets import PasswordResets
from engine.accounts.service import Accounts, AfterSignIn, nothing_more
from engine.accounts.sessions import SessionLimits, SessionStore
from engine.accounts.stamp import AccountStamp
from engine.accounts.standing_in import StandingIn
from engine.accounts.tokens import TokenStore
from engine.accounts.trail import AccountTrail
from engine.accounts.users import UserDirectory
from engine.clock import Clock
from engine.ids import IdMaker
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.sealing import Cipher
from engine.storage.system_tables import SystemTables

if TYPE_CHECKING:
    from engine.records.service import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """How costly password hashes are, how many wrong log-ins are too many, and when sessions end."""

    password_cost: PasswordCost = field(default_factory=PasswordCost)
    lockout: LockoutLimits = field(default_factory=LockoutLimits)
    sessions: SessionLimits = field(default_factory=SessionLimits)


def open_accounts(
    database: Database,
    system: SystemTables,
    *,
    current_release: Callable[[], Release],
    records: Records,
    clock: Clock,
    ids: IdMaker,
    stamp: AccountStamp,
    cipher: Cipher,
    letters: ResetLetters,
    secret: bytes,
    settings: AccountSettings | None = None,
    after_sign_in: AfterSignIn = nothing_more,
) -> Accounts:
    """Make the accounts of an installation; costs and limits can be handed in by tests.

    secret: the installation's, which sessions are signed with. stamp: the one that `UserChanges` raises, which the
    door has as its after-save step.
    """
    settings = settings or AccountSettings()
    passwords = Passwords(settings.password_cost)
    users = UserDirectory(current_release, system.credential, system.role, clock)
    sessions = SessionStore(system.session, clock, settings.sessions, secret=secret)
    tokens, trail = TokenStore(system.token, clock, ids), AccountTrail(system.audit, clock)
    lockout = Lockout(database, system.lockout, clock, settings.lockout)
    standing_in = StandingIn(database=database, users=users, sessions=sessions, trail=trail, access=records.access)
    administration = Administration(
        database=database, credential=system.credential, clock=clock, records=records, passwords=passwords,
        users=users, sessions=sessions, tokens=tokens, stamp=stamp, trail=trail,
    )  # fmt: skip
    idempotency = IdempotencyKeys(database, system.idempotency, clock, cipher)
    return Accounts(
        database=database, clock=clock, passwords=passwords,
        lockout=lockout,
        users=users,
        sessions=sessions,
        stamp=stamp,
        administration=administration,
        idempotency=idempotency,
        trail=trail,
        factors=SecondFactors(
            database=database, credential=system.credential, recovery=system.recovery, sessions=sessions,
            lockout=lockout, cipher=cipher, clock=clock, stamp=stamp, trail=trail,
        ),
        resets=PasswordResets(
            database=database, table=system.reset, users=users, administration=administration,
            lockout=lockout, letters=letters, trail=trail, clock=clock, ids=ids,
        ),
        standing_in=standing_in,
        elsewhere=Elsewhere(
            database=database, users=users, administration=administration, trail=trail, stamp=stamp, once=idempotency,
            cipher=cipher, clock=clock, plugins=letters.plugins, base_url=letters.base_url,
        ),
        askers=Askers(
            database=database, clock=clock, users=users, sessions=sessions, tokens=tokens, stamp=stamp,
            standing_in=standing_in,
        ),
        after_sign_in=after_sign_in,
    )  # fmt: skip
