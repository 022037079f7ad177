"""Of one record: which rules touched it, which looked and did not match, and why; and where its values come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.automation.insight.service import VIEW_RUNS
from engine.automation.insight.views import Blame, RuleLook, RuleOnRecord
from engine.automation.run_views import ConditionPart
from engine.records.reading import RecordKey
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Change, Crumb, Shown, TraceNode
from ui.pages.record_names import record_key
from ui.pages.rights import access_of, readable_object, user_formats
from ui.pages.rule_words import (
    STANDING_COLORS,
    CauseRow,
    because_text,
    cause_row,
    setter_words,
    standing_words,
    start_words,
)
from ui.pages.run_trace import TraceShower, keys_of_part
from ui.pages.run_words import RunRow, run_row
from ui.pages.trigger_words import trigger_text, trigger_texts
from ui.pages.values import value_at
from ui.telling import tell

blueprint = Blueprint("record_rules", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """One look of a rule at a save. because: in a line; condition: as a tree."""

    when: str
    iso: str
    who: str
    version: int
    trigger: str
    matched: bool
    reason: str
    because: str
    change: tuple[Change, ...]
    condition: TraceNode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule and the record."""

    name: str
    label: str
    href: str
    kind: str
    triggers: tuple[str, ...]
    standing: str
    color: str
    reason: str
    because: str
    looks: tuple[LookRow, ...]
    runs: tuple[RunRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRulesPage:
    """The context `page` of templates/pages/record_rules.html."""

    crumbs: tuple[Crumb, ...]
    title: str
    url: str
    rows: tuple[RuleRow, ...]
    saves: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BlameRow:
    """A field's value and where it comes from. id: of its row, which values on the record's page lead to."""

    id: str
    label: str
    shown: Shown
    setter: str
    formula: str
    inputs: TraceNode | None
    causes: tuple[CauseRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamePage:
    """The context `page` of templates/pages/blame.html."""

    crumbs: tuple[Crumb, ...]
    title: str
    url: str
    rows: tuple[BlameRow, ...]


@blueprint.get("/o/<object_name>/<record_id>/rules")
def show_rules(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show what each rule made of a record."""
    object_def, formats = readable_object(object_name), user_formats()
    found = platform().automation.insight.of_record(actor(), object_def.key, record_id)
    with platform().records.reading(actor(), release=release()) as transaction:
        title = transaction.get(object_def.key, record_id, fields=("id",)).title
        titles = transaction.reader.titles(_keys(found.rules, object_def))
    readable = access_of().of(object_def.key).whole
    shower = TraceShower(object_def=object_def, readable=readable, titles=titles, formats=formats)
    page = RecordRulesPage(
        crumbs=_crumbs(object_def, record_id, title, str(_("Rules of this record"))),
        title=title or str(_("Without a name")),
        url=f"/o/{quote(object_def.key)}/{quote(record_id)}",
        rows=tuple(_rule(each, shower, formats) for each in found.rules),
        saves=found.saves,
        more=found.more,
    )
    return render_template("pages/record_rules.html", page=page)


@blueprint.get("/o/<object_name>/<record_id>/blame")
def show_blame(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show who or what set each value, and what caused that."""
    object_def, formats = readable_object(object_name), user_formats()
    found = platform().automation.insight.blame(actor(), object_def.key, record_id)
    with platform().records.reading(actor(), release=release()) as transaction:
        record = transaction.get(object_def.key, record_id)
        keys = (key for each in found if each.inputs is not None for key in keys_of_part(each.inputs, object_def))
        titles = transaction.reader.titles(keys)
    readable = access_of().of(object_def.key).whole
    shower = TraceShower(object_def=object_def, readable=readable, titles=titles, formats=formats)

    def row(blame: Blame) -> BlameRow:
        field = object_def.fields[blame.field]
        return BlameRow(
            id=f"blame-{field.name}",
            label=label_text(field.label, formats.language, field.name),
            shown=value_at(field, record, field.name, formats),
            setter=setter_words(blame.setter),
            formula=blame.formula,
            inputs=shower.node(blame.inputs) if blame.inputs is not None else None,
            causes=tuple(cause_row(link, formats) for link in blame.chain),
        )

    page = BlamePage(
        crumbs=_crumbs(object_def, record_id, record.title, str(_("Where the values come from"))),
        title=record.title or str(_("Without a name")),
        url=f"/o/{quote(object_def.key)}/{quote(record_id)}",
        rows=tuple(row(each) for each in found),
    )
    return render_template("pages/blame.html", page=page)


def _rule(rule: RuleOnRecord, shower: TraceShower, formats: Formats) -> RuleRow:
    looks = tuple(_look(each, shower, formats, is_before=rule.is_before) for each in rule.looks)
    return RuleRow(
        name=rule.rule,
        label=rule.label,
        href=f"/rules/{quote(rule.rule)}" if access_of().has_right(VIEW_RUNS) else "",
        kind=start_words(rule.start),
        triggers=trigger_texts(rule.triggers, is_before=rule.is_before),
        standing=standing_words(rule.standing),
        color=STANDING_COLORS[rule.standing],
        reason=tell(rule.reason),
        because=looks[0].because if looks and not rule.runs else "",
        looks=looks,
        runs=tuple(run_row(run, formats) for run in rule.runs),
    )


def _look(look: RuleLook, shower: TraceShower, formats: Formats, *, is_before: bool) -> LookRow:
    return LookRow(
        when=formats.datetime(look.at),
        iso=look.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        who=look.who,
        version=look.version,
        trigger=trigger_text(look.trigger, is_before=is_before),
        matched=look.matched,
        reason=tell(look.reason),
        because=because_text(look.because, formats),
        change=tuple(shower.changes((look.change,))) if look.change is not None else (),
        condition=shower.node(look.condition, look.matched and not look.otherwise)
        if look.condition is not None
        else None,
    )


def _keys(rules: Iterable[RuleOnRecord], object_def: ObjectDef) -> Iterable[RecordKey]:
    for look in (look for rule in rules for look in rule.looks):
        yield from _keys_of(look.condition, object_def)
        if look.change is not None:
            for value in (look.change.old, look.change.new):
                if (key := record_key(object_def.fields.get(look.change.field), value)) is not None:
                    yield key


def _keys_of(part: ConditionPart | None, object_def: ObjectDef) -> Iterable[RecordKey]:
    return keys_of_part(part, object_def) if part is not None else ()


def _crumbs(object_def: ObjectDef, record_id: str, title: str, last: str) -> tuple[Crumb, ...]:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    listed = Crumb(label=plural, href=f"/o/{quote(object_def.key)}")
    own = Crumb(label=title, href=f"/o/{quote(object_def.key)}/{quote(record_id)}")
    return listed, own, Crumb(label=last)
