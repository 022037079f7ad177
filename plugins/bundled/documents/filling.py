"""Fills a document's template: finds what it reads of the record and of its lists, asks for that alone, writes it in.

Values come in shielded, so that they stay text whatever they hold. The sandbox and its bounds are those of mails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import nodes

from plugins import ActionContext, ActionFailed, PathUnknown, TemplateSource
from plugins.bundled.documents.shielding import PAGE, PAGES, shielded, unshielded
from plugins.bundled.documents.wording import Wording
from plugins.bundled.email.sandbox import TemplateEnvironment, require_plain
from plugins.bundled.email.templates import chain_of, chains_of, nest, parse, record_paths, render

MAX_CHARACTERS = 3_000_000
_PIECES = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\|)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A template with its values; `body` and the parts of header and footer have them shielded."""

    title: str
    body: str
    header: tuple[str, ...]
    footer: tuple[str, ...]


class _PageNumber(str):
    """The number of a page, which is known when all pages are set."""


class DocumentEnvironment(TemplateEnvironment):
    """The sandbox of one document: what comes out of an expression is written in the language, and shielded."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(html=False)
        # The lines of tags are no lines of the text: rows of a table follow each other.
        self.trim_blocks = self.lstrip_blocks = True
        self._wording = wording
        self.filters |= {
            "date": wording.date,
            "money": wording.money,
            "number": wording.number,
            "percent": wording.percent,
        }
        self.finalize = self._written

    def _written(self, value: object) -> str:
        require_plain(value)
        return str(value) if isinstance(value, _PageNumber) else shielded(self._wording.text(value))


def fill(template: TemplateSource, context: ActionContext, *, most_rows: int) -> Filled:
    """Give a template's texts with the values that the rule's user may read.

    Raises: ActionFailed.
    """
    texts = (template.subject, template.body, template.header or "", template.footer or "")
    language = template.language or str(context.user.get("language") or "en")
    values = _values(template.name, texts, context, language, most_rows)
    wording = Wording(language, str(context.user.get("timezone") or "UTC"))

    def filled(text: str, most: int = 10_000) -> str:
        return render(text, values, html=False, environment=DocumentEnvironment(wording), most=most)

    def parts(text: str) -> tuple[str, ...]:
        return tuple(unshielded(filled(part)).strip() for part in _split(text)[:3])

    footer = template.footer if template.footer is not None else "||{{ page }} / {{ pages }}"
    return Filled(
        title=" ".join(unshielded(filled(template.subject)).split()),
        body=filled(template.body, MAX_CHARACTERS),
        header=parts(template.header or ""),
        footer=parts(footer),
    )


def _split(text: str) -> list[str]:
    """Split a header or footer by |, which begins a filter where it stands in an expression.

    >>> _split("{{ record.day | date }}|{{ page }}")
    ['{{ record.day | date }}', '{{ page }}']
    """
    parts = [""]
    for piece in _PIECES.split(text):
        if piece == "|":
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _values(
    name: str, texts: tuple[str, ...], context: ActionContext, language: str, most_rows: int
) -> dict[str, object]:
    lists = _lists_of(texts)
    paths = tuple(path for path in record_paths(*texts) if path not in lists)
    try:
        record = nest(context.records.read(paths, language)) if paths else {}
        for list_name, columns in lists.items():
            record[list_name] = _rows(context, list_name, columns, language, most_rows)
    except PathUnknown as error:
        raise ActionFailed(f"template '{name}': {error}", permanent=True) from error
    return {
        "record": record,
        "user": dict(context.user),
        "app": dict(context.app_settings),
        "url": lambda *_: context.records.url(),
        "page": _PageNumber(PAGE),
        "pages": _PageNumber(PAGES),
    }


def _rows(
    context: ActionContext, name: str, columns: tuple[str, ...], language: str, most: int
) -> list[Mapping[str, object]]:
    rows = context.records.rows(name, columns, language, most=most)
    if rows is None:
        raise ActionFailed(f"the list '{name}' has more than {most:,} rows (max_rows)", permanent=True)
    return [nest(row) for row in rows]


def _lists_of(texts: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Give the related lists that loops go through, with the paths that are read of their rows."""
    found: dict[str, dict[str, None]] = {}
    for text in texts:
        for loop in parse(text).find_all(nodes.For):
            chain = _base_of(loop.iter)
            if len(chain) != 2 or chain[0] != "record" or not isinstance(loop.target, nodes.Name):
                continue
            read = [each for part in _parts_of(loop) for each in chains_of(part) if each[0] == loop.target.name]
            if any(len(each) > 1 for each in read):
                columns = (".".join(each[1:]) or "this" for each in read)
                found.setdefault(chain[1], {}).update(dict.fromkeys((*columns, *_sorted_by(loop.iter))))
    return {name: tuple(columns) for name, columns in found.items()}


def _parts_of(loop: nodes.For) -> list[nodes.Node]:
    return [*loop.body, *([loop.test] if loop.test is not None else [])]


def _base_of(node: nodes.Node | None) -> tuple[str, ...]:
    while isinstance(node, nodes.Filter):
        node = node.node
    return chain_of(node) if node is not None else ()


def _sorted_by(node: nodes.Node | None) -> list[str]:
    names = []
    while isinstance(node, nodes.Filter):
        names += [
            str(each.value.value)
            for each in node.kwargs
            if each.key == "attribute" and isinstance(each.value, nodes.Const)
        ]
        node = node.node
    return names
