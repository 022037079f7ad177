"""Draws the write graph of rules as SVG: a box a rule, in columns from what starts to what is started, an arc an edge.

Words and links are given; where things lie is decided here. No colours of its own but those of the text, so that it
looks right on light and dark pages, and no script.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from workflow_dsl.write_graph import GraphEdge, GraphRule, WriteGraph

_WIDTH, _LINE, _PAD = 250, 17, 10
_GAP_X, _GAP_Y, _MARGIN = 130, 22, 16
_MOST_WRITES = 4
_EM = 12.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the map is called and says.

    label, starts_on: of a rule, its triggers; writes: what a rule writes, in lines; via: of an edge.
    """

    title: str
    label: Callable[[GraphRule], str]
    starts_on: Callable[[GraphRule], Sequence[str]]
    writes: Callable[[GraphRule], Sequence[str]]
    via: Callable[[GraphEdge], str]
    has_links: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    x: int
    y: int
    height: int

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


def draw_map(graph: WriteGraph, words: Words) -> str:
    """Give the map as an SVG element."""
    lines = {rule.key: tuple(words.writes(rule)) for rule in graph.rules}
    boxes = _place(graph, {key: len(each) for key, each in lines.items()})
    width = max((box.x + _WIDTH for box in boxes.values()), default=_WIDTH) + _MARGIN + _GAP_X // 2
    height = max((box.y + box.height for box in boxes.values()), default=0) + _MARGIN
    pages = {rule.key for rule in graph.rules if words.has_links and not rule.is_decision}
    parts = [_arc(edge, boxes, words, linked=edge.source in pages) for edge in _joined(graph.edges)]
    parts += [_box(rule, boxes[rule.key], lines[rule.key], words) for rule in graph.rules]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rule-map" role="img" aria-label="{escape(words.title)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" color="currentColor" '
        f'font-family="system-ui, sans-serif" font-size="{_EM}">'
        '<defs><marker id="rule-map-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="currentColor" fill-opacity=".6"/></marker></defs>'
        f"{''.join(parts)}</svg>"
    )


def _place(graph: WriteGraph, lines: Mapping[str, int]) -> dict[str, _Box]:
    """Put rules that nothing starts first, and each other one a column after who starts it; circles stay together."""
    columns: dict[int, list[GraphRule]] = defaultdict(list)
    depths = _depths(graph)
    for rule in graph.rules:
        columns[depths[rule.key]].append(rule)
    boxes: dict[str, _Box] = {}
    for column, rules in columns.items():
        y = _MARGIN
        for rule in rules:
            height = 2 * _PAD + _LINE * (2 + lines[rule.key])
            boxes[rule.key] = _Box(x=_MARGIN + column * (_WIDTH + _GAP_X), y=y, height=height)
            y += height + _GAP_Y
    return boxes


def _depths(graph: WriteGraph) -> dict[str, int]:
    started: dict[str, list[str]] = defaultdict(list)
    starters: dict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        if edge.source != edge.target:
            started[edge.source].append(edge.target)
            starters[edge.target].add(edge.source)
    depths: dict[str, int] = {}
    waiting = [rule.key for rule in graph.rules if not starters[rule.key]]
    depths.update(dict.fromkeys(waiting, 0))
    for rule in graph.rules:
        # Who is only started within a circle begins a column of its own reach.
        while waiting:
            key = waiting.pop(0)
            for following in started[key]:
                if following not in depths:
                    depths[following] = depths[key] + 1
                    waiting.append(following)
        if rule.key not in depths:
            depths[rule.key] = 0
            waiting.append(rule.key)
    return depths | {key: depths.get(key, 0) for key in (rule.key for rule in graph.rules)}


def _joined(edges: Iterable[GraphEdge]) -> Iterable[GraphEdge]:
    """Give one edge between two rules; all are in the list beside the map."""
    return {(edge.source, edge.target): edge for edge in reversed(tuple(edges))}.values()


