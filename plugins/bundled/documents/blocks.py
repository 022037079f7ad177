"""Reads Markdown as blocks of text spans: headings, paragraphs, lists, quotes, tables, rules, images. No HTML, no nets.

What it gives knows nothing of pages. An image names a field of the record and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from plugins import ActionFailed
from plugins.bundled.documents.shielding import unshielded

_MOST_COLUMNS = 20
_DEEPEST = 8
_SCHEMES = ("https://", "http://", "mailto:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    link: str = ""


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A heading (level 1 – 6) or paragraph (0). depth: of the lists around it; mark: what stands before it."""

    spans: Spans
    level: int = 0
    depth: int = 0
    mark: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image in a field of the record."""

    path: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line across the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells, the first one the head; aligned: left, center or right, by column."""

    rows: Sequence[Sequence[Spans]]
    aligned: Sequence[str]


Block = Text | Image | Rule | Table


def read_blocks(text: str) -> tuple[Block, ...]:
    """Read a filled template.

    Raises: ActionFailed: it shows an image from elsewhere, or has a table that no page can hold.
    """
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
    reader.disable(["code", "html_block", "html_inline", "reference"])
    # Addresses are shown or left out, never fetched.
    reader.normalizeLink = _as_it_is  # type: ignore[method-assign]
    reader.validateLink = _is_taken  # type: ignore[method-assign]
    return tuple(_Walk(reader.parse(text)).blocks())


def _as_it_is(url: str) -> str:
    return url


def _is_taken(url: str) -> bool:
    return True


def images_in(blocks: Sequence[Block]) -> tuple[Image, ...]:
    """Give the images that are shown."""
    return tuple(block for block in blocks if isinstance(block, Image))


@dataclass(slots=True)
class _Walk:
    tokens: Sequence[Token]
    lists: list[int | None] = field(default_factory=list)
    mark: str = ""
    quotes: int = 0

    def blocks(self) -> Iterator[Block]:
        """Give the blocks in order."""
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            if token.type == "table_open":
                end = next(i for i in range(at, len(self.tokens)) if self.tokens[i].type == "table_close")
                yield _table(self.tokens[at:end])
                at = end
            elif token.type == "inline":
                yield from self._inline(token, self.tokens[at - 1])
            elif token.type == "fence":
                yield Text(spans=(Span(text=unshielded(token.content.rstrip("\n"))),), depth=1)
            elif token.type == "hr":
                yield Rule()
            else:
                self._enter(token)
            at += 1

    def _enter(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self.lists.append(None)
            case "ordered_list_open":
                self.lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                number = self.lists[-1]
                self.mark = "•" if number is None else f"{number}."
                self.lists[-1] = None if number is None else number + 1
            case "blockquote_open":
                self.quotes += 1
            case "blockquote_close":
                self.quotes -= 1

    def _inline(self, token: Token, opening: Token) -> Iterator[Block]:
        level = int(opening.tag[1]) if opening.type == "heading_open" else 0
        spans, images = _spans(token.children or ())
        mark, self.mark = self.mark, ""
        if spans:
            depth = min(len(self.lists), _DEEPEST)
            yield Text(spans=spans, level=level, depth=depth, mark=mark, quoted=self.quotes > 0)
        yield from images


def _table(tokens: Sequence[Token]) -> Table:
    rows: list[list[Spans]] = []
    aligned: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            aligned.append(str(token.attrs.get("style") or "text-align:left").partition(":")[2])
        elif token.type == "inline":
            spans, images = _spans(token.children or ())
            if images:
                raise ActionFailed("an image stands in a table, where documents show none", permanent=True)
            rows[-1].append(spans)
    if len(aligned) > _MOST_COLUMNS:
        raise ActionFailed(f"a table has {len(aligned)} columns; at most {_MOST_COLUMNS}", permanent=True)
    return Table(rows=rows, aligned=aligned)


def _spans(tokens: Sequence[Token]) -> tuple[Spans, list[Image]]:
    found: list[Span] = []
    images: list[Image] = []
    style = Span(text="")
    for token in tokens:
        match token.type:
            case "text" | "code_inline" | "text_special":
                found.append(replace(style, text=unshielded(token.content)))
            case "softbreak" | "hardbreak":
                found.append(replace(style, text=" " if token.type == "softbreak" else "\n"))
            case "image":
                images.append(_image(token))
            case _:
                style = _restyled(style, token)
    return tuple(span for span in found if span.text), images


def _restyled(style: Span, token: Token) -> Span:
    opens = token.nesting > 0
    match token.tag:
        case "strong":
            return replace(style, bold=opens)
        case "em":
            return replace(style, italic=opens)
        case "s":
            return replace(style, struck=opens)
        case "a":
            return replace(style, link=_link(str(token.attrs.get("href") or "")) if opens else "")
    return style


def _link(address: str) -> str:
    plain = unshielded(address).strip()
    return plain if plain.lower().startswith(_SCHEMES) and len(plain) <= 2_000 else ""


def _image(token: Token) -> Image:
    source = str(token.attrs.get("src") or "")
    root, _, path = source.partition(".")
    if root != "record" or not path.replace(".", "").replace("_", "").isalnum():
        shown = unshielded(source)[:100]
        raise ActionFailed(
            f"images come from the record's own files, as ![…](record.photo); '{shown}' is not fetched", permanent=True
        )
    return Image(path=path, alt=unshielded(token.content))
