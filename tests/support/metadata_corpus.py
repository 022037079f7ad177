"""Reads the corpus of small broken apps, and says of each what its problems are, as one line a problem.

A case has `files` (path in the folder `demo` → text; null takes a file of the base app away; `/other/app.yaml` is
another folder) and the `problems` wanted. Files that a case does not give are those of BASE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from metamodel import Problem, Severity, load_sources

CORPUS = Path(__file__).resolve().parent.parent / "corpus" / "metadata"
DEAL = """object: deal
label: Deal
fields:
  name: {type: text, required: true}
  amount: {type: money}
  stage: {type: choice, options: [open, won]}
  account: {type: lookup, to: account}
"""
BASE: Mapping[str, str] = {"app.yaml": "app: demo\nversion: 1.0.0\n", "objects/deal.yaml": DEAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataCase:
    """A small app and what is wrong with it."""

    topic: str
    name: str
    files: Mapping[str, str | None]
    problems: tuple[str, ...]

    @property
    def sources(self) -> dict[str, str]:
        """The texts by `folder/path`."""
        return demo_sources(self.files)


def demo_sources(files: Mapping[str, str | None]) -> dict[str, str]:
    """Give the texts of the base app with some files replaced, by `folder/path`."""
    texts = {**BASE, **files}
    return {
        path.removeprefix("/") if path.startswith("/") else f"demo/{path}": text
        for path, text in texts.items()
        if text is not None
    }


def metadata_cases() -> Iterator[MetadataCase]:
    """Go through the whole corpus."""
    for path in sorted(CORPUS.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text("utf-8")):
            yield MetadataCase(
                topic=path.stem, name=case["name"], files=case["files"], problems=tuple(case["problems"])
            )


def told(sources: Mapping[str, str]) -> tuple[str, ...]:
    """Load an app and give its problems, each as one line."""
    _, problems = load_sources(sources)
    return tuple(line_of(problem) for problem in problems)


def line_of(problem: Problem) -> str:
    """Write a problem as the corpus does."""
    severity = "" if problem.severity is Severity.ERROR else f"{problem.severity.value}: "
    return f"{problem.at} {problem.code} {severity}{problem.sentence}"
