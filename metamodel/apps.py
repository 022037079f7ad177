"""The aggregate: one app as its folder defines it, and all installed apps linked into one metamodel.

Rule files and templates are kept as located texts; the layers that interpret them lie above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from metamodel.access import MenuDef, RoleDef
from metamodel.definitions.analytics import DashboardDef, ReportDef, TargetDef
from metamodel.definitions.connectors import ConnectorDef
from metamodel.definitions.decisions import DecisionTableDef
from metamodel.definitions.intake import ConversionDef, FormDef
from metamodel.definitions.scenarios import ScenarioDef
from metamodel.definitions.service import CalendarDef, CurrencyDef, ServiceClockDef, TerritoryDef
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText, Location
from metamodel.texts import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDef:
    """A value per environment, read as `app.name`.

    default: as its type parses it, None = each environment must set a value. by_role: role → value for who holds it;
    of several roles the one that is written first counts.
    """

    name: str
    type: str
    app: str
    at: Location
    default: object = None
    label: Label | None = None
    by_role: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def full_name(self) -> str:
        """The name with its app's, as operators write it: `sales.review_limit`."""
        return f"{self.app}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDef:
    """A template of mails, SMS or documents: front matter (object, language, subject, from, reply_to, cc …) and a text.

    gateway: the connection that its SMS go by, None = the only one. subject: '' where it has none, as an SMS.
    header, footer, paper: of the pages of a document.
    """

    name: str
    app: str
    object: str | None
    language: str | None
    subject: LocatedText
    body: LocatedText
    sender: str | None = None
    reply_to: str | None = None
    cc: tuple[str, ...] = ()
    gateway: str | None = None
    header: LocatedText | None = None
    footer: LocatedText | None = None
    paper: str | None = None

    @property
    def kind(self) -> str | None:
        """What its front matter makes it: `mail`, `sms` or `document`; None where it may be a mail or a document."""
        if not self.subject.text or self.gateway is not None:
            return "sms"
        if self.header is not None or self.footer is not None or self.paper is not None:
            return "document"
        return "mail" if self.sender is not None or self.reply_to is not None or self.cc else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDef:
    """A connection to the outside, by kind (`webhook_out`, `mailbox` …); options as written, secrets by name only."""

    name: str
    app: str
    kind: str
    at: Location
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsKept:
    """How many days the runs of a rule are kept."""

    rule: str
    days: int
    at: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class AppDef:
    """What app.yaml says of an app, and the texts of its rule files and data files.

    depends: app → version constraint. rule_labels: what translation files call rules, by rule. keep_runs: how many days
    runs of its rules are kept, where `keep_runs_of` says nothing else of one; None = as the product does.
    """

    name: str
    version: str
    at: Location
    label: Label | None = None
    depends: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    languages: tuple[str, ...] = ("en",)
    currency: str = "USD"
    timezone: str = "UTC"
    country: str | None = None
    calendar: str | None = None
    plugins: tuple[str, ...] = ()
    automation_roles: tuple[str, ...] = ()
    keep_runs: int | None = None
    keep_runs_of: tuple[RunsKept, ...] = ()
    settings: Mapping[str, SettingDef] = field(default_factory=lambda: MappingProxyType({}))
    permissions: tuple[str, ...] = ()
    rule_files: tuple[LocatedText, ...] = ()
    rule_labels: Mapping[str, Label] = field(default_factory=lambda: MappingProxyType({}))
    data_files: tuple[LocatedText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDef:
    """A team that organization.yaml names (`team "east"` in expressions)."""

    name: str
    at: Location
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDef:
    """A queue that organization.yaml names: members are user names.

    capacity: open records a member at most. touch_within: as written, "2 hours". By member: skills, absence (first and
    last day), weights, hours (the calendar of the working hours).
    """

    name: str
    at: Location
    label: Label | None = None
    members: tuple[str, ...] = ()
    capacity: int | None = None
    touch_within: str | None = None
    skills: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    absence: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    weights: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    hours: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metamodel:
    """All apps of an installation, linked: every name resolved, extensions merged, system fields added.

    apps: in dependency order, core first; the last one is the main app: its languages, currency and time zone count.
    objects: object key → object. roles, menus, templates, connections, settings: name → definition over all apps.
    calendars, reports, dashboards, forms, currencies, conversions, service_clocks, targets, scenarios, decisions,
    territories, connectors: the smaller files' definitions by name.
    sources: file as in `Location.file` → its whole text (what a release stores, and what problems quote).
    link_lists: names of lists of links, of whatever object; follows from the objects.
    """

    apps: tuple[AppDef, ...]
    objects: Mapping[str, ObjectDef]
    roles: Mapping[str, RoleDef]
    menus: Mapping[str, MenuDef]
    templates: Mapping[str, TemplateDef]
    connections: Mapping[str, ConnectionDef]
    settings: Mapping[str, SettingDef]
    teams: Mapping[str, TeamDef] = field(default_factory=lambda: MappingProxyType({}))
    queues: Mapping[str, QueueDef] = field(default_factory=lambda: MappingProxyType({}))
    calendars: Mapping[str, CalendarDef] = field(default_factory=lambda: MappingProxyType({}))
    reports: Mapping[str, ReportDef] = field(default_factory=lambda: MappingProxyType({}))
    dashboards: Mapping[str, DashboardDef] = field(default_factory=lambda: MappingProxyType({}))
    forms: Mapping[str, FormDef] = field(default_factory=lambda: MappingProxyType({}))
    currencies: Mapping[str, CurrencyDef] = field(default_factory=lambda: MappingProxyType({}))
    conversions: Mapping[str, ConversionDef] = field(default_factory=lambda: MappingProxyType({}))
    service_clocks: Mapping[str, ServiceClockDef] = field(default_factory=lambda: MappingProxyType({}))
    targets: Mapping[str, TargetDef] = field(default_factory=lambda: MappingProxyType({}))
    scenarios: Mapping[str, ScenarioDef] = field(default_factory=lambda: MappingProxyType({}))
    decisions: Mapping[str, DecisionTableDef] = field(default_factory=lambda: MappingProxyType({}))
    territories: Mapping[str, TerritoryDef] = field(default_factory=lambda: MappingProxyType({}))
    connectors: Mapping[str, ConnectorDef] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    link_lists: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        inverses = (each for object_def in self.objects.values() for each in object_def.inverses.values())
        object.__setattr__(self, "link_lists", frozenset(each.name for each in inverses if each.other is not None))

    @property
    def main(self) -> AppDef:
        """The app whose languages, base currency and time zone the installation has."""
        return self.apps[-1]

    def find_object(self, name: str) -> ObjectDef | None:
        """Give the object of a key, a bare name or a qualified `app.name`; None where there is none."""
        found = self.objects.get(name)
        if found is None and "." in name:
            app, bare = name.split(".", 1)
            found = next((o for o in self.objects.values() if o.app == app and o.name == bare), None)
        return found
