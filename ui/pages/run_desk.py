"""The page of what stands still: rules that failures switched off, and targets outside that are paused."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.automation.run_desk import NotPaused, NotSwitchedOff
from ui.context import actor, platform
from ui.page_parts import Crumb
from ui.pages.chrome import toast
from ui.pages.rights import access_of, user_formats
from ui.telling import tell

blueprint = Blueprint("run_desk", __name__)

ADDRESS = "/runs/stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRow:
    """A rule or target that stands still. since: when it was switched off, or until when it is paused."""

    name: str
    label: str
    failures: int
    since: str
    reason: str
    is_paused: bool = True
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedPage:
    """The context `page` of templates/pages/stopped.html."""

    crumbs: tuple[Crumb, ...]
    rules: tuple[StoppedRow, ...]
    targets: tuple[StoppedRow, ...]
    may_press: bool


@blueprint.get(ADDRESS)
def show_stopped() -> ResponseReturnValue:
    """Show what stands still, and why."""
    desk, formats = platform().automation.desk, user_formats()
    rules = tuple(
        StoppedRow(
            name=each.rule,
            label=each.label,
            failures=each.failures,
            since=formats.datetime(each.off_at),
            reason=tell(each.reason or ""),
        )
        for each in desk.rules_off(actor())
    )
    targets = tuple(
        StoppedRow(
            name=each.name,
            label=each.name,
            failures=each.failures,
            since=formats.datetime(each.paused_until) if each.paused_until is not None else "",
            reason=tell(each.error or ""),
            is_paused=each.paused_until is not None,
            waiting=each.waiting,
        )
        for each in desk.targets(actor())
    )
    page = StoppedPage(
        crumbs=(Crumb(label=str(_("Rule runs")), href="/runs"), Crumb(label=str(_("What stands still")))),
        rules=rules,
        targets=targets,
        may_press=access_of().has_right("retry_runs"),
    )
    return render_template("pages/stopped.html", page=page)


@blueprint.post("/runs/stopped/rule")
def switch_on() -> ResponseReturnValue:
    """Let a rule run again."""
    try:
        platform().automation.desk.switch_on(actor(), request.form.get("rule", ""))
        toast(_("The rule is switched on."))
    except NotSwitchedOff as refused:
        toast(tell(str(refused)), "error")
    return redirect(ADDRESS, 303)


@blueprint.post("/runs/stopped/target")
def end_pause() -> ResponseReturnValue:
    """Let a target be called again at once."""
    try:
        platform().automation.desk.end_pause(actor(), request.form.get("target", ""))
        toast(_("The pause is over; the runs that waited go on."))
    except NotPaused as refused:
        toast(tell(str(refused)), "error")
    return redirect(ADDRESS, 303)
