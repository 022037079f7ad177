"""What links for new passwords need of the platform: the letters they go by, and the duty that sends them."""

from __future__ import annotations

import datetime as dt

from engine.accounts.reset_letters import ResetLetters
from engine.accounts.resets import PasswordResets
from engine.automation.duties import Duty
from engine.clock import Clock
from engine.releases.store import ReleaseStore
from metamodel.texts import label_text
from plugins.manager import PluginManager

_EVERY = dt.timedelta(seconds=5)


def reset_letters(plugins: PluginManager, releases: ReleaseStore, clock: Clock, base_url: str) -> ResetLetters:
    """Make the letters of an installation; they name the product as its release does."""

    def product(language: str) -> str:
        main = releases.current().metamodel.main
        return label_text(main.label, language, main.name)

    return ResetLetters(plugins=plugins, clock=clock, base_url=base_url, product=product)


def reset_duty(resets: PasswordResets) -> Duty:
    """Make the duty that sends what is due."""
    return Duty(name="links to set passwords", every=_EVERY, do=resets.send_waiting)
