"""The composition root: one `Platform` a process, with every service made once and handed what it needs.

It decides nothing; who wants another clock, other ids or other plugins hands them in here.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from engine.access.actor import Actor
from engine.access.differences import with_access
from engine.access.explaining.opening import open_access
from engine.access.explaining.service import AccessExplainer
from engine.access.matrix import check_matrices
from engine.access.requests.service import AccessRequests
from engine.accounts.delegation import Delegation
from engine.accounts.opening import AccountSettings, open_accounts
from engine.accounts.reset_duty import reset_duty, reset_letters
from engine.accounts.service import Accounts
from engine.accounts.stamp import AccountStamp
from engine.accounts.user_changes import UserChanges
from engine.app_settings import AppSettings
from engine.approvals.opening import open_approvals
from engine.approvals.service import Approvals
from engine.audit.opening import Audit, open_audit, sealing
from engine.automation.foretelling import started_in
from engine.automation.mail_in.opening import open_polling
from engine.automation.mail_in.polling import MailPolling
from engine.automation.opening import open_automation
from engine.automation.service import Automation
from engine.automation.tuning import Tuning
from engine.clock import Clock
from engine.connectors.opening import Connectors, open_connectors
from engine.exports.desk import ExportDesk
from engine.exports.service import Exports
from engine.expressions.keeping import TreeKeeping
from engine.files.collecting import FileCollector
from engine.files.store import FileStore
from engine.granting import open_granting
from engine.ids import IdMaker, Uuid7Maker
from engine.imports.desk import ImportDesk
from engine.imports.kept_cells import KeptCells
from engine.imports.reference_data import ReferenceData
from engine.imports.service import Imports
from engine.intake.opening import Intake, open_intake
from engine.long_work import open_desks
from engine.offboarding import Offboarding
from engine.opened_parts import collecting, connect, file_store, keeping_of, kept_trees
from engine.outer.databases import OuterDatabases
from engine.plugin_language import field_types_with, functions_with
from engine.privacy.opening import open_privacy
from engine.privacy.service import Privacy
from engine.records.recent_records import RecentRecords
from engine.records.saved_views import SavedViews
from engine.records.service import Records
from engine.releases.applying import Applied, Apps, ReleaseApplier
from engine.releases.author_hints import check_hints
from engine.releases.candidate import Candidate, Language, check_folders
from engine.releases.definition_checks import check_definitions
from engine.releases.expression_checks import check_expressions
from engine.releases.plans import ReleasePlan
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
from engine.storage.earlier_places import EarlierNamesOfPlaces
from engine.storage.key_ring import KeyRing
from engine.storage.resealing import Resealer
from engine.storage.sealing import Cipher
from engine.storage.system_tables import SystemTables
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
    import_desk: ImportDesk
    export_desk: ExportDesk
    resealer: Resealer
    automation: Automation
    mail: MailPolling
    connectors: Connectors
    approvals: Approvals
    offboarding: Offboarding
    sharing: SharingDesk
    saved_views: SavedViews
    recent: RecentRecords
    access: AccessExplainer
    access_requests: AccessRequests
    delegation: Delegation
    intake: Intake
    audit: Audit
    privacy: Privacy
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

        Raises: DatabaseUnavailable; NewerDatabase: a newer version's; ValueError: the database address is none.
        """
        clock, ids = clock or settings.clock(), ids or Uuid7Maker()
        plugins = plugins or PluginManager.load(settings.plugins)
        database, system = connect(settings, clock)
        language = installed_language(plugins)
        cipher = Cipher(settings.secret(), KeyRing(settings.secret(), settings.value_keys))
        cipher.earlier_places = EarlierNamesOfPlaces(database, system)
        trees = kept_trees(system, settings, language, plugins)
        releases = ReleaseStore(database, system, language, trees, settings.app_settings, cipher)
        outer = OuterDatabases(os.environ.get)
        records = Records(database, system, releases.current, clock, ids, language.functions, settings.secret(), outer)
        stamp = AccountStamp(database, system.stamp)
        files, collector = file_store(settings, releases, records, clock)
        audit = open_audit(database, system, records, releases.current, clock, secret=settings.secret())
        duties = [collecting(collector), sealing(audit)]
        automation = open_automation(settings, releases, records, plugins, clock, ids, tuning, duties, files)
        mail = open_polling(automation, database=database, system=system, plugins=plugins, clock=clock, ids=ids,
                            allowed_hosts=settings.egress_hosts)  # fmt: skip
        records.join(automation.before_rules, UserChanges(automation.after_save, stamp))
        keeping = keeping_of(releases, trees, records, automation)
        opened = open_accounts(
            database, system, current_release=releases.current, records=records, clock=clock, ids=ids, stamp=stamp,
            cipher=cipher, letters=reset_letters(plugins, releases, clock, settings.base_url), settings=accounts,
            secret=settings.secret(), after_sign_in=automation.calls.others.logged_in,
        )  # fmt: skip
        automation.take_on(reset_duty(opened.resets))
        approvals = open_approvals(settings, system, releases, records, automation, clock, ids)
        exports, giver = Exports(database, system, records, releases.current, clock), opened.administration
        kept, recent = KeptCells(cipher, releases.current), RecentRecords(records, clock)
        imports = Imports(database, system, records, releases.current, clock, ids, giver, files, started_in, kept=kept)
        desks = open_desks(releases, records, imports, exports, clock, ids, settings.data_folder, automation.take_on)
        privacy = open_privacy(settings, releases, records, collector, clock, automation.take_on)
        asking, delegation, leaving = open_granting(releases, records, giver, approvals, clock, ids)
        return Platform(
            settings=settings, database=database, outer=outer, system=system, plugins=plugins, clock=clock, ids=ids,
            releases=releases, applier=ReleaseApplier(releases, clock, Recomputer(records).recompute, outer),
            watcher=ReleaseWatcher(releases, every_s=settings.watch_seconds, also=(keeping.look, recent.tend)),
            keeping=keeping, records=records, files=files, file_collector=collector, accounts=opened, privacy=privacy,
            automation=automation, mail=mail, sharing=SharingDesk(records, system, ids), approvals=approvals,
            access=open_access(releases, records, automation), access_requests=asking, delegation=delegation,
            offboarding=leaving, intake=open_intake(releases, records, automation, clock), audit=audit,
            app_settings=AppSettings(releases, clock), exports=exports, imports=imports,
            saved_views=SavedViews(records, ids, secret=settings.secret()), import_desk=desks[0], export_desk=desks[1],
            resealer=Resealer(database, cipher, lambda: releases.current().tables), recent=recent,
            connectors=open_connectors(settings, releases, records, clock, ids, automation.take_on),
        )  # fmt: skip

    def plan_release(
        self, apps: Apps, *, grants_system: bool = True, hands_on: Collection[str] | None = None
    ) -> ReleasePlan:
        """Check apps and say what applying them would change; writes nothing.

        grants_system: whether who asks may let rules act `as system`. hands_on: as for `apply_release`.
        """
        plan = self.applier.plan(apps, grants_system=grants_system, hands_on=hands_on)
        return with_access(plan, self.records, self.releases, self.accounts.administration.list_users)

    def apply_release(
        self,
        apps: Apps,
        *,
        author: str,
        comment: str = "",
        progress: Progress | None = None,
        grants_system: bool = True,
        hands_on: Collection[str] | None = None,
        by: Actor | None = None,
        base: int | None = None,
    ) -> Applied:
        """Check, migrate and publish apps, then load the reference data they bring and what an apply before left.

        grants_system: whether who publishes may let rules act `as system`; the operator at the command line may.
        hands_on: roles that what they publish may act with, while no role gains a right; None = they may give rights.
        by: who publishes, None = that operator. base: the release they were planned on, None = whichever is current.

        Raises:
            ReleaseRefused: there are problems; nothing was written.
        """
        self.automation.prepare()
        applied = self.applier.apply(
            apps,
            author=author,
            comment=comment,
            progress=progress,
            grants_system=grants_system,
            hands_on=hands_on,
            by=by,
            base=base,
        )
        self.automation.note_awaited(applied.release)
        loaded = ReferenceData(self.releases, self.records, self.imports).load(applied.release)
        return replace(applied, data_problems=loaded.problems)

    def start(self) -> None:
        """Start what serves for long: watching for releases, plugins. What an older backup brought back goes first."""
        self.privacy.erase_again()
        self.plugins.start(self.automation.calls.others)
        self.watcher.start()

    def close(self) -> None:
        """Stop all threads and close all connections."""
        self.watcher.stop()
        self.recent.write()
        self.mail.stop()
        self.connectors.stop()
        self.plugins.stop()
        self.automation.close()
        self.outer.close()
        self.database.close()


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
            check_matrices,
        ),
        rules=RuleChecks(functions=functions, actions=lambda: plugins.action_names, events=lambda: plugins.event_names),
    )


def check_app_folders(folders: Iterable[Path | str], plugins: PluginManager | None = None) -> Candidate:
    """Check app folders as applying them would, without a database."""
    return check_folders(folders, installed_language(plugins or PluginManager.load()))
