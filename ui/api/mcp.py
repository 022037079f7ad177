"""POST /mcp: the Model Context Protocol for AI agents, as its streamable HTTP without sessions has it.

The protocol is that of the official SDK (ui/api/mcp_protocol.py); here are the transport, by any WSGI server, and the
tools. A tool is a call of the API, made through the application as if the caller had made it: same log-in, rights,
limits of the token, refusals and log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Flask, Response, request

from ui.api.agent_offer import Called, CallRefused, Offer, ToolTold
from ui.api.agent_tools import ApiCall, Tool, tools
from ui.api.body import parse_object
from ui.api.inner_calls import InnerCall, call_api
from ui.api.parameters import read_parameters
from ui.context import release
from ui.errors import API_PREFIX, ApiProblem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SHORT_PATH = "/mcp"
SDK = ("mcp", "mcp_types")
"""The packages of the extra `mcp`, which an installation without agents does without."""
_PREFIX = f"{API_PREFIX}v1"
_TYPE = "application/json"
_READ_BY_PROTOCOL = ("accept", "mcp-")
_WITH_TOOLS = frozenset(("tools/list", "tools/call"))
_INSTRUCTIONS = (
    "Records, reports and buttons of a CRM, as the rights of the token's user allow. "
    "Money is an object of amount and currency, dates are ISO 8601, lookups an object with the id of a record."
)
_MISSING = "The server has no SDK of the Model Context Protocol; its operator runs `pip install 'fieldstone[mcp]'`."


def answer_mcp() -> Response:
    """POST /mcp: one message of the protocol; 202 for one that expects no answer."""
    read_parameters(())
    if request.mimetype != _TYPE:
        raise ApiProblem(415, "content_type", f"Send the message as {_TYPE}.")
    raw = request.get_data(cache=False)
    message = parse_object(raw)
    try:
        from ui.api import mcp_protocol as protocol
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in SDK:
            raise
        raise ApiProblem(501, "mcp_not_installed", _MISSING) from missing
    headers = {name: value for name, value in request.headers.items() if name.lower().startswith(_READ_BY_PROTOCOL)}
    answered = protocol.answer(raw, {"Accept": _TYPE, **headers, "Content-Type": _TYPE}, _offer(message))
    return Response(answered.body, status=answered.status, content_type=answered.content_type or _TYPE)


def register_mcp(app: Flask, api: Blueprint) -> None:
    """Put in /mcp, and the same under /api/v1, where bearer tokens count and refusals are told to programs."""
    api.post(SHORT_PATH)(answer_mcp)
    application = app.wsgi_app

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == SHORT_PATH:
            environ = {**environ, "PATH_INFO": f"{_PREFIX}{SHORT_PATH}"}
        return application(environ, start_response)

    app.wsgi_app = answer  # type: ignore[method-assign]


def _offer(message: Mapping[str, Any]) -> Offer:
    known = tools() if message.get("method") in _WITH_TOOLS else ()
    by_name, main = {each.name: each for each in known}, release().metamodel.main

    def call(name: str) -> Called:
        tool = by_name.get(name)
        if tool is None:
            raise CallRefused(f"Unknown tool: {name[:80]}")
        # As they were sent: the protocol's own reading makes floats of decimals.
        given = message["params"].get("arguments") or {}
        if fault := _fault(tool, given):
            raise CallRefused(fault)
        return _through_the_api(tool.call(given))

    return Offer(
        name=f"fieldstone {main.name}",
        version=f"{main.version}+{release().number}",
        instructions=_INSTRUCTIONS,
        tools=lambda: [_told(each) for each in known],
        call=call,
    )


def _told(tool: Tool) -> ToolTold:
    return ToolTold(
        name=tool.name,
        summary=tool.summary,
        input_schema=orjson.loads(_to_json(tool.input_schema)),
        reads_only=tool.reads_only,
        deletes=tool.name.startswith("delete_"),
    )


def _fault(tool: Tool, given: Mapping[str, Any]) -> str:
    """Say what of the arguments the call of the API could not be made of, or nothing; it judges the values itself."""
    unknown, missing = sorted(given.keys() - tool.given.keys()), sorted(set(tool.required) - given.keys())
    if unknown or missing:
        told = [f"unknown: {', '.join(unknown)[:200]}"] * bool(unknown) + [f"missing: {', '.join(missing)}"] * bool(
            missing
        )
        return f"Arguments of {tool.name}: {'; '.join(told)}."
    for name in given.keys() & {"values", "input"}:
        if not isinstance(given[name], dict):
            return f"`{name}` is an object."
    for name, value in given.items():
        if name not in ("values", "input", "confirm") and not isinstance(value, str | int):
            return f"`{name}` is a text or a number."
    return ""


def _through_the_api(call: ApiCall) -> Called:
    body = _to_json(call.body) if call.body is not None else None
    answer = call_api(InnerCall(method=call.method, path=call.path, headers=call.headers, body=body))
    return Called(status=answer.status, body=answer.body)


def _to_json(value: object) -> bytes:
    return orjson.dumps(value, default=_number)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)
