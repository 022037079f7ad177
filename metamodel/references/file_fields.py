"""Checks what a field of files says of the files it takes: endings, content types and sizes."""

from __future__ import annotations

from metamodel.content_types import ENDING_OF_TYPE, TYPE_OF_ENDING, read_accepted, read_size
from metamodel.names import did_you_mean
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping, Node, Scalar, Sequence


def check_file_limits(node: Mapping, problems: Problems) -> None:
    """Check `accept:` and `max_size:` of a field.

    Problems: OBJ133, OBJ134.
    """
    accept = node.get("accept")
    for item in accept.items if isinstance(accept, Sequence) else (accept,):
        if isinstance(item, Scalar):
            _check_accepted(item, problems)
    size = node.get("max_size")
    if isinstance(size, Scalar) and isinstance(size.value, str) and read_size(size.text) is None:
        message = f"'{size.text}' is not a size"
        problems.report("OBJ134", message, size.at, hint="write it as 10 MB or 500 kB", length=size.length)


def _check_accepted(item: Scalar, problems: Problems) -> None:
    found = read_accepted(item.text)
    if found is not None and ("/" in found or found in TYPE_OF_ENDING):
        return
    hint = did_you_mean(item.text.lower(), (*TYPE_OF_ENDING, *ENDING_OF_TYPE))
    if found is not None and not hint:
        # An ending of a trade of its own, such as `step`.
        return
    message = f"'{item.text}' is neither the end of a file's name nor a content type"
    _report(problems, item, message, hint or "write pdf, docx, image/* or application/pdf")


def _report(problems: Problems, node: Node, message: str, hint: str) -> None:
    problems.report("OBJ133", message, node.at, hint=hint, length=node.length)
