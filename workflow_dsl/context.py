"""What an evaluation asks of the system around it: the record, related records, who acts, what time it is.

`Context` is the protocol that the engine fills, loading lazily; `PlainContext` is one over plain dicts, for tests,
examples and tools. All values are as docs/architecture.md says ("Values in memory"); empty is None.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from metamodel.values import ForeignMoney, Money
from workflow_dsl.record_tokens import record_token
from workflow_dsl.syntax import NamedKind, Span
from workflow_dsl.workdays import BusinessCalendar

# A record as expressions see it: API name → value; a name that is absent reads as empty.
Values = Mapping[str, Any]


class Context(Protocol):
    """One evaluation's surroundings; `now` and `today` are the same through a transaction."""

    @property
    def this(self) -> Values:
        """The record, `id` included."""

    @property
    def old(self) -> Values | None:
        """The record before the change; None on creation (every `old.x` is empty) or where no change is at hand."""

    @property
    def user(self) -> str | None:
        """The id of the user who acts."""

    @property
    def now(self) -> dt.datetime:
        """Aware UTC."""

    @property
    def today(self) -> dt.date:
        """The day of `now` in the app's zone."""

    @property
    def zone(self) -> dt.tzinfo:
        """The app's zone."""

    @property
    def base_currency(self) -> str:
        """ISO 4217."""

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record by id; None where it is absent or, for what a user brought, unreadable."""

    def children(self, object_key: str, list_name: str, record_id: str) -> Sequence[Values]:
        """Give the rows of an inverse list of a record, those in the bin left out."""

    def records(self, object_key: str) -> Iterable[Values]:
        """Give all records of an object, those in the bin left out."""

    def lookup(self, object_key: str, field_name: str, value: Any) -> Sequence[str]:
        """Give the ids of (at most two) records whose field has that value."""

    def setting(self, name: str) -> Any:
        """Give the value of a setting."""

    def given(self, name: str) -> Any:
        """Give what the trigger or an action named; of a record its id, or a `Ref` where the type is polymorphic."""

    def named(self, kind: NamedKind, name: str) -> str | None:
        """Give the id of a queue or team; of a role its name."""

    def has_role(self, user_id: str, role: str) -> bool:
        """Say whether a user holds a role."""

    def in_team(self, user_id: str, team: str) -> bool:
        """Say whether a user is in a team (by name)."""

    def is_subordinate(self, user_id: str, of_user_id: str) -> bool:
        """Say whether a user reports to another, over any number of managers."""

    def has_permission(self, permission: str) -> bool:
        """Say whether the user who acts has a permission by name."""

    def in_subtree(self, object_key: str, record_id: str, root_id: str) -> bool:
        """Say whether a record of a tree is another one, or stands below it."""

    def to_base(self, money: Money) -> Decimal:
        """Give an amount in the base currency at the record's dated rate."""

    @property
    def calendar(self) -> BusinessCalendar:
        """The calendar in force, by which business days and hours count."""

    def label(self, object_key: str, field_name: str, option: str) -> str:
        """Give the label of a choice's option in the reader's language."""

    def title(self, object_key: str, record_id: str) -> str:
        """Give how a record is called."""

    def url(self, object_key: str, record_id: str) -> str:
        """Give the address of a record's page."""

    def token(self, object_key: str, record_id: str) -> str:
        """Give an unguessable text that stands for a record in a public link."""

    def note(self, message: str, at: Span) -> None:
        """Remember something for the trace, such as a division by zero."""


def stands_below(find: Callable[[str], Values | None], above: str, record_id: str, root_id: str) -> bool:
    """Walk up a tree from a record by the lookup `above`; a record that is not found ends the way."""
    seen: set[str] = set()
    current: str | None = record_id
    while current is not None and current not in seen:
        values = find(current)
        if values is None or current == root_id:
            return values is not None
        seen.add(current)
        current = values.get(above)
    return False


