"""What a run needs of the installation: its rule as it was, a door with the rights of its actor, a courier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from engine.access.actor import Actor
from engine.accounts.users import UserDirectory
from engine.automation.approval_letters import SEAT, LetterAccess, letter_of
from engine.automation.calls.run_events import Tell
from engine.automation.courier import PluginCourier
from engine.automation.documents import sent_files
from engine.automation.gone import GoneParts
from engine.automation.mail_links import MailLinks
from engine.automation.notices import Notices
from engine.automation.plugin_records import RunRecordAccess
from engine.automation.program import Program
from engine.automation.rule_health import RuleHealth
from engine.automation.rule_index import RuleIndex
from engine.automation.run_door import RunDoor
from engine.automation.run_state import Run
from engine.automation.survey_courier import SurveyCourier
from engine.automation.webhook_calls.tries import WebhookTries
from engine.clock import Clock
from engine.errors import EngineError
from engine.files.store import FileStore
from engine.records.service import Records
from engine.releases.release import Release
from engine.releases.store import ReleaseStore
from engine.storage.database import Database
from plugins.manager import PluginManager


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSurroundings:
    """Implements `Surrounds` of segments.

    base_url: of the pages, for links in mails. allowed_hosts: hosts of the own network that rules may call. links:
    those that mails carry. environment: where the secrets of webhooks are. tell: starts the
    rules that wait for plugins' events.
    """

    database: Database
    releases: ReleaseStore
    records: Records
    plugins: PluginManager
    files: FileStore
    notices: Notices
    health: RuleHealth
    users: UserDirectory
    index_of: Callable[[Release], RuleIndex]
    clock: Clock
    base_url: str
    allowed_hosts: tuple[str, ...]
    environment: Mapping[str, str]
    tell: Tell
    links: MailLinks
    webhooks: WebhookTries

    def program(self, run: Run) -> Program | None:
        """Give a run's rule with the text it started with; None where it cannot be had."""
        try:
            release = self.releases.numbered(run.release)
        except EngineError:
            return None
        return self.index_of(release).programs.get(run.rule)

    def door(self, run: Run, program: Program) -> RunDoor:
        """Open the door for a run."""
        return RunDoor(
            run=run,
            program=program,
            metamodel=self.releases.current().metamodel,
            records=self.records,
            notices=self.notices,
            find_actor=self.find_actor,
        )

    def courier(self, run: Run, program: Program) -> SurveyCourier:
        """Give who hands a run's outside actions over."""
        release = self.releases.current()
        parts = self.records.parts(release)
        actor, door, letter = run.actor, self.door(run, program), letter_of(run)
        known = {name: letter[name] for name in ("subject", "text")} if letter is not None else {}
        by_plugins = PluginCourier(
            run=run,
            metamodel=release.metamodel,
            plugins=self.plugins,
            records=LetterAccess(self.links.approval(str(letter[SEAT])))
            if letter is not None
            else RunRecordAccess(door, parts.language, self.base_url, self.files),
            files_of=lambda attachments: sent_files(door, self.files, attachments),
            clock=self.clock,
            secrets=self.environment.get,
            allowed_hosts=self.allowed_hosts,
            app_settings=lambda: parts.settings(parts.access(door.actor().roles).roles),
            user={
                "name": actor.get("name") or "",
                "language": actor.get("language") or "",
                "timezone": release.metamodel.main.timezone,
                **known,
            },
            tell=self.tell,
            webhooks=self.webhooks,
        )
        return SurveyCourier(inner=by_plugins, links=self.links.surveys)

    def gone(self, run: Run) -> GoneParts | None:
        """Give what finds parts of the run's rule that the current release has no more; None where it is its own."""
        current = self.releases.current()
        return None if current.number == run.release else GoneParts(current.metamodel)

    def note_outcome(self, connection: Connection, run: Run, *, failed: bool, error: str | None) -> None:
        """Count failures in a row of the run's rule."""
        self.health.note(connection, run, failed=failed, error=error)

    def find_actor(self, user_id: str) -> Actor | None:
        """Give who a user is now; None where they may not act any more."""
        with self.database.read() as connection:
            found = self.users.load(connection, user_id)
        return found.actor() if found is not None and found.enabled else None
