"""What people and other systems have started rules with, as far as runs are kept: buttons, forms, webhooks, mails …

Each delivery is taken once, whichever rules it started, by what it brought. Of what started no rule, the calls of
webhooks are kept (`calls.kept`); log-ins, mails and events of plugins are not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import or_, select

from engine.access.actor import Origin, system_actor
from engine.automation.calls.kept import kept_calls
from engine.automation.calls.received import noting
from engine.automation.insight.occasions import LogTimes, Occasion, judged_then
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.recorded import MOST_SAVES
from engine.automation.program import OnButton, OnWebhook, Program
from engine.automation.run_rows import run_of_row
from engine.automation.run_state import Run
from engine.automation.stored_actors import stored_actor
from engine.records.transaction import Transaction


@dataclass(slots=True, kw_only=True)
class KeptCalls:
    """The occasions of one rule by calls and approvals. looked: how many were kept; stopped: there are more."""

    transaction: Transaction
    program: Program
    since: dt.datetime
    looked: int = 0
    stopped: bool = False
    unclear: int = 0
    _times: LogTimes = field(init=False)

    def __post_init__(self) -> None:
        self._times = LogTimes(self.transaction, self.since)

    def __iter__(self) -> Iterator[Occasion]:
        """Give the occasions, judged, the oldest first."""
        records = PastRecords(self.transaction, self._times.base)
        seen: set[tuple[str, str | None, dt.datetime]] = set()
        for run in self._runs():
            key = (run.root, run.record_id, run.created_at)
            if key in seen:
                continue
            seen.add(key)
            self.looked += 1
            yield judged_then(self.transaction, self.program, self._occasion(run, records))
        yield from self._unheard(records)

    def _unheard(self, records: PastRecords) -> Iterator[Occasion]:
        """Give the occasions of the calls that started no rule."""
        program, room = self.program, MOST_SAVES - self.looked
        texts = {each.webhook: each.text for each in program.on_call if isinstance(each, OnWebhook)}
        who = stored_actor(system_actor(Origin.RULE), program) | {"system": False}
        for webhook, text in sorted(texts.items()):
            for call in kept_calls(self.transaction, webhook, self.since, room + 1):
                if not room:
                    self.stopped = True
                    return
                room, self.looked = room - 1, self.looked + 1
                names = noting(call.names, lambda _: None)
                occasion = Occasion(
                    entry=self._times.entry(call.at), trigger=text, records=records, who=who, names=names
                )
                yield judged_then(self.transaction, program, occasion)

    def _runs(self) -> Iterator[Run]:
        """Give the runs of any rule that such calls have started."""
        table, program = self.transaction.system.run, self.program
        texts = {each.text for each in (*program.on_call, *program.on_approval)}
        starts = [_press(each) for each in program.on_call if isinstance(each, OnButton)]
        fitting = or_(table.c.event.in_(sorted(texts)), *(table.c.event.startswith(f"{each} ") for each in starts))
        query = select(table).where(table.c.created_at >= self.since, fitting)
        query = query.order_by(table.c.created_at, table.c.id).limit(MOST_SAVES + 1)
        for number, row in enumerate(self.transaction.connection.execute(query).mappings()):
            if number == MOST_SAVES:
                self.stopped = True
                return
            yield run_of_row(row)

    def _occasion(self, run: Run, records: PastRecords) -> Occasion:
        own = self.program.object is not None and run.object == self.program.object
        return Occasion(
            entry=self._times.entry(run.created_at, run.object, run.record_id),
            trigger=self._trigger(run.event),
            records=records,
            who={**run.actor, "runs_as": self.program.runs_as},
            object=run.object if own else None,
            record_id=run.record_id if own else None,
            names=noting(run.snapshot.facts.get("names") or {}, lambda _: None),
        )

    def _trigger(self, event: str) -> str:
        """Give the rule's own text of the trigger that an event is of."""
        for each in self.program.on_call:
            if isinstance(each, OnButton) and f"{event} ".startswith(f"{_press(each)} "):
                return each.text
        return event


def _press(trigger: OnButton) -> str:
    return f"button {trigger.button} on {trigger.object} is pressed"
