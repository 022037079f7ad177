"""The commands `rules`, of app folders without a database: the map of who starts whom, and each rule as a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.cli.opening import json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.releases.candidate import Candidate
    from workflow_dsl.functions import FunctionRegistry
    from workflow_dsl.rule_checker import CheckedRules
    from workflow_dsl.write_graph import WriteGraph

_folders = click.argument("apps", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group()
def rules() -> None:
    """Look at the rules of app folders together.

    Example: fieldstone rules map my_crm
    """


@rules.command("map")
@_folders
@click.option("--object", "objects", multiple=True, metavar="NAME", help="Only rules that have to do with this object.")
@click.option("--svg", "as_svg", is_flag=True, help="Write a picture of the graph.")
@json_option
def show_map(apps: tuple[Path, ...], objects: tuple[str, ...], as_svg: bool, as_json: bool) -> None:
    """Show which rules read and write what, and which start which, each with file and line.

    Example: fieldstone rules map my_crm --object deal --svg > rules.svg
    """
    from ui.cli.output import write_json, write_table
    from ui.rule_map import Words, draw_map, written_lines

    candidate, checked, functions = _checked(apps)
    graph = _graph(candidate, checked, functions, objects)
    if as_json:
        write_json(graph_as_json(graph))
    elif as_svg:
        words = Words(
            title="Rules",
            label=lambda rule: rule.label or rule.key,
            starts_on=lambda rule: rule.starts_on,
            writes=lambda rule: written_lines(rule, lambda key, name: f"{key}.{name}" if name else key),
            via=lambda edge: edge.via,
            has_links=False,
        )
        click.echo(draw_map(graph, words))
    else:
        for rule in graph.rules:
            click.echo(f"{rule.key}  {rule.at}  {' or '.join(rule.starts_on)}")
            for write in rule.writes:
                named = ", ".join(f"{write.object}.{name}" for name in write.fields) or write.object
                click.echo(f"  {write.kind} {named}  {write.at}")
        rows = [(edge.source, edge.target, edge.via, str(edge.at)) for edge in graph.edges]
        write_table(("rule", "starts", "by", "where"), rows)


@rules.command()
@_folders
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@json_option
def sentences(apps: tuple[Path, ...], language: str, as_json: bool) -> None:
    """Read each rule back as a sentence, in English or Chinese.

    Example: fieldstone rules sentences my_crm --language zh
    """
    from ui.cli.output import write_json
    from workflow_dsl.sentences import sentence_of

    candidate, found, _functions = _checked(apps)
    assert candidate.metamodel is not None
    told = [(rule, sentence_of(rule.text, candidate.metamodel, language)) for rule in found.rules]
    if as_json:
        write_json([{"rule": rule.key, "at": str(rule.at), "sentence": said} for rule, said in told])
        return
    for rule, said in told:
        click.echo(f"{rule.key}  {rule.at}\n  {said}")


def _checked(apps: Sequence[Path]) -> tuple[Candidate, CheckedRules, FunctionRegistry]:
    from engine.platform import check_app_folders
    from engine.plugin_language import functions_with
    from plugins.manager import PluginManager
    from ui.cli.failures import show_problems
    from ui.cli.sources import texts_of_folders
    from workflow_dsl.rule_checker import check_all_rules

    plugins = PluginManager.load()
    candidate = check_app_folders(apps, plugins)
    if candidate.metamodel is None:
        show_problems(candidate.problems, texts_of_folders(apps), err=True)
        raise click.ClickException("The folders have errors, so there is nothing to draw.")
    functions = functions_with(plugins)
    found = check_all_rules(candidate.metamodel, functions, plugins.action_names, plugins.event_names)
    return candidate, found, functions


def _graph(
    candidate: Candidate, checked: CheckedRules, functions: FunctionRegistry, objects: Sequence[str]
) -> WriteGraph:
    from metamodel.names import did_you_mean
    from workflow_dsl.write_graph import build_write_graph

    assert candidate.metamodel is not None
    keys = []
    for name in objects:
        found = candidate.metamodel.find_object(name)
        if found is None:
            hint = did_you_mean(name, candidate.metamodel.objects)
            raise click.ClickException(f"'{name}' is not an object{f'; {hint}' if hint else ''}.")
        keys.append(found.key)
    return build_write_graph(candidate.metamodel, checked.rules, functions, keys or None, checked.approvals)


def graph_as_json(graph: WriteGraph) -> dict[str, object]:
    """Give the graph as JSON has it: `rules` with `reads` and `writes`, and `edges`."""
    return {
        "rules": [
            {
                "rule": rule.key,
                "app": rule.app,
                "label": rule.label,
                "object": rule.object,
                "phase": "before" if rule.is_before else "after",
                "active": rule.active,
                "decision": rule.is_decision,
                "at": str(rule.at),
                "starts_on": rule.starts_on,
                "reads": [f"{read.object}.{read.field}" if read.field else read.object for read in rule.reads],
                "writes": [
                    {
                        "kind": write.kind,
                        "object": write.object,
                        "fields": write.fields,
                        "path": write.path,
                        "at": str(write.at),
                    }
                    for write in rule.writes
                ],
            }
            for rule in graph.rules
        ],
        "edges": [
            {
                "from": edge.source,
                "to": edge.target,
                "via": edge.via,
                "path": edge.path,
                "at": str(edge.at),
                "action": edge.text,
            }
            for edge in graph.edges
        ],
    }


COMMANDS = {"rules": rules}
