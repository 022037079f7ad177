"""Runs an import from file to result: batches, a second pass for rows that point at later ones, the log of imports.

Each batch is a transaction of its own; a dry run is one transaction that is rolled back, so that it counts exactly
what the import would do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.access.actor import Actor, Origin
from engine.clock import Clock
from engine.errors import UnknownObject
from engine.files.store import FileStore
from engine.ids import IdMaker
from engine.imports.batch import Batches
from engine.imports.binding import bind
from engine.imports.bound import Binding
from engine.imports.csv_file import CsvFile
from engine.imports.errors import ImportRefused
from engine.imports.file_cells import FileCells
from engine.imports.kept_cells import KeptCells
from engine.imports.log import log_errors, log_import
from engine.imports.mapping import ImportMapping, load_mapping
from engine.imports.reached import Ledger
from engine.imports.result import ImportResult, Tally, write_errors_file
from engine.imports.role_cells import RoleGranting
from engine.imports.running import OnProgress, Open, save_all
from engine.records.link_cells import may_read_links
from engine.records.saving.plan import save_plan
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.statistics import MANY_ROWS, refresh_statistics
from engine.storage.system_tables import SystemTables
from metamodel.link_lists import link_lists
from metamodel.objects import ObjectDef

CountRules = Callable[[Transaction], Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Import:
    """One import on its way."""

    actor: Actor
    release: Release
    file: CsvFile
    binding: Binding
    dry_run: bool
    total: int
    on_progress: OnProgress
    folder: Path | None
    ledger: Ledger | None


class _RollBack(Exception):
    """Ends the transaction of a dry run."""


class Imports:
    """Imports CSV files for actors."""

    def __init__(
        self,
        database: Database,
        system: SystemTables,
        records: Records,
        release: Callable[[], Release],
        clock: Clock,
        ids: IdMaker,
        roles: RoleGranting | None = None,
        files: FileStore | None = None,
        count_rules: CountRules | None = None,
        *,
        kept: KeptCells,
    ) -> None:
        self._database = database
        self._system = system
        self._records = records
        self._release = release
        self._clock = clock
        self._ids = ids
        self._roles = roles
        self._files = files
        self._count_rules = count_rules
        self.kept = kept

    def import_csv(
        self,
        actor: Actor,
        object_key: str,
        path: Path,
        *,
        mapping: ImportMapping | Path | None = None,
        match: Sequence[str] = (),
        dry_run: bool = False,
        on_progress: OnProgress | None = None,
        errors_file: Path | None = None,
    ) -> ImportResult:
        """Import a CSV file into an object.

        mapping: which column fills which field; without one each column fills the field of its name. match: fields
        that find records which are there already. errors_file: where the refused rows go, with line and reason.

        Raises:
            ImportRefused: the file or mapping cannot be used; nothing was written.
            UnknownObject: there is no such object for the actor.
        """
        mapping = load_mapping(mapping) if isinstance(mapping, Path) else mapping or ImportMapping()
        file = CsvFile.of_path(path, encoding=mapping.encoding, delimiter=mapping.delimiter)
        return self.import_file(
            actor,
            object_key,
            file,
            mapping=mapping,
            match=match,
            dry_run=dry_run,
            on_progress=on_progress,
            errors_file=errors_file,
            folder=path.parent,
        )

    def import_file(
        self,
        actor: Actor,
        object_key: str,
        file: CsvFile,
        *,
        mapping: ImportMapping | None = None,
        match: Sequence[str] = (),
        dry_run: bool = False,
        on_progress: OnProgress | None = None,
        errors_file: Path | None = None,
        folder: Path | None = None,
        ledger: Ledger | None = None,
    ) -> ImportResult:
        """Import an opened CSV file into an object; see `import_csv`. folder: where paths of files start.

        ledger: of an import that is written down already, and goes on where it stands; without one it is noted at its
        end.
        """
        release = self._release()
        work = _Import(
            actor=replace(actor, origin=Origin.IMPORT),
            release=release,
            file=file,
            binding=self.bind(actor, object_key, file, mapping or ImportMapping(), match, release=release),
            dry_run=dry_run,
            total=file.count(),
            on_progress=on_progress or _say_nothing,
            folder=folder,
            ledger=ledger,
        )
        return self._run(work, errors_file)

    def bind(
        self,
        actor: Actor,
        object_key: str,
        file: CsvFile,
        mapping: ImportMapping,
        match: Sequence[str] = (),
        *,
        release: Release | None = None,
    ) -> Binding:
        """Bind a mapping to an object and a file; nothing is read but the file's heads.

        Raises: ImportRefused, UnknownObject.
        """
        release = release or self._release()
        object_def = release.metamodel.find_object(object_key)
        if object_def is None:
            raise UnknownObject(object_key)
        if mapping.object is not None and mapping.object != object_def.key:
            raise ImportRefused(f"The mapping is for {mapping.object}, not for {object_def.key}.")
        return bind(
            release.metamodel,
            release.field_types,
            object_def,
            mapping,
            file.columns,
            match=match,
            settable=self.fillable(actor, release, object_def),
        )

    def fillable(self, actor: Actor, release: Release, object_def: ObjectDef) -> Collection[str]:
        """Give the fields and lists of links that columns may fill for an actor."""
        access = self._records.access(actor, release)
        rights = access.of(object_def.key)
        fields = save_plan(self._records.parts(release), object_def.key).settable & rights.shown & rights.updatable
        lists = link_lists(release.metamodel.objects, object_def)
        links = (
            name for name, each in lists.items() if may_read_links(access, each) and access.of(each.links).may("create")
        )
        return {*fields, *links}

    def _run(self, work: _Import, errors_file: Path | None) -> ImportResult:
        ledger = work.ledger
        import_id, started = ledger.id if ledger is not None else self._ids.new(), self._clock.now()
        tally = Tally()
        batches = Batches(work.binding, tally, _coming_texts(work), self._roles, FileCells(self._files, work.folder))
        rules: Mapping[str, int] = {}
        with self._transactions(work) as transaction:
            save_all(work.file, work.total, batches, tally, transaction, ledger, work.on_progress)
            if work.dry_run and self._count_rules is not None:
                with transaction() as opened:
                    rules = self._count_rules(opened)
        result = tally.result(import_id, work.binding.object.key, dry_run=work.dry_run)
        result = replace(result, passed_over=work.binding.passed_over, rules=rules)
        if errors_file is not None and result.errors:
            write_errors_file(errors_file, work.file.columns, result.errors)
        if not work.dry_run:
            if ledger is None:
                self._log(work, result, started)
            if result.created + result.updated > MANY_ROWS:
                table = work.release.tables.of(work.binding.object.key).table.name
                refresh_statistics(self._database, [table])
        return result

    @contextmanager
    def _transactions(self, work: _Import) -> Iterator[Open]:
        """Give what opens a transaction for a batch; of a dry run, the one that all batches share."""
        if not work.dry_run:

            @contextmanager
            def open_one() -> Iterator[Transaction]:
                with self._records.transaction(work.actor, release=work.release) as transaction:
                    yield transaction

            yield open_one
            return
        try:
            with self._records.transaction(work.actor, release=work.release) as transaction:

                @contextmanager
                def give_the_same() -> Iterator[Transaction]:
                    yield transaction

                yield give_the_same
                raise _RollBack
        except _RollBack:
            pass

    def _log(self, work: _Import, result: ImportResult, started: dt.datetime) -> None:
        file, finished = Path(work.file.name).name, self._clock.now()
        with self._database.write() as connection:
            log_import(
                connection, self._system, result, file=file, actor=work.actor, started=started, finished=finished
            )
            log_errors(connection, self._system, result, self.kept.sealer(result.object, result.id))


def _coming_texts(work: _Import) -> Collection[str]:
    """Give the texts by which rows of the file will be known, where a lookup of it points at the same object."""
    binding = work.binding
    names: set[str] = set()
    for lookup in (*binding.lookups, *(each.lookup for each in binding.links)):
        if binding.object.key in lookup.targets:
            names.update(lookup.by.get(binding.object.key, ()))
            names.update(_title_fields(binding) if lookup.title else ())
    columns = [column for column in binding.plain if column.field.name in names]
    if not columns:
        return frozenset()
    return {text for row in work.file.rows() for column in columns if (text := column.cell(row.cells))}


def _title_fields(binding: Binding) -> list[str]:
    return [name for name in binding.object.fields if "{" + name + "}" in binding.object.title.text]


def _say_nothing(_done: int, _total: int) -> None:
    return
