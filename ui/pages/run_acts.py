"""What is pressed for many failed runs at once: retry or put aside those that are ticked, or all of a filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from engine.access.actor import Actor
from engine.automation.run_views import RunFilter
from ui.context import actor, platform
from ui.pages.chrome import toast
from ui.pages.runs import FILTERS, filter_of

blueprint = Blueprint("run_acts", __name__)

Act = Callable[[Actor, RunFilter | Sequence[str]], int]


@blueprint.post("/runs/retry")
def retry_runs() -> ResponseReturnValue:
    """Let many failed runs go on."""
    done = _act(platform().automation.runs.retry_many)
    if done:
        toast(ngettext("%(num)d run goes on.", "%(num)d runs go on.", done))
    return _back()


@blueprint.post("/runs/dismiss")
def dismiss_runs() -> ResponseReturnValue:
    """Put many failed runs aside."""
    done = _act(platform().automation.runs.dismiss_many)
    if done:
        toast(ngettext("%(num)d run was put aside.", "%(num)d runs were put aside.", done))
    return _back()


def _act(act: Act) -> int:
    form = request.form
    done = act(actor(), filter_of(form)) if form.get("all") else act(actor(), form.getlist("run"))
    if not done:
        toast(_("None of these runs has failed."), "info")
    return done


def _back() -> ResponseReturnValue:
    query = urlencode({name: request.form[name] for name in FILTERS if request.form.get(name)})
    return redirect(f"/runs?{query}" if query else "/runs", 303)
