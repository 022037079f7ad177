"""The surroundings that the Python back end evaluates in: a record, what it points at loaded lazily, who acts, when.

Where values come from is asked of a `RecordSource` (the transaction's cache); whose eyes is its matter too. Formulas
that are not kept in columns are computed here when they are read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from engine.access.shares import Share
from engine.expressions.record_values import RecordValues
from metamodel.apps import Metamodel
from metamodel.currency_rates import rate_or_first
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.trees import tree_field
from metamodel.values import ForeignMoney, Money
from workflow_dsl.context import Context, Values, stands_below
from workflow_dsl.record_tokens import record_token
from workflow_dsl.syntax import NamedKind, Span
from workflow_dsl.workdays import BusinessCalendar

Computations = Mapping[str, Callable[[Context], Any]]


class RecordSource(Protocol):
    """Gives the values of other records, as the evaluation's eyes see them."""

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record's stored values by id; None where it is absent or unseen."""
        ...

    def children(self, object_key: str, list_name: str, record_id: str) -> Sequence[tuple[str, Values]]:
        """Give the object key and values of the rows of an inverse list."""
        ...

    def records(self, object_key: str) -> Iterable[Values]:
        """Give all records of an object."""
        ...

    def lookup(self, object_key: str, field_name: str, value: Any) -> Sequence[str]:
        """Give the ids of at most two records whose field has that value."""
        ...

    def named(self, kind: NamedKind, name: str) -> str | None:
        """Give the id of a queue or team by its name."""
        ...

    def has_role(self, user_id: str, role: str) -> bool:
        """Say whether a user holds a role."""
        ...

    def reports_to(self, user_id: str, boss_id: str) -> bool:
        """Say whether a user reports to another."""
        ...

    def has_permission(self, permission: str) -> bool:
        """Say whether who acts has a permission."""
        ...

    def shares(self, object_key: str, record_id: str) -> Sequence[Share]:
        """Give the shares of a record."""
        ...

    def computations(self, object_key: str) -> Computations:
        """Give the formulas of an object that are computed when read."""
        ...

    def title(self, object_key: str, context: Context) -> str | None:
        """Give the title of the context's record."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all evaluations of one transaction share; token_key: what tokens of records are made with."""

    metamodel: Metamodel
    source: RecordSource
    user: str | None
    now: dt.datetime
    today: dt.date
    zone: ZoneInfo
    language: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    calendar: BusinessCalendar = field(default_factory=BusinessCalendar)
    token_key: bytes = b""


