"""Cuts a rules file that does not parse into its items, so that one mistake hides no other.

An item starts where `rule`, `approval`, `blueprint` or `use` begins a line (outside texts and comments) and a name
follows; that is a guess, and only made for files that have a mistake anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_dsl.parsing.source import Source

_START = re.compile(
    r"""^[ \t]*(?:rule\s+\w+|approval\s+\w+\s+on\b|blueprint\s+\w+\s*\(|use\s+[a-z_][\w.]*\s*(?:\bas\s+\w+\s*)?\()""",
    re.MULTILINE,
)


def split_items(source: Source) -> Iterator[Source]:
    """Give the parts of the text that hold one item each; what stands before the first item is part of it."""
    starts = [match.start() for match in _START.finditer(source.text)]
    if not starts:
        yield source
        return
    # Anything before the first item belongs to no item; it is a mistake of its own unless it is a comment.
    if re.sub(r"#[^\n]*", "", source.text[: starts[0]]).strip():
        starts.insert(0, 0)
    for start, end in zip(starts, [*starts[1:], len(source.text)], strict=True):
        yield source.part(start, end)
