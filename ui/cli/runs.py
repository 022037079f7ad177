"""The command `runs`: look at rule runs, retry failed ones, and start again what failures stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.automation.run_views import RunFilter


@click.group()
def runs() -> None:
    """Look at rule runs and retry them.

    Example: fieldstone runs list --state failed
    """


@runs.command("list")
@click.option("--rule", help="Only runs of this rule.")
@click.option(
    "--state", help="Only runs in this state: queued, running, waiting, done, failed, skipped, dismissed, cancelled."
)
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
@click.argument("run_ids", nargs=-1)
@click.option("--all", "all_failed", is_flag=True, help="All failed runs, instead of those named.")
@click.option("--rule", help="With --all: only runs of this rule.")
@database_option
def retry(run_ids: tuple[str, ...], all_failed: bool, rule: str | None, database_url: str | None) -> None:
    """Let failed runs go on at the steps that failed.

    Example: fieldstone runs retry --all --rule big_deal
    """
    which = _which(run_ids, all_failed, rule)
    with opened_platform(database_url) as platform:
        actor, log = command_line_actor(platform, None), platform.automation.runs
        for run_id in _alone(run_ids):
            # Why one that is named alone can't go on is told.
            log.retry(actor, run_id)
        done = len(_alone(run_ids)) or log.retry_many(actor, which)
    click.echo(f"{done} of the runs go on")


@runs.command()
@click.argument("run_ids", nargs=-1)
@click.option("--all", "all_failed", is_flag=True, help="All failed runs, instead of those named.")
@click.option("--rule", help="With --all: only runs of this rule.")
@database_option
def dismiss(run_ids: tuple[str, ...], all_failed: bool, rule: str | None, database_url: str | None) -> None:
    """Put failed runs aside; they are not tried again.

    Example: fieldstone runs dismiss 019a5c3e-…
    """
    which = _which(run_ids, all_failed, rule)
    with opened_platform(database_url) as platform:
        actor, log = command_line_actor(platform, None), platform.automation.runs
        for run_id in _alone(run_ids):
            log.dismiss(actor, run_id)
        done = len(_alone(run_ids)) or log.dismiss_many(actor, which)
    click.echo(f"{done} of the runs were put aside")


@runs.command()
@database_option
@json_option
def stopped(database_url: str | None, as_json: bool) -> None:
    """List the rules that failures switched off and the targets that fail.

    Example: fieldstone runs stopped
    """
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        actor, desk = command_line_actor(platform, None), platform.automation.desk
        rows = [
            ("rule", each.rule, each.failures, f"{each.off_at:%Y-%m-%d %H:%M:%SZ}") for each in desk.rules_off(actor)
        ]
        rows += [
            ("target", each.name, each.failures, f"{each.paused_until:%Y-%m-%d %H:%M:%SZ}" if each.paused_until else "")
            for each in desk.targets(actor)
        ]
    if as_json:
        write_json([{"kind": kind, "name": name, "failures": count, "time": time} for kind, name, count, time in rows])
        return
    write_table(("what", "name", "failures", "off since, paused until"), rows)


@runs.command("switch-on")
@click.argument("rule")
@database_option
def switch_on(rule: str, database_url: str | None) -> None:
    """Let a rule run again that failures switched off.

    Example: fieldstone runs switch-on big_deal
    """
    with opened_platform(database_url) as platform:
        platform.automation.desk.switch_on(command_line_actor(platform, None), rule)
    click.echo(f"the rule {rule} is switched on")


@runs.command("end-pause")
@click.argument("target")
@database_option
def end_pause(target: str, database_url: str | None) -> None:
    """Call a target again that is paused since it kept failing.

    Example: fieldstone runs end-pause "webhook finance"
    """
    with opened_platform(database_url) as platform:
        platform.automation.desk.end_pause(command_line_actor(platform, None), target)
    click.echo(f"the target {target} is called again")


def _alone(run_ids: tuple[str, ...]) -> tuple[str, ...]:
    return (_checked(run_ids[0]),) if len(run_ids) == 1 else ()


def _which(run_ids: tuple[str, ...], all_failed: bool, rule: str | None) -> RunFilter | tuple[str, ...]:
    from engine.automation.run_views import RunFilter

    if all_failed == bool(run_ids) or (rule is not None and not all_failed):
        raise click.UsageError("Name runs by their ids, or say --all, with --rule for those of one rule.")
    return RunFilter(rule=rule) if all_failed else tuple(_checked(each) for each in run_ids)


def _checked(run_id: str) -> str:
    from uuid import UUID

    try:
        return str(UUID(run_id))
    except ValueError as error:
        raise click.ClickException(f"'{run_id}' is no run's id; `fieldstone runs list` shows them.") from error


@runs.command("try")
@click.argument("rule")
@click.option("--record", "record_id", metavar="ID", help="A record of the rule's object.")
@click.option("--as", "login", metavar="LOGIN", help="As this user, who needs the right to configure.")
@database_option
@json_option
def try_rule(rule: str, record_id: str | None, login: str | None, database_url: str | None, as_json: bool) -> None:
    """Try a RULE on a record: what it would do is shown, nothing of it is kept and nothing is sent.

    Example: fieldstone runs try big_deal --record 019a5c3e-…
    """
    from ui.api.answers import to_json
    from ui.api.insight_data import tried_to_json
    from ui.cli.told_rules import tried_lines

    with opened_platform(database_url) as platform:
        found = platform.automation.insight.try_rule(command_line_actor(platform, login), rule, record_id)
    if as_json:
        click.echo(to_json(tried_to_json(found)).decode())
        return
    for line in tried_lines(found):
        click.echo(line)


COMMANDS = {"runs": runs}
