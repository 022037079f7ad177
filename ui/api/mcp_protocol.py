"""The Model Context Protocol by its official SDK: one message in, one answer of JSON out, no session and no stream.

Versions, kinds of messages, their schemas and errors are the SDK's; it asks here for the tools and what they give. Its
loop lives for one message in the thread of the request, and stands still while a tool is at work, so that a tool finds
what any other request finds. Imported with the first message, since most installations get none.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.events import _get_running_loop, _set_running_loop
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from ui.api.agent_offer import Called, CallRefused, Offer, ToolTold

_Done = TypeVar("_Done")
_PATH = "/mcp"

# It tells of each message that a server was started and stopped.
logging.getLogger("mcp.server").setLevel(logging.WARNING)


@dataclass(slots=True)
class Answered:
    """The answer to a message as HTTP has it."""

    status: int = 500
    content_type: str = ""
    body: bytes = b""

    async def take(self, part: Mapping[str, Any]) -> None:
        """Take the next part that the SDK sends."""
        if part["type"] == "http.response.start":
            self.status = int(part["status"])
            named = dict(part["headers"])
            self.content_type = named.get(b"content-type", b"").decode("latin-1")
        else:
            self.body += part.get("body", b"")


def answer(message: bytes, headers: Mapping[str, str], offer: Offer) -> Answered:
    """Answer one message. headers: those of the request that the protocol reads."""
    given, steps = Answered(), _Steps()
    sent = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": _PATH, "query_string": b"", "headers": sent}
    waiting = [{"type": "http.request", "body": message, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def serve() -> None:
        manager = StreamableHTTPSessionManager(_server(offer, steps), json_response=True, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, given.take)

    steps.run(serve())
    return given


@dataclass(slots=True)
class _Steps:
    """Runs a coroutine, and what it asks for outside of the loop."""

    asked: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = field(default_factory=list)

    async def outside(self, work: Callable[[], _Done]) -> _Done:
        """Stop the loop, and go on with what the work gave."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Done] = loop.create_future()
        self.asked.append((work, done))
        loop.stop()
        return await done

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run to the end. Raises: what the coroutine or the work raises."""
        # A loop that the server runs in this thread itself waits for the request anyway.
        servers = _get_running_loop()
        _set_running_loop(None)
        try:
            self._run(coroutine)
        finally:
            _set_running_loop(servers)

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            loop = runner.get_loop()
            task = loop.create_task(coroutine)
            task.add_done_callback(lambda _task: loop.stop())
            while not task.done():
                loop.run_forever()
                while self.asked:
                    work, done = self.asked.pop()
                    found = work()
                    if not done.cancelled():
                        done.set_result(found)
            task.result()


def _server(offer: Offer, steps: _Steps) -> Server[Any]:
    async def list_tools(_context: ServerRequestContext[Any], _given: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(each) for each in offer.tools()])

    async def call_tool(_context: ServerRequestContext[Any], given: CallToolRequestParams) -> CallToolResult:
        called = await steps.outside(lambda: _tried(offer, given.name))
        if isinstance(called, CallRefused):
            raise MCPError(INVALID_PARAMS, str(called))
        return CallToolResult(
            content=[TextContent(text=called.body.decode() or str(called.status))],
            structured_content=orjson.loads(called.body) if called.body else None,
            is_error=called.status >= 400,
        )

    def no_schema(_name: str) -> None:
        """Spare the SDK the list of tools at each call: none of them has arguments that are sent as headers."""

    return Server(
        offer.name, version=offer.version, instructions=offer.instructions,
        get_tool_input_schema=no_schema, on_list_tools=list_tools, on_call_tool=call_tool,
    )  # fmt: skip


def _tool(told: ToolTold) -> Tool:
    hints = ToolAnnotations(read_only_hint=told.reads_only, destructive_hint=told.deletes)
    return Tool(name=told.name, description=told.summary, input_schema=dict(told.input_schema), annotations=hints)


def _tried(offer: Offer, name: str) -> Called | CallRefused:
    try:
        return offer.call(name)
    except CallRefused as refused:
        return refused
