"""The values of an app's settings in this environment: variables of the process over stored values over defaults.

One `SettingsInForce` belongs to one release in one process; the release carries it, so that a request keeps its values
to its end. Setting values is in `engine.app_settings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select

from engine.releases.setting_readers import readers_of
from engine.storage.system_tables import SystemTables
from metamodel.apps import Metamodel, SettingDef
from metamodel.field_types import FieldTypeRegistry, FieldValueError, ValueContext
from metamodel.setting_values import parse_setting
from metamodel.source import Problem

SETTINGS_STAMP = "settings"
VARIABLE = "FIELDSTONE_SETTING_"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSetting:
    """A row of fs_setting: the value as it was written."""

    text: str
    at: datetime
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsInForce:
    """values: name → value, empty where there is none. by_role: name → role → value, in the order of the file."""

    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    by_role: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))

    def for_roles(self, roles: frozenset[str]) -> Mapping[str, Any]:
        """Give the values for who holds these roles, included ones too."""
        own = {
            name: next(value for role, value in of_roles.items() if role in roles)
            for name, of_roles in self.by_role.items()
            if not roles.isdisjoint(of_roles)
        }
        return MappingProxyType({**self.values, **own}) if own else self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSources:
    """Where values come from: rows of fs_setting by full name, variables by the part after FIELDSTONE_SETTING_."""

    stored: Mapping[str, StoredSetting]
    variables: Mapping[str, str]

    def find(self, setting: SettingDef) -> tuple[str, str] | None:
        """Give a setting's text and where it comes from; None where only the default counts."""
        text = self.variables.get(variable_of(setting).removeprefix(VARIABLE))
        if text is not None:
            return text, variable_of(setting)
        row = self.stored.get(setting.full_name)
        return (row.text, f"set by {row.author}") if row is not None else None


def variable_of(setting: SettingDef) -> str:
    """Give the name of the environment variable that overrides a setting."""
    return f"{VARIABLE}{setting.app}_{setting.name}".upper()


def read_stored_settings(connection: Connection, system: SystemTables) -> Mapping[str, StoredSetting]:
    """Read all values that were set."""
    table = system.setting
    rows = connection.execute(select(table.c.name, table.c.value, table.c.at, table.c.author)).mappings()
    return {row["name"]: StoredSetting(text=str(row["value"]), at=row["at"], author=row["author"]) for row in rows}


def settings_in_force(metamodel: Metamodel, sources: SettingSources, types: FieldTypeRegistry) -> SettingsInForce:
    """Give the values of all settings; what is missing or cannot be is empty (see `setting_problems`)."""
    values = {}
    for name, setting in metamodel.settings.items():
        found = sources.find(setting)
        values[name] = setting.default if found is None else _parsed(setting, found[0], metamodel, types)
    by_role = {name: setting.by_role for name, setting in metamodel.settings.items() if setting.by_role}
    return SettingsInForce(values=MappingProxyType(values), by_role=MappingProxyType(by_role))


def setting_problems(metamodel: Metamodel, sources: SettingSources, types: FieldTypeRegistry) -> Iterator[Problem]:
    """Find settings without a value here, and values here that are not of the setting's type.

    Problems: APP831, APP832.
    """
    for name, setting in metamodel.settings.items():
        found = sources.find(setting)
        if found is None:
            if setting.default is None:
                yield _missing(metamodel, setting)
            continue
        text, origin = found
        try:
            value = read_setting(setting, text, metamodel, types)
        except FieldValueError as error:
            message = f"'{text}' ({origin}) is not of type {setting.type}, which the setting '{setting.full_name}' has"
            yield Problem(code="APP832", message=message, at=setting.at, hint=str(error), length=len(name))
        else:
            if value is None:
                yield _missing(metamodel, setting)


def read_setting(setting: SettingDef, text: str, metamodel: Metamodel, types: FieldTypeRegistry) -> object:
    """Give the value that a text is for a setting.

    Raises: FieldValueError.
    """
    main = metamodel.main
    context = ValueContext(currency=main.currency, country=main.country, timezone=main.timezone)
    return parse_setting(text, name=setting.name, type_name=setting.type, types=types, context=context)


def _parsed(setting: SettingDef, text: str, metamodel: Metamodel, types: FieldTypeRegistry) -> object:
    try:
        return read_setting(setting, text, metamodel, types)
    except FieldValueError:
        return None


def _missing(metamodel: Metamodel, setting: SettingDef) -> Problem:
    message = f"the setting '{setting.full_name}' has neither a default nor a value in this environment"
    return Problem(
        code="APP831",
        message=message,
        at=setting.at,
        hint=f"{read_by(readers_of(metamodel, setting.name))}; {how_to_set(setting)}",
        length=len(setting.name),
    )


def read_by(readers: Iterable[str]) -> str:
    """Say who reads a setting."""
    found = ", ".join(readers)
    return f"it is read by {found}" if found else "nothing reads it"


def how_to_set(setting: SettingDef) -> str:
    """Say how a value is given."""
    return f"set it with `fieldstone settings set {setting.full_name} VALUE` or {variable_of(setting)}"
