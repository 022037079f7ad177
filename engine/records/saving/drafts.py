"""One record while it is being saved: its values as they become, what was stored, and what was found wrong.

It is what before rules see as `Draft`. Nothing here reads or writes the database but through the context's lazy
loading of related records.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import FieldError
from engine.expressions.context import RecordContext, Surroundings
from engine.records.hooks import SaveKind
from engine.records.saving.order import OrderNote, SaveStep, note
from engine.records.saving.plan import SavePlan
from engine.records.saving.rating import rate, worth_differs
from metamodel.names import did_you_mean
from metamodel.objects import ValidationSeverity
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from workflow_dsl.context import Context

_EMPTY: Mapping[str, Any] = {}


class RecordDraft:
    """A record on its way through the save.

    given: fields that the caller set. titles: of the lookups that were looked at. notices: warnings and infos.
    confirmed: codes of warnings that the person has confirmed, None where they pass by themselves (rules, batches).
    tags: those that before rules put on (True) or take off, once the record is written; None where there are none.
    order: what was done so far, for traces (`order.note`); None where nobody will look at it.
    """

    __slots__ = (
        "_changed", "_context", "around", "confirmed", "errors", "given", "kind", "notices", "order", "plan",
        "record_id", "stored", "tags", "title", "titles", "values",
    )  # fmt: skip

    def __init__(
        self,
        plan: SavePlan,
        around: Surroundings,
        kind: SaveKind,
        record_id: str,
        stored: Mapping[str, Any] | None,
        confirmed: frozenset[str] | None,
    ) -> None:
        self.plan = plan
        self.around = around
        self.kind = kind
        self.record_id = record_id
        self.stored = stored
        self.values: dict[str, Any] = dict(stored) if stored is not None else dict.fromkeys(plan.table.codecs)
        self.given: set[str] = set()
        self.errors: list[FieldError] = []
        self.notices: list[FieldError] = []
        self.titles: dict[str, str] = {}
        self.title: str | None = None
        self.tags: dict[str, bool] | None = None
        self.confirmed = confirmed
        self.order: list[OrderNote] | None = None
        self._context: RecordContext | None = None
        self._changed: frozenset[str] | None = None

    @property
    def object_key(self) -> str:
        """The object's key."""
        return self.plan.object.key

    @property
    def old(self) -> Mapping[str, Any]:
        """The stored values before the save; empty on creation."""
        return self.stored if self.stored is not None else _EMPTY

    @property
    def changed(self) -> frozenset[str]:
        """Fields whose value differs from what is stored."""
        if self._changed is None:
            stored = self.stored or _EMPTY
            self._changed = frozenset([name for name, value in self.values.items() if value != stored.get(name)])
        return self._changed

    @property
    def written(self) -> frozenset[str]:
        """The fields that have to be written: the changed ones, and money whose worth has changed with its day."""
        if not self.around.metamodel.currencies:
            return self.changed
        old = self.old
        worth = {name for name in self.plan.money if worth_differs(old.get(name), self.values.get(name))}
        return self.changed | worth if worth else self.changed

    def know_changed(self, names: frozenset[str]) -> None:
        """Remember the changed fields that were found for many drafts at once."""
        self._changed = names

    @property
    def context(self) -> Context:
        """The context expressions are evaluated in: `this` is the draft as it is now."""
        if self._context is None:
            self._context = RecordContext(self.around, self.object_key, self.values, old=self.stored)
        return self._context

    @property
    def language(self) -> str:
        """The language of who is told about the save."""
        return self.around.language

    def ran(self, rule: str) -> None:
        """Note that a before rule was carried out."""
        note(self, SaveStep.BEFORE_RULES, (rule,))

    def set(self, name: str, value: object) -> None:
        """Give a field a value; formulas over it follow at once."""
        if name not in self.values:
            hint = did_you_mean(name, self.values)
            raise KeyError(f"'{name}' is not a stored field of {self.object_key}; {hint}")
        self.put(name, self.plan.keep[name](value))
        self.compute({name})

    def tag(self, name: str, *, add: bool) -> None:
        """Put a tag on the record or take it off when it is written; the last word on a tag holds."""
        self.tags = {**(self.tags or {}), name: add}

    def put(self, name: str, value: Any) -> None:
        """Give a field a value that is in its form already."""
        self.values[name] = value
        self._changed = None
        # A context over plain values sees the change; one over formulas that are computed when read holds a copy.
        if self._context is not None and self._context.this is not self.values:
            self._context = None

    def compute(self, of: Collection[str] | None = None) -> None:
        """Compute kept formulas, all of them or those that follow from some fields."""
        changed = None if of is None else {*of}
        if self.plan.rated:
            rated = self.rate()
            changed = None if changed is None else changed | rated
        for formula in self.plan.computed:
            if changed is not None and not formula.reads & changed:
                continue
            self.put(formula.name, self._evaluated(formula.name, formula.evaluate))
            if changed is not None:
                changed.add(formula.name)

    def rate(self) -> frozenset[str]:
        """Find what entered money of other currencies is worth; give the fields where that was news."""
        found = rate(self.plan, self.values, self.around)
        for name, value in found.items():
            self.put(name, value)
        return frozenset(found)

    def _evaluated(self, name: str, evaluate: Any) -> Any:
        try:
            return evaluate(self.context)
        except EvaluationError as fault:
            self.reject(str(fault), field=name, code="not_computable")
            return None

    def reject(self, message: str, *, field: str | None = None, code: str = "rejected") -> None:
        """Refuse the save; all messages are told together."""
        self.errors.append(FieldError(code=code, message=message, field=field))

    def warn(self, message: str, *, field: str | None = None, code: str = "warned") -> None:
        """Ask the person to confirm; rules and batches pass over it and report it."""
        self.notices.append(FieldError(code=code, message=message, field=field, severity=ValidationSeverity.WARNING))

    @property
    def unconfirmed(self) -> list[FieldError]:
        """The warnings that still stand against the save."""
        if self.confirmed is None:
            return []
        return [
            notice
            for notice in self.notices
            if notice.severity is ValidationSeverity.WARNING and notice.code not in self.confirmed
        ]
