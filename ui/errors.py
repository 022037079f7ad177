"""The one place that turns failures into status codes: a table of exception classes, problem documents and error pages.

Programs get RFC 9457 problem documents (the API, and whoever asks for JSON), people a page or, under htmx, its text.
Details of an unexpected failure stand in the log under the request id, never in the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import orjson
from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateNotFound
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from engine.access.requests.service import NoSuchAccessRequest
from engine.approvals.refusals import RequestNotFound
from engine.audit.entries import EntryNotFound
from engine.automation.calls.buttons import NoSuchButton
from engine.automation.calls.webhooks import (
    NoSuchWebhook,
)
from engine.automation.run_log import RunNotFound
from engine.errors import (
    ConfirmationNeeded,
    EngineError,
    FieldError,
    QueryProblem,
    RecordNotFound,
    ReleaseRefused,
    StaleVersion,
    UnknownObject,
    ValidationFailed,
)
from engine.releases.plans import problem_json
from engine.releases.release import NoRelease
from ui.asking import ask_url, note_denied
from ui.context import request_id
from ui.refused import note_refusal
from ui.status_table import status_of
from ui.telling import tell, tell_problem
from workflow_dsl.evaluation_errors import EvaluationError

LOG = logging.getLogger("fieldstone.web")
API_PREFIX = "/api/"

_MOST_TOLD = 100
"""Findings of one answer that are looked up; a call of many rows may have thousands."""
_HTTP_CODES = {400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 409: "conflict"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorView:
    """What an error answer says; the context `error` of templates/pages/error.html.

    code: stable, for programs. errors: by field. headers: further headers of the answer. extra: further members of
    the problem document (the current version of a stale record).
    """

    status: int
    code: str
    title: str
    detail: str
    request_id: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)


class ApiProblem(Exception):
    """A refusal that the web part itself makes: a malformed body, an unknown parameter, a missing If-Match."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(detail)


def install_errors(app: Flask) -> None:
    """Answer every failure by the table, and an unexpected one with 500 and a log entry."""
    app.register_error_handler(EngineError, _respond_expected)
    app.register_error_handler(EvaluationError, _respond_expected)
    app.register_error_handler(ApiProblem, _respond_expected)
    app.register_error_handler(HTTPException, _respond_http)
    app.register_error_handler(Exception, _respond_unexpected)


def _respond_expected(error: Exception) -> Response:
    view = describe(error)
    note_denied(error)
    note_refusal(error, view.status, view.code)
    return respond(view)


def describe(error: Exception) -> ErrorView:
    """Say what an expected failure means for the one who asked."""
    if isinstance(error, EvaluationError):
        # In a filter the question is at fault, in a save the values are.
        status = 400 if request.method in ("GET", "HEAD") else 422
        return _view(status, "not_computable", f"This cannot be computed: {error}.")
    if isinstance(error, ApiProblem):
        errors = tuple(replace(each, message=tell(each.message)) for each in error.errors)
        return _view(error.status, error.code, error.detail, errors=errors, headers=error.headers)
    if isinstance(error, EngineError):
        status, code = status_of(error)
        return _view(
            status, code, _detail(error), errors=field_errors(error), headers=_headers(error), extra=_extra(error)
        )
    raise TypeError(f"{type(error).__name__} is not an expected failure") from error


def field_errors(error: EngineError) -> tuple[FieldError, ...]:
    """Give the findings of a failure by field, in the form of the problem document."""
    if isinstance(error, ValidationFailed):
        return tuple(_told(each) if at < _MOST_TOLD else each for at, each in enumerate(error.errors))
    if isinstance(error, ConfirmationNeeded):
        return error.warnings
    if isinstance(error, QueryProblem | ReleaseRefused):
        return tuple(FieldError(code=p.code, message=tell_problem(p), field=p.at.file) for p in error.problems)
    return ()


def _told(error: FieldError) -> FieldError:
    # Saves speak the person's language; what desks refuse is said here, in English so far.
    return replace(error, message=tell(error.message)) if error.message.isascii() else error


