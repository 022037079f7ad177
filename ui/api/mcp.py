"""POST /mcp: the Model Context Protocol for AI agents, as its streamable HTTP without sessions has it.

Each message is answered by itself with JSON, so that it works under any WSGI server. A tool is a call of the API, made
through the application as if the caller had made it: same log-in, rights, limits of the token, refusals and log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import orjson
from flask import Response, current_app, request

from ui.api.agent_tools import ApiCall, Tool, tools
from ui.api.body import JSON_TYPES, parse_object
from ui.api.parameters import read_parameters
from ui.context import release
from ui.errors import API_PREFIX, ApiProblem

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26")
"""The versions of the protocol that are spoken, the newest first."""
_PREFIX = f"{API_PREFIX}v1"
_OWN_HEADERS = frozenset(("HTTP_IF_MATCH", "HTTP_IDEMPOTENCY_KEY", "HTTP_ACCEPT", "HTTP_TRANSFER_ENCODING"))
_UNKNOWN_METHOD, _BAD_REQUEST, _BAD_PARAMS = -32601, -32600, -32602


class _Refused(Exception):
    """A message that cannot be answered: the code and sentence of the protocol's error."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


def answer_mcp() -> Response:
    """POST /mcp: one message of the protocol; 202 for one that expects no answer."""
    read_parameters(())
    if request.mimetype not in JSON_TYPES:
        raise ApiProblem(415, "content_type", "Send the message as application/json.")
    version = request.headers.get("MCP-Protocol-Version")
    if version is not None and version not in VERSIONS:
        raise ApiProblem(400, "protocol_version", f"Spoken are {', '.join(VERSIONS)}.")
    message = parse_object(request.get_data(cache=False))
    method, number = message.get("method"), message.get("id")
    if "id" not in message:
        return Response(status=202)
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": number if isinstance(number, str | int) else None}
    try:
        answer["result"] = _result(message, method)
    except _Refused as refused:
        answer["error"] = {"code": refused.code, "message": str(refused)}
    return Response(_to_json(answer), content_type="application/json")


def _result(message: Mapping[str, Any], method: object) -> Mapping[str, Any]:
    params = message.get("params", {})
    if message.get("jsonrpc") != "2.0" or not isinstance(method, str) or not isinstance(params, dict):
        raise _Refused(_BAD_REQUEST, "This is no request of JSON-RPC 2.0.")
    answer = _METHODS.get(method)
    if answer is None:
        raise _Refused(_UNKNOWN_METHOD, f"There is no method '{method[:60]}'.")
    return answer(params)


def _initialize(params: Mapping[str, Any]) -> Mapping[str, Any]:
    asked, main = params.get("protocolVersion"), release().metamodel.main
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": f"fieldstone {main.name}", "version": f"{main.version}+{release().number}"},
        "instructions": "Records, reports and buttons of a CRM, as the rights of the token's user allow. "
        "Money is an object of amount and currency, dates are ISO 8601, lookups an object with the id of a record.",
    }


def _ping(_params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


def _list_tools(_params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "tools": [
            {
                "name": each.name,
                "description": each.summary,
                "inputSchema": each.input_schema,
                "annotations": {"readOnlyHint": each.reads_only, "destructiveHint": each.name.startswith("delete_")},
            }
            for each in tools()
        ]
    }


def _call_tool(params: Mapping[str, Any]) -> Mapping[str, Any]:
    name, given = params.get("name"), params.get("arguments") or {}
    tool = next((each for each in tools() if each.name == name), None)
    if tool is None:
        raise _Refused(_BAD_PARAMS, f"Unknown tool: {str(name)[:80]}")
    _check(tool, given)
    status, body = _through_the_api(tool.call(given))
    answer: dict[str, Any] = {
        "content": [{"type": "text", "text": body.decode() or f"{status}"}],
        "isError": status >= 400,
    }
    if body:
        answer["structuredContent"] = orjson.Fragment(body)
    return answer


def _check(tool: Tool, given: object) -> None:
    """Refuse arguments that the call of the API could not be made of; it judges the values itself."""
    if not isinstance(given, dict):
        raise _Refused(_BAD_PARAMS, "`arguments` is an object.")
    unknown, missing = sorted(given.keys() - tool.given.keys()), sorted(set(tool.required) - given.keys())
    if unknown or missing:
        told = [f"unknown: {', '.join(unknown)[:200]}"] * bool(unknown) + [f"missing: {', '.join(missing)}"] * bool(
            missing
        )
        raise _Refused(_BAD_PARAMS, f"Arguments of {tool.name}: {'; '.join(told)}.")
    for name in given.keys() & {"values", "input"}:
        if not isinstance(given[name], dict):
            raise _Refused(_BAD_PARAMS, f"`{name}` is an object.")
    for name, value in given.items():
        if name not in ("values", "input", "confirm") and not isinstance(value, str | int):
            raise _Refused(_BAD_PARAMS, f"`{name}` is a text or a number.")


def _through_the_api(call: ApiCall) -> tuple[int, bytes]:
    """Make a call of the API as the one who asked."""
    path, _, query = call.path.partition("?")
    body = _to_json(call.body) if call.body is not None else b""
    kept = ("HTTP_", "REMOTE_", "SERVER_", "wsgi.")
    environ = {
        name: value for name, value in request.environ.items() if name.startswith(kept) and name not in _OWN_HEADERS
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}
    environ |= {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": request.environ.get("SCRIPT_NAME", ""),
        "PATH_INFO": f"{_PREFIX}{_unquoted(path)}",
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_ACCEPT": "application/json",
        "wsgi.input": BytesIO(body),
    }
    with current_app.app_context():
        answer = Response.from_app(current_app.wsgi_app, environ, buffered=True)
    return answer.status_code, answer.get_data()


def _unquoted(path: str) -> str:
    return unquote(path).encode().decode("latin-1")


def _to_json(value: object) -> bytes:
    return orjson.dumps(value, default=_number)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)


_METHODS: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "initialize": _initialize,
    "ping": _ping,
    "tools/list": _list_tools,
    "tools/call": _call_tool,
}
