"""Puts the intake of an installation together."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.duties import Duty
from engine.automation.service import Automation
from engine.clock import Clock
from engine.intake.answers import SurveyAnswers
from engine.intake.events import EventIntake
from engine.intake.forms import FormIntake
from engine.intake.joining import EVERY, EventJoiner
from engine.intake.limits import IntakeLimits
from engine.records.service import Records
from engine.releases.store import ReleaseStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What comes in without a log-in, and behaviour events. joiner: joins those that wait to their persons."""

    forms: FormIntake
    surveys: SurveyAnswers
    events: EventIntake
    joiner: EventJoiner


def open_intake(releases: ReleaseStore, records: Records, automation: Automation, clock: Clock) -> Intake:
    """Put it together."""
    limits = IntakeLimits(database=releases.database, system=releases.system, clock=clock)
    forms = FormIntake(records=records, current=releases.current, others=automation.calls.others, limits=limits)
    answers = SurveyAnswers(forms=forms, records=records, links=automation.links.surveys, limits=limits)
    events = EventIntake(records=records, system=releases.system)
    joiner = EventJoiner(
        records=records, clock=clock, current=lambda: releases.current() if releases.has_release() else None
    )
    automation.take_on(Duty(name="events that wait for their persons", every=EVERY, do=joiner.join))
    return Intake(forms=forms, surveys=answers, events=events, joiner=joiner)
