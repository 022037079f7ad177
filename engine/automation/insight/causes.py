"""What caused a save: the step of a run and what caused that run, back to the person, import or moment it began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select

from engine.access.actor import Origin
from engine.automation.insight.past import Entry
from engine.automation.insight.views import CauseLink, Setter
from engine.automation.run_sight import RunSight
from engine.records.earlier_objects import entries_of
from engine.records.transaction import Transaction

_DEEPEST = 32
_RUN = (
    "id", "rule", "release", "object", "record_id", "record_title", "event", "actor", "root_cause", "cause_run",
    "cause_step", "created_at",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Causes:
    """Finds causes for one reader, each run once."""

    transaction: Transaction
    sight: RunSight
    _runs: dict[str, Mapping[Any, Any] | None] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def of(self, entry: Entry) -> tuple[CauseLink, ...]:
        """Give the causes of a save, the nearest first."""
        if entry.run is None:
            return (self._origin(entry),)
        links, run_id, step = [], entry.run, entry.step
        at, run = entry.at, None
        for _ in range(_DEEPEST):
            found = self._run(run_id)
            if found is None:
                links.append(CauseLink(kind=Setter.RULE, at=at, run=run_id, step=step, release=entry.release))
                return tuple(links)
            run = found
            links.append(self._of_run(run, step))
            if run["cause_run"] is None:
                break
            run_id, step, at = run["cause_run"], run["cause_step"], run["created_at"]
        assert run is not None, "there is at least one"
        return (*links, self._root(run))

    def before_rule(self, rule: str, entry: Entry) -> CauseLink:
        """Give the link of a rule that acted within a save."""
        label = self.sight.rule_label(rule, entry.release or 0, self.transaction.actor.language)
        return CauseLink(kind=Setter.BEFORE_RULE, at=entry.at, rule=rule, label=label, release=entry.release)

    def _of_run(self, run: Mapping[Any, Any], step: str | None) -> CauseLink:
        place = (run["object"] or "", run["record_id"] or "")
        seen = place in self._titles([place])
        return CauseLink(
            kind=Setter.RULE,
            at=run["created_at"],
            rule=run["rule"],
            label=self.sight.rule_label(run["rule"], run["release"], self.transaction.actor.language),
            run=run["id"],
            step=step,
            release=run["release"],
            object=run["object"],
            record_id=run["record_id"] if seen else None,
            record_title=run["record_title"] if seen else None,
            text=run["event"],
        )

    def _root(self, run: Mapping[Any, Any]) -> CauseLink:
        """Give who or what a chain of runs began with."""
        actor = run["actor"] or {}
        user_id = actor.get("user_id")
        who = str(actor.get("name") or "") or self._name(user_id)
        kind = Setter.PERSON if user_id is not None else Setter.PRODUCT
        audit = self.transaction.system.audit
        about = (entries_of(self.transaction, run["object"]), audit.c.record_id == run["record_id"])
        query = select(audit.c.origin, audit.c.at).where(*about, audit.c.at == run["created_at"]).limit(1)
        row = self.transaction.connection.execute(query).first() if run["record_id"] else None
        file = ""
        if row is not None and row.origin == Origin.IMPORT.value:
            kind, file = Setter.IMPORT, self._import(run["object"], user_id, run["created_at"])
        return CauseLink(
            kind=kind,
            at=run["created_at"],
            who=who if user_id else "",
            release=run["release"],
            text=file or run["event"],
        )

    def _origin(self, entry: Entry) -> CauseLink:
        if entry.origin == Origin.IMPORT.value:
            file = self._import(entry.object, entry.actor, entry.at)
            return CauseLink(kind=Setter.IMPORT, at=entry.at, who=self._who(entry), release=entry.release, text=file)
        kind = Setter.PERSON if entry.actor else Setter.PRODUCT
        return CauseLink(kind=kind, at=entry.at, who=self._who(entry), release=entry.release, text=entry.origin)

    def _who(self, entry: Entry) -> str:
        return (entry.actor_name or self._name(entry.actor)) if entry.actor else ""

    def _name(self, user_id: str | None) -> str:
        if user_id is None:
            return ""
        if user_id not in self._names:
            self._names[user_id] = self.sight.user_name(user_id)
        return self._names[user_id]

    def _run(self, run_id: str) -> Mapping[Any, Any] | None:
        if run_id not in self._runs:
            self._runs[run_id] = self._read(run_id)
        return self._runs[run_id]

    def _read(self, run_id: str) -> Mapping[Any, Any] | None:
        system = self.transaction.system
        # What is no longer kept as a run has left where it came from.
        for table in (system.run, system.run_origin):
            query = select(*(table.c[name] for name in _RUN)).where(table.c.id == run_id)
            row = self.transaction.connection.execute(query).mappings().first()
            if row is not None:
                return dict(row)
        return None

    def _titles(self, places: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        return self.transaction.reader.titles(place for place in places if all(place))

    def _import(self, object_key: str, actor: str | None, at: Any) -> str:
        """Give the file of the import that ran then; "" where it is not known."""
        imported = self.transaction.system.imported
        over = or_(imported.c.finished_at.is_(None), imported.c.finished_at >= at)
        query = select(imported.c.file).where(imported.c.object == object_key, imported.c.created_at <= at, over)
        if actor is not None:
            query = query.where(imported.c.actor == actor)
        found = self.transaction.connection.execute(query.order_by(imported.c.created_at.desc()).limit(1)).scalar()
        return str(found or "")
