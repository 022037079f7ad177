"""Looks into the mail boxes again and again, on a thread of its own: a slow mail server keeps no timer waiting."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from engine.automation.duties import Duty
from engine.automation.mail_in.taking import ReceivedMails
from engine.errors import EngineError

_LOG = logging.getLogger("fieldstone.mail")
_EVERY = dt.timedelta(seconds=30)
_A_DAY = dt.timedelta(days=1)
_WAITED_FOR_S = 10.0


class Looker(Protocol):
    """Looks into all boxes once."""

    def look(self) -> int:
        """Do it; give how many mails were met."""
        ...


@dataclass(slots=True, kw_only=True)
class MailPolling:
    """The looks of one process. make_looker: given what says that it stops."""

    mails: ReceivedMails
    make_looker: Callable[[Callable[[], bool]], Looker]
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def duties(self) -> tuple[Duty, ...]:
        """Give what the housekeeping of a worker does for it."""
        return (
            Duty(name="mail boxes", every=_EVERY, do=self.begin),
            Duty(name="mails taken in long ago", every=_A_DAY, do=self.mails.forget_old, at_start=False),
        )

    def begin(self) -> None:
        """Begin a look, unless there is no box or the last look goes on still."""
        if self._stopping.is_set() or (self._thread is not None and self._thread.is_alive()) or not self.mails.boxes():
            return
        self._thread = threading.Thread(target=self._look, name="fieldstone-mail", daemon=True)
        self._thread.start()

    def look(self) -> int:
        """Look into all boxes now, and give how many mails were met."""
        return self.make_looker(self._stopping.is_set).look()

    def stop(self) -> None:
        """Let a look that goes on come to the end of the mail at hand."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=_WAITED_FOR_S)

    def _look(self) -> None:
        try:
            self.look()
        except (EngineError, SQLAlchemyError) as error:
            _LOG.warning("the mail boxes are left for later: %s", error)
        except Exception:
            _LOG.exception("the look into the mail boxes failed")
