"""The base pages and macros: escaped values, nothing inline, known icons, Chinese texts."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.ui.frontend.sample_pages import PAGES, TEMPLATES, render_page
from ui.assets import initials, tint

FRAME_FILES = ["base.html", "bare.html", *(f"macros/{path.name}" for path in (TEMPLATES / "macros").glob("*.html"))]


class InlineFinder(HTMLParser):
    """Collects what a strict content security policy would block, and ids that are not unique."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note attributes that run or style something in place."""
        names = dict(attrs)
        self._in_script = tag == "script"
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag in ("style", "iframe", "object") or (tag == "script" and "src" not in names):
            self.found.append(tag)
        for name, value in attrs:
            text = (value or "").strip().lower()
            if name == "style" or name.startswith(("on", "hx-on")) or text.startswith(("javascript:", "js:")):
                self.found.append(f"{tag} {name}={value}")
            if name == "hx-trigger" and "[" in text:
                self.found.append(f"event filter {value}")

    def handle_data(self, data: str) -> None:
        """Note code inside a script element."""
        if self._in_script and data.strip():
            self.found.append(data)


@pytest.mark.parametrize("name", PAGES)
def test_pages_hold_nothing_that_a_strict_policy_blocks(name: str) -> None:
    finder = InlineFinder()
    finder.feed(render_page(name))
    assert finder.found == []


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_on_a_page(name: str) -> None:
    finder = InlineFinder()
    finder.feed(render_page(name))
    assert sorted(set(finder.ids)) == sorted(finder.ids)


@pytest.mark.parametrize("name", PAGES)
def test_values_with_markup_show_as_text(name: str) -> None:
    assert "<b onclick" not in render_page(name)


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=str)
def test_templates_name_only_icons_of_the_sprite(path: Path) -> None:
    known = json.loads(Path("ui/static/manifest.json").read_text("utf-8"))["icons"]
    named = re.findall(r"(?:draw|icon)\('([a-z][a-z0-9-]*)'", path.read_text("utf-8"))
    assert [name for name in named if name not in known] == []


def test_the_theme_is_decided_before_the_first_paint() -> None:
    assert 'data-bs-theme="dark"' in render_page("list.html", theme="dark")
    assert "data-bs-theme=" not in render_page("list.html", theme="auto")


def test_htmx_may_not_evaluate_and_swaps_refused_forms() -> None:
    found = re.search(r"name=\"htmx-config\" content='([^']*)'", render_page("list.html"))
    assert found is not None
    config = json.loads(found[1])
    assert (config["allowEval"], config["includeIndicatorStyles"], config["historyCacheSize"]) == (False, False, 0)
    assert {"code": "422", "swap": True} in config["responseHandling"]


def test_each_text_of_the_page_frame_has_a_chinese_translation() -> None:
    with Path("ui/translations/zh/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file)
    found = extract_from_dir(
        str(TEMPLATES), method_map=[("**.html", "jinja2")], options_map={"**.html": {"encoding": "utf-8"}}
    )
    texts = {str(text) for name, _line, text, _comments, _context in found if name.replace("\\", "/") in FRAME_FILES}
    assert len(texts) > 50
    assert sorted(text for text in texts if not (message := catalogue.get(text)) or not message.string) == []


@pytest.mark.parametrize(
    ("name", "large", "small"),
    [
        ("Anna Maria Stone", "AS", "AS"),
        ("王小明", "小明", "明"),
        ("上海云岭公司", "上海", "上"),
        ("bo", "B", "B"),
        ("", "?", "?"),
    ],
)
def test_avatars_show_what_people_are_called_by(name: str, large: str, small: str) -> None:
    assert (initials(name), initials(name, small=True)) == (large, small)


def test_a_name_has_the_same_colour_everywhere() -> None:
    assert tint("王小明") == tint("王小明")
    assert f".tint-{tint('王小明')}" in Path("ui/static/app.css").read_text("utf-8")
