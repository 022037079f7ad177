"""Plans and applies app folders: check, compare with what is installed, migrate, publish.

`plan` writes nothing. `apply` holds the migration lock from planning to publishing, so that of two at once one waits.
A folder with a problem, or a plan that the data does not allow, is refused before anything is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Connection

from engine.access.actor import Actor
from engine.access.raising import refused_people, refused_rights
from engine.clock import Clock
from engine.errors import ReleaseChanged, ReleaseRefused
from engine.outer.databases import OuterDatabases
from engine.releases.candidate import Candidate, check_folders, check_sources
from engine.releases.currency_checks import check_currencies
from engine.releases.filling import Recompute, ReleaseFiller
from engine.releases.gone_grants import forget_grants
from engine.releases.kept_trees import RULES
from engine.releases.noting import note_published
from engine.releases.plans import ReleasePlan
from engine.releases.release import Release, ReleaseInfo
from engine.releases.rules_as_system import Checked, refused_rules, rules_as_system
from engine.releases.settings_in_force import setting_problems
from engine.releases.source_checks import check_tables
from engine.releases.store import ReleaseStore
from engine.releases.stored_form import StoredRelease, checksum_of, read_release, write_release
from engine.storage.apply import MigrationTools, Progress, apply_migration, find_begun, with_leftovers
from engine.storage.data_checks import check_data
from engine.storage.locks import migration_lock
from engine.storage.migration import Installed, plan_migration
from engine.storage.plan_steps import MigrationPlan, StepKind
from metamodel.apps import Metamodel
from metamodel.diff import diff
from metamodel.source import Problem, Problems

Apps = Iterable[Path | str] | Mapping[str, str]
"""App folders, or the texts of apps by `folder/path`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying did: the current release, whether it is a new one, and what was refused of its data files."""

    release: Release
    is_new: bool
    plan: ReleasePlan
    data_problems: tuple[Problem, ...] = ()


class ReleaseApplier:
    """Plans and applies for one installation."""

    def __init__(self, store: ReleaseStore, clock: Clock, recompute: Recompute, outer: OuterDatabases) -> None:
        self._outer = outer
        self._store = store
        self._clock = clock
        self._recompute = recompute

    def plan(self, apps: Apps, *, grants_system: bool = True, hands_on: Collection[str] | None = None) -> ReleasePlan:
        """Plan apps against what the database has; writes nothing. The others: as for `apply`."""
        return self._plan(self._check(apps), grants_system, hands_on)

    def apply(
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
        """Check, migrate and publish apps; unchanged ones make no new release.

        grants_system: may the caller let rules act `as system`? hands_on: roles that what they publish may act with,
        while no role gains a right; None = they may give rights.
        by: who publishes, as the audit log has it; None = the operator at the command line. base: the release they
        were planned on, None = whichever is current.

        Raises:
            ReleaseChanged: another release is current than the one they were planned on.
            ReleaseRefused: there are problems, of the folders or of the data; nothing was written.
            DatabaseUnavailable: the database is away or another one is applying for too long.
        """
        candidate = self._check(apps)
        if not candidate.is_sound:
            raise _refused(tuple(candidate.problems))
        with migration_lock(self._store.database):
            plan = self._plan(candidate, grants_system, hands_on)
            if base is not None and plan.base != base:
                raise ReleaseChanged(planned=base, current=plan.base)
            if plan.errors or plan.migration is None:
                raise _refused(plan.problems)
            if plan.is_empty and plan.base:
                self._store.refresh()
                return Applied(release=self._store.current(), is_new=False, plan=plan)
            release = self._publish(plan, plan.migration, author, comment, progress or _say_nothing, by)
            if any(step.kind is StepKind.CHANGE_TYPE for step in plan.migration.steps):
                self._store.database.renew()
        self._store.take(release)
        return Applied(release=release, is_new=True, plan=plan)

    def _check(self, apps: Apps) -> Candidate:
        language = self._store.language
        return check_sources(apps, language) if isinstance(apps, Mapping) else check_folders(apps, language)

    def _plan(self, candidate: Candidate, grants_system: bool, hands_on: Collection[str] | None) -> ReleasePlan:
        store = self._store
        # Before the snapshot, which must not stay open while another database is waited for.
        elsewhere = list(check_tables(candidate.metamodel, self._outer)) if candidate.metamodel is not None else []
        with store.database.read(snapshot=True) as connection:
            stored = read_release(connection, store.system)
            base = stored.info.number if stored is not None else 0
            if candidate.metamodel is None or candidate.installed is None:
                return ReleasePlan(candidate=candidate, base=base, problems=tuple(candidate.problems))
            installed = stored.installed if stored is not None else Installed()
            migration = self._migration(connection, installed, candidate, base)
            problems = list(candidate.problems) + list(migration.problems)
            problems += self._setting_problems(connection, candidate.metamodel)
            problems += elsewhere
            if base:
                before = store.numbered(base)
                problems += check_currencies(connection, before.metamodel, before.tables, candidate.metamodel)
            problems += check_data(connection, store.database.dialect, migration, candidate.metamodel)
        as_system = rules_as_system(candidate.rules, lambda: self._rules_before(base))
        problems += () if grants_system else refused_rules(as_system)
        if base and hands_on is not None:
            earlier = store.numbered(base)
            problems += refused_rights(earlier.metamodel, candidate.metamodel, hands_on)
            problems += refused_people(earlier.sources, candidate.sources)
        return ReleasePlan(
            candidate=candidate,
            base=base,
            problems=tuple(Problems(problems)),
            changes=diff(store.numbered(base).metamodel if base else None, candidate.metamodel),
            migration=migration,
            same_sources=stored is not None and dict(stored.sources) == dict(candidate.sources),
            as_system=as_system,
        )

    def _rules_before(self, base: int) -> Iterable[Checked]:
        checks = self._store.language.rules
        if not base or checks is None:
            return ()
        before = self._store.numbered(base)
        kept = before.trees.open(RULES, before.metamodel)
        if kept is not None:
            return kept
        found = checks.check(before.metamodel)
        return (*found.rules, *found.approvals)

    def _setting_problems(self, connection: Connection, metamodel: Metamodel) -> Iterator[Problem]:
        sources = self._store.setting_sources_of(connection)
        return setting_problems(metamodel, sources, self._store.language.field_types)

    def _migration(
        self, connection: Connection, installed: Installed, candidate: Candidate, base: int
    ) -> MigrationPlan:
        assert candidate.metamodel is not None
        assert candidate.installed is not None
        plan = plan_migration(installed, candidate.metamodel, candidate.installed)
        begun = find_begun(connection, self._store.system)
        if begun is not None and begun.checksum == plan.checksum:
            return plan
        schema = with_leftovers(connection, self._store.system, installed.schema, base)
        return plan_migration(replace(installed, schema=schema), candidate.metamodel, candidate.installed)

    def _publish(
        self,
        plan: ReleasePlan,
        migration: MigrationPlan,
        author: str,
        comment: str,
        progress: Progress,
        by: Actor | None,
    ) -> Release:
        candidate = plan.candidate
        assert candidate.metamodel is not None
        assert candidate.installed is not None
        store = self._store
        installed = replace(candidate.installed, schema=migration.schema)
        stored = StoredRelease(
            info=ReleaseInfo(
                number=plan.base + 1,
                at=self._clock.now(),
                author=author,
                comment=comment,
                checksum=checksum_of(candidate.sources, installed),
            ),
            sources=candidate.sources,
            installed=installed,
            plan=migration.to_json(),
        )
        release = store.make(stored, candidate.metamodel)
        tools = MigrationTools(
            database=store.database,
            system=store.system,
            clock=self._clock,
            filler=ReleaseFiller(release, self._recompute),
            progress=progress,
        )

        def publish(connection: Connection) -> None:
            write_release(connection, store.system, stored, product_version=product_version())
            note_published(connection, store.system, stored, plan.base, by)
            forget_grants(connection, store.system, release, stored, by)

        apply_migration(tools, migration, plan.base, publish)
        return release


def product_version() -> str:
    """Give the version of the product that runs."""
    try:
        return version("fieldstone")
    except PackageNotFoundError:
        return "0"


def _refused(problems: tuple[Problem, ...]) -> ReleaseRefused:
    errors = Problems(problems).errors
    first = "; ".join(str(problem) for problem in errors[:3])
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    return ReleaseRefused(problems, f"The app cannot become a release, the running one stays: {first}{more}")


def _say_nothing(_done: int, _total: int, _text: str) -> None:
    return
