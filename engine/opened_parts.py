"""Opens the simpler parts of an installation: its database, kept trees and files; `platform` puts all together."""

from __future__ import annotations

import datetime as dt

from engine.automation.duties import Duty
from engine.automation.service import Automation
from engine.clock import Clock
from engine.expressions.keeping import TreeKeeping
from engine.expressions.sql_functions import expression_functions
from engine.files.collecting import FileCollector
from engine.files.contents import ContentFolder
from engine.files.store import FileRoom, FileStore
from engine.records.service import Records
from engine.releases.candidate import Language
from engine.releases.kept_trees import KeptTreeStore
from engine.releases.store import ReleaseStore
from engine.settings import PlatformSettings
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables, build_system_tables
from engine.storage.system_versions import upgrade_system_tables
from plugins.manager import PluginManager


def connect(settings: PlatformSettings, clock: Clock) -> tuple[Database, SystemTables]:
    """Open the database and bring the system tables up to date."""
    database = Database(
        settings.database_url,
        functions=expression_functions(),
        synchronous=settings.sqlite_sync.upper(),
        pool_size=settings.pool_size,
    )
    system = build_system_tables(database.dialect)
    upgrade_system_tables(database, system, clock)
    return database, system


def keeping_of(releases: ReleaseStore, trees: KeptTreeStore, records: Records, automation: Automation) -> TreeKeeping:
    """Make what keeps the checked expressions and rules of releases."""
    return TreeKeeping(
        releases=releases,
        trees=trees,
        language_of=lambda release: records.parts(release).language,
        rules_of=automation.checked_rules,
    )


def kept_trees(
    system: SystemTables, settings: PlatformSettings, language: Language, plugins: PluginManager
) -> KeptTreeStore:
    """Make the store of what was checked, for this program with these plugins."""
    versions = (f"{each.name} {each.version} {each.active}" for each in plugins.statuses)
    offered = (*plugins.action_names, *plugins.event_names)
    return KeptTreeStore(system, settings.secret(), language.functions, (*versions, *offered))


def file_store(
    settings: PlatformSettings, releases: ReleaseStore, records: Records, clock: Clock
) -> tuple[FileStore, FileCollector]:
    """Make the store of files, and what collects those that nobody can reach."""
    folder = ContentFolder(settings.data_folder / "files")
    room = FileRoom(file_mb=settings.file_limit_mb, total_mb=settings.files_quota_mb)
    collector = FileCollector(
        database=releases.database,
        system=releases.system,
        folder=folder,
        clock=clock,
        current=lambda: releases.current() if releases.has_release() else None,
    )
    return FileStore(releases.database, releases.system, records, folder, clock, room), collector


def collecting(collector: FileCollector) -> Duty:
    """Give the collecting of files as a duty of the housekeeping."""
    # Not at once: whoever starts a worker waits for runs, not for files.
    return Duty(name="files", every=dt.timedelta(hours=1), do=collector.collect, at_start=False)