@dataclass(kw_only=True)
class PlainContext:
    """A `Context` over plain values.

    tables: object key → id → values. lists: (object key, list name) → (child object, lookup field); lists not named
    there are empty. trees: object key → lookup to what is above. rates: currency → base currency per unit. roles:
    user id → role names. managers: user → manager.
    """

    this: Values = field(default_factory=dict)
    old: Values | None = None
    user: str | None = None
    now: dt.datetime = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
    zone_name: str = "UTC"
    base_currency: str = "CNY"
    tables: Mapping[str, Mapping[str, Values]] = field(default_factory=dict)
    lists: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, Any] = field(default_factory=dict)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    teams: Mapping[str, Sequence[str]] = field(default_factory=dict)
    managers: Mapping[str, str] = field(default_factory=dict)
    permissions: Sequence[str] = ()
    trees: Mapping[str, str] = field(default_factory=dict)
    holidays: Sequence[dt.date] = ()
    workdays: Sequence[dt.date] = ()
    labels: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    token_key: bytes = b"a key of examples"

    @property
    def zone(self) -> dt.tzinfo:
        """The app's zone."""
        return ZoneInfo(self.zone_name)

    @property
    def today(self) -> dt.date:
        """The day of `now` in the zone."""
        return self.now.astimezone(self.zone).date()

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record by id."""
        return self.tables.get(object_key, {}).get(record_id)

    def children(self, object_key: str, list_name: str, record_id: str) -> Sequence[Values]:
        """Give the rows that point at a record."""
        child, lookup_field = self.lists.get((object_key, list_name), ("", ""))
        rows = self.tables.get(child, {}).values()
        return [row for row in rows if getattr(row.get(lookup_field), "id", row.get(lookup_field)) == record_id]

    def records(self, object_key: str) -> Iterable[Values]:
        """Give all records of an object."""
        return self.tables.get(object_key, {}).values()

    def lookup(self, object_key: str, field_name: str, value: Any) -> Sequence[str]:
        """Give the ids of the records with that value."""
        return [row["id"] for row in self.records(object_key) if row.get(field_name) == value]

    def setting(self, name: str) -> Any:
        """Give a setting."""
        return self.settings.get(name)

    def given(self, name: str) -> Any:
        """Give a given name."""
        return self.names.get(name)

    def named(self, kind: NamedKind, name: str) -> str | None:
        """Give the id of the record of that name; of a role its name."""
        if kind is NamedKind.ROLE:
            return name
        return next((row["id"] for row in self.records(kind) if row.get("name") == name), None)

    def has_role(self, user_id: str, role: str) -> bool:
        """Look the role up."""
        return role in self.roles.get(user_id, ())

    def in_team(self, user_id: str, team: str) -> bool:
        """Look the team up."""
        return user_id in self.teams.get(team, ())

    def is_subordinate(self, user_id: str, of_user_id: str) -> bool:
        """Walk up the managers."""
        seen: set[str] = set()
        manager = self.managers.get(user_id)
        while manager is not None and manager not in seen:
            if manager == of_user_id:
                return True
            seen.add(manager)
            manager = self.managers.get(manager)
        return False

    def has_permission(self, permission: str) -> bool:
        """Look the permission up."""
        return permission in self.permissions

    def in_subtree(self, object_key: str, record_id: str, root_id: str) -> bool:
        """Walk up the tree."""
        above = self.trees.get(object_key, "")
        return stands_below(lambda each: self.related(object_key, each), above, record_id, root_id)

    def to_base(self, money: Money) -> Decimal:
        """Convert by the one rate a currency has here, unless it is known what the amount is worth."""
        if isinstance(money, ForeignMoney) and money.base is not None:
            return money.base
        rate = Decimal(1) if money.currency == self.base_currency else self.rates.get(money.currency, Decimal(1))
        return money.amount * rate

    @property
    def calendar(self) -> BusinessCalendar:
        """Monday to Friday, less holidays, and worked weekends."""
        return BusinessCalendar(holidays=frozenset(self.holidays), workdays=frozenset(self.workdays))

    def label(self, object_key: str, field_name: str, option: str) -> str:
        """Give the label, else the option's name."""
        return self.labels.get((object_key, field_name, option), option)

    def title(self, object_key: str, record_id: str) -> str:
        """Give the record's name, else its id."""
        record = self.related(object_key, record_id) or {}
        return str(record.get("name") or record_id)

    def url(self, object_key: str, record_id: str) -> str:
        """Give the path of the record's page."""
        return f"/o/{object_key}/{record_id}"

    def token(self, object_key: str, record_id: str) -> str:
        """Give the record's token."""
        return record_token(self.token_key, object_key, record_id)

    def note(self, message: str, at: Span) -> None:
        """Keep the message."""
        self.notes.append(message)
