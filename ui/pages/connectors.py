"""Connectors, for those who look after automation: how each stands, its last run, and where both sides differ."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import pgettext

from engine.connectors.desk import ConnectorReport, ConnectorState
from engine.connectors.rows import Difference
from metamodel.texts import label_text
from ui.context import actor, platform
from ui.page_parts import Crumb
from ui.pages.chrome import toast
from ui.pages.rights import access_of, user_formats
from ui.telling import tell

blueprint = Blueprint("connectors", __name__)

ADDRESS = "/runs/connectors"
_COLORS = {"done": "green", "failed": "red", "retrying": "amber", "running": "blue", "idle": "gray"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRow:
    """How a connector stands, as texts; those that are empty are not shown. differences: "" before a first report."""

    name: str
    href: str
    label: str
    object: str
    direction: str
    state: str
    color: str
    ended: str
    next: str
    error: str
    differences: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorsPage:
    """The context `page` of templates/pages/connectors.html."""

    crumbs: tuple[Crumb, ...]
    rows: tuple[ConnectorRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """A row of the report."""

    what: str
    key: str
    field: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A record that was refused."""

    key: str
    by: str
    error: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorPage:
    """The context `page` of templates/pages/connector.html."""

    crumbs: tuple[Crumb, ...]
    row: ConnectorRow
    schedule: str
    counts: tuple[tuple[str, int], ...]
    compared: str
    refused: tuple[RefusedRow, ...]
    report: tuple[DifferenceRow, ...]
    hides: bool
    may_press: bool


@blueprint.get(ADDRESS)
def list_connectors() -> ResponseReturnValue:
    """Show how all connectors stand."""
    rows = tuple(_row(each) for each in platform().connectors.desk.list(actor()))
    crumbs = (Crumb(label=str(_("Rule runs")), href="/runs"), Crumb(label=str(_("Connectors"))))
    return render_template("pages/connectors.html", page=ConnectorsPage(crumbs=crumbs, rows=rows))


@blueprint.get(f"{ADDRESS}/<connector_name>")
def show_connector(connector_name: str) -> ResponseReturnValue:
    """Show one connector with its last run and its report."""
    found, formats = platform().connectors.desk.show(actor(), connector_name), user_formats()
    row = _row(found.state)
    trail = (Crumb(label=str(_("Rule runs")), href="/runs"), Crumb(label=str(_("Connectors")), href=ADDRESS))
    page = ConnectorPage(
        crumbs=(*trail, Crumb(label=row.label)),
        row=row,
        schedule=found.state.connector.schedule.text,
        counts=_counts(found.state),
        compared=formats.datetime(found.state.compared_at) if found.state.compared_at else "",
        refused=tuple(
            RefusedRow(
                key=each.key,
                by=str(_("By us")) if each.side == "in" else str(_("By them")),
                error=tell(each.error or ""),
                when=formats.datetime(each.at),
            )
            for each in found.refused
        ),
        report=tuple(_difference(each, found) for each in found.rows),
        hides=found.hides,
        may_press=access_of().has_right("retry_runs"),
    )
    return render_template("pages/connector.html", page=page)


@blueprint.post(f"{ADDRESS}/<connector_name>/run")
def run_connector(connector_name: str) -> ResponseReturnValue:
    """Let a worker run a connector."""
    platform().connectors.desk.ask(actor(), connector_name)
    toast(_("The connector runs in a moment."))
    return redirect(f"{ADDRESS}/{connector_name}", 303)


@blueprint.post(f"{ADDRESS}/<connector_name>/compare")
def compare_connector(connector_name: str) -> ResponseReturnValue:
    """Let a worker compare both sides."""
    platform().connectors.desk.ask(actor(), connector_name, only_compare=True)
    toast(_("Both sides are compared in a moment."))
    return redirect(f"{ADDRESS}/{connector_name}", 303)


def _row(state: ConnectorState) -> ConnectorRow:
    own, formats, language = state.connector, user_formats(), actor().language
    object_def = platform().releases.current().metamodel.objects[own.object or ""]
    return ConnectorRow(
        name=own.name,
        href=f"{ADDRESS}/{own.name}",
        label=label_text(own.label, language, own.name),
        object=label_text(object_def.label, language, object_def.name),
        direction={"in": str(pgettext("connector", "In")), "out": str(pgettext("connector", "Out"))}.get(
            own.direction, str(pgettext("connector", "Both ways"))
        ),
        state=_state_words().get(state.state, state.state),
        color=_COLORS.get(state.state, "gray"),
        ended=formats.datetime(state.ended_at) if state.ended_at else "",
        next=formats.datetime(state.next_at) if state.next_at else "",
        error=tell(state.error or ""),
        differences="" if state.differences is None else str(state.differences),
    )


def _state_words() -> dict[str, str]:
    return {
        "idle": str(pgettext("connector", "Not run yet")),
        "running": str(pgettext("connector", "Under way")),
        "retrying": str(pgettext("connector", "Is tried again")),
        "done": str(pgettext("connector", "Done")),
        "failed": str(_("Failed")),
    }


def _counts(state: ConnectorState) -> tuple[tuple[str, int], ...]:
    words = {
        "read": str(pgettext("connector", "Read")),
        "created": str(pgettext("connector", "Created")),
        "updated": str(pgettext("connector", "Updated")),
        "sent": str(pgettext("connector", "Sent")),
        "refused": str(pgettext("connector", "Refused")),
    }
    counts = state.counts or {}
    return tuple((word, counts.get(name, 0)) for name, word in words.items()) if counts else ()


def _difference(each: Difference, report: ConnectorReport) -> DifferenceRow:
    metamodel, own = platform().releases.current().metamodel, report.state.connector
    words = {
        "differs": str(_("Both sides differ")),
        "only_ours": str(_("Only here")),
        "only_theirs": str(_("Only there")),
        "twice": str(_("There twice, with other values")),
        "no_key": str(_("Without a key")),
    }
    field = metamodel.objects[own.object or ""].fields.get(each.field or "")
    return DifferenceRow(
        what=words.get(each.kind, each.kind),
        key=each.key or "",
        field=label_text(field.label, actor().language, field.name) if field is not None else "",
        ours=each.ours or "",
        theirs=each.theirs or "",
    )
