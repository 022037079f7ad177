"""`run rule`: a run of another rule, caused by the step that calls it and committed with it.

It is a run like those that saves start: with its own record, rights and steps, its condition judged when it begins.
What keeps rules from running for ever, too often or beside each other holds for it too.
"""

from __future__ import annotations

from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex
from engine.automation.run_state import Run, RunState, Snapshot
from engine.automation.stored_actors import stored_actor
from engine.ids import IdMaker
from engine.records.transaction import Transaction
from metamodel.values import Ref


def called_program(index: RuleIndex, app: str, name: str) -> Program | None:
    """Give the rule that a rule of an app calls by a name: the app's own, else that of another app."""
    own = index.programs.get(f"{app}.{name}")
    return own if own is not None else index.programs.get(name)


def called_run(transaction: Transaction, ids: IdMaker, program: Program, target: Ref | None, event: str) -> Run:
    """Make a run of a rule on a record, caused by the transaction's step. event: what is told of how it came about."""
    cause = transaction.cause
    title = None
    if target is not None:
        values = transaction.cache.related(target.object, target.id) or {}
        title = transaction.cache.title(target.object, transaction.context(target.object, values))
    names = {program.each_name: target.id} if program.each_name is not None and target is not None else {}
    return Run(
        id=ids.new(),
        rule=program.name,
        rule_text=program.text,
        release=transaction.release.number,
        object=target.object if target is not None else None,
        record_id=target.id if target is not None else None,
        record_title=title,
        event=event,
        snapshot=Snapshot(holds=True if program.condition is None else None, facts={"at": program.at, "names": names}),
        actor=stored_actor(transaction.actor, program),
        root=cause.root or ids.new(),
        cause_run=cause.run,
        cause_step=cause.step,
        chain=cause.chain,
        depth=cause.depth,
        state=RunState.QUEUED,
        created_at=transaction.now,
    )
