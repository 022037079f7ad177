"""The links that mails of rules carry back here: those that decide an approval, and those of surveys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.automation.surveys import SurveyLinks


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLinks:
    """Makes them. approval: the address of what decides, by its seat."""

    approval: Callable[[str], str]
    surveys: SurveyLinks
