"""Puts the intake of an installation together."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.service import Automation
from engine.clock import Clock
from engine.intake.answers import SurveyAnswers
from engine.intake.forms import FormIntake
from engine.intake.limits import IntakeLimits
from engine.records.service import Records
from engine.releases.store import ReleaseStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What comes in without a log-in."""

    forms: FormIntake
    surveys: SurveyAnswers


def open_intake(releases: ReleaseStore, records: Records, automation: Automation, clock: Clock) -> Intake:
    """Put it together."""
    limits = IntakeLimits(database=releases.database, system=releases.system, clock=clock)
    forms = FormIntake(records=records, current=releases.current, others=automation.calls.others, limits=limits)
    answers = SurveyAnswers(forms=forms, records=records, links=automation.links.surveys, limits=limits)
    return Intake(forms=forms, surveys=answers)
