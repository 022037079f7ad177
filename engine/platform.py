"""The composition root: one `Platform` a process, with every service made once and handed what it needs.

It decides nothing; who wants another clock, other ids or other plugins hands them in here.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from engine.accounts.opening import AccountSettings, open_accounts
from engine.accounts.service import Accounts
from engine.accounts.stamp import AccountStamp
from engine.accounts.user_changes import UserChanges
from engine.app_settings import AppSettings
from engine.approvals.opening import open_approvals
from engine.approvals.service import Approvals
from engine.automation.duties import Duty
from engine.automation.foretelling import started_in
from engine.automation.mail_in.opening import open_polling
from engine.automation.mail_in.polling import MailPolling
from engine.automation.opening import open_automation
from engine.automation.service import Automation
from engine.automation.tuning import Tuning
from engine.clock import Clock
from engine.exports.service import Exports
from engine.expressions.keeping import TreeKeeping
from engine.expressions.sql_functions import expression_functions
from engine.files.collecting import FileCollector
from engine.files.contents import ContentFolder
from engine.files.store import FileRoom, FileStore
from engine.ids import IdMaker, Uuid7Maker
from engine.imports.reference_data import ReferenceData
from engine.imports.service import Imports
from engine.intake.opening import Intake, open_intake
from engine.outer.databases import OuterDatabases
from engine.plugin_language import field_types_with, functions_with
from engine.records.service import Records
from engine.releases.applying import Applied, Apps, ReleaseApplier, ReleasePlan
from engine.releases.author_hints import check_hints
from engine.releases.candidate import Candidate, Language, check_folders
from engine.releases.definition_checks import check_definitions
from engine.releases.expression_checks import check_expressions
from engine.releases.kept_trees import KeptTreeStore
from engine.releases.recomputing import Recomputer
from engine.releases.role_checks import check_roles
from engine.releases.rule_checks import RuleChecks
from engine.releases.source_checks import check_reach
from engine.releases.store import ReleaseStore, ReleaseWatcher
from engine.releases.unused_checks import check_unused
from engine.settings import PlatformSettings
from engine.sharing import SharingDesk
from engine.storage.apply import Progress
from engine.storage.database import Database
from engine.storage.key_ring import KeyRing
from engine.storage.resealing import Resealer
from engine.storage.sealing import Cipher
from engine.storage.system_tables import SystemTables, build_system_tables
from engine.storage.system_versions import upgrade_system_tables
from plugins.manager import PluginManager
from workflow_dsl.decisions.checking import check_decision_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One opened installation."""

    settings: PlatformSettings
    database: Database
    outer: OuterDatabases
    system: SystemTables
    plugins: PluginManager
    clock: Clock
    ids: IdMaker
    releases: ReleaseStore
    applier: ReleaseApplier
    watcher: ReleaseWatcher
    keeping: TreeKeeping
    records: Records
    accounts: Accounts
    imports: Imports
    files: FileStore
    file_collector: FileCollector
    exports: Exports
    resealer: Resealer
    automation: Automation
    mail: MailPolling
    approvals: Approvals
    sharing: SharingDesk
    intake: Intake
    app_settings: AppSettings

    @staticmethod
    def open(
        settings: PlatformSettings,
        *,
        plugins: PluginManager | None = None,
        clock: Clock | None = None,
        ids: IdMaker | None = None,
        accounts: AccountSettings | None = None,
        tuning: Tuning | None = None,
    ) -> Platform:
        """Open an installation: connect, bring system tables up to date, wire the services; starts no thread.

        Raises:
            DatabaseUnavailable: the database is away.
            NewerDatabase: it belongs to a newer version of the product.
            ValueError: the database address is none.
        """
        clock, ids = clock or settings.clock(), ids or Uuid7Maker()
        plugins = plugins or PluginManager.load(settings.plugins)
        database, system = _connect(settings, clock)
        language = installed_language(plugins)
        cipher = Cipher(settings.secret(), KeyRing(settings.secret(), settings.value_keys))
        trees = _trees(system, settings, language, plugins)
        releases = ReleaseStore(database, system, language, trees, settings.app_settings, cipher)
        outer = OuterDatabases(os.environ.get)
        records = Records(database, system, releases.current, clock, ids, language.functions, settings.secret(), outer)
        stamp = AccountStamp(database, system.stamp)
        files, collector = _files(settings, releases, records, clock)
        duties = [_collecting(collector)]
        automation = open_automation(settings, releases, records, plugins, clock, ids, tuning, duties, files)
        mail = open_polling(
            automation, database=database, system=system, plugins=plugins, clock=clock, ids=ids,
            allowed_hosts=settings.egress_hosts,
        )  # fmt: skip
        records.join(automation.before_rules, UserChanges(automation.after_save, stamp))
        keeping = _keeping(releases, trees, records, automation)
        opened = open_accounts(
            database, system, current_release=releases.current, records=records, clock=clock, ids=ids, stamp=stamp,
            cipher=cipher, settings=accounts, after_sign_in=automation.calls.others.logged_in
        )  # fmt: skip
        grant = opened.administration.grant_roles
        return Platform(
            settings=settings, database=database, outer=outer, system=system, plugins=plugins, clock=clock, ids=ids,
            releases=releases,
            applier=ReleaseApplier(releases, clock, Recomputer(records).recompute, outer),
            watcher=ReleaseWatcher(releases, every_s=settings.watch_seconds, also=(stamp.refresh, keeping.look)),
            keeping=keeping,
            records=records,
            files=files,
            file_collector=collector,
            accounts=opened,
            automation=automation,
            mail=mail,
            sharing=SharingDesk(records, system, ids),
            approvals=open_approvals(settings, system, releases, records, automation, clock, ids),
            intake=open_intake(releases, records, automation, clock),
            app_settings=AppSettings(releases, clock),
            resealer=Resealer(database, cipher, lambda: releases.current().tables),
            exports=Exports(database, system, records, releases.current, clock),
            imports=Imports(database, system, records, releases.current, clock, ids, grant, files, started_in),
        )  # fmt: skip

    def plan_release(self, apps: Apps, *, grants_system: bool = True) -> ReleasePlan:
        """Check apps and say what applying them would change; writes nothing.

        grants_system: whether who asks may let rules act `as system`.
        """
        return self.applier.plan(apps, grants_system=grants_system)

    def apply_release(
        self,
        apps: Apps,
        *,
        author: str,
        comment: str = "",
        progress: Progress | None = None,
        grants_system: bool = True,
    ) -> Applied:
        """Check, migrate and publish apps, then load the reference data they bring and what an apply before left.

        grants_system: whether who publishes may let rules act `as system`; the operator at the command line may.

        Raises:
            ReleaseRefused: there are problems; nothing was written.
        """
        self.automation.prepare()
        applied = self.applier.apply(
            apps, author=author, comment=comment, progress=progress, grants_system=grants_system
        )
        self.automation.note_awaited(applied.release)
        loaded = ReferenceData(self.releases, self.records, self.imports).load(applied.release)
        return replace(applied, data_problems=loaded.problems)

    def start(self) -> None:
        """Start what serves for long: watching for releases, plugins."""
        self.plugins.start(self.automation.calls.others)
        self.watcher.start()

    def close(self) -> None:
        """Stop all threads and close all connections."""
        self.watcher.stop()
        self.mail.stop()
        self.plugins.stop()
        self.automation.close()
        self.outer.close()
        self.database.close()


