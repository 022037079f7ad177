"""Puts the automation of an installation together, out of what the operator has set."""

from __future__ import annotations

from collections.abc import Sequence

from engine.approvals.mailing import ApprovalMail
from engine.automation.duties import Duty
from engine.automation.mail_links import MailLinks
from engine.automation.service import Automation
from engine.automation.surveys import SurveyLinks
from engine.automation.tuning import Tuning
from engine.changes.opening import change_duties
from engine.clock import Clock
from engine.files.store import FileStore
from engine.ids import IdMaker
from engine.records.service import Records
from engine.releases.store import ReleaseStore
from engine.settings import PlatformSettings
from plugins.manager import PluginManager


def open_automation(
    settings: PlatformSettings,
    releases: ReleaseStore,
    records: Records,
    plugins: PluginManager,
    clock: Clock,
    ids: IdMaker,
    tuning: Tuning | None,
    duties: Sequence[Duty],
    files: FileStore,
) -> Automation:
    """Put it together."""
    secret, base_url = settings.secret(), settings.base_url
    surveys = SurveyLinks(
        database=releases.database, system=releases.system, clock=clock, secret=secret, base_url=base_url
    )
    return Automation(
        database=releases.database,
        system=releases.system,
        releases=releases,
        records=records,
        functions=releases.language.functions,
        plugins=plugins,
        clock=clock,
        ids=ids,
        tuning=tuning,
        concurrency=settings.concurrency,
        base_url=base_url,
        allowed_hosts=settings.egress_hosts,
        duties=(*duties, *change_duties(settings, releases.database, releases.system, clock)),
        files=files,
        links=MailLinks(approval=ApprovalMail(secret=secret, base_url=base_url).url, surveys=surveys),
    )
