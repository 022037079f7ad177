"""Which rules an import may start, and how often they did when its first rows were tried."""

from __future__ import annotations

from flask_babel import gettext as _

from engine.automation.foretelling import ComingRule, HowOften, changed_with, coming_rules
from engine.imports.heads import ID
from engine.imports.job import ImportJob
from engine.records.hooks import SaveKind
from metamodel.objects import ObjectDef
from ui.context import language, platform, release
from ui.page_parts import Option


def foretold_rules(object_def: ObjectDef, job: ImportJob, tried: int) -> tuple[Option, ...]:
    """Say which rules the import may start, and how often they did in the trial."""
    names = [name.partition(".")[0] for name in job.wanted.columns.values() if name != ID]
    is_update = bool(job.wanted.match) or ID in job.wanted.columns.values()
    kinds = (SaveKind.CREATED, SaveKind.UPDATED) if is_update else (SaveKind.CREATED,)
    # Of a new record every field may be set, by defaults too.
    changed = frozenset(object_def.fields) if job.counts.get("created") else frozenset(names)
    changed = changed_with(platform().records.parts(release()), object_def.key, changed)
    found = coming_rules(platform().automation.index(release()), object_def.key, kinds, changed)
    shown = [Option(value=_often(each, job, tried), label=each.program.called(language())) for each in found]
    known = {each.program.name for each in found}
    # What the import of these records starts elsewhere, such as rules of their parents.
    others = [name for name in job.rules if name not in known]
    programs = platform().automation.index(release()).programs
    for name in others:
        program = programs.get(name)
        label = program.called(language()) if program is not None else name
        shown.append(Option(value=_runs(job.rules[name], job, tried), label=label))
    return tuple(shown)


def _often(rule: ComingRule, job: ImportJob, tried: int) -> str:
    if rule.often is HowOften.IN_SAVE:
        return str(_("in each save"))
    if rule.often is HowOften.SKIP:
        return str(_("not in imports"))
    once = str(_("once a batch")) if rule.often is HowOften.ONCE else ""
    return " · ".join(filter(None, (once, _runs(job.rules.get(rule.program.name, 0), job, tried))))


def _runs(runs: int, job: ImportJob, tried: int) -> str:
    if tried < job.total:
        return str(_("%(runs)s runs in the first %(rows)s rows", runs=f"{runs:,}", rows=f"{tried:,}"))
    return str(_("Runs: %(runs)s", runs=f"{runs:,}"))
