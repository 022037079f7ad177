"""Gives every process the current release, and swaps it when another process has published a new one.

A watcher looks at fs_stamp twice a second: has a release been published, has a value of an app setting changed? What
cannot be loaded leaves the old one live and is told in the log. Checking, planning and applying folders is in
`applying`, changing values of settings in `engine.app_settings`.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import Connection

from engine.errors import DatabaseUnavailable, EngineError
from engine.releases.candidate import Language
from engine.releases.collector import collector_paused
from engine.releases.kept_trees import KeptTrees, KeptTreeStore
from engine.releases.release import NoRelease, Release, ReleaseInfo, ReleaseUnreadable
from engine.releases.settings_in_force import (
    SETTINGS_STAMP,
    SettingsInForce,
    SettingSources,
    read_stored_settings,
    setting_problems,
    settings_in_force,
)
from engine.releases.stored_form import StoredRelease, read_history, read_release, read_stamps
from engine.storage.database import Database
from engine.storage.plan_steps import StepKind
from engine.storage.sealing import Cipher
from engine.storage.system_tables import RELEASE_STAMP, SystemTables
from engine.storage.tables import build_tables
from metamodel.apps import Metamodel
from metamodel.loader import load_sources
from metamodel.source import Problem

_LOG = logging.getLogger("fieldstone.releases")
_OLDER_KEPT = 4


class SettingsUnsound(EngineError):
    """A setting of the app has no value in this environment, or one that is not of its type."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.sentence for problem in self.problems))


