"""The command `fieldstone`: a Click group whose commands are imported when they are called, so that it starts fast.

Only here failures become exit codes: 0 done, 1 the input is wrong, 2 wrong usage, 3 the environment failed. Each
command stands in a module by topic and says what it does; none shows a stack unless `--traceback` asks for it.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

WRONG_INPUT = 1
ENVIRONMENT_FAILED = 3

# command → module under ui.cli, and the line of the overview (so that the overview imports none of them)
COMMANDS = {
    "demo": ("demo", "Start the sales app with demo data and demo users."),
    "new": ("new", "Make the folder of a new app that runs."),
    "serve": ("serve", "Serve pages and API, with a worker inside."),
    "worker": ("serve", "Run automation in a process of its own."),
    "check": ("check", "Check app folders and show every problem."),
    "plan": ("releases", "Show what applying app folders would change."),
    "apply": ("releases", "Migrate the database and publish a release."),
    "pull": ("pulling", "Write the live configuration into folders."),
    "releases": ("releases", "List the releases of the installation."),
    "import": ("importing", "Load records from a CSV file."),
    "export": ("exporting", "Write records as a CSV file or JSON lines."),
    "users": ("users", "List, add and change users."),
    "access": ("access_requests", "Ask for access, and decide about what was asked."),
    "tokens": ("tokens", "Make, list and revoke API tokens."),
    "rules": ("rules", "Show who starts whom among rules, and each as a sentence."),
    "runs": ("runs", "Look at rule runs and retry them."),
    "connectors": ("connectors", "Look at connectors, run them and compare both sides."),
    "settings": ("settings", "List and set the settings of apps in this environment."),
    "audit": ("audit", "Read the audit log, and prove that it is untouched."),
    "privacy": ("privacy", "Give or erase all that is kept of a person."),
    "keys": ("keys", "List the keys of encrypted fields, and take a new one."),
    "doctor": ("doctor", "Check the installation."),
    "corpus": ("corpus", "Run cases of expressions, rules and broken apps."),
    "schema": ("schema", "Print the JSON Schemas of the app files."),
    "fmt": ("formatting", "Bring app files to the canonical form."),
    "lsp": ("language_server", "Serve an editor with completion, hover and problems."),
    "expr": ("expr", "Try an expression over a record."),
    "explain": ("explain", "Say where a definition or a value comes from, and what rules made of a record."),
    "backtest": ("backtest", "Say what a rule would have done over the recorded changes."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called, and turns failures into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and give a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ui.cli.{COMMANDS[cmd_name][0]}")
        command = module.COMMANDS[cmd_name]
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_module, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, with the nearest name for one that is not there."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from metamodel.names import did_you_mean

            hint = did_you_mean(args[0], COMMANDS)
            ctx.fail(f"There is no command '{args[0]}'{'; ' + hint if hint else '.'}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what fails on purpose becomes a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            if ctx.params.get("traceback"):
                raise
            from ui.cli.failures import report_failure

            sys.exit(report_failure(error))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--traceback", is_flag=True, help="Show the stack of a failure, for reports to the makers.")
@click.version_option(package_name="fieldstone", prog_name="fieldstone")
def main(traceback: bool) -> None:
    """Fieldstone: a folder of YAML and rule files is the CRM.

    Example: fieldstone serve my_crm --port 8000
    """
