"""Makes the runs that people and other systems start: who caused them, what they brought, what was judged already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.access.actor import Actor, Origin, system_actor
from engine.automation.program import Program
from engine.automation.run_state import Run, RunState, Snapshot
from engine.automation.stored_actors import stored_actor
from engine.records.hooks import Cause
from metamodel.values import Ref

_NO_CAUSE = Cause()
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What starts a rule. event: the trigger's text. names: what the rule knows it by. who: None for nobody known."""

    program: Program
    event: str
    release: int
    names: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    who: Actor | None = None
    record: Ref | None = None
    title: str | None = None
    holds: bool | None = None
    explained: Any = None
    cause: Cause = _NO_CAUSE


def called_run(called: Called, *, run_id: str, root: str, now: Any) -> Run:
    """Make the run of a call; root: the id of the first cause, of the call itself where nothing caused it."""
    program, cause = called.program, called.cause
    actor = stored_actor(called.who or system_actor(Origin.RULE), program)
    return Run(
        id=run_id,
        rule=program.name,
        rule_text=program.text,
        release=called.release,
        object=called.record.object if called.record is not None else None,
        record_id=called.record.id if called.record is not None else None,
        record_title=called.title,
        event=called.event,
        snapshot=Snapshot(
            holds=called.holds if program.condition is not None else True,
            explained=called.explained,
            facts={"at": program.at, "names": dict(called.names)},
        ),
        actor=actor,
        root=root,
        cause_run=cause.run,
        cause_step=cause.step,
        chain=cause.chain,
        depth=cause.depth,
        state=RunState.QUEUED,
        created_at=now,
    )
