"""The map of rules: which reads and writes what, which starts which; each rule and each edge with its file and line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from engine.automation.insight.service import VIEW_RUNS
from metamodel.apps import Metamodel
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb, Option
from ui.pages.trigger_words import trigger_texts
from ui.rule_map import Words, draw_map, written_lines
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule
from workflow_dsl.write_graph import GraphRule, WriteGraph, build_write_graph

blueprint = Blueprint("rule_map", __name__)

_MOST_AT_ONCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEdge:
    """One rule starts another."""

    source: str
    source_url: str
    target: str
    target_url: str
    via: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRule:
    """One rule with what it reads and writes."""

    label: str
    url: str
    at: str
    reads: str
    writes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMapPage:
    """The context `page` of templates/pages/rule_map.html. hidden: rules left out, as no object is named."""

    crumbs: tuple[Crumb, ...]
    objects: tuple[Option, ...]
    picture: Markup
    rules: tuple[MapRule, ...]
    edges: tuple[MapEdge, ...]
    hidden: int


@blueprint.get("/rule-map")
def show_map() -> ResponseReturnValue:
    """Show the map, of one object's rules where the address says so or there are many."""
    platform().automation.insight.require(actor(), VIEW_RUNS, "list")
    metamodel, asked = release().metamodel, request.args.get("object", "")
    counted = _counts()
    chosen = asked if asked in counted else ""
    total = len(_rules())
    if not chosen and total > _MOST_AT_ONCE:
        chosen = counted.most_common(1)[0][0] if counted else ""
    graph = _graph(chosen)
    titles = {rule.key: _label(rule) for rule in graph.rules}
    urls = {rule.key: _url(rule) for rule in graph.rules}
    words = Words(
        title=str(_("Map of rules")),
        label=lambda rule: titles[rule.key],
        starts_on=lambda rule: trigger_texts(rule.starts_on, is_before=rule.is_before),
        writes=lambda rule: written_lines(rule, lambda key, name: _field(metamodel, key, name)),
        via=lambda edge: _field(metamodel, *_split(metamodel, edge.via)),
    )
    page = RuleMapPage(
        crumbs=(Crumb(label=str(_("Rules")), href="/rules"), Crumb(label=words.title)),
        objects=tuple(
            Option(value=key, label=_field(metamodel, key, ""), selected=key == chosen) for key in sorted(counted)
        ),
        # The drawing escapes every word that it is given.
        picture=Markup(draw_map(graph, words)) if graph.rules else Markup(""),  # noqa: S704
        rules=tuple(_rule(metamodel, rule) for rule in graph.rules),
        edges=tuple(
            MapEdge(
                source=titles[edge.source],
                source_url=urls[edge.source],
                target=titles[edge.target],
                target_url=urls[edge.target],
                via=_field(metamodel, *_split(metamodel, edge.via)),
                at=f"{edge.at.file}:{edge.at.line}",
            )
            for edge in graph.edges
        ),
        hidden=total - len(graph.rules) if chosen and not asked else 0,
    )
    return render_template("pages/rule_map.html", page=page)


def _rules() -> tuple[CheckedRule, ...]:
    def only_rules(pinned: object) -> tuple[CheckedRule, ...]:
        found = platform().automation.checked_rules(release())
        return tuple(rule for rule in found if isinstance(rule, CheckedRule))

    rules: tuple[CheckedRule, ...] = release().part("ui.checked rules", only_rules)
    return rules


def _approvals() -> tuple[CheckedApproval, ...]:
    found = platform().automation.checked_rules(release())
    return tuple(each for each in found if isinstance(each, CheckedApproval))


def _counts() -> Counter[str]:
    """Count the rules of each object that rules have to do with."""

    def count(pinned: object) -> Counter[str]:
        return Counter(rule.object for rule in _rules() if rule.object is not None)

    counted: Counter[str] = release().part("ui.rules by object", count)
    return counted


def _graph(chosen: str) -> WriteGraph:
    def build(pinned: object) -> WriteGraph:
        functions = platform().releases.language.functions
        objects = [chosen] if chosen else None
        return build_write_graph(release().metamodel, _rules(), functions, objects, _approvals())

    graph: WriteGraph = release().part(("ui.rule map", chosen), build)
    return graph


def _rule(metamodel: Metamodel, rule: GraphRule) -> MapRule:
    return MapRule(
        label=_label(rule),
        url=_url(rule),
        at=f"{rule.at.file}:{rule.at.line}",
        reads=", ".join(f"{read.object}.{read.field}" if read.field else read.object for read in rule.reads),
        writes=tuple(
            (
                ", ".join(f"{write.object}.{name}" for name in write.fields) or write.object,
                f"{write.at.file}:{write.at.line}",
            )
            for write in rule.writes
        ),
    )


def _url(rule: GraphRule) -> str:
    """Give the page of a rule; what an approval sets off has none."""
    return "" if rule.is_decision else f"/rules/{quote(rule.key)}"


def _label(rule: GraphRule) -> str:
    app = next((app for app in release().metamodel.apps if app.name == rule.app), None)
    named = app.rule_labels.get(rule.key) if app is not None else None
    return label_text(named, language(), rule.label or rule.key)


def _split(metamodel: Metamodel, via: str) -> tuple[str, str]:
    if via in metamodel.objects:
        return via, ""
    key, _dot, name = via.rpartition(".")
    return key, name


def _field(metamodel: Metamodel, key: str, name: str) -> str:
    """Give the label of an object, or of a field with its object's."""
    object_def = metamodel.objects.get(key)
    if object_def is None:
        return f"{key}.{name}" if name else key
    own = label_text(object_def.label, language(), object_def.name)
    field = object_def.fields.get(name)
    if not name:
        return own
    return f"{own} · {label_text(field.label, language(), name) if field is not None else name}"
