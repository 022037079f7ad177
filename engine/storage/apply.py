"""Runs a migration plan: what only adds, step by step and resumable; the rest in one transaction with the publishing.

Each finished step is noted in fs_migration by the transaction that did it, so that a killed process leaves a plan that
goes on where it stood. The caller holds `locks.migration_lock` from planning to the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select, update

from engine import faults
from engine.clock import Clock
from engine.storage.database import Database
from engine.storage.plan_steps import MigrationPlan, Phase, Step, StepKind
from engine.storage.schema import RetiredSpec, Schema, column_from_json, table_from_json
from engine.storage.step_runner import DataFiller, StepRunner
from engine.storage.system_tables import SystemTables

Progress = Callable[[int, int, str], None]
"""Told of each step: how many are done, how many there are, what comes now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationTools:
    """What running a plan needs beside the plan."""

    database: Database
    system: SystemTables
    clock: Clock
    filler: DataFiller
    progress: Progress = lambda done, total, text: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A plan that was begun and not finished, as fs_migration has it."""

    id: int
    checksum: str
    done: int
    plan: MigrationPlan
    release: int


def apply_migration(
    tools: MigrationTools, plan: MigrationPlan, release: int, publish: Callable[[Connection], None]
) -> None:
    """Run a plan for the release after `release`, from where an earlier try left it, and publish.

    publish: writes the new release, in the transaction of the plan's last part.
    """
    migration_id, done = _begin(tools, plan, release)
    prepare, switch = plan.in_phase(Phase.PREPARE), plan.in_phase(Phase.SWITCH)
    if release == 0:
        prepare, switch = (), plan.steps  # nobody is served yet: all of it at once is faster
    total = len(plan.steps)
    for number, step in enumerate(prepare[done:], start=done + 1):
        tools.progress(number - 1, total, step.text)
        with tools.database.write() as connection:
            _runner(tools, connection).run(step)
            _note(connection, tools.system, migration_id, {"done": number})
            faults.reach("migration_step")
        faults.reach("migration_step_done")
    with tools.database.write() as connection:
        _allow_time(tools, connection)
        runner = _runner(tools, connection)
        for number, step in enumerate(switch, start=len(prepare)):
            tools.progress(number, total, step.text)
            runner.run(step)
        publish(connection)
        finished = {"done": total, "state": "done", "finished_at": tools.clock.now()}
        _note(connection, tools.system, migration_id, finished)
        faults.reach("migration_publish")
    faults.reach("migration_published")


def abandon(connection: Connection, system: SystemTables, begun: Begun) -> None:
    """Note that a begun plan will not be finished; what it added counts as retired from now on."""
    _note(connection, system, begun.id, {"state": "abandoned"})


def find_begun(connection: Connection, system: SystemTables) -> Begun | None:
    """Give the plan that was begun and not finished, if there is one."""
    found = connection.execute(
        select(system.migration).where(system.migration.c.state == "running").order_by(system.migration.c.id.desc())
    ).first()
    return None if found is None else _begun(found._mapping)


def with_leftovers(connection: Connection, system: SystemTables, schema: Schema, release: int) -> Schema:
    """Add to a release's schema what plans that were abandoned since then have left in the database, as retired."""
    found = connection.execute(
        select(system.migration)
        .where(system.migration.c.state.in_(("abandoned", "running")), system.migration.c.release == release)
        .order_by(system.migration.c.id)
    )
    retired = list(schema.retired)
    for row in found:
        begun = _begun(row._mapping)
        steps = begun.plan.in_phase(Phase.PREPARE)
        for step in steps[: begun.done]:
            _add_leftover(retired, step)
    return Schema(tables=schema.tables, retired=tuple(retired))


def _add_leftover(retired: list[RetiredSpec], step: Step) -> None:
    if step.kind is StepKind.CREATE_TABLE:
        whole = table_from_json(step.details["table"])
        if not any(item.table == whole.name and item.whole is not None for item in retired):
            # Which of its indexes were made is not known; making them looks first.
            retired.append(RetiredSpec(table=whole.name, whole=replace(whole, indexes={})))
    elif step.kind is StepKind.ADD_COLUMN:
        name = step.details["table"]
        column = column_from_json(step.details["column"])
        if not any(item.table == name and item.column == column for item in retired):
            retired.append(RetiredSpec(table=name, column=column))


def _begin(tools: MigrationTools, plan: MigrationPlan, release: int) -> tuple[int, int]:
    system = tools.system
    with tools.database.write() as connection:
        begun = find_begun(connection, system)
        if begun is not None and begun.checksum == plan.checksum:
            return begun.id, begun.done
        if begun is not None:
            abandon(connection, system, begun)
        made = connection.execute(
            system.migration.insert().returning(system.migration.c.id),
            {
                "checksum": plan.checksum,
                "plan": plan.to_json(),
                "release": release,
                "done": 0,
                "state": "running",
                "started_at": tools.clock.now(),
            },
        )
        return int(made.scalar_one()), 0


def _runner(tools: MigrationTools, connection: Connection) -> StepRunner:
    return StepRunner(connection, tools.database.dialect, tools.system, tools.filler)


def _note(connection: Connection, system: SystemTables, migration_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(system.migration).where(system.migration.c.id == migration_id).values(**values))


def _allow_time(tools: MigrationTools, connection: Connection) -> None:
    # Computing all records of a big table again takes longer than any request may.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.set_config("statement_timeout", "0", True)))


def _begun(row: Mapping[Any, Any]) -> Begun:
    return Begun(
        id=row["id"],
        checksum=row["checksum"],
        done=row["done"],
        plan=MigrationPlan.from_json(row["plan"]),
        release=row["release"],
    )
