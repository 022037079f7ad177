"""The app that cases of rules play in: deals, lines, jobs and three roles; and a way to do runs without a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

from sqlalchemy import select

from engine.access.actor import Actor, system_actor
from engine.automation.tuning import Tuning
from engine.clock import Clock
from engine.platform import Platform
from engine.settings import PlatformSettings
from plugins.manager import PluginManager


class RunsWithoutEnd(Exception):
    """Runs call each other for ever."""


FAST = Tuning(first_pause_s=0.05, longest_pause_s=0.2, jitter=0.0, poll_s=0.02, takeover_s=0.3, timer_s=0.1, crashes=50)

APP = {
    "app.yaml": """
        app: shop
        version: 1.0.0
        label: Shop
        currency: CNY
        timezone: Asia/Shanghai
        depends: {core: ">=1.0"}
        automation: {roles: [machine]}
        settings:
          limit: {type: money, default: 1000 CNY}
        """,
    "objects/deal.yaml": """
        object: deal
        title: "{name}"
        fields:
          name: {type: text, required: true}
          stage: {type: choice, default: "open", options: {open: {}, proposal: {}, won: {}, lost: {}}}
          amount: {type: money}
          discount: {type: percent}
          note: {type: text}
          count: {type: integer}
          sent_on: {type: date}
          sent_at: {type: datetime}
          secret: {type: text, sensitive: true}
          reviewer: {type: user, inverse: reviews}
          doubled: {type: money, formula: amount * 2}
          skills: {type: tags}
          pieces: {type: rollup, of: lines.quantity, function: sum}
        validations:
          - {name: short_note, check: len(note) < 50 or note is empty, message: The note is too long., field: note}
        """,
    "objects/line.yaml": """
        object: line
        title: "{name}"
        fields:
          deal: {type: child_of, to: deal, inverse: lines, required: true}
          name: {type: text, required: true}
          quantity: {type: integer, default: 1}
          state: {type: text}
        """,
    "objects/job.yaml": """
        object: job
        title: "{subject}"
        fields:
          subject: {type: text, required: true}
          deal: {type: lookup, to: deal, inverse: jobs}
          assignee: {type: user, inverse: jobs}
          due_on: {type: date}
          about: {type: lookup, to: any, inverse: about_jobs}
          done: {type: boolean, default: false}
        """,
    "tables/rebate.csv": """
        stage: deal.stage,amount: money,-> rate: percent
        open | proposal,>= 100,20%
        open | proposal,< 100,5%
        won,-,1%
        otherwise,,0%
        """,
    "tables/sizes.yaml": """
        table: sizes
        hit: first
        inputs: {quantity: {of: line.quantity}}
        outputs: {size: {type: text}, pause: {type: duration}, most: {type: integer}}
        rows:
          - {when: {quantity: "< 4"}, then: {size: small, pause: 1 day, most: 5}}
          - {when: {quantity: 4..9}, then: {size: middle, pause: 2 days, most: 9}}
          - {when: {quantity: is not empty}, then: {size: large, pause: 7 days, most: 99}}
        otherwise: {size: none, pause: empty, most: 0}
        """,
    "roles/rep.yaml": """
        role: rep
        objects:
          deal: {read: all, create: yes, update: all, delete: all}
          line: {read: all, create: yes, update: all, delete: all}
          job: {read: own or assignee = user, create: yes, update: own}
          comment: {read: all, create: yes}
          attachment: {read: all, create: yes}
          user: {read: all}
        """,
    "roles/boss.yaml": """
        role: boss
        includes: [rep]
        objects:
          deal: {read: all, create: yes, update: all, delete: all}
          job: {read: all, create: yes, update: all, delete: all}
          tag: {read: all, create: yes}
          tagging: {read: all, create: yes, delete: all}
          queue: {read: all, create: yes, update: all}
          queue_member: {read: all, create: yes, update: all, delete: all}
        fields:
          deal.secret: {read: yes, update: yes}
        system: [view_runs, retry_runs]
        """,
    "roles/machine.yaml": """
        role: machine
        objects:
          deal: {read: all, create: yes, update: all, delete: all}
          line: {read: all, create: yes, update: all, delete: all}
          job: {read: all, create: yes, update: all, delete: all}
          user: {read: all}
        """,
}


@contextmanager
def shop(
    database_url: str,
    folder: Path,
    rules: str,
    *,
    files: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    tuning: Tuning = FAST,
    environment: Mapping[str, str] | None = None,
    plugins: PluginManager | None = None,
    base_url: str = "",
) -> Iterator[Platform]:
    """Open an installation with the app above and some rules.

    files: of the app, over those above. environment: for the plugins that are installed, where none are given.
    """
    app = folder / "shop"
    _write(app, {**APP, "rules/all.rules": rules, **(files or {})})
    manager = plugins or PluginManager.load(environment=environment or {})
    platform = Platform.open(_settings(database_url, folder, base_url), plugins=manager, clock=clock, tuning=tuning)
    try:
        platform.apply_release([app], author="test")
        yield platform
    finally:
        platform.close()


def publish_rules(platform: Platform, folder: Path, rules: str) -> None:
    """Publish other rules in the same installation."""
    _write(folder / "shop", {"rules/all.rules": rules})
    platform.apply_release([folder / "shop"], author="test")


def _write(app: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = app / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text).lstrip("\n"), encoding="utf-8")


def _settings(database_url: str, folder: Path, base_url: str = "") -> PlatformSettings:
    return PlatformSettings(
        database_url=database_url,
        data_folder=folder / "data",
        pool_size=5,
        watch_seconds=0.05,
        testing=True,
        base_url=base_url,
    )


def person(platform: Platform, name: str, *roles: str, **values: object) -> Actor:
    """Make a user with roles, and give them as an actor."""
    saved = platform.records.create(system_actor(), "user", {"name": name, "email": f"{name}@example.com", **values})
    user_id = saved.record.id
    with platform.database.write() as connection:
        table = platform.system.role
        for role in roles:
            at = platform.clock.now()
            connection.execute(table.insert().values(user_id=user_id, role=role, granted_at=at, granted_by="test"))
    return Actor(user_id=user_id, login=f"{name}@example.com", name=name, roles=frozenset(roles))


def do_runs(platform: Platform, *, waits_too: bool = True, limit: int = 500) -> int:
    """Do all runs that are in the queue, and those that wait; give how many pieces that took."""
    segments = platform.automation.segments("test", lambda: False)
    run, pieces = platform.system.run, 0
    states = ("queued", "running", "waiting") if waits_too else ("queued", "running")
    while pieces < limit:
        with platform.database.read() as connection:
            # What waits for a condition or its turn is started by what it waits for.
            query = select(run.c.id, run.c.position).where(run.c.state.in_(states), run.c.held_by.is_(None))
            row = connection.execute(query.order_by(run.c.created_at, run.c.id).limit(1)).first()
        if row is None:
            return pieces
        segments(row.id, row.position["segment"])
        pieces += 1
    raise RunsWithoutEnd(f"after {limit} pieces there are runs still")


def rows_of(platform: Platform, object_key: str) -> list[dict[str, Any]]:
    """Give all records of an object, by id, as the database has them."""
    with platform.records.reading(system_actor()) as transaction:
        return [dict(values) for values in transaction.cache.records(object_key)]


def runs_of(platform: Platform) -> list[dict[str, Any]]:
    """Give all runs, the oldest first."""
    run = platform.system.run
    with platform.database.read() as connection:
        rows = connection.execute(select(run).order_by(run.c.created_at, run.c.id)).mappings()
        return [dict(row) for row in rows]