def _connect(settings: PlatformSettings, clock: Clock) -> tuple[Database, SystemTables]:
    database = Database(
        settings.database_url,
        functions=expression_functions(),
        synchronous=settings.sqlite_sync.upper(),
        pool_size=settings.pool_size,
    )
    system = build_system_tables(database.dialect)
    upgrade_system_tables(database, system, clock)
    return database, system


def _keeping(releases: ReleaseStore, trees: KeptTreeStore, records: Records, automation: Automation) -> TreeKeeping:
    return TreeKeeping(
        releases=releases,
        trees=trees,
        language_of=lambda release: records.parts(release).language,
        rules_of=automation.checked_rules,
    )


def _trees(
    system: SystemTables, settings: PlatformSettings, language: Language, plugins: PluginManager
) -> KeptTreeStore:
    versions = (f"{each.name} {each.version} {each.active}" for each in plugins.statuses)
    offered = (*plugins.action_names, *plugins.event_names)
    return KeptTreeStore(system, settings.secret(), language.functions, (*versions, *offered))


def _files(
    settings: PlatformSettings, releases: ReleaseStore, records: Records, clock: Clock
) -> tuple[FileStore, FileCollector]:
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


def _collecting(collector: FileCollector) -> Duty:
    # Not at once: whoever starts a worker waits for runs, not for files.
    return Duty(name="files", every=dt.timedelta(hours=1), do=collector.collect, at_start=False)


def installed_language(plugins: PluginManager) -> Language:
    """Give what the product and its plugins add to the files of apps: field types, functions, checks of every layer."""
    functions = functions_with(plugins)
    return Language(
        field_types=field_types_with(plugins),
        functions=functions,
        expressions=lambda metamodel, known: chain(
            check_expressions(metamodel, functions, known), check_hints(metamodel, functions, known)
        ),
        checks=(
            lambda metamodel: check_definitions(metamodel, functions),
            lambda metamodel: check_roles(metamodel, functions),
            lambda metamodel: check_decision_tables(metamodel, functions),
            lambda metamodel: check_reach(metamodel, functions),
            check_unused,
        ),
        rules=RuleChecks(functions=functions, actions=lambda: plugins.action_names, events=lambda: plugins.event_names),
    )


def check_app_folders(folders: Iterable[Path | str], plugins: PluginManager | None = None) -> Candidate:
    """Check app folders as applying them would, without a database."""
    return check_folders(folders, installed_language(plugins or PluginManager.load()))
