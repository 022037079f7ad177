"""The command `corpus`: runs a folder of cases (expressions, rules, small broken apps) with the installed plugins."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from ui.cli import WRONG_INPUT
from ui.cli.opening import json_option


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--db", "databases", multiple=True, metavar="URL",
              help="An empty database to run on as well, which is filled; without it a new SQLite file.")  # fmt: skip
@json_option
def corpus(folder: Path, databases: tuple[str, ...], as_json: bool) -> None:
    """Run the cases of a FOLDER in memory and on databases; exit code 1 where one does not hold.

    Example: fieldstone corpus tests/corpus
    """
    from engine.settings import load_settings
    from engine.testing.corpus import CorpusRunner, load_corpus
    from engine.testing.sample_deals import CaseUnreadable
    from plugins.manager import PluginManager

    try:
        cases = load_corpus(folder)
    except CaseUnreadable as error:
        raise click.ClickException(str(error)) from error
    if not cases:
        raise click.ClickException(f"there is no case in {folder}")
    with ExitStack() as opened:
        work = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="fieldstone-corpus-")))
        urls = {url.split(":", 1)[0] + f"-{number}": url for number, url in enumerate(databases, start=1)}
        urls = urls or {"sqlite": f"sqlite:///{work / 'corpus.sqlite'}"}
        plugins = PluginManager.load(load_settings().plugins)
        failed = list(opened.enter_context(CorpusRunner(folder=work, plugins=plugins, databases=urls)).run(cases))
    if as_json:
        from ui.cli.output import write_json

        write_json({"cases": len(cases), "failed": [_plain(each.case, each.back_end, each.faults) for each in failed]})
    for each in () if as_json else failed:
        click.secho(str(each), fg="red")
    if not as_json:
        from ui.cli.output import counted

        click.echo(f"{counted(len(cases), 'case')}, {counted(len(failed), 'failure')}")
    if failed:
        raise SystemExit(WRONG_INPUT)


def _plain(case: object, back_end: str, faults: tuple[str, ...]) -> dict[str, object]:
    return {
        "topic": getattr(case, "topic", ""),
        "name": getattr(case, "name", ""),
        "on": back_end,
        "faults": list(faults),
    }


COMMANDS = {"corpus": corpus}
