"""Notes breaches when their moment comes, without anybody saving the record: a duty of the housekeeping.

Which records are late follows from their due times, so a killed worker leaves nothing behind that the next does not
find. A breach is a fact of time: like a roll-up it is written whatever validations say of the record, with history,
and rules that wait for it run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine import faults
from engine.access.actor import system_actor
from engine.errors import RecordNotFound
from engine.records.clocks.moving import move_clocks
from engine.records.clocks.plan import ClockPlan, clock_plans
from engine.records.hooks import SaveKind
from engine.records.saving.filling import touch
from engine.records.saving.loading import load_for_change
from engine.records.saving.steps import finish
from engine.records.saving.writing import update_record
from engine.records.saving.writing_many import STAMPS
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.records.types import ListQuery, SortKey
from engine.releases.release import Release
from metamodel.service_clocks import RUNNING

_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockKeeper:
    """Looks after the service clocks of the current release."""

    records: Records
    current: Callable[[], Release | None]

    def note_breaches(self) -> int:
        """Mark all records whose clocks ran out, and say how many."""
        release = self.current()
        if release is None:
            return 0
        keys = dict.fromkeys(clock.object for clock in release.metamodel.service_clocks.values() if clock.object)
        return sum(self._note_in(release, key) for key in keys)

    def _note_in(self, release: Release, object_key: str) -> int:
        count = 0
        for clock in clock_plans(self.records.parts(release), object_key):
            query: ListQuery | None = _late(clock, object_key)
            while query is not None:
                with self.records.transaction(system_actor(), release=release) as transaction:
                    page = transaction.list(query)
                    count += sum(_note(transaction, object_key, row.id) for row in page.rows)
                    faults.reach("clock.before_commit")
                # What can't be noted now is passed over, so that it keeps nobody waiting.
                query = replace(query, cursor=page.next_cursor) if page.next_cursor is not None else None
        return count


def _late(clock: ClockPlan, object_key: str) -> ListQuery:
    return ListQuery(
        object=object_key,
        filter=f'{clock.due} < now and {clock.state} = "{RUNNING}" and not {clock.breached}',
        sort=(SortKey(path=clock.due, descending=False),),
        fields=("id",),
        limit=_BATCH,
    )


def _note(transaction: Transaction, object_key: str, record_id: str) -> bool:
    """Write what time alone has changed of a record; somebody may have stopped its clock meanwhile."""
    try:
        draft = load_for_change(transaction, object_key, record_id, SaveKind.UPDATED, None)
    except RecordNotFound:
        return False
    move_clocks(draft, transaction)
    changed = sorted(draft.changed)
    if not changed or draft.errors:
        return False
    touch(draft, transaction)
    update_record(draft, [*changed, *sorted(STAMPS)], transaction)
    finish([draft], transaction)
    transaction.settle()
    return True
