"""How the reference check tells of a name: at its place, with what is near."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metamodel.names import did_you_mean
from metamodel.paths import HasFields, PathEnd, PathFault, follow_path
from metamodel.source import Problems
from metamodel.yaml_nodes import Scalar


def tell_unknown(problems: Problems, code: str, name: Scalar, what: str, known: Iterable[str]) -> None:
    """Report `'x' is not …` with the nearest known name."""
    hint = did_you_mean(name.text, known)
    problems.report(code, f"'{name.text}' is not {what}", name.at, hint=hint, length=name.length)


def check_path(
    problems: Problems, code: str, scalar: Scalar, objects: Mapping[str, HasFields], key: str, *, skip: int = 0
) -> PathEnd | None:
    """Follow a path written in a file and report where it leads nowhere; skip: characters before it, such as `-`."""
    found = follow_path(objects, key, scalar.text[skip:])
    if isinstance(found, PathFault):
        at = scalar.located.locate(skip + found.offset)
        problems.report(code, found.message, at, hint=found.hint, length=found.length)
        return None
    return found
