"""Runs of rules in words: their states, events and times as lists and pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _
from flask_babel import pgettext

from engine.automation.run_state import RunState
from engine.automation.run_views import RunSummary
from ui.formats import Formats
from ui.pages.trigger_words import trigger_text
from ui.telling import tell

STATE_COLORS = {
    RunState.QUEUED: "gray",
    RunState.RUNNING: "blue",
    RunState.WAITING: "amber",
    RunState.DONE: "green",
    RunState.FAILED: "red",
    RunState.SKIPPED: "gray",
    RunState.DISMISSED: "gray",
    RunState.CANCELLED: "gray",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in a list."""

    id: str
    href: str
    label: str
    event: str
    state: str
    color: str
    iso: str
    when: str
    due: str
    reason: str
    record: str
    record_url: str
    took: str
    failed: bool = False


def state_label(state: RunState) -> str:
    """Give the words for a state."""
    words = {
        RunState.QUEUED: _("Queued"),
        RunState.RUNNING: _("Running"),
        RunState.WAITING: _("Waiting"),
        RunState.DONE: _("Done"),
        RunState.FAILED: _("Failed"),
        RunState.SKIPPED: _("Skipped"),
        RunState.DISMISSED: _("Dismissed"),
        RunState.CANCELLED: pgettext("run", "Cancelled"),
    }
    return str(words[state])


def mode_label(mode: str) -> str:
    """Give the word for how runs of one record meet."""
    words = {
        "queued": pgettext("run mode", "queued"),
        "single": pgettext("run mode", "single"),
        "restart": pgettext("run mode", "restart"),
        "parallel": pgettext("run mode", "parallel"),
    }
    return str(words.get(mode, mode))


def run_row(run: RunSummary, formats: Formats) -> RunRow:
    """Make the row of a run."""
    return RunRow(
        id=run.id,
        href=f"/runs/{quote(run.id)}",
        label=run.label or run.rule,
        event=trigger_text(run.event),
        state=state_label(run.state),
        color=STATE_COLORS[run.state],
        iso=run.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=formats.datetime(run.created_at),
        due=formats.datetime(run.due_at) if run.due_at is not None and run.state is RunState.WAITING else "",
        reason=tell(run.reason) if run.reason else "",
        record=run.record_title or "",
        record_url=f"/o/{quote(run.object)}/{quote(run.record_id)}"
        if run.object and run.record_id and run.record_title
        else "",
        took=duration_text(run),
        failed=run.state is RunState.FAILED,
    )


def duration_text(run: RunSummary) -> str:
    """Write how long a run took."""
    if run.started_at is None or run.finished_at is None:
        return ""
    return seconds_text((run.finished_at - run.started_at).total_seconds())


def seconds_text(seconds: float) -> str:
    """Write a span of time with the unit that fits."""
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
