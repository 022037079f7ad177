"""Failures while running, one class a case, with their facts as attributes and no word of HTTP.

Author mistakes are `Problem`s instead. Only the ui package maps these classes to status codes and pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metamodel.objects import ValidationSeverity
from metamodel.source import Problem


class EngineError(Exception):
    """The root of everything the engine raises on purpose."""


class RecordNotFound(EngineError):
    """There is no such record, or the actor may not read it: both look the same."""

    def __init__(self, object_key: str, record_id: str) -> None:
        self.object_key = object_key
        self.record_id = record_id
        super().__init__(f"There is no record '{record_id}' of {object_key}.")


class UnknownObject(EngineError):
    """There is no such object, or no role of the actor names it: both look the same."""

    def __init__(self, object_key: str) -> None:
        self.object_key = object_key
        super().__init__(f"There is no object '{object_key}'.")


class AccessDenied(EngineError):
    """The actor may not do this; `reason` says what is missing, for people."""

    def __init__(self, action: str, object_key: str, reason: str, *, field: str | None = None) -> None:
        self.action = action
        self.object_key = object_key
        self.field = field
        self.reason = reason
        where = f"{object_key}.{field}" if field else object_key
        super().__init__(f"You may not {action} {where}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One finding on the values of a save.

    field: API name or path (`lines[2].quantity`), None for the record as a whole. code: stable, for programs.
    message: in the actor's language, for people. severity: an error refuses, a warning asks, an info is only told.
    """

    code: str
    message: str
    field: str | None = None
    severity: ValidationSeverity = ValidationSeverity.ERROR


class ValidationFailed(EngineError):
    """The values do not make a valid record; nothing was written."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in self.errors))


class ConfirmationNeeded(EngineError):
    """Warnings stand against the save; it goes through when their codes are confirmed. Nothing was written."""

    def __init__(self, warnings: Sequence[FieldError]) -> None:
        self.warnings = tuple(warnings)
        super().__init__("; ".join(warning.message for warning in self.warnings))


class StaleVersion(EngineError):
    """The record was changed since the caller read it; nothing was written."""

    def __init__(self, object_key: str, record_id: str, *, expected: int, current: int) -> None:
        self.object_key = object_key
        self.record_id = record_id
        self.expected = expected
        self.current = current
        super().__init__(f"The record was changed meanwhile: version {expected} was read, {current} is current.")


class RecordInUse(EngineError):
    """A record cannot be deleted since others point at it with `on_delete: restrict`.

    count: how many of them the actor may read; 0: they are there, and the actor may see none.
    """

    def __init__(self, object_key: str, record_id: str, *, used_by: str, count: int) -> None:
        self.object_key = object_key
        self.record_id = record_id
        self.used_by = used_by
        self.count = count
        counted = f"{count} {'record' if count == 1 else 'records'} of {used_by}"
        super().__init__(f"The record is in use by {counted if count else 'records that you may not see'}.")


class AlreadyConverted(EngineError):
    """A record was converted before; it stays what it became. `reason` is for people."""

    def __init__(self, object_key: str, record_id: str, reason: str) -> None:
        self.object_key = object_key
        self.record_id = record_id
        self.reason = reason
        super().__init__(reason)


class NotConvertible(EngineError):
    """A record does not meet the condition of the conversion; nothing was written. `reason` is for people."""

    def __init__(self, object_key: str, record_id: str, reason: str) -> None:
        self.object_key = object_key
        self.record_id = record_id
        self.reason = reason
        super().__init__(reason)


class PoolRefused(EngineError):
    """A record can't be claimed or let go; nothing was written. code: stable, for programs. `reason` is for people."""

    def __init__(self, object_key: str, record_id: str, code: str, reason: str) -> None:
        self.object_key = object_key
        self.record_id = record_id
        self.code = code
        self.reason = reason
        super().__init__(reason)


class QueryProblem(EngineError):
    """A filter, sort, field list, cursor or limit of a caller is wrong; `problems` say where."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.sentence for problem in self.problems))


class ReleaseChanged(EngineError):
    """Another release was published since what is to be applied was planned; nothing was written."""

    def __init__(self, *, planned: int, current: int) -> None:
        self.planned = planned
        self.current = current
        super().__init__(f"This was planned on release {planned}, and {current} is current now; plan again.")


class ReleaseRefused(EngineError):
    """A folder has errors, or its plan is not safe; the running release stays."""

    def __init__(self, problems: Sequence[Problem], reason: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__(reason or f"The app has {len(self.problems)} problems; the running release stays.")


class TooManyAtOnce(EngineError):
    """As much of a kind of long work is on its way as a process takes; a later try may work."""

    def __init__(self, work: str, most: int, retry_after_s: int = 30) -> None:
        self.work = work
        self.retry_after_s = retry_after_s
        super().__init__(f"{most} {work} are on their way already; try again in a while.")


class AutomationStopped(EngineError):
    """A run was stopped by a limit (cause depth, actions, rows) or a repeated rule; `chain` names rules and records."""

    def __init__(self, reason: str, chain: Sequence[str] = ()) -> None:
        self.reason = reason
        self.chain = tuple(chain)
        super().__init__(f"{reason} Chain: {' → '.join(self.chain)}" if self.chain else reason)


class SourceUnavailable(EngineError):
    """Another database that records lie in did not answer in time; what lies here is not touched by that."""

    def __init__(self, connection: str, reason: str = "it does not answer right now", retry_after_s: int = 10) -> None:
        self.connection = connection
        self.retry_after_s = retry_after_s
        super().__init__(f"The database '{connection}' can't be read: {reason}.")


class SourceChanged(EngineError):
    """A table of another database is not what the configuration says: it is not there, or lacks columns."""

    def __init__(self, table: str, columns: Sequence[str] = ()) -> None:
        self.table = table
        self.columns = tuple(columns)
        named = ", ".join(f"'{name}'" for name in columns)
        has = f"'{table}' has no column {named}" if columns else f"There is no table or view '{table}'"
        super().__init__(f"{has} in the other database.")


class SourceReadOnly(EngineError):
    """A change of a record that lies in another database, which is only read; nothing was written anywhere."""

    def __init__(self, object_key: str) -> None:
        self.object_key = object_key
        super().__init__(f"The records of {object_key} lie in another database and are only read here.")


class DatabaseUnavailable(EngineError):
    """The database did not answer in time; nothing is known to be lost and a later try may work."""

    def __init__(self, retry_after_s: int = 5) -> None:
        self.retry_after_s = retry_after_s
        super().__init__("The database does not answer right now.")
