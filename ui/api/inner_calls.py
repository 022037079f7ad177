"""Calls of the API that the application makes itself, as the one who asked: agents' tools, the page to try a call.

A call goes through the whole application: same log-in, rights, limits of the token, refusals and log as if it had come
from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import unquote

from flask import Response, current_app, request
from werkzeug.wrappers import Response as BaseResponse

from ui.errors import API_PREFIX

JSON = "application/json"
_PREFIX = f"{API_PREFIX}v1"
_KEPT = ("HTTP_", "REMOTE_", "SERVER_", "wsgi.")
# These belong to the request that asks, not to the call.
_OWN = ("HTTP_IF_", "HTTP_HX_", "HTTP_ACCEPT", "HTTP_IDEMPOTENCY_KEY", "HTTP_TRANSFER_ENCODING", "HTTP_RANGE")
_KEPT_ALL_THE_SAME = "HTTP_ACCEPT_LANGUAGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerCall:
    """A call. path: behind `/api/v1`, with its parameters, quoted as in an address; body: None where it takes none."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerAnswer:
    """What came back. is_cut: the body went on."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


def call_api(call: InnerCall, *, most: int | None = None) -> InnerAnswer:
    """Make a call as the one who asked. most: bytes of the body that are read."""
    with current_app.app_context():
        answer = Response.from_app(current_app.wsgi_app, _environ(call), buffered=most is None)
        try:
            body, is_cut = (answer.get_data(), False) if most is None else _first(answer, most)
        finally:
            answer.close()
    return InnerAnswer(status=answer.status_code, headers=dict(answer.headers), body=body, is_cut=is_cut)


def _first(answer: BaseResponse, most: int) -> tuple[bytes, bool]:
    parts, size = [], 0
    for part in answer.iter_encoded():
        parts.append(part)
        size += len(part)
        if size > most:
            break
    return b"".join(parts)[:most], size > most


def _environ(call: InnerCall) -> dict[str, object]:
    path, _, query = call.path.partition("?")
    body = call.body or b""
    environ: dict[str, object] = {
        name: value
        for name, value in request.environ.items()
        if name.startswith(_KEPT) and (not name.startswith(_OWN) or name == _KEPT_ALL_THE_SAME)
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": _as_sent(value) for name, value in call.headers.items()}
    return environ | {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": request.environ.get("SCRIPT_NAME", ""),
        "PATH_INFO": f"{_PREFIX}{_as_sent(unquote(path))}",
        "QUERY_STRING": query,
        "CONTENT_TYPE": call.content_type if call.body is not None else "",
        "CONTENT_LENGTH": str(len(body)) if call.body is not None else "",
        "HTTP_ACCEPT": JSON,
        "wsgi.input": BytesIO(body),
    }


def _as_sent(text: str) -> str:
    """Write a text as the bytes that come over the line, which WSGI reads as Latin-1."""
    return text.encode("utf-8", "replace").decode("latin-1")
