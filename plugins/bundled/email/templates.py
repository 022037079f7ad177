"""Reads and renders message templates: which parts of the language they have, what they read, how much they may make.

A template sees `record`, `user`, `app` and `url()`; the paths of the record it reads are found beforehand and only
those are asked. What may happen while it is filled is bounded by the sandbox (sandbox.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import TemplateError, nodes

from plugins import ActionFailed, Plain
from plugins.bundled.email.sandbox import MAX_OUTPUT_CHARACTERS, TemplateEnvironment

MAX_TEMPLATE_CHARACTERS = 100_000
MAX_JOINED_PARTS = 100


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
            environment.check_time()
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
    if sum(len(each.nodes) for each in tree.find_all(nodes.Concat)) > MAX_JOINED_PARTS:
        raise ActionFailed(f"the template joins more than {MAX_JOINED_PARTS} parts with ~", permanent=True)
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
