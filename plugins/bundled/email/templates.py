"""Renders message templates: an immutable sandbox over plain values, with limits on size, steps and multiplication.

Jinja's own sandbox lets `'a' * 10 ** 10` take all memory and loops run for ever; both are closed here. A template sees
`record`, `user`, `app` and `url()`; the paths of the record it reads are found beforehand and only those are asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from plugins import ActionFailed, OptionText, Plain

MAX_TEMPLATE_CHARACTERS = 100_000
MAX_OUTPUT_CHARACTERS = 500_000
MAX_NUMBER = 10**15


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox of one rendering."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, *, html: bool) -> None:
        super().__init__(autoescape=html, undefined=StrictUndefined)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters["date"] = _date
        self.filters["join"] = _join
        self.filters["money"] = _money
        self.finalize = shown

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        """Multiply numbers within bounds only; texts are never multiplied or formatted."""
        if operator == "*" and _is_small_number(left) and _is_small_number(right):
            return left * right  # type: ignore[operator]  # both are numbers
        raise TemplateError(f"the operator '{operator}' is for numbers of an ordinary size, in `*` only")


_FILTERS = (
    "default",
    "e",
    "escape",
    "first",
    "last",
    "length",
    "lower",
    "round",
    "sort",
    "title",
    "trim",
    "upper",
)


def record_paths(*texts: str) -> tuple[str, ...]:
    """Find the paths of the record that templates read: `{{ record.owner.email }}` gives `owner.email`.

    The record itself, `{{ record }}`, is `this`, whose value is its title.

    Raises:
        ActionFailed: a text is not a template.
    """
    found: dict[str, None] = {}
    for text in texts:
        for chain in chains_of(parse(text)):
            if chain[0] == "record":
                found[".".join(chain[1:]) or "this"] = None
    return tuple(found)


def render(
    text: str,
    values: Mapping[str, object],
    *,
    html: bool,
    environment: TemplateEnvironment | None = None,
    most: int = MAX_OUTPUT_CHARACTERS,
) -> str:
    """Fill a template.

    values: plain values and functions by name. html: whether values are escaped for HTML. environment: one of the
    caller's own. most: the characters it may make.

    Raises:
        ActionFailed: the template is wrong, reads what is not there, or goes over a limit.
    """
    parse(text)
    environment = environment or TemplateEnvironment(html=html)
    size = 0
    parts: list[str] = []
    try:
        for part in environment.from_string(text).generate(**values):
            size += len(part)
            if size > most:
                raise ActionFailed(f"the template makes more than {most} characters", permanent=True)
            parts.append(part)
    except ActionFailed:
        raise
    except Exception as error:  # whatever a template of an author can raise is the author's to read
        raise ActionFailed(f"the template cannot be filled: {error}", permanent=True) from error
    return "".join(parts)


def nest(values: Mapping[str, Plain]) -> dict[str, object]:
    """Turn path → value into nested mappings; a path that is also a prefix of others stands inside them as `this`."""
    root: dict[str, object] = {}
    for path, value in sorted(values.items()):
        *heads, last = path.split(".")
        place = root
        for head in heads:
            inner = place.get(head)
            if not isinstance(inner, dict):
                inner = place[head] = {} if inner is None else {"this": inner}
            place = inner
        place[last] = value
    return root


def parse(text: str) -> nodes.Template:
    """Give the tree of a template that keeps to the bounds.

    Raises: ActionFailed.
    """
    if len(text) > MAX_TEMPLATE_CHARACTERS:
        raise ActionFailed(f"the template has more than {MAX_TEMPLATE_CHARACTERS} characters", permanent=True)
    try:
        tree = TemplateEnvironment(html=False).parse(text)
    except (TemplateError, RecursionError) as error:
        raise ActionFailed(f"the template is wrong: {error}", permanent=True) from error
    for kind, reason in _REFUSED:
        if next(tree.find_all(kind), None) is not None:
            raise ActionFailed(f"the template uses {reason}, which message templates do not have", permanent=True)
    _check_loops(tree)
    _check_calls(tree)
    return tree


# Nested loops multiply, macros recurse, `set a = a ~ a` doubles: without them the values handed in bound the work.
_REFUSED: tuple[tuple[type[nodes.Node], str], ...] = (
    (nodes.Macro, "a macro"),
    (nodes.CallBlock, "a call block"),
    (nodes.Import, "an import"),
    (nodes.FromImport, "an import"),
    (nodes.Include, "an include"),
    (nodes.Extends, "extends"),
    (nodes.Assign, "set"),
    (nodes.AssignBlock, "set"),
    (nodes.With, "with"),
    (nodes.Pow, "a power"),
    (nodes.Mod, "a % b"),
)


def _check_loops(tree: nodes.Template) -> None:
    for loop in tree.find_all(nodes.For):
        if loop.recursive or next(loop.find_all(nodes.For), None) is not None:
            raise ActionFailed("the template has a loop in a loop, which message templates do not have", permanent=True)


def _check_calls(tree: nodes.Template) -> None:
    # `'a'.ljust(10 ** 10)` is no breach of Jinja's sandbox, yet takes all memory.
    for call in tree.find_all(nodes.Call):
        if not (isinstance(call.node, nodes.Name) and call.node.name == "url"):
            raise ActionFailed("the template calls something else than url(), which is not allowed", permanent=True)


def chains_of(node: nodes.Node) -> Iterator[tuple[str, ...]]:
    """Give the dotted names that a part of a template reads, each as its parts."""
    chain = chain_of(node)
    if chain:
        yield chain
        return
    for child in node.iter_child_nodes():
        yield from chains_of(child)


def chain_of(node: nodes.Node) -> tuple[str, ...]:
    """Give the parts of one dotted name; none where a node is something else."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        inner = chain_of(node.node)
        return (*inner, node.attr) if inner else ()
    return ()


def _is_small_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and -MAX_NUMBER < value < MAX_NUMBER


def shown(value: object) -> object:
    """Give what people are shown of a value."""
    if value is None:
        return ""
    if isinstance(value, OptionText):
        return value.label
    if isinstance(value, list):
        return _join(value)
    if isinstance(value, Mapping):
        return shown(value.get("this")) or value.get("title") or value.get("name") or ""
    return value


def _join(values: object, separator: str = ", ") -> str:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise TemplateError("`join` takes a list")
    if len(values) * (len(separator) + 1) > MAX_OUTPUT_CHARACTERS:
        raise TemplateError("`join` makes too long a text")
    return separator.join(str(shown(value)) for value in values)


def _date(value: object, pattern: str = "%Y-%m-%d") -> str:
    if len(pattern) > 40:
        raise TemplateError("the pattern of a date has at most 40 characters")
    return value.strftime(pattern) if isinstance(value, dt.date) else ""


def _money(value: object, digits: int = 2) -> str:
    return f"{value:,.{min(max(digits, 0), 6)}f}" if isinstance(value, Decimal | int) else ""
