"""Signing in at providers: a plugin talks to them, here it is decided which user somebody is and which roles follow.

What a browser has to bring back lies encrypted in a cookie of its own, so that asking writes nothing; that it came back
is noted, so that it counts once. Who is refused is told nothing but that; why stands in the audit log.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from engine.access.actor import Origin, system_actor
from engine.accounts.administration import Administration
from engine.accounts.errors import ElsewhereRefused
from engine.accounts.idempotency import IdempotencyKeys
from engine.accounts.secrets import hash_secret
from engine.accounts.stamp import AccountStamp
from engine.accounts.trail import NOBODY_KNOWN, AccountTrail, Author
from engine.accounts.users import UserDirectory, UserRow
from engine.clock import Clock
from engine.errors import EngineError
from engine.storage.database import Database
from engine.storage.sealing import Cipher, SealBroken
from plugins.contexts import EgressFailed, EgressRefused
from plugins.egress import EgressLimits, EgressPolicy, SafeEgress
from plugins.loading import LoadedPlugin
from plugins.manager import PluginManager
from plugins.sign_in import Identity, SignInAccess, SignInFailed, SignInRules, SignInWay

GOOD_FOR = timedelta(minutes=10)
_PATH = "/login/at/{name}/back"
_KIND = "sign-in"
_PLACE = "log-in elsewhere"
_LIMITS = EgressLimits(total_s=10.0, answer_bytes=262_144, redirects=0)
_LOG = logging.getLogger("fieldstone.accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOffered:
    """A way as the log-in page has it."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """Who came back from a provider, and the page that was wanted."""

    user: UserRow
    target: str
    factor_given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Send browsers to providers, and find the users of those who come back."""

    database: Database
    users: UserDirectory
    administration: Administration
    trail: AccountTrail
    stamp: AccountStamp
    once: IdempotencyKeys
    cipher: Cipher
    clock: Clock
    plugins: PluginManager
    base_url: str

    def ways(self) -> Sequence[WayOffered]:
        """Give the ways that the operator has set up."""
        return [
            WayOffered(name=way.name, label=way.label(plugin.settings)) for plugin, way in self.plugins.sign_in_ways()
        ]

    def begin(self, name: str, target: str) -> tuple[str, str]:
        """Give the provider's address, and what the browser is to keep until it comes back.

        Raises: ElsewhereRefused.
        """
        plugin, way = self._way(name)
        try:
            begun = way.begin(self._access(plugin, way))
        except (SignInFailed, EgressRefused, EgressFailed) as failed:
            _LOG.warning("nobody can be sent to %s to log in: %s", name, failed)
            raise ElsewhereRefused from failed
        kept = {"way": name, "state": begun.state, "kept": dict(begun.kept), "target": target,
                "at": self.clock.now().timestamp()}  # fmt: skip
        return begun.address, self.cipher.seal(json.dumps(kept), _PLACE)

    def finish(self, name: str, sealed: str, brought: Mapping[str, str], *, address: str) -> CameBack:
        """Find the user of who comes back. sealed: what the browser kept; brought: what the provider sent along.

        Raises: ElsewhereRefused.
        """
        plugin, way = self._way(name)
        kept = self._kept(name, sealed, brought)
        user: UserRow | None = None
        try:
            with self.database.write() as connection:
                if not self.once.use_up(connection, _KIND, hash_secret(str(kept["state"])) or ""):
                    raise SignInFailed("this answer was used before")
            identity = way.finish(self._access(plugin, way), kept["kept"], brought)
            rules = way.rules(plugin.settings)
            user = self._user_of(identity, rules)
            if not user.enabled or user.service:
                raise SignInFailed("the user may not log in")
            self._set_roles(user, identity, rules, name)
        except (SignInFailed, EgressRefused, EgressFailed, EngineError) as failed:
            self._note(name, user, str(failed), address)
            raise ElsewhereRefused from failed
        loaded = self.administration.find_user(user.login)
        return CameBack(user=loaded, target=str(kept["target"]), factor_given=identity.factor_given)

    def _kept(self, name: str, sealed: str, brought: Mapping[str, str]) -> Mapping[str, Any]:
        """Open what the browser kept. Nothing is noted of who brings none: anybody can call this address."""
        try:
            kept: dict[str, Any] = json.loads(self.cipher.open(sealed, _PLACE))
            begun = float(kept["at"])
            state = str(kept["state"])
        except (SealBroken, ValueError, KeyError, TypeError) as broken:
            raise ElsewhereRefused from broken
        age = self.clock.now().timestamp() - begun
        is_same = hmac.compare_digest(state.encode(), brought.get("state", "").encode())
        if not is_same or kept["way"] != name or not 0 <= age <= GOOD_FOR.total_seconds():
            raise ElsewhereRefused
        return kept

    def _way(self, name: str) -> tuple[LoadedPlugin, SignInWay]:
        found = next((each for each in self.plugins.sign_in_ways() if each[1].name == name), None)
        if found is None:
            raise ElsewhereRefused
        return found

    def _access(self, plugin: LoadedPlugin, way: SignInWay) -> SignInAccess:
        private = plugin.settings.get("private_hosts") or ()
        assert isinstance(private, list | tuple)
        policy = EgressPolicy(hosts=plugin.manifest.hosts, private_hosts=tuple(private))
        return SignInAccess(
            settings=plugin.settings,
            egress=SafeEgress(policy, _LIMITS),
            now=self.clock.now(),
            return_to=self.base_url.rstrip("/") + _PATH.format(name=way.name),
        )

    def _user_of(self, identity: Identity, rules: SignInRules) -> UserRow:
        with self.database.read() as connection:
            user = self.users.find(connection, identity.login)
        if user is not None:
            return user
        if not rules.creates_users:
            raise SignInFailed("nobody here has this log-in name")
        values = {"name": identity.name} if identity.name else {}
        self.administration.create_user(system_actor(), identity.login, password=None, values=values)
        return self.administration.find_user(identity.login)

    def _set_roles(self, user: UserRow, identity: Identity, rules: SignInRules, name: str) -> None:
        """Let the roles that groups give follow the groups; all others stay."""
        known = frozenset(self.users.role_names())
        managed = known & frozenset(rules.roles.values())
        given = {rules.roles[group] for group in identity.groups if group in rules.roles} & known
        with self.database.write() as connection:
            held = self.users.roles_of(connection, user.id)
            wanted = {role: until for role, until in held.items() if role not in managed} | {
                role: held.get(role) for role in given
            }
            if wanted != held:
                changed = self.users.replace_roles(connection, user.id, wanted, by=name)
                by = Author(name=f"log-in at {identity.issuer}", origin=Origin.PAGE)
                self.trail.note(connection, "roles_set", user.id, by=by, changes={"roles": changed})
                self.stamp.raise_in(connection)

    def _note(self, name: str, user: UserRow | None, reason: str, address: str) -> None:
        _LOG.warning("a log-in at %s was refused: %s", name, reason)
        told: dict[str, tuple[object, object]] = {"address": (None, address), "reason": (None, reason)}
        with self.database.write() as connection:
            self._write(connection, user, told)

    def _write(self, connection: Connection, user: UserRow | None, told: Mapping[str, tuple[object, object]]) -> None:
        whose = user.id if user is not None else None
        self.trail.note(connection, "sign_in_refused", whose, by=NOBODY_KNOWN, changes=told)
