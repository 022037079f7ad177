"""What the pages of imports show: columns with what they may fill, the first rows with their faults, rules, states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _

from engine.imports.job import OVER, ImportJob, Wanted
from engine.imports.suggesting import Targets
from engine.imports.uploads import MOST_BYTES, MOST_ROWS
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb, Option
from ui.pages.import_rules import foretold_rules
from ui.pages.rights import user_formats
from ui.telling import tell

SAMPLES = 3
_COLORS = {"done": "green", "failed": "red", "running": "blue", "checking": "blue", "checked": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedImport:
    """An import in the list."""

    file: str
    href: str
    state: str
    color: str
    rows: str
    refused: str
    when: str
    iso: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumn:
    """A column of the file: its head, some of its cells, and what it may fill."""

    place: int
    head: str
    samples: tuple[str, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCell:
    """A cell of the preview; fault: why it is refused."""

    head: str
    text: str
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row of the preview; fault: what is wrong with it as a whole."""

    line: str
    cells: tuple[ShownCell, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage:
    """The context `page` of templates/pages/import.html."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    imports: tuple[ListedImport, ...]
    most_mb: int
    most_rows: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    """The context `page` of templates/pages/import_job.html.

    step: choose, wait, checked, stopped or done. counts: label and number. rules: what may run, and how often.
    """

    title: str
    file: str
    crumbs: tuple[Crumb, ...]
    url: str
    list_url: str
    step: str
    state: str
    color: str
    columns: tuple[ShownColumn, ...] = ()
    match: tuple[Option, ...] = ()
    rules: tuple[Option, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[ShownRow, ...] = ()
    faults: tuple[tuple[str, str, str, str], ...] = ()
    counts: tuple[tuple[str, str], ...] = ()
    total: str = ""
    tried: str = ""
    done: int = 0
    of: int = 0
    refused: int = 0
    has_rejected: bool = False
    is_standing: bool = False
    is_cancelled: bool = False
    problem: str = ""


def targets_of(object_def: ObjectDef) -> Targets:
    """Give what columns may fill in an object for who asks."""
    pinned = release()
    fillable = platform().imports.fillable(actor(), pinned, object_def)
    return Targets(object_def, pinned.metamodel.objects, pinned.field_types, fillable, language())


def start_page(object_def: ObjectDef, jobs: Sequence[ImportJob], problem: str) -> StartPage:
    """Give the page that asks for a file."""
    return StartPage(
        title=_title(object_def),
        crumbs=_crumbs(object_def),
        url=f"/import/{quote(object_def.key)}",
        imports=tuple(_listed(object_def, job) for job in jobs),
        most_mb=MOST_BYTES // 1024**2,
        most_rows=f"{MOST_ROWS:,}",
        problem=problem,
    )


def job_page(
    object_def: ObjectDef, job: ImportJob, *, choosing: bool, wanted: Wanted | None = None, problem: str = ""
) -> ImportPage:
    """Give the page of an import; choosing: with what its columns fill, also where that was chosen before."""
    step = _step(job, choosing)
    targets = targets_of(object_def)
    columns, match = _choices(targets, job, wanted) if step == "choose" else ((), ())
    mapped = [head for head in job.sample.columns if head in job.wanted.columns]
    is_checked = step == "checked"
    labels = {each.name: each.label for each in targets.all}
    heads = tuple(labels.get(job.wanted.columns[head], head) for head in mapped) if is_checked else ()
    tried = job.counts.get("tried", 0)
    return ImportPage(
        title=_title(object_def),
        file=job.file,
        crumbs=(*_crumbs(object_def), Crumb(label=job.file)),
        url=f"/import/{quote(object_def.key)}/{quote(job.id)}",
        list_url=f"/o/{quote(object_def.key)}",
        step=step,
        state=_states()[job.state],
        color=_COLORS.get(job.state, "gray"),
        columns=columns,
        match=match,
        rules=foretold_rules(object_def, job, tried) if is_checked else (),
        heads=heads,
        rows=tuple(_rows(job, mapped, heads)) if is_checked else (),
        faults=tuple((f"{e.line:,}", e.column, e.value, tell(e.reason)) for e in job.faults),
        counts=_counts(job) if step in ("checked", "done") else (),
        total=f"{job.total:,}",
        tried=f"{tried:,}" if 0 < tried < job.total else "",
        done=job.counts.get("done", 0),
        of=job.total,
        refused=job.counts.get("refused", 0),
        has_rejected=job.has_rejected,
        is_standing=job.is_standing,
        is_cancelled=job.state == "cancelled",
        problem=problem or tell(job.message),
    )


def _step(job: ImportJob, choosing: bool) -> str:
    if job.is_under_way:
        return "wait"
    if job.state in ("done", "cancelled") or job.found.get("closed"):
        return "done"
    if job.state == "running":
        return "stopped"
    if choosing or job.state != "checked":
        return "choose"
    return "checked"


def _choices(
    targets: Targets, job: ImportJob, wanted: Wanted | None
) -> tuple[tuple[ShownColumn, ...], tuple[Option, ...]]:
    chosen = wanted or job.wanted
    columns = chosen.columns if chosen.columns or wanted else targets.suggest(job.sample.columns)
    match = chosen.match if chosen.columns or wanted else targets.match_for(columns.values())
    rows = job.sample.rows[:SAMPLES]
    shown = tuple(
        ShownColumn(
            place=place,
            head=head,
            samples=tuple(text[:80] for row in rows if (text := row.cells[place].strip())),
            options=tuple(
                Option(value=each.name, label=each.label, selected=columns.get(head) == each.name)
                for each in targets.all
            ),
        )
        for place, head in enumerate(job.sample.columns)
        if head
    )
    found_by = (each for each in targets.all if "." not in each.name)
    return shown, tuple(Option(value=e.name, label=e.label, selected=match == e.name) for e in found_by)


def _rows(job: ImportJob, mapped: Sequence[str], heads: Sequence[str]) -> list[ShownRow]:
    """Give the first rows, with what is wrong with each cell."""
    places = [job.sample.columns.index(head) for head in mapped]
    told = {(each.line, each.column): tell(each.reason) for each in reversed(job.faults)}
    shown = []
    for row in job.sample.rows:
        cells = tuple(
            ShownCell(head=label, text=row.cells[place], fault=told.get((row.line, head), ""))
            for head, label, place in zip(mapped, heads, places, strict=True)
        )
        shown.append(ShownRow(line=f"{row.line:,}", cells=cells, fault=told.get((row.line, ""), "")))
    return shown


def _counts(job: ImportJob) -> tuple[tuple[str, str], ...]:
    is_done = job.state in OVER
    words = (
        ("created", _("Created") if is_done else _("Would be created")),
        ("updated", _("Updated") if is_done else _("Would be updated")),
        ("unchanged", _("Unchanged")),
        ("refused", _("Refused")),
    )
    return tuple((str(word), f"{job.counts.get(name, 0):,}") for name, word in words)


def _listed(object_def: ObjectDef, job: ImportJob) -> ListedImport:
    formats = user_formats()
    return ListedImport(
        file=job.file,
        href=f"/import/{quote(object_def.key)}/{quote(job.id)}",
        state=str(_("Stands still")) if job.is_standing else _states()[job.state],
        color="yellow" if job.is_standing else _COLORS.get(job.state, "gray"),
        rows=f"{job.total:,}",
        refused=f"{job.counts.get('refused', 0):,}" if job.state in OVER else "",
        when=formats.datetime(job.created_at),
        iso=job.created_at.isoformat(),
    )


def _states() -> dict[str, str]:
    return {
        "taken": str(_("Uploaded")),
        "checking": str(_("Is being tried")),
        "checked": str(_("Ready to start")),
        "running": str(_("Under way")),
        "done": str(_("Done")),
        "failed": str(_("Failed")),
        "cancelled": str(_("Cancelled")),
    }


def _title(object_def: ObjectDef) -> str:
    return label_text(object_def.plural or object_def.label, language(), object_def.name)


def _crumbs(object_def: ObjectDef) -> tuple[Crumb, ...]:
    import_crumb = Crumb(label=str(_("Import")), href=f"/import/{quote(object_def.key)}")
    return (Crumb(label=_title(object_def), href=f"/o/{quote(object_def.key)}"), import_crumb)
