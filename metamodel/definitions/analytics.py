"""What is shown of many records: reports, the dashboards that arrange them, and targets that are held against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from metamodel.source import LocatedText, Location
from metamodel.texts import Label
from metamodel.views import SortKey


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDef:
    """A field that rows are grouped by; `by` is day, week, month, quarter or year of a date."""

    path: LocatedText
    by: str | None = None
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureDef:
    """What is computed of a group: a function over a path, or the count of rows."""

    function: str
    at: Location
    of: LocatedText | None = None
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDef:
    """A report; object is a key, None where the name means nothing. roles: empty = all who may read the object."""

    name: str
    app: str
    at: Location
    object: str | None
    label: Label | None = None
    help: Label | None = None
    columns: tuple[LocatedText, ...] = ()
    where: LocatedText | None = None
    groups: tuple[GroupDef, ...] = ()
    across: GroupDef | None = None
    measures: tuple[MeasureDef, ...] = ()
    sort: tuple[SortKey, ...] = ()
    limit: int | None = None
    chart: str | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardPartDef:
    """One part of a dashboard: a report, or a list of an object by one of its views."""

    at: Location
    report: str | None = None
    object: str | None = None
    view: str | None = None
    label: Label | None = None
    width: int = 1
    chart: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardDef:
    """A page of parts in one to four columns."""

    name: str
    app: str
    at: Location
    parts: tuple[DashboardPartDef, ...]
    label: Label | None = None
    columns: int = 2
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPartDef:
    """Who owes what: a user, a team or the sum of the parts below. goals: period (`2026-Q1`) → amount as written."""

    name: str
    at: Location
    label: Label | None = None
    user: str | None = None
    team: str | None = None
    goals: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    parts: tuple[TargetPartDef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDef:
    """A measure of an object's rows by a date field, the periods it counts in and the tree of parts.

    by: the field that says whose a row is; `owner` where left out.
    """

    name: str
    app: str
    at: Location
    object: str | None
    measure: MeasureDef
    date: str
    period: str
    parts: tuple[TargetPartDef, ...]
    label: Label | None = None
    where: LocatedText | None = None
    by: str = "owner"