def _box(rule: GraphRule, box: _Box, lines: Sequence[str], words: Words) -> str:
    dashed = ' stroke-dasharray="5 4"' if not rule.active else ""
    sub = " · ".join(words.starts_on(rule))
    texts = [_text(words.label(rule), box, 0, 'font-weight="600"'), _text(sub, box, 1, 'fill-opacity=".65"')]
    texts += [_text(line, box, number + 2, "") for number, line in enumerate(lines)]
    tip = f"<title>{escape(f'{words.label(rule)} · {rule.at.file}:{rule.at.line}')}</title>"
    shape = (
        f'<rect x="{box.x}" y="{box.y}" width="{_WIDTH}" height="{box.height}" rx="8" fill="currentColor" '
        f'fill-opacity=".04" stroke="currentColor" stroke-opacity=".35"{dashed}/>'
    )
    inside = f"{tip}{shape}{''.join(texts)}"
    linked = words.has_links and not rule.is_decision
    return f'<a href="/rules/{quote(rule.key)}">{inside}</a>' if linked else f"<g>{inside}</g>"


def _text(text: str, box: _Box, line: int, look: str) -> str:
    y = box.y + _PAD + _LINE * line + 12
    width = _WIDTH - 2 * _PAD
    shown = _cut(text, width if "font-weight" not in look else width * 9 // 10)
    return f'<text x="{box.x + _PAD}" y="{y}" fill="currentColor" {look}>{escape(shown)}</text>'


def _arc(edge: GraphEdge, boxes: Mapping[str, _Box], words: Words, *, linked: bool) -> str:
    start, end = boxes[edge.source], boxes[edge.target]
    x1, y1, x2, y2 = start.x + _WIDTH, start.middle, end.x, end.middle
    place = f'x="{x1 + 8}" y="{y1 - 6}"'
    if edge.source == edge.target:
        path = f"M{x1} {y1 - 6}c46 -34 46 46 0 14"
        place = f'x="{x1 + 12}" y="{y1 - 16}"'
    elif x2 > x1:
        bend = (x2 - x1) // 2
        path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
        # Beside the arrow's end, since several edges may begin at one box.
        place = f'x="{x2 - 12}" y="{y2 - 6}" text-anchor="end"'
    else:
        far = max(x1, end.x + _WIDTH)
        x2 = end.x + _WIDTH
        path = f"M{x1} {y1}C{far + 70} {y1} {far + 70} {y2} {x2} {y2}"
    told = f"{edge.source} → {edge.target}: {edge.text} ({edge.at.file}:{edge.at.line})"
    label = escape(_cut(words.via(edge), _GAP_X - 16))
    drawn = (
        f"<title>{escape(told)}</title>"
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity=".55" stroke-width="1.5" '
        'marker-end="url(#rule-map-end)"/>'
        f'<text {place} font-size="11" fill="currentColor" fill-opacity=".75">{label}</text>'
    )
    return f'<a href="/rules/{quote(edge.source)}">{drawn}</a>' if linked else f"<g>{drawn}</g>"


def _cut(text: str, width: int) -> str:
    """Cut a text to a width; wide characters take twice the room."""
    room = width / (_EM * 0.56)
    for at, letter in enumerate(text):
        room -= 1.85 if ord(letter) > 0x2E7F else 1
        if room < 0:
            return f"{text[: max(1, at - 1)]}…"
    return text


_MARKS = {
    "update": "→",
    "create": "+",
    "delete": "−",
    "restore": "↺",
    "convert": "⇒",
    "merge": "⇐",
    "submit": "✓",
}


def written_lines(rule: GraphRule, field_label: Callable[[str, str], str]) -> Sequence[str]:
    """Give what a rule writes in lines; field_label: of an object and a field of it, or of the object."""
    found: dict[str, None] = {}
    for write in rule.writes:
        mark = _MARKS[write.kind]
        for name in write.fields if write.kind == "update" else ("",):
            found[f"{mark} {field_label(write.object, name)}"] = None
    lines = list(found)
    return lines if len(lines) <= _MOST_WRITES else [*lines[: _MOST_WRITES - 1], f"… +{len(lines) - _MOST_WRITES + 1}"]
