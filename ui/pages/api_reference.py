"""The API explained and tried: the calls that the person may make, each with a form that makes it.

What is shown is the document that programs get, for this person. A call is made by the application as the person
(ui/api/inner_calls.py), so nothing is possible here that is not by the API, and each try is logged as any call.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote, urlencode

import orjson
from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.test import EnvironBuilder

from ui.api.inner_calls import InnerAnswer, InnerCall, call_api
from ui.api.openapi import own_document
from ui.csrf import FIELD
from ui.errors import API_PREFIX
from ui.page_parts import Crumb
from ui.pages.api_calls import FORM, JSON, ApiInput, CallDetail, CallTold, find_call, told_calls

blueprint = Blueprint("api_reference", __name__)
ADDRESS = "/api-reference"
BASE = f"{API_PREFIX}v1"
_BODY = "fs-body"
_MOST_SHOWN = 100_000
_SHOWN = ("ETag", "Location", "Link", "Retry-After", "X-Total-Count", "Idempotent-Replayed", "X-Request-Id")
_COLORS: Mapping[str, str] = MappingProxyType(
    {"GET": "blue", "POST": "green", "PUT": "amber", "PATCH": "amber", "DELETE": "red"}
)
_TEXTS = ("text/", "application/json", "application/problem+json", "application/jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGroup:
    """Calls of one object, or about one matter."""

    name: str
    id: str
    calls: tuple[CallTold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsPage:
    """The context `page` of templates/pages/api_calls.html."""

    crumbs: tuple[Crumb, ...]
    groups: tuple[CallGroup, ...]
    search: str
    base: str
    count: int
    colors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A call that was made, as a command and with what came back. body: None where it is no text; size: its bytes."""

    command: str
    status: int
    reason: str
    color: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    type: str
    size: int
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """The context `page` of templates/pages/api_call.html. typed: what stands in the controls; missing: names."""

    crumbs: tuple[Crumb, ...]
    call: CallDetail
    address: str
    color: str
    typed: Mapping[str, str]
    body: str
    missing: tuple[str, ...] = ()
    tried: Tried | None = None


@blueprint.get(ADDRESS)
def list_calls() -> ResponseReturnValue:
    """Show all calls, or those in which all words that were looked for stand."""
    search = request.args.get("q", "").strip()[:200]
    words = search.casefold().split()
    groups: dict[str, list[CallTold]] = {}
    for each in told_calls(orjson.loads(own_document())):
        text = f"{each.method} {each.path} {each.summary} {each.group} {each.name}".casefold()
        if all(word in text for word in words):
            groups.setdefault(each.group, []).append(each)
    page = CallsPage(
        crumbs=(Crumb(label=_("Calls of the API")),),
        groups=tuple(
            CallGroup(name=name, id=f"api-{index}", calls=tuple(calls))
            for index, (name, calls) in enumerate(groups.items())
        ),
        search=search,
        base=request.host_url.rstrip("/") + BASE,
        count=sum(len(calls) for calls in groups.values()),
        colors=_COLORS,
    )
    return render_template("pages/api_calls.html", page=page)


@blueprint.get(f"{ADDRESS}/<call_name>")
def show_call(call_name: str) -> ResponseReturnValue:
    """Show a call with its form."""
    found = _find(call_name)
    return _render(found, {}, found.example if found.body_required else "")


@blueprint.post(f"{ADDRESS}/<call_name>")
def try_call(call_name: str) -> ResponseReturnValue:
    """Make the call as the person, and show what came back."""
    found = _find(call_name)
    typed = {each.control: request.form.get(each.control, "") for each in found.inputs if not each.is_file}
    body = request.form.get(_BODY, "")
    missing = tuple(each.name for each in found.inputs if each.required and not _is_given(each, typed))
    if missing:
        return _render(found, typed, body, missing=missing)
    call = _call(found, typed, body)
    token = request.form.get(FIELD) or request.headers.get("X-CSRFToken", "")
    made = InnerCall(
        method=call.method, path=call.path, body=call.body, content_type=call.content_type,
        headers={**call.headers, "X-CSRFToken": token},
    )  # fmt: skip
    return _render(found, typed, body, tried=_tried(found, call, call_api(made, most=_MOST_SHOWN)))


