"""Every text of the pages has its Chinese, and the compiled catalogue is the one in the sources."""

from __future__ import annotations

from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

CATALOGUE = Path("ui/translations/zh/LC_MESSAGES")
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]

KEYWORDS: Any = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def _first(text: Any) -> str:
    """Give a text, of one with forms for numbers the first: Chinese has one for all."""
    return str(text if isinstance(text, str) else text[0])


def test_every_text_has_its_chinese() -> None:
    with (CATALOGUE / "messages.po").open("rb") as file:
        known = {
            (each.context or "", _first(each.id)): _first(each.string) for each in read_po(file, locale="zh") if each.id
        }
    used = {
        (context or "", _first(message))
        for _file, _line, message, _comments, context in extract_from_dir("ui", METHODS, keywords=KEYWORDS)
    }
    assert sorted(text for text in used if not known.get(text)) == []
    assert sorted(text for text in known if text not in used) == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with (CATALOGUE / "messages.po").open("rb") as file:
        written = {
            (each.context, _first(each.id)): _first(each.string) for each in read_po(file, locale="zh") if each.id
        }
    with (CATALOGUE / "messages.mo").open("rb") as file:
        compiled = GNUTranslations(file)
    found = {
        (context, text): compiled.gettext(text) if context is None else compiled.pgettext(context, text)
        for context, text in written
    }
    assert found == written
