"""Runs the web server of one process, with automation's worker on threads beside it, until it is told to stop.

Waitress in our own process: pure Python, so that one command is enough on any machine. Production may put `create_app`
under another server; the worker is then a process of its own.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

import click
from flask import Flask
from waitress.server import create_server

from engine.platform import Platform
from engine.process_memory import limit_memory
from engine.releases.collector import freeze_what_stays

LOG = logging.getLogger("fieldstone.web")
THREADS = 8
MAX_HEADER_BYTES = 64 * 1024


def serve_until_stopped(
    platform: Platform,
    app: Flask,
    *,
    host: str,
    port: int,
    started: Callable[[str], None],
    with_worker: bool = True,
    concurrency: int | None = None,
) -> None:
    """Answer requests until SIGINT or SIGTERM; what is under way is finished first.

    started: is called with the address once the port is taken.
    """
    server = create_server(
        app,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        max_request_body_size=app.config["MAX_UPLOAD_LENGTH"],
        max_request_header_size=MAX_HEADER_BYTES,
        clear_untrusted_proxy_headers=True,
    )
    worker = platform.automation.worker(concurrency=concurrency) if with_worker else None
    if worker is not None:
        limit_memory(platform.settings.worker_memory_mb)
        worker.start()
    _stop_on_signals()
    # What was made while starting lives as long as the process: the collector need not look at it again.
    freeze_what_stays()
    started(f"http://{_shown(host)}:{server.effective_port}")
    try:
        server.run()
    finally:
        server.close()
        if worker is not None:
            worker.stop()


def run_worker_until_stopped(platform: Platform, *, concurrency: int | None) -> None:
    """Run automation until SIGINT or SIGTERM."""
    stopped = threading.Event()
    limit_memory(platform.settings.worker_memory_mb)
    worker = platform.automation.worker(concurrency=concurrency)
    worker.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    click.echo("worker started")
    try:
        while not stopped.wait(0.5):
            pass
    finally:
        worker.stop()


def _stop_on_signals() -> None:
    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