class ReleaseStore:
    """The releases of one installation, as one process has them.

    setting_variables: values of app settings out of the process's environment, see `SettingSources`. trees: where
    checked expressions and rules are kept.
    """

    def __init__(
        self,
        database: Database,
        system: SystemTables,
        language: Language,
        trees: KeptTreeStore,
        setting_variables: Mapping[str, str] = MappingProxyType({}),
        cipher: Cipher | None = None,
    ) -> None:
        self._trees = trees
        self._cipher = cipher
        self.database = database
        self.system = system
        self.language = language
        self._variables = setting_variables
        self._settings_seen = 0
        self._current: Release | None = None
        self._failed = 0
        self._loading = threading.Lock()
        self._older: OrderedDict[int, Release] = OrderedDict()
        self._listeners: list[Callable[[Release], None]] = []

    def current(self) -> Release:
        """Give the current release; take it once a request or run and keep it.

        Raises:
            NoRelease: nothing was applied yet.
        """
        release = self._current
        if release is None:
            self.refresh()
            release = self._current
        if release is None:
            raise NoRelease
        return release

    def has_release(self) -> bool:
        """Tell whether there is a release."""
        if self._current is None:
            self.refresh()
        return self._current is not None

    def numbered(self, number: int) -> Release:
        """Give a release by its number, for runs that are pinned to an older one.

        Raises:
            NoRelease: there is no such release.
        """
        current = self.current()
        if current.number == number:
            return current
        with self._loading:
            found = self._older.get(number)
            if found is None:
                found = self._older[number] = self._load(number)[0]
                while len(self._older) > _OLDER_KEPT:
                    self._older.popitem(last=False)
            return found

    def history(self) -> Sequence[ReleaseInfo]:
        """Give all releases, the newest first."""
        with self.database.read() as connection:
            return read_history(connection, self.system)

    def on_swap(self, listener: Callable[[Release], None]) -> None:
        """Have a function called with each release that becomes current in this process."""
        self._listeners.append(listener)

    def refresh(self) -> bool:
        """Look whether there is a newer release, or other values of settings, and take them; tell whether any was.

        The first one a process takes must load; later the old one stays where a new one does not.

        Raises:
            DatabaseUnavailable: the database is away.
            ReleaseUnreadable, ReleaseAltered: the first release cannot be used.
        """
        with self.database.read() as connection:
            stamps = read_stamps(connection, self.system)
        newest, settings = stamps.get(RELEASE_STAMP, 0), stamps.get(SETTINGS_STAMP, 0)
        current = self._current
        if newest == 0:
            return False
        if current is not None and (newest == self._failed or newest <= current.number):
            return settings != self._settings_seen and self._take_settings(settings)
        with self._loading:
            if self._current is not None and newest <= self._current.number:
                return False
            try:
                release, stored = self._load(None)
                if current is not None:
                    self._check_settings(release.metamodel)
            except EngineError:
                if current is None:
                    raise
                self._failed = newest
                _LOG.exception("release %s cannot be loaded; release %s stays", newest, current.number)
                return False
            if any(step["kind"] == StepKind.CHANGE_TYPE for step in stored.plan["steps"]):
                self.database.renew()
            self._settings_seen = settings
            self.take(release)
            return True

    def setting_sources(self) -> SettingSources:
        """Read where the values of app settings come from in this environment."""
        with self.database.read() as connection:
            return self.setting_sources_of(connection)

    def setting_sources_of(self, connection: Connection) -> SettingSources:
        """Read where they come from within a transaction."""
        return SettingSources(stored=read_stored_settings(connection, self.system), variables=self._variables)

    def take(self, release: Release) -> None:
        """Make a release the current one of this process."""
        older = self._current
        self._current = release
        self._failed = 0
        if older is not None and older.number != release.number:
            self._older[older.number] = older
        for listener in self._listeners:
            listener(release)

    def make(self, stored: StoredRelease, metamodel: Metamodel, trees: KeptTrees | None = None) -> Release:
        """Make the release of a stored form and its linked metamodel; trees: what is kept of it."""
        parts = stored.stored_parts
        types = self.language.field_types
        dialect = self.database.dialect
        with collector_paused():
            tables = build_tables(
                metamodel, dialect, stored=parts, field_types=types, cipher=self._cipher, asked_only=True
            )
        return Release(
            info=stored.info,
            metamodel=metamodel,
            tables=tables,
            stored=parts,
            field_types=types,
            settings=self._in_force(metamodel),
            trees=trees if trees is not None else self._trees.nothing,
        )

    def _in_force(self, metamodel: Metamodel) -> SettingsInForce:
        return settings_in_force(metamodel, self.setting_sources(), self.language.field_types)

    def _take_settings(self, stamp: int) -> bool:
        with self._loading:
            current = self._current
            if current is None or stamp == self._settings_seen:
                return False
            self._settings_seen = stamp
            try:
                self._check_settings(current.metamodel)
            except SettingsUnsound:
                _LOG.exception("values of settings stay as they were")
                return False
            settings = self._in_force(current.metamodel)
            if settings == current.settings:
                return False
            self._older.clear()
            self.take(current.with_settings(settings))
            return True

    def _check_settings(self, metamodel: Metamodel) -> None:
        problems = tuple(setting_problems(metamodel, self.setting_sources(), self.language.field_types))
        if problems:
            raise SettingsUnsound(problems)

    def _load(self, number: int | None) -> tuple[Release, StoredRelease]:
        with self.database.read() as connection:
            stored = read_release(connection, self.system, number)
            if stored is None:
                raise NoRelease
            trees = self._trees.read(connection, stored.info.number, stored.info.checksum)
        with collector_paused():
            metamodel, problems = load_sources(stored.sources, self.language.field_types)
        if metamodel is None:
            raise ReleaseUnreadable(stored.info.number, problems.errors)
        return self.make(stored, metamodel, trees), stored


class ReleaseWatcher:
    """A thread that lets a store look for a new release again and again."""

    def __init__(self, store: ReleaseStore, *, every_s: float, also: Sequence[Callable[[], None]] = ()) -> None:
        self._store = store
        self._every_s = every_s
        self._also = tuple(also)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start watching; once is enough, more does nothing."""
        if self._thread is None or not self._thread.is_alive():
            self._stop.clear()
            self._thread = threading.Thread(target=self._watch, name="fieldstone-releases", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop watching and wait for the thread to end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def _watch(self) -> None:
        while not self._stop.wait(self._every_s):
            for look in (self._store.refresh, *self._also):
                try:
                    look()
                except DatabaseUnavailable:
                    _LOG.warning("the database is away; the current release stays")
                except Exception:
                    # The watcher must outlive whatever a single look runs into.
                    _LOG.exception("looking for changes failed; the current release stays")
