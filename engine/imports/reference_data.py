"""Loads what an app brings along as records: the files of data/, and the teams and queues of organization.yaml.

Everything goes through the door as the product itself, found again by external id, so that loading twice changes
nothing. What was loaded last is noted when all is, so that a process killed on the way leaves the rest to the next.
Files in folders below data/ (demo data) are left to whoever asks for them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import update

from engine.access.actor import Origin, system_actor
from engine.errors import EngineError, ValidationFailed
from engine.imports.csv_file import CsvFile
from engine.imports.errors import ImportRefused
from engine.imports.result import ImportResult
from engine.imports.service import Imports
from engine.records.finding import find_by_fields
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.releases.store import ReleaseStore
from engine.releases.stored_form import read_stamps
from engine.storage.system_tables import DATA_STAMP
from metamodel.apps import QueueDef, TeamDef
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText, Location, Problem, Problems, Severity
from metamodel.texts import label_text
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Scalar, Sequence, SourceText
from metamodel.yaml_source import read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedData:
    """What loading did: a result a file, and what was refused, with file and line."""

    results: tuple[ImportResult, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _DataFile:
    object: ObjectDef
    file: CsvFile
    path: str
    places: Mapping[int, Location]

    def place(self, line: int) -> Location:
        """Tell where a row stands that is in a line of the file as it is imported."""
        return self.places.get(line) or Location(file=self.path, line=line)


class ReferenceData:
    """Loads the records that come with a release."""

    def __init__(self, releases: ReleaseStore, records: Records, imports: Imports) -> None:
        self._releases = releases
        self._records = records
        self._imports = imports

    def load(self, release: Release) -> LoadedData:
        """Load the organization and the data files that differ from those loaded last; nothing where all is loaded."""
        database, stamp = self._releases.database, self._releases.system.stamp
        with database.read() as connection:
            last = read_stamps(connection, self._releases.system).get(DATA_STAMP, 0)
        if last >= release.number:
            return LoadedData()
        loaded = self._load(release, self._releases.numbered(last).sources if last else {})
        with database.write() as connection:
            older = (stamp.c.name == DATA_STAMP) & (stamp.c.value < release.number)
            connection.execute(update(stamp).where(older).values(value=release.number))
        return loaded

    def _load(self, release: Release, before: Mapping[str, str]) -> LoadedData:
        problems = Problems()
        self._organize(release, problems)
        files = [
            item
            for text in _data_files(release)
            if before.get(text.at.file) != release.sources.get(text.at.file)
            and (item := _read(release, text, problems)) is not None
        ]
        results = []
        for item in _in_order(files):
            try:
                match = _match(item)
                result = self._imports.import_file(system_actor(Origin.IMPORT), item.object.key, item.file, match=match)
            except EngineError as fault:
                problems.report("APP821", str(fault), Location(file=item.path))
                continue
            results.append(result)
            for error in result.errors:
                where = f"'{error.column}': " if error.column else ""
                message = f"{where}{error.reason}"
                problems.report("APP822", message, item.place(error.line), severity=Severity.WARNING)
        return LoadedData(results=tuple(results), problems=tuple(problems))

    def _organize(self, release: Release, problems: Problems) -> None:
        metamodel = release.metamodel
        language = metamodel.main.languages[0]
        with self._records.transaction(system_actor(), release=release) as transaction:
            for object_key, definitions in (("team", metamodel.teams), ("queue", metamodel.queues)):
                known = find_by_fields(transaction, object_key, ("key",), list(definitions)) if definitions else {}
                for name, definition in definitions.items():
                    if (name,) in known:
                        continue
                    values = {"key": name, "name": label_text(definition.label, language, name), **_terms(definition)}
                    try:
                        transaction.create(object_key, values, confirm=None)
                    except ValidationFailed as refused:
                        problems.report("APP823", f"{object_key} '{name}' was not made: {refused}", definition.at)
            for name, queue in metamodel.queues.items():
                _fill_queue(transaction, name, queue)


def _terms(definition: TeamDef | QueueDef) -> dict[str, object]:
    if isinstance(definition, TeamDef):
        return {}
    return {"capacity": definition.capacity, "touch_within": definition.touch_within}


def _fill_queue(transaction: Transaction, name: str, queue: QueueDef) -> None:
    wanted = list(dict.fromkeys(queue.members))
    if not wanted:
        return
    found = find_by_fields(transaction, "queue", ("key",), [name]).get((name,))
    if not found:
        return
    queue_id = found[0]
    users = find_by_fields(transaction, "user", ("name",), wanted)
    users.update(find_by_fields(transaction, "user", ("email",), [item.lower() for item in wanted]))
    held = {user for _, user in find_by_fields(transaction, "queue_member", ("queue", "member"), [queue_id])}
    called = {(each if (each,) in users else each.lower(),): each for each in wanted}
    for found_by, ids in users.items():
        # A name that several people have says nothing; who is meant is added by hand.
        if len(ids) == 1 and ids[0] not in held:
            held.add(ids[0])
            values = {"queue": queue_id, "member": ids[0], **_terms_of(queue, called[found_by])}
            transaction.create("queue_member", values, confirm=None)


def _terms_of(queue: QueueDef, member: str) -> dict[str, object]:
    away_from, away_until = queue.absence.get(member, (None, None))
    return {
        "weight": queue.weights.get(member, 1),
        "skills": list(queue.skills.get(member, ())),
        "hours": queue.hours.get(member),
        "away_from": away_from,
        "away_until": away_until,
    }


def _data_files(release: Release) -> Iterator[LocatedText]:
    for app in release.metamodel.apps:
        for text in app.data_files:
            parts = PurePosixPath(text.at.file).parts
            if len(parts) >= 2 and parts[-2] == "data":
                yield text


def _read(release: Release, text: LocatedText, problems: Problems) -> _DataFile | None:
    path = text.at.file
    places: dict[int, Location] = {}
    try:
        name, file = _csv_file(path, text) if path.endswith(".csv") else _yaml_file(path, text, problems, places)
    except ImportRefused as error:
        problems.report("APP821", str(error), Location(file=path))
        return None
    object_def = release.metamodel.find_object(name)
    if object_def is None:
        problems.report("APP821", f"there is no object '{name}' to load this data into", Location(file=path))
        return None
    return _DataFile(object=object_def, file=file, path=path, places=places)


def _csv_file(path: str, text: LocatedText) -> tuple[str, CsvFile]:
    return PurePosixPath(path).stem, CsvFile.of_text(path, text.text.removeprefix("\ufeff"))


def _yaml_file(path: str, text: LocatedText, problems: Problems, places: dict[int, Location]) -> tuple[str, CsvFile]:
    """Write the records as the lines of a CSV file, noting where each of them stands in the author's."""
    root = read_yaml(SourceText(path, text.text), problems)
    if not isinstance(root, MappingNode):
        raise ImportRefused("a data file has the keys object and records")
    owner, records = root.get("object"), root.get("records")
    items = records.items if isinstance(records, Sequence) else ()
    rows = [entry for entry in items if isinstance(entry, MappingNode)]
    columns = list(dict.fromkeys(entry.key.text for row in rows for entry in row.entries))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        places[out.getvalue().count("\n") + 1] = row.at
        cells = {entry.key.text: entry.value.text for entry in row.entries if isinstance(entry.value, Scalar)}
        writer.writerow([cells.get(column, "") for column in columns])
    return (owner.text if isinstance(owner, Scalar) else ""), CsvFile.of_text(path, out.getvalue())


