"""Processes of `fieldstone` beside the server, and a client that notes what was answered.

`running_server` of server_process starts servers; here are workers, single commands, and HTTP calls that survive a
server's death: an answer with status 0 is a call that nobody answered.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from tests.support.served import PASSWORD, login_of

REPOSITORY = Path(__file__).resolve().parents[2]
_PROGRAM = (sys.executable, "-c", "from ui.cli import main; main()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered; status 0 where nobody did."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.text)


class Client:
    """Calls one server, as a user by token or with a session of its own."""

    def __init__(self, address: str, token: str = "", *, timeout_s: float = 60) -> None:
        self.address = address
        self._token = token
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({}), _NoRedirects
        )

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Call a path with a JSON body, where one is given. headers: name with `_` for `-` → text."""
        request = urllib.request.Request(self.address + path, method=method)  # noqa: S310
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        return self._send(request, headers)

    def post_form(self, path: str, values: Mapping[str, str]) -> Answer:
        """Send a form as a page does; its CSRF token is among the values."""
        request = urllib.request.Request(self.address + path, method="POST")  # noqa: S310
        request.data = urllib.parse.urlencode(values).encode()
        request.add_header("Content-Type", "application/x-www-form-urlencoded")
        return self._send(request, {})

    def get(self, path: str, **headers: str) -> Answer:
        """GET a path."""
        return self.call("GET", path, **headers)

    def _send(self, request: urllib.request.Request, headers: Mapping[str, str]) -> Answer:
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                return _answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers, error.read())
        except (OSError, HTTPException):
            return Answer(status=0, headers={}, text="")


def signed_in(address: str, who: str) -> Client:
    """Sign a user in by the log-in page, and give the client that has the session."""
    client = Client(address)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    assert token is not None
    values = {"login": login_of(who), "password": PASSWORD, "csrf_token": token[1]}
    assert client.post_form("/login", values).status == 303
    return client


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    return Answer(status=status, headers=dict(headers.items()), text=body.decode("utf-8", "replace"))


def fieldstone(
    *arguments: str, folder: Path, environment: Mapping[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in a process of its own; output and errors come together in `stdout`."""
    return subprocess.run(
        [*_PROGRAM, *arguments],
        cwd=folder,
        env=_variables(environment),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )


@contextmanager
def running_worker(
    folder: Path, environment: Mapping[str, str], *, concurrency: int = 4
) -> Iterator[subprocess.Popen[str]]:
    """Run `fieldstone worker` until the block ends; returns once it has started."""
    process = subprocess.Popen(
        [*_PROGRAM, "worker", "--concurrency", str(concurrency)],
        cwd=folder,
        env=_variables(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "worker started"
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", **environment}
