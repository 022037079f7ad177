"""The command `runs`: look at rule runs and retry failed ones."""

from __future__ import annotations

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform


@click.group()
def runs() -> None:
    """Look at rule runs and retry them.

    Example: fieldstone runs list --state failed
    """


@runs.command("list")
@click.option("--rule", help="Only runs of this rule.")
@click.option("--state", help="Only runs in this state: queued, running, waiting, done, failed, skipped, dismissed.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 200))
@database_option
@json_option
def list_runs(rule: str | None, state: str | None, limit: int, database_url: str | None, as_json: bool) -> None:
    """List runs, the newest first.

    Example: fieldstone runs list --rule big_deal --state failed
    """
    from engine.automation.run_state import RunState
    from engine.automation.run_views import RunFilter
    from metamodel.names import did_you_mean
    from ui.cli.output import write_json, write_table

    known = [each.value for each in RunState]
    if state is not None and state not in known:
        hint = did_you_mean(state, known) or f"there are {', '.join(known)}"
        raise click.UsageError(f"There is no state '{state}'; {hint}")
    which = RunFilter(rule=rule, state=RunState(state) if state else None)
    with opened_platform(database_url) as platform:
        found = platform.automation.runs.list(command_line_actor(platform, None), which, limit=limit).rows
    if as_json:
        write_json(
            [{"id": r.id, "rule": r.rule, "state": r.state, "event": r.event, "reason": r.reason} for r in found]
        )
        return
    rows = [
        (r.id, r.rule, r.state, r.record_title or "", r.created_at.strftime("%Y-%m-%d %H:%M:%SZ"), r.reason or "")
        for r in found
    ]
    write_table(("id", "rule", "state", "record", "started", "reason"), rows)


@runs.command()
@click.argument("run_id")
@database_option
def show(run_id: str, database_url: str | None) -> None:
    """Show one run with its steps.

    Example: fieldstone runs show 019a5c3e-…
    """
    with opened_platform(database_url) as platform:
        trace = platform.automation.runs.get(command_line_actor(platform, None), _checked(run_id))
    click.echo(f"{trace.summary.rule}: {trace.summary.state} ({trace.summary.event})")
    click.echo(trace.rule_text)
    for step in trace.steps:
        click.echo(
            f"  {step.at:%H:%M:%S} {step.path} {step.kind}: {step.outcome}" + (f" - {step.error}" if step.error else "")
        )
    if trace.summary.reason:
        click.echo(f"reason: {trace.summary.reason}")


@runs.command()
@click.argument("run_id")
@database_option
def retry(run_id: str, database_url: str | None) -> None:
    """Let a failed run go on at the step that failed.

    Example: fieldstone runs retry 019a5c3e-…
    """
    with opened_platform(database_url) as platform:
        run = platform.automation.runs.retry(command_line_actor(platform, None), _checked(run_id))
    click.echo(f"run {run.id} is {run.state}")


def _checked(run_id: str) -> str:
    from uuid import UUID

    try:
        return str(UUID(run_id))
    except ValueError as error:
        raise click.ClickException(f"'{run_id}' is no run's id; `fieldstone runs list` shows them.") from error


COMMANDS = {"runs": runs}
