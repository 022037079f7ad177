"""Keeps what a process found when checking the expressions and rules of a release, for those that start after it.

Which expressions an object has is asked of its definition; one that is left out here costs a check at its first use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from engine.errors import EngineError
from engine.expressions.language import BrokenExpression, ReleaseLanguage
from engine.releases.collector import collector_paused
from engine.releases.kept_trees import RULES, KeptTreeStore, part_of
from engine.releases.release import Release
from engine.releases.store import ReleaseStore
from engine.releases.stored_form import read_stamps
from engine.storage.system_tables import RELEASE_STAMP
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule
from workflow_dsl.types import type_of_field

_LOG = logging.getLogger("fieldstone.releases")


class TreeKeeping:
    """Keeps the trees of current releases. language_of, rules_of: a release's expressions and checked rules."""

    def __init__(
        self,
        *,
        releases: ReleaseStore,
        trees: KeptTreeStore,
        language_of: Callable[[Release], ReleaseLanguage],
        rules_of: Callable[[Release], Iterable[CheckedRule | CheckedApproval]],
    ) -> None:
        self._releases = releases
        self._trees = trees
        self._language_of = language_of
        self._rules_of = rules_of
        self._seen = 0

    def look(self) -> None:
        """Keep the current release where nothing of this program's is kept; once a release and process."""
        if not self._releases.has_release():
            return
        release = self._releases.current()
        if release.number == self._seen:
            return
        self._seen = release.number
        if not release.trees:
            self.keep(release)

    def keep(self, release: Release) -> bool:
        """Check all of a release and keep it, unless there is a newer one; tell whether it is kept now.

        A failure is told in the log: a release that is not kept is one that takes longer to start with.
        """
        try:
            with collector_paused():
                parts = dict(self._parts(release))
                # Before the transaction: others write meanwhile.
                rows = self._trees.packed(release.number, release.info.checksum, release.metamodel, parts)
            with self._releases.database.write() as connection:
                newest = read_stamps(connection, self._releases.system).get(RELEASE_STAMP)
                if newest != release.number:
                    return False
                self._trees.write(connection, rows)
        except EngineError:
            _LOG.warning("what was checked of release %s could not be kept", release.number, exc_info=True)
            return False
        return True

    def _parts(self, release: Release) -> Iterator[tuple[str, tuple[Any, ...]]]:
        yield RULES, tuple(self._rules_of(release))
        language = self._language_of(release)
        for object_def in release.metamodel.objects.values():
            _check_all(language, object_def)
            yield part_of(object_def.key), tuple(language.sound(object_def.key))


def _check_all(language: ReleaseLanguage, object_def: ObjectDef) -> None:
    asked: list[Callable[[], object]] = [partial(language.title, object_def.key), *_of_object(language, object_def)]
    for ask in asked:
        # Whoever needs what is broken is told; it is not kept.
        with suppress(BrokenExpression):
            ask()


def _of_object(language: ReleaseLanguage, object_def: ObjectDef) -> Iterator[Callable[[], object]]:
    key = object_def.key
    yield from (partial(language.condition, text, key) for text in _conditions(object_def) if text is not None)
    for field in object_def.fields.values():
        relation, default = field.relation, field.default
        if field.formula is not None:
            yield partial(language.formula, key, field.name)
        for text in (default.expression if default is not None else None, field.copy_from):
            if text is not None:
                yield partial(language.expression, text, key, type_of_field(field))
        if relation is not None and relation.where is not None:
            for target in relation.targets:
                yield partial(language.condition, relation.where, key, row_object=target)
        yield from _of_rollup(language, object_def, field)


def _of_rollup(language: ReleaseLanguage, object_def: ObjectDef, field: FieldDef) -> Iterator[Callable[[], object]]:
    rollup = field.rollup
    inverse = object_def.inverses.get(rollup.list_name) if rollup is not None else None
    if rollup is not None and rollup.where is not None and inverse is not None:
        yield partial(language.condition, rollup.where, object_def.key, row_object=inverse.object)


def _conditions(object_def: ObjectDef) -> Iterator[LocatedText | None]:
    for validation in object_def.validations:
        yield from (validation.check, validation.when, validation.active)
    for layout in object_def.all_layouts:
        yield layout.when
        yield from (section.visible_if for section in layout.sections)
    for field in object_def.fields.values():
        yield from (field.required_if, field.visible_if, field.readonly_if)
