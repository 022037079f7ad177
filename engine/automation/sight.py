"""What an actor sees of runs, as access rules say; implements `RunSight` of the run log."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import select

from engine.access.actor import Actor
from engine.access.predicates import EVERYONE
from engine.automation.rule_index import RuleIndex
from engine.automation.run_sight import RecordPlace
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.database import Database


class AccessSight:
    """Judges by the current release."""

    def __init__(
        self,
        *,
        database: Database,
        records: Records,
        current: Callable[[], Release],
        index_of: Callable[[Release], RuleIndex],
    ) -> None:
        self._database = database
        self._records = records
        self._current = current
        self._index_of = index_of

    def has_right(self, actor: Actor, right: str) -> bool:
        """Say whether a role of the actor has a system right."""
        return self._records.access(actor).has_right(right)

    def readable_among(self, actor: Actor, records: Collection[RecordPlace]) -> frozenset[RecordPlace]:
        """Give those of some records that the actor may read: one statement an object."""
        objects, access = self._current().metamodel.objects, self._records.access(actor)
        known = {place for place in records if place[0] in objects}
        # A run outlives its record: who may read every record may also know of a deleted one.
        whole = frozenset(place for place in known if access.of(place[0]).actions["read"] is EVERYONE)
        if whole == known:
            return whole
        with self._records.reading(actor) as transaction:
            return whole | transaction.reader.titles(known - whole).keys()

    def readable_fields(self, actor: Actor, object_key: str) -> frozenset[str]:
        """Give the fields of an object that the actor may read in every readable record."""
        if object_key not in self._current().metamodel.objects:
            return frozenset()
        return self._records.access(actor).of(object_key).whole

    def rule_label(self, rule: str, release: int, language: str) -> str:
        """Give a rule's label, else its name."""
        program = self._index_of(self._current()).programs.get(rule)
        return program.called(language) if program is not None else rule

    def user_name(self, user_id: str | None) -> str:
        """Give a user's name; the product's own for None."""
        if user_id is None:
            return ""
        users = self._current().tables.of("user").table
        with self._database.read() as connection:
            found = connection.execute(select(users.c["name"]).where(users.c["id"] == user_id)).scalar()
        return str(found or "")
