"""What an actor sees of runs, as access rules say; implements `RunSight` of the run log."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import select

from engine.access.actor import Actor
from engine.access.predicates import EVERYONE
from engine.automation.condition_eyes import ConditionEyes
from engine.automation.rule_index import RuleIndex
from engine.automation.run_sight import RecordPlace
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.database import Database
from metamodel.fields import FieldDef
from metamodel.values import Ref


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

    def condition_eyes(self, actor: Actor, object_key: str | None, record_id: str | None) -> ConditionEyes:
        """Give what the actor may see of the values in conditions about a record; without one: nothing of any."""
        if object_key is None or record_id is None:
            return ConditionEyes(frozenset(), lambda key: (), lambda key: False, frozenset)
        access, objects = self._records.access(actor), self._current().metamodel.objects
        return ConditionEyes(
            self.readable_fields(actor, object_key),
            lambda key: access.of(key).whole if key in objects else (),
            lambda key: access.of(key).actions["read"] is EVERYONE,
            lambda: self._near(actor, object_key, record_id),
        )

    def _near(self, actor: Actor, object_key: str, record_id: str) -> frozenset[str]:
        """Give the lookups of a record that lead to one record, which the actor may read."""
        with self._records.reading(actor) as transaction:
            values = transaction.cache.related(object_key, record_id) or {}
            fields = transaction.parts.metamodel.objects[object_key].fields
            found = {name: _target(field, values.get(name)) for name, field in fields.items()}
            there = {name: place for name, place in found.items() if place is not None}
            titles = transaction.reader.titles(set(there.values()))
        return frozenset(name for name, place in there.items() if place in titles)

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


def _target(field: FieldDef, value: object) -> RecordPlace | None:
    if field.relation is None or value is None:
        return None
    if isinstance(value, Ref):
        return value.object, value.id
    target = field.relation.single_target
    return (target, value) if target is not None and isinstance(value, str) else None
