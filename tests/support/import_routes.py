"""The same rows on two ways, by an import and by single saves, and what each of them has left."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine.access.actor import Actor, system_actor
from engine.errors import EngineError, ValidationFailed
from engine.platform import Platform
from engine.records.types import Saved

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields:
          name: {type: text, required: true}
          tier: {type: choice, options: [gold, tin]}
          many: {type: rollup, of: deals, function: count}
          open: {type: rollup, of: deals, function: count, where: stage = "open"}
          worth: {type: rollup, of: deals.amount, function: sum, where: not hot}
        """,
    "objects/deal.yaml": r"""
        object: deal
        label: Deal
        title: "{name} ({stage})"
        fields:
          number: {type: autonumber, format: "D-{0000}"}
          name: {type: text, required: true, max_length: 12, pattern: "[^!]*"}
          code: {type: text, unique: true}
          firm: {type: lookup, to: firm, inverse: deals}
          tier: {type: choice, copy_from: firm.tier, options: [gold, tin]}
          amount: {type: money, min: -5, max: 1000}
          share: {type: percent, default: 10%}
          net: {type: money, min: 0, formula: "amount * share"}
          again: {type: decimal, formula: "100 / count"}
          count: {type: integer, default: 2}
          twice: {type: integer, default: = count * 2}
          stage:
            type: choice
            default: open
            options:
              open: {}
              sent: {requires: [amount]}
              old: {active: false}
              lost: {}
          why: {type: choice, options: [price, other], visible_if: stage = "lost", required_if: hot}
          close: {type: date, min: 2000-01-01, required_if: stage = "sent"}
          opened: {type: date, default: = today}
          seen: {type: datetime}
          hot: {type: boolean}
          note: {type: long_text}
          firm_tier: {type: choice, formula: firm.tier, options: [gold, tin]}
        validations:
          - {name: small, check: amount is empty or amount < 800, severity: warning, message: Small, field: amount}
          - {name: order, when: close is not empty, check: close >= opened, field: close, message: "{name} is early."}
          - {name: golden, check: 'firm_tier != "gold" or not hot', message: Too hot.}
        """,
    "rules/deals.rules": """
        rule many before deal is saved
          if count > 4
          then set share = 30%
        rule cheap before deal.stage changes to "lost"
          if amount is empty
          then reject amount "Nothing was lost."
        rule named before deal is created
          if name = "Pumps" and firm_tier = "tin"
          then warn "An odd name."
        rule dear when deal is created
          if amount > 10 CNY and firm_tier = "tin"
          then log "dear"
        rule gone when deal.stage changes to "lost" or deal.why changes to "price"
          if name is not empty
          then log "gone"
        """,
    "roles/rep.yaml": """
        role: rep
        objects:
          firm: {read: all}
          deal: {read: all, create: 'stage != "lost" or hot', update: own}
        fields:
          deal.note: {update: no}
        """,
}
GOOD: Mapping[str, tuple[str, ...]] = {
    "name": ("Pumps", "Ünïcode 北京", "Tab\\and\\N", "\\N"),
    "code": ("", "", "a", "b", "c", "d"),
    "firm": ("Gold", "Tin", "Tin", ""),
    "tier": ("", "", "tin"),
    "amount": ("7", "12.50", "0.5", "-0", "-3", ""),
    "share": ("50%", "0.2"),
    "count": ("3", "5", ""),
    "stage": ("open", "lost", "lost", ""),
    "why": ("", "price", "other"),
    "close": ("", "2099-01-01", "2099-12-31"),
    "seen": ("", "2026-01-01T10:00", "2026-03-29T02:30:00Z"),
    "hot": ("", "no", "no", "yes"),
    "note": ('a "quoted"\nnote', "\\", "{}", "tab\tand\rreturn"),
}
BAD: Mapping[str, tuple[str, ...]] = {
    "name": ("", "far too long a name", "what!", " x "),
    "tier": ("none",),
    "amount": ("-9", "900", "2000", "x", "1.005"),
    "share": ("x", "-1"),
    "count": ("0", "1.5"),
    "stage": ("sent", "old", "none"),
    "close": ("2001-01-01", "1999-01-01", "soon"),
    "seen": ("x",),
    "hot": ("maybe",),
}
ALWAYS = ("name", "code", "firm", "amount", "stage")
OTHERS = tuple(name for name in GOOD if name not in ALWAYS)
LEFT_OUT = frozenset(
    ("id", "number", "code", "firm", "created_at", "modified_at", "created_by", "modified_by", "owner")
)


