"""Automation as the platform has it: put together once, joined to the door, asked for runs, workers and next times."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Mapping, Sequence

from engine.accounts.users import UserDirectory
from engine.approvals.program import ApprovalProgram
from engine.automation.admission import Admission
from engine.automation.batches import RunSegment
from engine.automation.before_rules import BeforeRunner
from engine.automation.calls.service import open_calls
from engine.automation.coming import ComingDesk
from engine.automation.document_desk import DocumentDesk
from engine.automation.durable import RunQueue
from engine.automation.duties import Duties, Duty
from engine.automation.housekeeping import Keeper, time_around
from engine.automation.inbox import Inbox
from engine.automation.insight.opening import open_insight
from engine.automation.ledger import Ledger
from engine.automation.mail_links import MailLinks
from engine.automation.matcher import AfterMatcher
from engine.automation.notices import Notices
from engine.automation.outbox import MessageRows
from engine.automation.retention import Retention
from engine.automation.rule_health import RuleHealth
from engine.automation.rule_index import RuleIndex
from engine.automation.rules_of_releases import RulesOfReleases
from engine.automation.run_desk import RunDesk
from engine.automation.run_log import RunLog
from engine.automation.segment import SegmentRunner
from engine.automation.sight import AccessSight
from engine.automation.standing_duties import standing_duties
from engine.automation.surroundings import RunSurroundings
from engine.automation.sweeps import Sweeper
from engine.automation.taking import Taker
from engine.automation.targets import Targets
from engine.automation.timers import Timers
from engine.automation.tuning import Tuning
from engine.automation.turns import Turns
from engine.automation.waiting.waits import Waits
from engine.automation.webhook_calls.desk import WebhookDesk
from engine.automation.webhook_calls.tries import WebhookTries
from engine.automation.worker import Worker
from engine.clock import Clock
from engine.files.store import FileStore
from engine.ids import IdMaker
from engine.records.service import Records
from engine.releases.release import NoRelease, Release
from engine.releases.store import ReleaseStore
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from plugins.manager import PluginManager
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule
from workflow_dsl.functions import FunctionRegistry

_RULE_LOG = logging.getLogger("fieldstone.rules")
_CARETAKERS_RIGHT = "retry_runs"


class Automation:
    """The rules of one installation at work.

    concurrency: threads of a worker where nobody says. base_url: of the pages, for links in mails. allowed_hosts: hosts
    of the own network that the operator lets rules call. duties: what the housekeeping does beside its own.
    """

    def __init__(
        self,
        *,
        database: Database,
        system: SystemTables,
        releases: ReleaseStore,
        records: Records,
        functions: FunctionRegistry,
        plugins: PluginManager,
        files: FileStore,
        clock: Clock,
        ids: IdMaker,
        tuning: Tuning | None = None,
        concurrency: int = 4,
        base_url: str = "",
        allowed_hosts: tuple[str, ...] = (),
        duties: Sequence[Duty] = (),
        links: MailLinks,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._database = database
        self._system = system
        self._releases = releases
        self._records = records
        self._rules = RulesOfReleases(database=database, system=system, functions=functions, plugins=plugins)
        self.plugins = plugins
        self._files = files
        self._clock = clock
        self._ids = ids
        self._tuning = tuning or Tuning()
        self._concurrency = concurrency
        self._base_url, self._allowed_hosts = base_url, allowed_hosts
        self._more_duties = tuple(duties)
        self.links = links
        self._environment = environment
        self._users = UserDirectory(releases.current, system.credential, system.role, clock)
        self._ledger = Ledger(system)
        self._notices = Notices(system, ids)
        self.inbox = Inbox(database, system, clock)
        self._timers = Timers(system, clock, ids)
        self.queue = RunQueue(database)
        self._waits = Waits(system, self.queue, clock)
        self._turns = Turns(system, self._ledger, self.queue)
        self._admission = Admission(system, self._turns)
        self.targets = Targets(database=database, system=system, clock=clock, tuning=self._tuning)
        self.health = RuleHealth(
            system=system,
            notices=self._notices,
            clock=clock,
            tuning=self._tuning,
            caretakers=self._caretakers,
        )
        self._webhooks = WebhookTries(
            database=database, system=system, notices=self._notices, clock=clock, caretakers=self._caretakers
        )
        self._open_doors()

    def _open_doors(self) -> None:
        """Make what saves, pages, API and commands ask."""
        database, system, records, clock = self._database, self._system, self._records, self._clock
        current, ids = self._releases.current, self._ids
        self.before_rules = BeforeRunner(lambda transaction: self.index(transaction.release), _log_line)
        self.after_save = AfterMatcher(
            index_of=self.index,
            ledger=self._ledger,
            timers=self._timers,
            waits=self._waits,
            health=self.health,
            ids=ids,
            tuning=self._tuning,
            admission=self._admission,
        )
        self.calls = open_calls(
            database=database,
            system=system,
            records=records,
            current=current,
            index_of=self.index,
            launcher=self.after_save.launcher,
            queue=self.queue,
            files=self._files,
            clock=clock,
            ids=ids,
            segments=self.segments,
            environment=self._environment,
        )
        sight = AccessSight(database=database, records=records, current=current, index_of=self.index)
        self.desk = RunDesk(
            database=database, system=system, sight=sight, health=self.health, targets=self.targets, clock=clock
        )
        self.coming = ComingDesk(system=system, sight=sight, waits=self._waits, clock=clock)
        self.runs = RunLog(database=database, system=system, sight=sight, queue=self.queue, clock=clock)
        self.insight = open_insight(
            self._surroundings(), system=system, runs=self.runs, sight=sight, before=self.before_rules, ids=ids,
            tuning=self._tuning, next_runs=self.next_runs,
        )  # fmt: skip
        self.webhooks = WebhookDesk(system=system, sight=sight, records=records, current=current, tries=self._webhooks)
        self.documents = DocumentDesk(around=self._surroundings(), ids=ids)

    def prepare(self) -> None:
        """Make the durable engine's tables; called when a database is opened to be written."""
        self.queue.prepare()

    def index(self, release: Release) -> RuleIndex:
        """Give the rules of a release, compiled once."""
        return self._rules.index(release)

    def worker(self, *, concurrency: int | None = None) -> Worker:
        """Make a worker for this process; `start` and `stop` it. One a process."""
        return Worker(
            database=self._database,
            queue=self.queue,
            system=self._system,
            ids=self._ids,
            tuning=self._tuning,
            concurrency=concurrency or self._concurrency,
            housekeeping=self.keeper(),
            make_run_segment=self.segments,
        )

    def keeper(self) -> Keeper:
        """Make the housekeeping of a worker, or of a test without one."""
        return Keeper(
            database=self._database,
            system=self._system,
            ledger=self._ledger,
            queue=self.queue,
            timers=self._timers,
            waits=self._waits,
            health=self.health,
            admission=self._admission,
            turns=self._turns,
            clock=self._clock,
            ids=self._ids,
            current=self._current,
            index_of=self.index,
            duties=self._duties(),
        )

    def _duties(self) -> Duties:
        return standing_duties(
            surrounds=self._surroundings(),
            system=self._system,
            ledger=self._ledger,
            current=self._current,
            retention=Retention(self._database, self._system, self._clock, self._current, self.index),
            more=self._more_duties,
        )

    def take_on(self, duty: Duty) -> None:
        """Let the housekeeping do something more; called when the platform is put together."""
        self._more_duties = (*self._more_duties, duty)

    def next_runs(self, rule: str, count: int = 5) -> tuple[dt.datetime, ...]:
        """Give the next moments of a rule's schedules."""
        release = self._releases.current()
        program = self.index(release).programs.get(rule)
        if program is None or not program.active:
            return ()
        return self._timers.next_moments(program, time_around(release), count)

    def close(self) -> None:
        """Let go of the durable engine."""
        self.queue.close()

    def _surroundings(self) -> RunSurroundings:
        return RunSurroundings(
            database=self._database, releases=self._releases, records=self._records, plugins=self.plugins,
            files=self._files, notices=self._notices, health=self.health, users=self._users, index_of=self.index,
            clock=self._clock, base_url=self._base_url, allowed_hosts=self._allowed_hosts,
            environment=self._environment, tell=self.calls.others.tell, links=self.links, webhooks=self._webhooks,
        )  # fmt: skip

    def segments(self, executor: str, is_stopping: Callable[[], bool], *, inside_only: bool = False) -> RunSegment:
        """Make what works on segments, for a worker of that name, a request or a test.

        inside_only: actions that reach outside are left to workers.
        """
        return SegmentRunner(
            database=self._database,
            ledger=self._ledger,
            taker=Taker(self._database, self._system),
            queue=self.queue,
            outbox=MessageRows(self._system, self._clock, self._ids),
            sweeper=Sweeper(
                records=self._records,
                ledger=self._ledger,
                timers=self._timers,
                admission=self._admission,
                clock=self._clock,
                ids=self._ids,
            ),
            surrounds=self._surroundings(),
            waits=self._waits,
            clock=self._clock,
            tuning=self._tuning,
            turns=self._turns,
            targets=self.targets,
            executor=executor,
            is_stopping=is_stopping,
            inside_only=inside_only,
        )

    def checked_rules(self, release: Release) -> Sequence[CheckedRule | CheckedApproval]:
        """Give the rules and approvals of a release as they were checked."""
        return self._rules.checked(release)

    def approvals(self, release: Release) -> Mapping[str, ApprovalProgram]:
        """Give the approvals of a release, compiled once."""
        return self._rules.approvals(release)

    def note_awaited(self, release: Release) -> None:
        """Write down what the runs of a published release may wait for, for the releases after it."""
        self._rules.note_awaited(release)

    def _current(self) -> Release | None:
        try:
            return self._releases.current()
        except NoRelease:
            return None

    def _caretakers(self) -> frozenset[str]:
        roles = self._releases.current().metamodel.roles
        return frozenset(name for name, role in roles.items() if _CARETAKERS_RIGHT in role.system)


def _log_line(rule: str, message: str) -> None:
    _RULE_LOG.info("rule %s: %s", rule, message)
