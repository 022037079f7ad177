"""A small server of the sample pages under the product's own content security policy, which notes what is posted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.ui.frontend.sample_pages import PAGES, render_page, sample_environment
from ui.security import CONTENT_SECURITY_POLICY

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
REFUSAL = """<div data-fs-title="Fill these first"><form method="post" action="/move" hx-post="/move" hx-target="#board"
hx-swap="morph:outerHTML" data-fs-refused-in="dialog"><label for="x">Amount</label><input id="x" name="amount"
aria-invalid="true"><button name="stage" value="won">Move</button></form></div>"""


@dataclass
class SampleSite:
    """The address of the pages, what was posted, and what the next state request answers."""

    url: str
    posted: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    form_state: str = ""
    theme: str = "light"

    def posts_to(self, path: str) -> list[dict[str, list[str]]]:
        """Give the values of each request to a path."""
        return [values for target, values in self.posted if target == path]


@pytest.fixture
def site() -> Iterator[SampleSite]:
    """Serve the sample pages for one test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    found = SampleSite(url=f"http://127.0.0.1:{server.server_port}")
    server.site = found  # type: ignore[attr-defined]  # read by the handler
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    @property
    def site(self) -> SampleSite:
        return self.server.site  # type: ignore[attr-defined, no-any-return]  # set by the fixture

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        name = address.path.lstrip("/")
        if address.path.startswith("/static/"):
            path = Path("ui") / name
            self._answer(path.read_bytes(), TYPES[path.suffix])
        elif name == "lookup":
            typed = parse_qs(address.query).get("q", [""])[0].lower()
            names = [each for each in ("Acme", "Betatech", "Condax") if typed in each.lower()]
            self._answer_json({"options": [{"value": each, "text": each, "hint": ""} for each in names]})
        elif name in PAGES:
            refused = "refused" in address.query
            self._answer(render_page(name, theme=self.site.theme, refused=refused).encode())  # type: ignore[arg-type]
        else:
            self._answer(b"", status=404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        values = parse_qs(body, keep_blank_values=True)
        self.site.posted.append((self.path, values))
        if self.path == "/move" and values.get("stage") == ["won"] and "amount" not in values:
            self._answer(REFUSAL.encode(), status=422)
        elif self.path == "/move":
            self._answer(_board_fragment().encode(), trigger={"toast": {"kind": "success", "text": "已移动"}})
        elif self.path == "/form-state":
            self._answer(self.site.form_state.encode(), status=200 if self.site.form_state else 204)
        else:
            self._answer(b"", status=204)

    def _answer_json(self, data: object) -> None:
        self._answer(json.dumps(data).encode(), "application/json")

    def _answer(self, body: bytes, kind: str = "text/html", status: int = 200, trigger: object = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        if trigger is not None:
            self.send_header("HX-Trigger", json.dumps(trigger))
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


def _board_fragment() -> str:
    text = render_page("board.html")
    return text[text.index('<div class="board"') : text.index("</main>")]


def form_fields(**changed: str) -> str:
    """Render the inside of the sample form's field part, with some of its text replaced."""
    text = render_page("form.html")
    start = text.index('<div id="form-deal-7-fields">') + len('<div id="form-deal-7-fields">')
    inside = text[start : text.index('<div class="form-foot">')].rsplit("</div>", 1)[0]
    for old, new in changed.items():
        inside = inside.replace(old.replace("_", " "), new)
    return inside


__all__ = ["SampleSite", "form_fields", "sample_environment", "site"]
