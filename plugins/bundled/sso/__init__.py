"""Signing in at a provider of OpenID Connect: the code flow with PKCE, state and nonce."""

from __future__ import annotations

from collections.abc import Sequence

from plugins import SignInWay, hookimpl
from plugins.bundled.sso.flow import begin, finish, label, rules


@hookimpl
def sign_in_ways() -> Sequence[SignInWay]:
    """Add `sso`."""
    summary = "Logs people in at a provider of OpenID Connect."
    return [SignInWay(name="sso", summary=summary, label=label, rules=rules, begin=begin, finish=finish)]
