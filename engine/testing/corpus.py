"""The one runner of corpora: reads folders of YAML files with cases, and runs each on every back end there is.

A file holds a list of cases. What a case is, its keys say: `expr` an expression, `rules` rules that are played, `files`
a small app. Expressions run in memory and on every database given, rules on every database, apps in memory. Functions,
field types and actions of plugins are known to all of them. App folders inside a corpus are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from engine.platform import installed_language
from engine.testing.app_cases import AppCase, app_faults, read_app_case
from engine.testing.expression_cases import ExpressionCase, Faults, expression_faults, read_expression_case
from engine.testing.rule_cases import RuleCase, RuleStage, open_stage, read_rule_case
from engine.testing.sample_database import SampleDatabase
from engine.testing.sample_deals import CaseUnreadable
from plugins.manager import PluginManager

Case = ExpressionCase | RuleCase | AppCase
_READERS: Mapping[str, Callable[[Mapping[str, Any], str], Case]] = MappingProxyType(
    {"expr": read_expression_case, "rules": read_rule_case, "files": read_app_case}
)
MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCase:
    """A case that does not hold: where it ran and what was otherwise."""

    case: Case
    back_end: str
    faults: Faults

    def __str__(self) -> str:
        return f"{self.case.topic}: {self.case.name} ({self.back_end}): {'; '.join(self.faults)}"


def load_corpus(folder: Path | str) -> tuple[Case, ...]:
    """Read all cases of a folder and the folders in it; the topic of a case is its file, without the ending.

    Raises:
        CaseUnreadable: a file holds something else, or two cases of a file have one name.
    """
    root = Path(folder)
    found: list[Case] = []
    for path in sorted([*root.rglob("*.yaml"), *root.rglob("*.yml")]):
        if not _is_in_app(path, root):
            found += _read_file(path, path.relative_to(root).with_suffix("").as_posix())
    return tuple(found)


def _is_in_app(path: Path, root: Path) -> bool:
    return any((parent / "app.yaml").is_file() for parent in path.parents if parent == root or root in parent.parents)


def _read_file(path: Path, topic: str) -> Iterator[Case]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CaseUnreadable(f"{path} cannot be read: {error}") from error
    if not isinstance(entries, list):
        raise CaseUnreadable(f"{path} holds no list of cases")
    names: set[str] = set()
    for number, entry in enumerate(entries, start=1):
        where = f"{path}, case {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise CaseUnreadable(f"{where}: a case is a mapping with a name")
        if entry["name"] in names:
            raise CaseUnreadable(f"{where}: the name '{entry['name']}' stands twice")
        names.add(entry["name"])
        read = next((reader for key, reader in _READERS.items() if key in entry), None)
        if read is None:
            raise CaseUnreadable(f"{where}, '{entry['name']}': a case has one of {', '.join(_READERS)}")
        try:
            yield read(entry, topic)
        except CaseUnreadable as error:
            raise CaseUnreadable(f"{where}, '{entry['name']}': {error}") from error


class CorpusRunner:
    """Runs cases; use it as a context, so that it lets its databases go.

    plugins: loaded ones, whose functions, field types and actions cases may use. databases: name → address of an empty
    database, which is filled. folder: an empty one, for files of the app that rules play in.
    """

    def __init__(
        self, *, folder: Path, plugins: PluginManager, databases: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._folder = folder
        self._plugins = plugins
        self._databases = databases
        self._open = ExitStack()
        self._samples: dict[str, SampleDatabase] = {}
        self._stages: dict[str, RuleStage] = {}
        self._language = installed_language(plugins)

    def __enter__(self) -> CorpusRunner:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    @cached_property
    def back_ends(self) -> tuple[str, ...]:
        """The names of what cases run on."""
        return (MEMORY, *self._databases)

    def run(self, cases: Sequence[Case]) -> Iterator[FailedCase]:
        """Run cases and give those that do not hold."""
        for case in cases:
            for back_end in self.back_ends:
                try:
                    faults = self.faults(case, back_end)
                except CaseUnreadable as error:
                    faults = (str(error),)
                if faults:
                    yield FailedCase(case=case, back_end=back_end, faults=faults)

    def faults(self, case: Case, back_end: str) -> Faults:
        """Run a case on one back end; nothing is wrong where the back end is none of its kind's."""
        if isinstance(case, AppCase):
            return app_faults(case, self._language) if back_end == MEMORY else ()
        if isinstance(case, RuleCase):
            return () if back_end == MEMORY else self._stage(back_end).faults(case)
        if back_end == MEMORY:
            return expression_faults(case, self._language.functions)
        if case.memory or case.problem is not None:
            return ()
        return self._sample(back_end).faults(case, self._language.functions)

    def _sample(self, back_end: str) -> SampleDatabase:
        found = self._samples.get(back_end)
        if found is None:
            found = self._samples[back_end] = SampleDatabase(self._databases[back_end])
            self._open.callback(found.close)
        return found

    def _stage(self, back_end: str) -> RuleStage:
        found = self._stages.get(back_end)
        if found is None:
            folder = self._folder / back_end
            folder.mkdir(parents=True, exist_ok=True)
            stage = open_stage(self._databases[back_end], folder, self._plugins)
            found = self._stages[back_end] = self._open.enter_context(stage)
        return found
