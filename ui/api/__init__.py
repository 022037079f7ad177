"""The JSON API under /api/v1: translates calls to the door and back. Documented in docs/api.md and in itself."""

from __future__ import annotations

from flask import Blueprint, Flask

from ui.api import objects, records, saved_views
from ui.api.access_requests import register_access
from ui.api.approvals import (
    act_on_request,
    decide_many,
    get_approval,
    get_report,
    get_request,
    list_approvals,
    post_approval,
)
from ui.api.audit import register_audit
from ui.api.bulk import bulk
from ui.api.changes import list_changes
from ui.api.coming import list_coming, stop_coming
from ui.api.connectors import register_connectors
from ui.api.conversions import convert, get_conversion
from ui.api.documents import make_document
from ui.api.events import take_events
from ui.api.exports import register_exports
from ui.api.files import download_file, download_preview, upload_file
from ui.api.following import follow, unfollow
from ui.api.forms import submit_form
from ui.api.hooks import receive
from ui.api.imports import register_imports
from ui.api.insight import register_insight
from ui.api.mcp import register_mcp
from ui.api.merging import merge, unmerge
from ui.api.metadata import apply_metadata, get_metadata, plan_metadata
from ui.api.openapi import answer_openapi
from ui.api.pools import claim, let_go
from ui.api.pressing import list_actions, press_button, press_many
from ui.api.query import query_figures
from ui.api.record_log import compare, get_history, get_runs, get_stages, revert_changes
from ui.api.reports import register_reports
from ui.api.revealing import reveal_value
from ui.api.run_acts import register_run_acts
from ui.api.runs import list_runs, retry_run
from ui.api.search import find_records
from ui.api.sharing import list_shares, share, unshare
from ui.api.team_users import register_team_users
from ui.api.timelines import get_timeline
from ui.api.upserts import put_record
from ui.api.webhook_calls import register_webhook_calls


def register(app: Flask) -> None:
    """Put the API into the application."""
    api = Blueprint("api", __name__, url_prefix=records.PREFIX)
    many, one = "/records/<object_name>", "/records/<object_name>/<record_id>"
    api.get("/objects")(objects.list_objects)
    api.get("/objects/<object_name>")(objects.get_object)
    api.get(many)(records.list_records)
    api.post(many)(records.create_record)
    api.post(f"{many}/bulk")(bulk)
    api.put(f"{many}/by/<field_name>/<path:value>")(put_record)
    api.post(f"{many}/actions/<button_name>")(press_many)
    api.get(one)(records.get_record)
    api.patch(one)(records.update_record)
    api.delete(one)(records.delete_record)
    api.post(f"{one}/restore")(records.restore_record)
    _register_acts(api, one)
    api.get(f"{one}/history")(get_history)
    api.get(f"{one}/compare")(compare)
    api.post(f"{one}/revert")(revert_changes)
    api.get(f"{one}/stages")(get_stages)
    api.get(f"{one}/runs")(get_runs)
    api.get(f"{one}/timeline")(get_timeline)
    api.get(f"{one}/coming")(list_coming)
    api.post(f"{one}/stop")(stop_coming)
    register_exports(api)
    register_imports(api)
    register_audit(api)
    register_access(api)
    register_team_users(api)
    api.post("/files/<object_name>/<field_name>")(upload_file)
    api.get("/files/<file_id>")(download_file)
    api.get("/files/<file_id>/preview/<size>")(download_preview)
    api.post("/query")(query_figures)
    register_reports(api)
    api.get("/changes")(list_changes)
    api.get("/search")(find_records)
    register_mcp(app, api)
    _register_configuration(api)
    _register_approvals(api, one)
    api.post("/forms/<form_name>")(submit_form)
    api.post("/hooks/<webhook_name>")(receive)
    api.post("/events")(take_events)
    api.get("/runs")(list_runs)
    register_insight(api, one)
    register_run_acts(api)
    register_webhook_calls(api)
    register_connectors(api)
    api.post("/runs/<run_id>/retry")(retry_run)
    api.add_url_rule("/openapi.json", "openapi", answer_openapi)
    app.register_blueprint(api)


def _register_configuration(api: Blueprint) -> None:
    """Put in the configuration, and the views that people save beside it."""
    api.get("/metadata")(get_metadata)
    api.post("/metadata/plan")(plan_metadata)
    api.post("/metadata/apply")(apply_metadata)
    api.get("/views/<object_name>")(saved_views.list_views)
    api.post("/views/<object_name>")(saved_views.create_view)
    api.get("/views/<object_name>/<view_id>")(saved_views.get_view)
    api.put("/views/<object_name>/<view_id>")(saved_views.change_view)
    api.delete("/views/<object_name>/<view_id>")(saved_views.delete_view)


def _register_acts(api: Blueprint, one: str) -> None:
    """Put in what can be done with a record beyond saving it."""
    api.post(f"{one}/convert")(convert)
    api.post(f"{one}/merge")(merge)
    api.post(f"{one}/unmerge")(unmerge)
    api.get(f"{one}/actions")(list_actions)
    api.post(f"{one}/actions/<button_name>")(press_button)
    api.post(f"{one}/documents/<template_name>")(make_document)
    api.get(f"{one}/share")(list_shares)
    api.post(f"{one}/share")(share)
    api.delete(f"{one}/share")(unshare)
    api.post(f"{one}/follow")(follow)
    api.post(f"{one}/reveal")(reveal_value)
    api.post(f"{one}/unfollow")(unfollow)
    api.post(f"{one}/claim")(claim)
    api.post(f"{one}/release")(let_go)
    api.get(f"{one}/conversion")(get_conversion)


def _register_approvals(api: Blueprint, one: str) -> None:
    """Put in approvals: those of a record, and all that wait."""
    api.get(f"{one}/approval")(get_approval)
    api.post(f"{one}/approval")(post_approval)
    api.get("/approvals")(list_approvals)
    api.post("/approvals")(decide_many)
    api.get("/approvals/report")(get_report)
    api.get("/approvals/<request_id>")(get_request)
    api.post("/approvals/<request_id>")(act_on_request)