def _match(item: _DataFile) -> tuple[str, ...]:
    """Choose by which field a file's rows are found again: external id, unique field, else what the title shows."""
    fields = item.object.fields
    filled = [fields[column] for column in item.file.columns if column in fields]
    alone = [item for item in filled if item.external_id] or [item for item in filled if item.unique]
    if alone:
        return (alone[0].name,)
    for key in item.object.unique:
        if all(name in item.file.columns for name in key.fields):
            return key.fields
    for definition in filled:
        if "{" + definition.name + "}" == item.object.title.text.strip():
            return (definition.name,)
    raise ImportRefused("no column tells which record a row is: it needs an external id or a unique field")


def _in_order(files: list[_DataFile]) -> Iterator[_DataFile]:
    """Give files after those whose records they point at; in a circle, in the order of the folder."""
    waiting = list(files)
    while waiting:
        open_keys = {item.object.key for item in waiting}
        ready = next((item for item in waiting if not _points_at(item, open_keys - {item.object.key})), waiting[0])
        waiting.remove(ready)
        yield ready


def _points_at(item: _DataFile, keys: set[str]) -> bool:
    fields = item.object.fields
    targets = {
        target
        for column in item.file.columns
        if column in fields and (relation := fields[column].relation) is not None
        for target in relation.targets
    }
    return bool(targets & keys)