def respond(view: ErrorView) -> Response:
    """Make the answer: a problem document for programs, a page for people; the log has it under the request's id."""
    found = ", ".join(f"{each.field or '-'} {each.code}" for each in view.errors)
    told = (request.method, request.path, view.status, view.code, view.request_id, view.detail, found)
    LOG.info("request %s %r was answered with %s %s, id %s: %s %s", *told)
    body, kind = (_problem_document(view), "application/problem+json") if wants_json() else (_page(view), "text/html")
    response = Response(body, status=view.status, content_type=kind if wants_json() else f"{kind}; charset=utf-8")
    response.headers.update(view.headers)
    if view.status in (401, 403, 404, 409, 412, 422):
        response.headers["Cache-Control"] = "no-store"
    return response


def wants_json() -> bool:
    """Say whether the one who asked is a program: by the address, else by what it accepts."""
    if request.path.startswith(API_PREFIX):
        return True
    best = request.accept_mimetypes.best_match(("text/html", "application/json"), default="text/html")
    return best == "application/json"


def _problem_document(view: ErrorView) -> bytes:
    document: dict[str, object] = {
        "type": f"urn:fieldstone:error:{view.code}",
        "title": view.title,
        "status": view.status,
        "detail": view.detail,
        "code": view.code,
        "request_id": view.request_id,
        "errors": [{"field": e.field, "code": e.code, "message": e.message} for e in view.errors],
        **view.extra,
    }
    return orjson.dumps(document, default=str)


def _page(view: ErrorView) -> str:
    try:
        return render_template("pages/error.html", error=view, ask_url=ask_url(view.status))
    except TemplateNotFound:
        return _plain_page(view)
    except Exception:  # the page that reports failures must not fail itself
        LOG.exception("the error page failed, request %s", view.request_id)
        return _plain_page(view)


def _plain_page(view: ErrorView) -> str:
    title, detail = escape(view.title), escape(view.detail)
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{detail}</p><p>{escape(view.request_id)}</p>"


def _respond_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect of the router
    headers = {name: value for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")}
    if isinstance(error, CSRFError):
        detail = "The form was open too long or came from another site; reload the page and try again."
        note_refusal(error, 403, "csrf_failed")
        return respond(_view(403, "csrf_failed", detail))
    code = _HTTP_CODES.get(status) or HTTPStatus(status).name.lower()
    return respond(_view(status, code, error.description or HTTPStatus(status).description, headers=headers))


def _respond_unexpected(error: Exception) -> Response:
    LOG.error("request %s %s failed, id %s", request.method, request.path, request_id(), exc_info=error)
    detail = "Something went wrong on our side; the log names the cause under the request id."
    return respond(_view(500, "internal_error", detail))


def _view(
    status: int,
    code: str,
    detail: str,
    *,
    errors: tuple[FieldError, ...] = (),
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, object] | None = None,
) -> ErrorView:
    return ErrorView(
        status=status,
        code=code,
        title=HTTPStatus(status).phrase,
        detail=tell(detail),
        request_id=request_id(),
        errors=errors,
        headers=headers or {},
        extra=extra or {},
    )


def _detail(error: EngineError) -> str:
    match error:
        case (
            RecordNotFound()
            | UnknownObject()
            | RunNotFound()
            | RequestNotFound()
            | NoSuchButton()
            | NoSuchWebhook()
            | EntryNotFound()
            | NoSuchAccessRequest()
        ):
            # Absent and unreadable look the same, so nothing of the request is repeated either.
            return "There is nothing here that you may see."
        case ValidationFailed():
            return "The values do not make a valid record; nothing was saved."
        case ConfirmationNeeded():
            return "Warnings stand against the save; send their codes in `confirm` to save all the same."
        case QueryProblem():
            return "; ".join(tell_problem(problem) for problem in error.problems)
        case _:
            return str(error)


def _headers(error: EngineError) -> dict[str, str]:
    if (after := getattr(error, "retry_after_s", None)) is not None:
        return {"Retry-After": str(after)}
    if isinstance(error, NoRelease):
        return {"Retry-After": "5"}
    if isinstance(error, StaleVersion):
        return {"ETag": f'"{error.current}"'}
    return {}


def _extra(error: EngineError) -> dict[str, object]:
    if isinstance(error, ReleaseRefused):
        return {"problems": [problem_json(problem) for problem in error.problems]}
    return {"version": error.current} if isinstance(error, StaleVersion) else {}
