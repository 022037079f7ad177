"""Keeps callers of the API to their rate: by user and by token, before anything of the call is done."""

from __future__ import annotations

from flask import Flask, request

from engine.accounts.rates import CallRates
from engine.platform import Platform
from ui.context import signed_in
from ui.errors import API_PREFIX


def install_rates(app: Flask, platform: Platform, limit: int) -> None:
    """Count each call of the API that somebody makes who is signed in; after install_auth.

    limit: calls in a minute, 0 = any number.
    """
    rates = CallRates(platform.database, platform.system.rate, platform.clock, limit)

    def admit() -> None:
        found = signed_in() if request.path.startswith(API_PREFIX) else None
        if found is not None:
            keys = [f"user {found.actor.user_id or found.actor.login}"]
            rates.admit(keys if found.by_cookie else [*keys, f"token {found.id}"])

    if limit:
        app.before_request(admit)
