"""Settings of apps (`app.review_limit`) as an operator has them: listed with their origin, set, unset, audited.

A change is one transaction: the row, its audit entry and the stamp that every process watches, so that all take the new
value without a restart. How values are found is in `engine.releases.settings_in_force`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, select, update

from engine.access.actor import Actor
from engine.accounts.upsert import insert_if_absent
from engine.clock import Clock
from engine.errors import EngineError
from engine.releases.candidate import check_folders
from engine.releases.release import NoRelease
from engine.releases.setting_readers import readers_of
from engine.releases.settings_in_force import SETTINGS_STAMP, read_by, read_setting, setting_problems, variable_of
from engine.releases.store import ReleaseStore, SettingsUnsound
from metamodel.apps import Metamodel, SettingDef
from metamodel.field_types import FieldValueError
from metamodel.names import did_you_mean
from metamodel.source import Problem
from metamodel.texts import label_text

AUDIT_OBJECT = "setting"


class SettingRefused(EngineError):
    """A setting is not known, or the value cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSetting:
    """A setting for people. origin: `default`, `set by …`, the variable, or `missing`; variable: what overrides it."""

    name: str
    label: str
    type: str
    value: object
    origin: str
    default: object
    by_role: dict[str, object]
    variable: str


class AppSettings:
    """Lists and changes the values of one installation."""

    def __init__(self, store: ReleaseStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def shown(self, language: str = "en") -> tuple[ShownSetting, ...]:
        """Give all settings of the current release.

        Raises: NoRelease, DatabaseUnavailable.
        """
        release = self._store.current()
        sources, found = self._store.setting_sources(), []
        for name, setting in release.metamodel.settings.items():
            given = sources.find(setting)
            found.append(
                ShownSetting(
                    name=setting.full_name,
                    label=label_text(setting.label, language, name),
                    type=setting.type,
                    value=release.settings.values[name],
                    origin=given[1] if given is not None else ("missing" if setting.default is None else "default"),
                    default=setting.default,
                    by_role=dict(setting.by_role),
                    variable=variable_of(setting),
                )
            )
        return tuple(sorted(found, key=lambda shown: shown.name))

    def require_sound(self) -> None:
        """Refuse to go on where a setting has no value here, or one that cannot be; for whatever serves.

        Raises: SettingsUnsound.
        """
        problems = self.problems()
        if problems:
            raise SettingsUnsound(problems)

    def problems(self) -> tuple[Problem, ...]:
        """Give what is wrong with the values of this process's environment; nothing without a release."""
        if not self._store.has_release():
            return ()
        metamodel, types = self._store.current().metamodel, self._store.language.field_types
        return tuple(setting_problems(metamodel, self._store.setting_sources(), types))

    def set(self, actor: Actor, name: str, text: str, *, folders: Iterable[Path | str] = ()) -> None:
        """Give a setting a value in this environment.

        folders: of apps that are not applied yet, where the setting is new.

        Raises: SettingRefused, NoRelease, DatabaseUnavailable.
        """
        metamodel = self._metamodel(folders)
        setting = _find(metamodel, name)
        try:
            value = read_setting(setting, text, metamodel, self._store.language.field_types)
        except FieldValueError as error:
            message = f"'{text}' is no value for {setting.full_name}, which is of type {setting.type}: {error}."
            raise SettingRefused(message) from error
        if value is None:
            raise SettingRefused(f"{setting.full_name} needs a value; `unset` goes back to the default.")
        with self._store.database.write() as connection:
            self._write(connection, actor, setting, text)
        self._store.refresh()

    def unset(self, actor: Actor, name: str) -> None:
        """Let the default count again.

        Raises: SettingRefused, NoRelease, DatabaseUnavailable.
        """
        metamodel = self._store.current().metamodel
        setting = _find(metamodel, name)
        if setting.default is None:
            readers = read_by(readers_of(metamodel, setting.name))
            message = f"{setting.full_name} has no default and keeps its value; {readers}."
            raise SettingRefused(message)
        with self._store.database.write() as connection:
            self._write(connection, actor, setting, None)
        self._store.refresh()

    def _metamodel(self, folders: Iterable[Path | str]) -> Metamodel:
        given = tuple(folders)
        if not given:
            return self._store.current().metamodel
        candidate = check_folders(given, self._store.language)
        if candidate.metamodel is None:
            first = candidate.problems.errors[0]
            raise SettingRefused(f"The folder has errors, see `fieldstone check`: {first}")
        return candidate.metamodel

    def _write(self, connection: Connection, actor: Actor, setting: SettingDef, text: str | None) -> None:
        table = self._store.system.setting
        mine = table.c.name == setting.full_name
        before = connection.execute(select(table.c.value).where(mine)).scalar()
        row = {"name": setting.full_name, "value": text, "at": self._clock.now(), "author": actor.name or actor.login}
        if text is None:
            connection.execute(delete(table).where(mine))
        elif not insert_if_absent(connection, table, row):
            connection.execute(update(table).where(mine).values(row))
        if before != text:
            self._tell(connection, actor, setting, [before, text])

    def _tell(self, connection: Connection, actor: Actor, setting: SettingDef, change: list[object]) -> None:
        system, stamps = self._store.system, self._store.system.stamp
        try:
            release = self._store.current().number
        except NoRelease:
            release = None
        entry = {
            "object": AUDIT_OBJECT,
            "at": self._clock.now(),
            "actor": actor.user_id,
            "actor_name": actor.name or actor.login,
            "on_behalf": actor.on_behalf_of,
            "origin": actor.origin.value,
            "release": release,
            "action": "update",
            "changes": {setting.full_name: change},
            "address": actor.address,
            "request_id": actor.request_id,
        }
        connection.execute(system.audit.insert().values(entry))
        insert_if_absent(connection, stamps, {"name": SETTINGS_STAMP, "value": 0})
        raised = stamps.c.name == SETTINGS_STAMP
        connection.execute(update(stamps).where(raised).values(value=stamps.c.value + 1))


def _find(metamodel: Metamodel, name: str) -> SettingDef:
    known = {setting.full_name: setting for setting in metamodel.settings.values()}
    if name not in known:
        hint = did_you_mean(name, known) or (f"there are {', '.join(sorted(known))}" if known else "the app has none")
        new = "where it stands in a folder that is not applied yet, name that with --app"
        raise SettingRefused(f"'{name}' is not a setting; {hint}; {new}.")
    return known[name]
