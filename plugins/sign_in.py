"""What a plugin offers by which people sign in elsewhere, and what it is handed for that.

A way leads the browser to a provider and makes an identity of what comes back; which user that is, and which roles it
gives, is decided by the engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from plugins.contexts import Answer, EgressClient


class SignInFailed(Exception):
    """What came back proves nothing; the reason is for the log of who runs the installation, not for the browser."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ReadingEgress(EgressClient, Protocol):
    """An egress client that also asks by GET."""

    def get(self, url: str, *, headers: Mapping[str, str]) -> Answer:
        """Ask for an address and give the answer, whatever its status. Raises: EgressRefused, EgressFailed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAccess:
    """What a way is handed. return_to: the address of this installation that the browser is to come back to."""

    settings: Mapping[str, object]
    egress: ReadingEgress
    now: dt.datetime
    return_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInBegun:
    """Where the browser goes, under which state, and what is kept encrypted in it until it comes back."""

    address: str
    state: str
    kept: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the provider says somebody is. groups: what roles are given by. factor_given: it asked for two factors."""

    issuer: str
    subject: str
    login: str
    name: str = ""
    groups: tuple[str, ...] = ()
    factor_given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRules:
    """What the operator says of identities: which groups give which roles, and whether unknown people become users."""

    roles: Mapping[str, str]
    creates_users: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInWay:
    """A way to sign in elsewhere.

    label: what its button names, empty = the operator has not set it up. begin, finish: raise SignInFailed and what
    the egress client raises; finish gets what was kept and what the browser brought.
    """

    name: str
    summary: str
    label: Callable[[Mapping[str, object]], str]
    rules: Callable[[Mapping[str, object]], SignInRules]
    begin: Callable[[SignInAccess], SignInBegun]
    finish: Callable[[SignInAccess, Mapping[str, str], Mapping[str, str]], Identity]
