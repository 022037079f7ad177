"""The rules as they were under the release that a save was made under; a rule that is still the same is today's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex
from engine.errors import EngineError
from engine.releases.release import Release

_MOST_OLDER = 4
"""How many older releases are loaded for one answer; saves under still older ones are judged by today's rules."""


class RulesThen:
    """Gives the rules of releases for one answer."""

    def __init__(self, numbered: Callable[[int], Release], index_of: Callable[[Release], RuleIndex]) -> None:
        self._numbered = numbered
        self._index_of = index_of
        self._known: dict[int, RuleIndex | None] = {}

    def about(self, today: RuleIndex, object_key: str, release: int | None) -> Iterator[Program]:
        """Give the rules about an object that were there under a release."""
        was = self._index(release)
        for program in today.programs.values():
            if not any(trigger.object == object_key for trigger in program.on_record):
                continue
            before = program if was is None else was.programs.get(program.name)
            if before is not None and before.active:
                yield program if before.text == program.text else before

    def had(self, rule: str, release: int | None) -> bool:
        """Say whether there was such a rule under a release."""
        was = self._index(release)
        return was is None or rule in was.programs

    def _index(self, release: int | None) -> RuleIndex | None:
        if release is None:
            return None
        if release not in self._known:
            self._known[release] = self._load(release) if len(self._known) <= _MOST_OLDER else None
        return self._known[release]

    def _load(self, release: int) -> RuleIndex | None:
        try:
            return self._index_of(self._numbered(release))
        except EngineError:
            # It can't be loaded any more: what is there today is the best that is known.
            return None
