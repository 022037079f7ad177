"""Failures of what comes in without a log-in; like all engine errors they know no HTTP."""

from __future__ import annotations

from enum import StrEnum

from engine.accounts.errors import TooManyAttempts
from engine.errors import EngineError, UnknownObject


class NoSuchForm(UnknownObject):
    """There is no public form of that name; it is told as an object that is not there."""


class TooManySubmissions(TooManyAttempts):
    """A form was sent too often, from one address or in all; nothing was taken in."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.args = ("This form was sent too often. Please try again in some minutes.",)


class LinkState(StrEnum):
    """Why the link of a survey can't be used; one that never was looks like one whose time is over."""

    USED = "used"
    DEAD = "dead"


class SurveyClosed(EngineError):
    """The link of a survey can't be used; nothing was taken in."""

    def __init__(self, state: LinkState) -> None:
        self.state = state
        texts = {
            LinkState.USED: "This survey was answered already. Thank you.",
            LinkState.DEAD: "This link does not work any more.",
        }
        super().__init__(texts[state])
