"""A mail server for tests: takes what is sent over SMTP and hands it to a handler of aiosmtpd.

The socket is bound once and never let go, so no other process can take the port in between.
"""

from __future__ import annotations

import socket
from asyncio import AbstractServer
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller

# How long a busy machine may take to start a thread that answers.
_READY_S = 60


class _BoundController(Controller):
    """Serve on a socket that listens already."""

    def __init__(self, handler: object, listener: socket.socket) -> None:
        host, port = listener.getsockname()
        super().__init__(handler, hostname=host, port=port, ready_timeout=_READY_S)
        self._listener = listener

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)


@contextmanager
def mail_server(handler: object) -> Iterator[int]:
    """Serve a handler on this machine until the block ends, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        controller = _BoundController(handler, listener)
        controller.start()
        try:
            yield controller.port
        finally:
            controller.stop()
