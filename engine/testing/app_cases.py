"""Cases of small broken apps: all that `check` tells of them, with file, line, column, code, message and hint.

A case has `name`, `files` (path in the folder `demo` → text; null takes a file of the base app away; `/other/app.yaml`
is another folder) and `problems`, one line each. Files that a case does not give are those of BASE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.releases.candidate import Language, check_sources
from engine.testing.expression_cases import Faults
from engine.testing.sample_deals import CaseUnreadable
from metamodel.source import Problem, Severity

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
class AppCase:
    """A small app and what is wrong with it."""

    topic: str
    name: str
    files: Mapping[str, str | None]
    problems: tuple[str, ...]

    @property
    def sources(self) -> dict[str, str]:
        """The texts by `folder/path`."""
        return demo_sources(self.files)


def read_app_case(entry: Mapping[str, Any], topic: str) -> AppCase:
    """Read a case.

    Raises:
        CaseUnreadable: a key is missing or unknown.
    """
    if set(entry) != {"name", "files", "problems"}:
        raise CaseUnreadable("a case of an app has name, files and problems, and nothing else")
    return AppCase(topic=topic, name=entry["name"], files=entry["files"], problems=tuple(entry["problems"] or ()))


def demo_sources(files: Mapping[str, str | None]) -> dict[str, str]:
    """Give the texts of the base app with some files replaced, by `folder/path`."""
    texts = {**BASE, **files}
    return {
        path.removeprefix("/") if path.startswith("/") else f"demo/{path}": text
        for path, text in texts.items()
        if text is not None
    }


def app_faults(case: AppCase, language: Language) -> Faults:
    """Check the app; say which wanted problem is not told, and which is told that nobody wants."""
    candidate = check_sources(case.sources, language)
    found = tuple(line_of(problem) for problem in candidate.problems)
    faults = [f"not told: {line}" for line in case.problems if line not in found]
    faults += [f"told besides: {line}" for line in found if line not in case.problems]
    if not faults and found != case.problems:
        faults.append(f"told in another order: {found}")
    return tuple(faults)


def line_of(problem: Problem) -> str:
    """Write a problem as the corpus does."""
    severity = "" if problem.severity is Severity.ERROR else f"{problem.severity.value}: "
    return f"{problem.at} {problem.code} {severity}{problem.sentence}"
