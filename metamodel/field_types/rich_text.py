"""Rich text: HTML of which only harmless formatting is kept, cleaned whenever a value is read or stored."""

from __future__ import annotations

import html
import re

import nh3

from metamodel.field_types.base import FieldValueError, ValueContext
from metamodel.field_types.text import TextType, text_of
from metamodel.fields import FieldDef

TAGS = frozenset(
    "a b blockquote br code em h1 h2 h3 h4 hr i li ol p pre s strong sub sup table tbody td th thead tr u ul".split()
)
"""What formatting is kept; the content of other elements stays without them, scripts and styles go whole."""

_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_BLOCK_END = re.compile(r"</(?:p|h[1-4]|li|tr|blockquote|pre|table|ul|ol)>|<(?:br|hr)[^>]*>", re.ASCII)
_TAG = re.compile(r"<[^>]*>")


class RichTextType(TextType):
    """A text with formatting; a value without any of `<`, `>`, `&` is the plain text it looks like."""

    name: str = "rich_text"
    widget: str = "rich_text"
    mask = None
    keys = frozenset(("max_length", "encrypted"))
    longest: int = 65_536
    one_line: bool = False
    takes_formula: bool = False

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        return sanitised(text_of(raw).replace("\r\n", "\n").replace("\r", "\n"))

    def check(self, value: object, field: FieldDef) -> None:
        super().check(value, field)
        if sanitised(str(value)) != value:
            # A value that came by another way than `read` and `keep` did.
            raise FieldValueError("unsafe_markup")

    def keep(self, value: object, field: FieldDef) -> object:
        """Clean what a rule or formula gives."""
        return None if value is None else sanitised(str(value))


def sanitised(markup: str) -> str | None:
    """Give the markup with harmless formatting only; None where nothing can be seen of it.

    >>> sanitised('<p onclick="x()">Hi <script>alert(1)</script><b>you</b></p>')
    '<p>Hi <b>you</b></p>'
    """
    clean = nh3.clean(
        markup,
        tags=set(TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        clean_content_tags={"script", "style"},
    ).strip()
    return clean if plain_text(clean) or "<hr" in clean else None


def plain_text(markup: str) -> str:
    """Give the text of sanitised markup, a line a paragraph.

    >>> plain_text("<p>Hi <b>you</b></p><p>A &amp; B</p>")
    'Hi you\\nA & B'
    """
    with_lines = _BLOCK_END.sub("\n", markup)
    lines = (line.strip() for line in html.unescape(_TAG.sub("", with_lines)).split("\n"))
    return "\n".join(line for line in lines if line)
