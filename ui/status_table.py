"""Which status and stable code each failure of the engine has; how an answer is made of it is in `errors`."""

from __future__ import annotations

from engine.access.requests.service import NoSuchAccessRequest
from engine.accounts.errors import FactorRefused, LinkRefused, SignInRefused, TooManyAttempts
from engine.accounts.idempotency import KeyUsedOtherwise, RepeatedInFlight
from engine.accounts.rates import TooManyCalls
from engine.approvals.refusals import ApprovalRefused, RequestNotFound
from engine.audit.entries import EntryNotFound
from engine.automation.calls.buttons import ButtonClosed, NoSuchButton
from engine.automation.calls.webhooks import (
    NoSuchWebhook,
    WebhookNotReady,
    WebhookRefused,
    WebhookReplayed,
    WebhookTooLarge,
)
from engine.automation.coming import NothingComing
from engine.automation.document_desk import DocumentFailed, NoSuchDocument
from engine.automation.insight.service import RuleNotFound
from engine.automation.run_log import RunNotFound, RunNotOpen
from engine.automation.webhook_calls.desk import CallNotFound, CallUnderWay, WebhookNotOff
from engine.changes.feed import CursorGone
from engine.connectors.plan import NoSuchConnector
from engine.errors import (
    AccessDenied,
    AlreadyConverted,
    AutomationStopped,
    ConfirmationNeeded,
    DatabaseUnavailable,
    EngineError,
    NotConvertible,
    PoolRefused,
    QueryProblem,
    RecordInUse,
    RecordNotFound,
    ReleaseChanged,
    ReleaseRefused,
    SourceChanged,
    SourceReadOnly,
    SourceUnavailable,
    StaleVersion,
    TooManyAtOnce,
    UnknownObject,
    ValidationFailed,
)
from engine.exports.workbook import TooLargeForWorkbook
from engine.releases.release import NoRelease

# exception class → status and stable code; the first class that fits counts, so subclasses stand before their base.
STATUS_TABLE: tuple[tuple[type[EngineError], int, str], ...] = (
    (RecordNotFound, 404, "not_found"),
    (UnknownObject, 404, "not_found"),
    *((kind, 404, "not_found") for kind in (NoSuchButton, NoSuchWebhook, RunNotFound, RuleNotFound, RequestNotFound)),
    (NoSuchAccessRequest, 404, "not_found"),
    (EntryNotFound, 404, "not_found"),
    (CallNotFound, 404, "not_found"),
    (NothingComing, 404, "not_found"),
    (NoSuchConnector, 404, "not_found"),
    (CallUnderWay, 409, "call_under_way"),
    (WebhookNotOff, 409, "webhook_not_off"),
    (NoSuchDocument, 404, "not_found"),
    (DocumentFailed, 422, "document_failed"),
    (AccessDenied, 403, "access_denied"),
    (ValidationFailed, 422, "validation_failed"),
    (ConfirmationNeeded, 409, "confirmation_needed"),
    (StaleVersion, 412, "stale_version"),
    (RecordInUse, 409, "record_in_use"),
    (PoolRefused, 409, "pool_refused"),
    (ButtonClosed, 409, "button_closed"),
    (WebhookRefused, 401, "webhook_refused"),
    (WebhookTooLarge, 413, "too_large"),
    (WebhookReplayed, 409, "replayed"),
    (WebhookNotReady, 503, "webhook_not_ready"),
    (AlreadyConverted, 409, "already_converted"),
    (NotConvertible, 409, "not_convertible"),
    (QueryProblem, 400, "query_problem"),
    (CursorGone, 410, "cursor_gone"),
    (ReleaseChanged, 409, "release_changed"),
    (ReleaseRefused, 422, "release_refused"),
    (AutomationStopped, 409, "automation_stopped"),
    (DatabaseUnavailable, 503, "database_unavailable"),
    (SourceUnavailable, 503, "source_unavailable"),
    (SourceChanged, 502, "source_changed"),
    (SourceReadOnly, 403, "source_read_only"),
    (ApprovalRefused, 409, "approval_refused"),
    (RunNotOpen, 409, "run_not_retryable"),
    (NoRelease, 503, "no_release"),
    (SignInRefused, 401, "sign_in_refused"),
    (FactorRefused, 401, "factor_refused"),
    (LinkRefused, 404, "link_refused"),
    (TooManyAttempts, 429, "too_many_attempts"),
    (TooLargeForWorkbook, 422, "too_large_for_workbook"),
    (TooManyAtOnce, 429, "too_many_at_once"),
    (TooManyCalls, 429, "too_many_calls"),
    (RepeatedInFlight, 409, "repeated_in_flight"),
    (KeyUsedOtherwise, 422, "key_used_otherwise"),
    (EngineError, 409, "refused"),
)


def status_of(error: EngineError) -> tuple[int, str]:
    """Give the status and the stable code of an engine failure."""
    return next((status, code) for kind, status, code in STATUS_TABLE if isinstance(error, kind))
