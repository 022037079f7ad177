"""Brings the product's own tables and SQL functions of a database to what this version of the product needs.

A short ordered list of steps, each done once and noted in fs_version in the same transaction. Tables of records are
no matter of it: those change by releases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Table, func, inspect, select
from sqlalchemy.schema import CreateColumn

from engine.clock import Clock
from engine.errors import EngineError
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.functions import SqlFunction
from engine.storage.system_audit import guard_tables
from engine.storage.system_imports import ADDED, move_to_imports
from engine.storage.system_tables import DATA_STAMP, RELEASE_STAMP, SystemTables

Step = Callable[[Connection, SystemTables], None]

ADVISORY_LOCK = 0x46535359
"""Key of the PostgreSQL lock under which system tables change."""


class NewerDatabase(EngineError):
    """The database was written by a newer version of the product; nothing was changed."""

    def __init__(self, found: int, known: int) -> None:
        self.found = found
        self.known = known
        super().__init__(
            f"The database was written by a newer Fieldstone (its tables are at version {found}, "
            f"this program knows {known}); start that version instead. Nothing was changed."
        )


def upgrade_system_tables(database: Database, system: SystemTables, clock: Clock) -> None:
    """Do the steps that the database has not seen yet; cheap when there are none.

    Raises:
        NewerDatabase: it has seen steps that this program does not know.
        DatabaseUnavailable: the database is away.
    """
    steps = _steps()
    with database.read() as connection:
        current = _version(connection, system)
        functions_current = _functions_are_current(connection, system, database)
    if current > len(steps):
        raise NewerDatabase(current, len(steps))
    if current == len(steps) and functions_current:
        return
    with database.write() as connection:
        if database.dialect is Dialect.POSTGRESQL:
            connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        for number, step in enumerate(steps, start=1):
            if number > _version(connection, system):
                step(connection, system)
                connection.execute(system.version.insert().values(number=number, at=clock.now()))
        if database.dialect is Dialect.POSTGRESQL:
            _create_functions(connection, system, database.functions)


def _steps() -> Sequence[Step]:
    # Only ever append: what a step did in the field is done.
    return (
        _create_first_tables,
        _create_stage_times,
        _create_match_keys,
        _create_files,
        _create_conversions,
        _create_renames,
        _create_merges,
        _create_checked,
        _note_loaded_data,
        _create_run_control,
        _create_assignments,
        _create_waits,
        _create_approvals,
        _create_shares,
        _create_surveys,
        _create_mail,
        _create_long_work,
        _widen_accounts,
        _seal_audit,
        _create_calls,
        _create_privacy,
        _create_webhook_tries,
        _let_roles_end,
        _create_kept_calls,
        _create_access_requests,
        _create_saved_views,
        _create_connectors,
        _create_events,
        _create_recent_records,
    )


def _create_first_tables(connection: Connection, system: SystemTables) -> None:
    system.metadata.create_all(connection)


def _create_stage_times(connection: Connection, system: SystemTables) -> None:
    system.stage.create(connection, checkfirst=True)


def _create_match_keys(connection: Connection, system: SystemTables) -> None:
    system.match.create(connection, checkfirst=True)


def _create_files(connection: Connection, system: SystemTables) -> None:
    for table in (system.file, system.content):
        table.create(connection, checkfirst=True)


def _create_conversions(connection: Connection, system: SystemTables) -> None:
    system.conversion.create(connection, checkfirst=True)


def _create_renames(connection: Connection, system: SystemTables) -> None:
    system.renamed.create(connection, checkfirst=True)


def _create_merges(connection: Connection, system: SystemTables) -> None:
    for table in (system.merge, system.apart):
        table.create(connection, checkfirst=True)


def _create_checked(connection: Connection, system: SystemTables) -> None:
    system.checked.create(connection, checkfirst=True)


def _note_loaded_data(connection: Connection, system: SystemTables) -> None:
    stamp = system.stamp
    newest = connection.execute(select(stamp.c.value).where(stamp.c.name == RELEASE_STAMP)).scalar()
    connection.execute(stamp.insert().values(name=DATA_STAMP, value=newest or 0))


def _create_assignments(connection: Connection, system: SystemTables) -> None:
    for table in (system.queue_turn, system.assignment):
        table.create(connection, checkfirst=True)


def _create_run_control(connection: Connection, system: SystemTables) -> None:
    run = system.run
    _add_columns(connection, run, ("turn", "followed", "held_by"))
    for index in run.indexes:
        index.create(connection, checkfirst=True)
    for table in (system.throttle, system.target, system.run_origin, system.run_count):
        table.create(connection, checkfirst=True)


def _create_waits(connection: Connection, system: SystemTables) -> None:
    for table in (system.wait, system.wait_key, system.touched, system.awaited):
        table.create(connection, checkfirst=True)


def _create_approvals(connection: Connection, system: SystemTables) -> None:
    for table in (system.approval, system.approval_visit, system.approval_seat, system.approval_event):
        table.create(connection, checkfirst=True)


def _create_shares(connection: Connection, system: SystemTables) -> None:
    system.share.create(connection, checkfirst=True)


def _create_surveys(connection: Connection, system: SystemTables) -> None:
    system.survey.create(connection, checkfirst=True)


def _create_mail(connection: Connection, system: SystemTables) -> None:
    for table in (system.mailbox, system.mail_in):
        table.create(connection, checkfirst=True)


def _create_long_work(connection: Connection, system: SystemTables) -> None:
    _add_columns(connection, system.imported, ADDED)
    for table in (system.import_file, system.import_batch, system.exported):
        table.create(connection, checkfirst=True)
    move_to_imports(connection, system.imported, system.import_file)


def _widen_accounts(connection: Connection, system: SystemTables) -> None:
    _add_columns(connection, system.credential, ("service", "factor_secret", "factor_at", "factor_step"))
    for table in (system.recovery, system.reset):
        table.create(connection, checkfirst=True)


def _seal_audit(connection: Connection, system: SystemTables) -> None:
    _add_columns(connection, system.audit, ("address", "request_id"))
    system.seal.create(connection, checkfirst=True)
    guard_tables(connection, (system.audit, system.seal))


def _create_calls(connection: Connection, system: SystemTables) -> None:
    for table in (system.change, system.change_state, system.rate):
        table.create(connection, checkfirst=True)


def _create_webhook_tries(connection: Connection, system: SystemTables) -> None:
    for table in (system.webhook_try, system.webhook_off):
        table.create(connection, checkfirst=True)


def _create_privacy(connection: Connection, system: SystemTables) -> None:
    for table in (system.person_key, system.hold, system.disposal):
        table.create(connection, checkfirst=True)


def _let_roles_end(connection: Connection, system: SystemTables) -> None:
    _add_columns(connection, system.role, ("until",))


def _create_kept_calls(connection: Connection, system: SystemTables) -> None:
    system.call.create(connection, checkfirst=True)


def _create_access_requests(connection: Connection, system: SystemTables) -> None:
    system.access_request.create(connection, checkfirst=True)


def _create_saved_views(connection: Connection, system: SystemTables) -> None:
    system.saved_view.create(connection, checkfirst=True)


def _create_connectors(connection: Connection, system: SystemTables) -> None:
    for table in (system.connector, system.connector_record, system.connector_difference):
        table.create(connection, checkfirst=True)


def _create_events(connection: Connection, system: SystemTables) -> None:
    system.event.create(connection, checkfirst=True)


def _create_recent_records(connection: Connection, system: SystemTables) -> None:
    system.recent.create(connection, checkfirst=True)


def _add_columns(connection: Connection, table: Table, names: Sequence[str]) -> None:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for name in names:
        if name not in there:
            column = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column}")


def _version(connection: Connection, system: SystemTables) -> int:
    if not inspect(connection).has_table(system.version.name):
        return 0
    return int(connection.execute(select(func.max(system.version.c.number))).scalar() or 0)


def _functions_are_current(connection: Connection, system: SystemTables, database: Database) -> bool:
    if database.dialect is Dialect.SQLITE:
        return True
    if not inspect(connection).has_table(system.setting.name):
        return False
    return bool(_stored_fingerprint(connection, system) == _fingerprint(database.functions))


def _create_functions(connection: Connection, system: SystemTables, functions: Sequence[SqlFunction]) -> None:
    for function in functions:
        for statement in function.postgresql:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    name, value = _FINGERPRINT, _fingerprint(functions)
    connection.execute(system.stamp.delete().where(system.stamp.c.name == name))
    connection.execute(system.stamp.insert().values(name=name, value=value))


_FINGERPRINT = "sql_functions"


def _stored_fingerprint(connection: Connection, system: SystemTables) -> int | None:
    return connection.execute(select(system.stamp.c.value).where(system.stamp.c.name == _FINGERPRINT)).scalar()


def _fingerprint(functions: Sequence[SqlFunction]) -> int:
    texts = "\n".join(statement for function in functions for statement in function.postgresql)
    return int.from_bytes(hashlib.sha256(texts.encode()).digest()[:7])