def _find(name: str) -> CallDetail:
    found = find_call(orjson.loads(own_document()), name)
    if found is None:
        abort(404)
    return found


def _render(
    found: CallDetail, typed: Mapping[str, str], body: str, *, missing: tuple[str, ...] = (), tried: Tried | None = None
) -> str:
    page = CallPage(
        crumbs=(Crumb(label=_("Calls of the API"), href=ADDRESS), Crumb(label=found.told.group)),
        call=found, address=f"{ADDRESS}/{quote(found.told.name)}", color=_COLORS[found.told.method],
        typed=typed, body=body, missing=missing, tried=tried,
    )  # fmt: skip
    return render_template("pages/api_call.html", page=page)


def _is_given(each: ApiInput, typed: Mapping[str, str]) -> bool:
    return each.control in request.files if each.is_file else bool(typed[each.control])


def _call(found: CallDetail, typed: Mapping[str, str], body: str) -> InnerCall:
    """Make the call of what was typed; what was left empty is not sent."""
    of: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}, "form": {}}
    for each in found.inputs:
        if typed.get(each.control):
            of[each.place][each.name] = typed[each.control]
    path = found.told.path
    for name, value in of["path"].items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    files = [each for each in found.inputs if each.is_file]
    sent: bytes | None = body.encode() if body.strip() else None
    content_type = found.body_type or JSON
    if found.body_type == FORM:
        sent, content_type = _form(of["form"], files)
    elif files:
        file = request.files[files[0].control]
        sent = file.stream.read()
        if any(each.name == "name" for each in found.inputs):
            of["query"].setdefault("name", file.filename or "")
    headers = {name: "".join(value.splitlines()) for name, value in of["header"].items()}
    query = f"?{urlencode(of['query'])}" if of["query"] else ""
    method, takes_body = found.told.method, bool(found.body_type)
    return InnerCall(
        method=method, path=f"{path}{query}", headers=headers, body=sent if takes_body else None,
        content_type=content_type,
    )  # fmt: skip


def _form(texts: Mapping[str, str], files: list[ApiInput]) -> tuple[bytes, str]:
    parts: dict[str, object] = dict(texts)
    for each in files:
        file = request.files[each.control]
        parts[each.name] = (file.stream, file.filename or each.name, file.mimetype)
    environ = EnvironBuilder(method="POST", data=parts).get_environ()
    return environ["wsgi.input"].read(), environ["CONTENT_TYPE"]


def _tried(found: CallDetail, call: InnerCall, answer: InnerAnswer) -> Tried:
    kind = answer.headers.get("Content-Type", "")
    color = "green" if answer.status < 300 else "blue" if answer.status < 400 else "red"
    return Tried(
        command=_command(found, call),
        status=answer.status,
        reason=HTTPStatus(answer.status).phrase,
        color=color,
        headers=tuple((name, answer.headers[name]) for name in _SHOWN if name in answer.headers),
        body=_text(answer) if kind.startswith(_TEXTS) or not answer.body else None,
        type=kind,
        size=len(answer.body),
        is_cut=answer.is_cut,
    )


def _text(answer: InnerAnswer) -> str:
    text = answer.body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


def _command(found: CallDetail, call: InnerCall) -> str:
    """Write the call as a command of a shell; the token is the program's own."""
    parts = [f"curl -X {call.method} {shlex.quote(request.host_url.rstrip('/') + BASE + call.path)}"]
    parts.append('-H "Authorization: Bearer $TOKEN"')
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()]
    if call.body is not None and found.body_type == JSON:
        parts.append(f"-H 'Content-Type: {JSON}' --data {shlex.quote(call.body.decode())}")
    elif call.body is not None:
        parts.append("-F file=@FILE" if found.body_type == FORM else "--data-binary @FILE")
    return " \\\n  ".join(parts)