class Routes:
    """The same rows on two ways; each run has firms and codes of its own."""

    def __init__(self, platform: Platform, folder: Path, actor: Actor) -> None:
        self._platform = platform
        self._path = folder / "deals.csv"
        self._actor = actor
        self._runs = itertools.count()
        self._match: tuple[str, ...] = ()

    def imported(self, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        prefix, firms = self._begin()
        return self._import(_own(rows, prefix, {name: f"{prefix} {name}" for name in firms}), firms)

    def _import(self, rows: Sequence[Mapping[str, str]], firms: Mapping[str, str]) -> dict[str, Any]:
        with self._path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        result = self._platform.imports.import_csv(self._actor, "deal", self._path, match=self._match)
        lines = {line: index for index, line in enumerate(_lines(self._path))}
        refused: dict[int, set[str]] = {}
        for error in result.errors:
            refused.setdefault(lines[error.line], set()).add(error.reason)
        warned = sorted((lines[notice.line], notice.reason) for notice in result.notices)
        return {"refused": refused, "warned": warned, **self._outcome(firms)}

    def saved(self, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        prefix, firms = self._begin()
        create = self._platform.records.create
        return self._save(_own(rows, prefix, firms), firms, lambda row: create(self._actor, "deal", row, confirm=None))

    def changed_by_import(
        self, rows: Sequence[Mapping[str, str]], later: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        """Create deals, and change them by a file that names them by their codes."""
        prefix, firms, _ = self._created(rows)
        self._match = ("code",)
        try:
            return self._import(_own(later, prefix, {name: f"{prefix} {name}" for name in firms}), firms)
        finally:
            self._match = ()

    def changed(self, rows: Sequence[Mapping[str, str]], later: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Create deals, and change each by itself."""
        prefix, firms, ids = self._created(rows)
        update = self._platform.records.update

        def save(row: Mapping[str, str]) -> Saved:
            return update(self._actor, "deal", ids[row["code"]], row, confirm=None)

        return self._save(_own(later, prefix, firms), firms, save)

    def _created(self, rows: Sequence[Mapping[str, str]]) -> tuple[str, dict[str, str], dict[str, str]]:
        prefix, firms = self._begin()
        ids = {}
        for row in _own(rows, prefix, firms):
            made = self._platform.records.create(self._actor, "deal", row, confirm=None)
            ids[row["code"]] = made.record.id
        self._last = self._last_audit()
        return prefix, firms, ids

    def _save(
        self, rows: Sequence[Mapping[str, str]], firms: Mapping[str, str], save: Callable[[Mapping[str, str]], Saved]
    ) -> dict[str, Any]:
        refused: dict[int, set[str]] = {}
        warned = []
        for index, row in enumerate(rows):
            try:
                made = save(row)
                warned += [(index, notice.message) for notice in made.notices]
            except ValidationFailed as fault:
                refused[index] = {_told(error.field, error.message, row) for error in fault.errors}
            except EngineError as fault:
                refused[index] = {str(fault)}
        return {"refused": refused, "warned": warned, **self._outcome(firms)}

    def _begin(self) -> tuple[str, dict[str, str]]:
        prefix = f"r{next(self._runs)}"
        create = self._platform.records.create
        firms = {
            name: create(system_actor(), "firm", {"name": f"{prefix} {name}", "tier": name.lower()}).record.id
            for name in ("Gold", "Tin")
        }
        self._last = self._last_audit()
        return prefix, firms

    def _last_audit(self) -> int:
        audit = self._platform.system.audit
        with self._platform.database.read() as connection:
            return connection.execute(select(audit.c.id).order_by(audit.c.id.desc()).limit(1)).scalar() or 0

    def _outcome(self, firms: Mapping[str, str]) -> dict[str, Any]:
        """Give what the route has left: deals with their columns, what the log says of them, the firms' figures."""
        platform = self._platform
        audit = platform.system.audit
        tables = platform.releases.current().tables
        deal, firm = tables.of("deal").table, tables.of("firm").table
        names = {record_id: name for name, record_id in firms.items()}
        with platform.database.read() as connection:
            log = connection.execute(select(audit).where(audit.c.id > self._last, audit.c.object == "deal")).all()
            rows = connection.execute(select(deal).where(deal.c.id.in_([row.record_id for row in log]))).mappings()
            deals = {str(row["id"]): dict(row) for row in rows}
            run = platform.system.run
            runs = connection.execute(select(run.c.record_id, run.c.rule).where(run.c.record_id.in_([*deals]))).all()
            figures = connection.execute(
                select(firm.c.name, firm.c.many, firm.c.open, firm.c.worth).where(firm.c.id.in_(list(names)))
            ).all()
        ordered = sorted(deals.values(), key=lambda row: str(row["number"]))
        changes = {str(row.record_id): (row.version, row.action, _plain(row.changes)) for row in log}
        return {
            "deals": [
                ({k: v for k, v in row.items() if k not in LEFT_OUT}, names.get(str(row["firm"]))) for row in ordered
            ],
            "log": [changes[str(row["id"])] for row in ordered],
            "runs": [sorted(rule for record_id, rule in runs if str(record_id) == str(row["id"])) for row in ordered],
            "figures": sorted((name.split(" ")[1], *each) for name, *each in figures),
        }


def _own(rows: Sequence[Mapping[str, str]], prefix: str, firms: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {**row, "code": row["code"] and f"{prefix}-{row['code']}", "firm": firms.get(row["firm"], "")} for row in rows
    ]


def _lines(path: Path) -> Iterator[int]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        line = reader.line_num + 1
        for _ in reader:
            yield line
            line = reader.line_num + 1


def _told(field: str | None, message: str, row: Mapping[str, str]) -> str:
    return message if field is None or field in row else f"{field}: {message}"


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: change for name, change in changes.items() if name not in LEFT_OUT}