class RecordContext:
    """The context of one record."""

    __slots__ = ("_around", "_given", "_old", "_stored", "notes", "object_key", "this")

    def __init__(
        self,
        around: Surroundings,
        object_key: str,
        this: Values,
        *,
        old: Values | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self._around = around
        self._given = given or {}
        self.object_key = object_key
        self.notes: list[tuple[str, Span]] = []
        self.this: Values = self.seen(object_key, this)
        self._stored = old
        self._old: Values | None = None

    def seen(self, object_key: str, values: Values) -> Values:
        """Give a record's values with the formulas that are computed when read."""
        computations = self._around.source.computations(object_key)
        if not computations or isinstance(values, RecordValues):
            return values
        around = self._around
        return RecordValues(values, computations, lambda own: RecordContext(around, object_key, own))

    @property
    def old(self) -> Values | None:
        """The record before the change, made ready when it is first looked at."""
        if self._old is None and self._stored is not None:
            self._old = self.seen(self.object_key, self._stored)
        return self._old

    def before_change(self) -> RecordContext | None:
        """Give the context of the record before the change, in the same surroundings; None where there was none."""
        if self._stored is None:
            return None
        return RecordContext(self._around, self.object_key, self._stored, given=self._given)

    def counted_by(self, calendar: BusinessCalendar | None) -> RecordContext:
        """Give the same context with another calendar for business time; None leaves the one in force."""
        return self if calendar is None else self._around_by(replace(self._around, calendar=calendar), self._given)

    def with_given(self, given: Mapping[str, Any]) -> RecordContext:
        """Give the same context with further given names."""
        return self._around_by(self._around, {**self._given, **given})

    def without(self, names: Collection[str]) -> RecordContext:
        """Give the same context with fields of the record empty."""
        values = {**self.this, **dict.fromkeys(names)}
        return (
            RecordContext(self._around, self.object_key, values, old=self._stored, given=self._given) if names else self
        )

    def _around_by(self, around: Surroundings, given: Mapping[str, Any]) -> RecordContext:
        made = RecordContext(around, self.object_key, self.this, given=given)
        made._stored, made._old = self._stored, self._old
        return made

    def of(self, object_key: str, record_id: str) -> RecordContext | None:
        """Give the context of another record; None where it is absent or unseen."""
        found = self._around.source.related(object_key, record_id)
        return None if found is None else RecordContext(self._around, object_key, found)

    @property
    def user(self) -> str | None:
        """The id of the user who acts."""
        return self._around.user

    @property
    def now(self) -> dt.datetime:
        """Aware UTC."""
        return self._around.now

    @property
    def today(self) -> dt.date:
        """The day of `now` in the app's zone."""
        return self._around.today

    @property
    def zone(self) -> dt.tzinfo:
        """The app's zone."""
        return self._around.zone

    @property
    def base_currency(self) -> str:
        """ISO 4217."""
        return self._around.metamodel.main.currency

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record by id."""
        found = self._around.source.related(object_key, record_id)
        return None if found is None else self.seen(object_key, found)

    def children(self, object_key: str, list_name: str, record_id: str) -> Sequence[Values]:
        """Give the rows of an inverse list."""
        rows = self._around.source.children(object_key, list_name, record_id)
        return [self.seen(child, values) for child, values in rows]

    def records(self, object_key: str) -> Iterable[Values]:
        """Give all records of an object."""
        return (self.seen(object_key, values) for values in self._around.source.records(object_key))

    def lookup(self, object_key: str, field_name: str, value: Any) -> Sequence[str]:
        """Give the ids of at most two records whose field has that value."""
        return self._around.source.lookup(object_key, field_name, value)

    def title(self, object_key: str, record_id: str) -> str:
        """Give what a record is called; empty where it is absent or unseen."""
        found = self.of(object_key, record_id)
        return "" if found is None else self._around.source.title(object_key, found) or ""

    def setting(self, name: str) -> Any:
        """Give the value of a setting."""
        return self._around.settings.get(name)

    def given(self, name: str) -> Any:
        """Give what the trigger or an action named."""
        return self._given.get(name)

    def named(self, kind: NamedKind, name: str) -> str | None:
        """Give the id of a queue or team; of a role its name."""
        return name if kind is NamedKind.ROLE else self._around.source.named(kind, name)

    def has_role(self, user_id: str, role: str) -> bool:
        """Say whether a user holds a role."""
        return self._around.source.has_role(user_id, role)

    def in_team(self, user_id: str, team: str) -> bool:
        """Say whether a user is in a team (by name)."""
        user, team_id = self.related("user", user_id), self.named(NamedKind.TEAM, team)
        return user is not None and team_id is not None and user.get("team") == team_id

    def is_subordinate(self, user_id: str, of_user_id: str) -> bool:
        """Say whether a user reports to another, over any number of managers."""
        return self._around.source.reports_to(user_id, of_user_id)

    def has_permission(self, permission: str) -> bool:
        """Say whether the user who acts has a permission by name."""
        return self._around.source.has_permission(permission)

    def shares(self, object_key: str) -> Sequence[Share]:
        """Give the shares of the record at hand, which is one of this object; a new one has none."""
        record_id = self.this.get("id")
        return () if record_id is None else self._around.source.shares(object_key, record_id)

    def in_subtree(self, object_key: str, record_id: str, root_id: str) -> bool:
        """Say whether a record of a tree is another one, or stands below it; the record at hand counts as it is now."""
        tree = tree_field(self._around.metamodel.objects[object_key])

        def find(each: str) -> Values | None:
            is_this = object_key == self.object_key and each == self.this.get("id")
            return self.this if is_this else self.related(object_key, each)

        return tree is not None and stands_below(find, tree.name, record_id, root_id)

    def to_base(self, money: Money) -> Decimal:
        """Give an amount in the base currency: what it is worth where that is kept with it, else by today's rate."""
        if isinstance(money, ForeignMoney) and money.base is not None:
            return money.base
        currency = self._around.metamodel.currencies.get(money.currency)
        rate = None if currency is None else rate_or_first(currency, self._around.today)
        # A save refuses money without a rate, so that it matters in its checks at most what this gives.
        return money.amount if rate is None else money.amount * rate

    @property
    def calendar(self) -> BusinessCalendar:
        """The calendar in force: the main app's, else Monday to Friday."""
        return self._around.calendar

    def label(self, object_key: str, field_name: str, option: str) -> str:
        """Give the label of a choice's option in the reader's language."""
        return option_label(self._around.metamodel.objects[object_key], field_name, option, self._around.language)

    def url(self, object_key: str, record_id: str) -> str:
        """Give the address of a record's page."""
        return f"/o/{object_key}/{record_id}"

    def token(self, object_key: str, record_id: str) -> str:
        """Give the unguessable text that public links name a record by."""
        return record_token(self._around.token_key, object_key, record_id)

    @property
    def token_key(self) -> bytes:
        """What tokens of records are made with."""
        return self._around.token_key

    def note(self, message: str, at: Span) -> None:
        """Remember something for the trace."""
        self.notes.append((message, at))


def option_label(object_def: ObjectDef, field_name: str, option: str, language: str) -> str:
    """Give the label of a choice's option."""
    definition = object_def.fields[field_name]
    found = definition.choice.option(option) if definition.choice is not None else None
    return label_text(found.label, language, option) if found is not None else option
