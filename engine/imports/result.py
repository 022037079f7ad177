"""What an import did: counts, and what was wrong with which row; and the errors file made of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.imports.csv_file import ERROR_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """Why a row was refused: its line, the column and cell at fault ("" = the row as a whole), and the reason."""

    line: int
    column: str
    value: str
    reason: str
    cells: Sequence[str] = field(default=(), repr=False)

    def of_row(self, cells: Sequence[str]) -> RowError:
        """Give it with the cells of its row."""
        return replace(self, cells=cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """The outcome of an import; of a dry run, what the import would do.

    total: rows read. notices: warnings that were passed over, with their lines. passed_over: columns that were not
    read, of a file with ids. rules: of a dry run, the runs it would start, by rule.
    """

    id: str
    object: str
    dry_run: bool
    total: int
    created: int
    updated: int
    unchanged: int
    refused: int
    errors: tuple[RowError, ...]
    notices: tuple[RowError, ...] = ()
    passed_over: tuple[str, ...] = ()
    rules: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {
            "total": self.total,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
        }

    def to_json(self) -> dict[str, Any]:
        """Give the result as JSON data."""
        return {
            "id": self.id,
            "object": self.object,
            "dry_run": self.dry_run,
            **self.counts,
            "passed_over": list(self.passed_over),
            "rules": dict(self.rules),
            "errors": [
                {"line": error.line, "column": error.column, "value": error.value, "reason": error.reason}
                for error in self.errors
            ],
        }


class Tally:
    """Counts while an import runs."""

    def __init__(self) -> None:
        self.total = 0
        self.counts = {"created": 0, "updated": 0, "unchanged": 0, "refused": 0}
        self.errors: list[RowError] = []
        self.notices: list[RowError] = []
        self._refused_lines: set[int] = set()

    def go_on(self, total: int, counts: Mapping[str, int], errors: Sequence[RowError]) -> None:
        """Begin with what was counted before."""
        self.total = total
        self.counts.update(counts)
        self.errors += errors

    def count(self, outcome: str, rows: int = 1) -> None:
        """Count rows."""
        self.counts[outcome] += rows

    def refuse(self, errors: Sequence[RowError]) -> None:
        """Count a refused row with its reasons."""
        if errors[0].line not in self._refused_lines:
            self._refused_lines.add(errors[0].line)
            self.counts["refused"] += 1
        self.errors += errors

    def result(self, import_id: str, object_key: str, *, dry_run: bool) -> ImportResult:
        """Give the result, its errors by line."""
        return ImportResult(
            id=import_id,
            object=object_key,
            dry_run=dry_run,
            total=self.total,
            errors=tuple(sorted(self.errors, key=lambda error: error.line)),
            notices=tuple(self.notices),
            created=self.counts["created"],
            updated=self.counts["updated"],
            unchanged=self.counts["unchanged"],
            refused=self.counts["refused"],
        )


def write_errors_file(path: Path, columns: Sequence[str], errors: Sequence[RowError]) -> None:
    """Write the refused rows as CSV: line, column, value and reason in front, then the row as it was read.

    One row a line of the import; its further reasons follow the first one's. A corrected file can be imported as it is.
    """
    # With a byte order mark spreadsheets read it as UTF-8 too.
    path.write_text(errors_text(columns, errors), encoding="utf-8-sig", newline="")


def errors_text(columns: Sequence[str], errors: Sequence[RowError]) -> str:
    """Give the text of an errors file."""
    by_line: dict[int, list[RowError]] = {}
    for error in errors:
        by_line.setdefault(error.line, []).append(error)
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([*ERROR_COLUMNS, *columns])
    for line, found in by_line.items():
        first = found[0]
        others = (f"{e.column}: {e.reason}" if e.column not in ("", first.column) else e.reason for e in found[1:])
        reason = "; ".join(dict.fromkeys((first.reason, *others)))
        writer.writerow([line, first.column, first.value, reason, *first.cells])
    return written.getvalue()
