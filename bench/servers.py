"""Serves one of the two measured programs in a process of its own: `python -m bench.servers product|handwritten …`.

Both run on the same server (waitress) with the same number of threads. The product runs without a worker inside, so
that what is measured is the request; runs wait in their queue.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import waitress
from flask import Flask

from bench.people import Caller
from engine.platform import Platform

THREADS = 8


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=("product", "handwritten"))
    parser.add_argument("--db", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--caller", required=True)
    given = parser.parse_args()
    app = _product(given.db, given.folder) if given.program == "product" else _handwritten(given.db, given.caller)
    gc.collect()
    gc.freeze()
    waitress.serve(app, host="127.0.0.1", port=given.port, threads=THREADS, ident=None, _quiet=True)


@contextmanager
def served(program: str, database_url: str, port: int, folder: Path, caller: Caller) -> Iterator[int]:
    """Run a program for the length of the block; gives its process id."""
    words = json.dumps({name: getattr(caller, name) for name in ("user_id", "team_id", "token", "cookie")})
    command = [sys.executable, "-m", "bench.servers", program, "--db", database_url, "--port", str(port)]
    process = subprocess.Popen([*command, "--folder", str(folder), "--caller", words])
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it answered")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/static/none", timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not answer within 60 s")


def _product(database_url: str, folder: Path) -> Flask:
    from bench.filling import measured_settings
    from ui.app import create_app
    from ui.cli.opening import web_settings

    platform = Platform.open(measured_settings(database_url, folder))
    platform.start()
    return create_app(platform, web_settings(platform.settings))


def _handwritten(database_url: str, caller: str) -> Flask:
    from bench.handwritten.app import create_app

    return create_app(database_url, Caller(**json.loads(caller)))


if __name__ == "__main__":
    main()
