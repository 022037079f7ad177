"""Puts together what looks into the mail boxes of an installation, and has the housekeeping of workers do it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from engine.automation.mail_in.looking import MailboxLooker
from engine.automation.mail_in.polling import MailPolling
from engine.automation.service import Automation
from engine.clock import Clock
from engine.ids import IdMaker
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from plugins.manager import PluginManager


def open_polling(
    automation: Automation,
    *,
    database: Database,
    system: SystemTables,
    plugins: PluginManager,
    clock: Clock,
    ids: IdMaker,
    allowed_hosts: Sequence[str],
) -> MailPolling:
    """Put it together; it starts with the first worker of this process."""

    def looker(is_stopping: Callable[[], bool]) -> MailboxLooker:
        return MailboxLooker(
            database=database,
            system=system,
            mails=automation.calls.mails,
            plugins=plugins,
            targets=automation.targets,
            clock=clock,
            ids=ids,
            secrets=os.environ.get,
            allowed_hosts=allowed_hosts,
            is_stopping=is_stopping,
        )

    polling = MailPolling(mails=automation.calls.mails, make_looker=looker)
    for duty in polling.duties():
        automation.take_on(duty)
    return polling
