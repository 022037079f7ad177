"""Cases of rules: a few rules, what people do, and what is there afterwards; played in the app of `sample_shop`.

Keys of a case: `name`; `rules`; `do`, a list of steps `create|update|delete: [object, name, values]` with `as: person`
(ann is a rep and bob her boss, eve has no role) and `refused: {field: text}` where the save must not go through,
`approval: …` (see `rule_approvals`), `clock: moment`, `runs: true` (do what is in the queue) and `due: true` (do what
is due by the clock); then of what is there: `records` (object: list of values, in any order), `runs` (list of values),
`notices` (person: texts), `mails` (list), `steps` (kinds of the steps of the first run), `requests` (of approvals),
`shares` (of any record, as `bob read 2026-11-24T16:00Z`). A value `$deal1` stands for the id of the record of that
name, `@ann` for that person's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from engine.access.actor import Actor
from engine.clock import FixedClock
from engine.errors import ReleaseRefused, ValidationFailed
from engine.platform import Platform
from engine.testing.expression_cases import Faults
from engine.testing.rule_approvals import approve_step, clear_requests, requests_found
from engine.testing.rule_calls import CALLS, call
from engine.testing.rule_fates import CONVERSION, FATES, meet, save_batch
from engine.testing.sample_deals import CaseUnreadable
from engine.testing.sample_shop import do_runs, person, publish_rules, rows_of, runs_of, shop
from metamodel.values import Money, Ref
from plugins.manager import PluginManager

START = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
MAIL = (
    "---\nobject: deal\nsubject: About {{ record.name }}\nfrom: shop@example.com\n---\n"
    "Dear {{ record.owner.name }}, it is {{ record.amount }}.\n"
)
OFFER = (
    "---\nobject: deal\nsubject: Offer {{ record.name }}\nfooter: '{{ page }}'\n---\n"
    "# {{ record.name }}\n{% for line in record.lines %}\n- {{ line.name }}\n{% endfor %}\n"
)
INBOX = (
    "connection: inbox\nkind: mailbox\nhost: imap.example.com\nuser: shop\nsecret: SHOP_INBOX\n"
    "addresses: [shop@example.com, help@example.com]\n"
)
MONDAYS = 'calendar: mondays\nhours: {monday: "09:00-18:00"}\n'
STOCK = "connection: stock\nkind: webhook_in\nsecret: SHOP_STOCK_SECRET\n"
_OBJECTS = ("following", "attachment", "comment", "tagging", "tag", "job", "line", "deal", "queue_member", "queue")
_VERBS = ("create", "update", "delete", *FATES)
_KEYS = {"name", "rules", "do", "records", "runs", "notices", "steps", "mails", "requests", "shares"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCase:
    """One case; what it does not name afterwards is not looked at."""

    topic: str
    name: str
    rules: str
    do: Sequence[Mapping[str, Any]]
    wanted: Mapping[str, Any] = field(default_factory=dict)


def read_rule_case(entry: Mapping[str, Any], topic: str) -> RuleCase:
    """Read a case.

    Raises:
        CaseUnreadable: a key is missing or unknown.
    """
    if unknown := sorted(set(entry) - _KEYS):
        raise CaseUnreadable(f"'{unknown[0]}' is no key of a case of rules; there are {', '.join(sorted(_KEYS))}")
    if "do" not in entry:
        raise CaseUnreadable("a case of rules needs `do`, what people do")
    wanted = {key: value for key, value in entry.items() if key not in ("name", "rules", "do")}
    return RuleCase(topic=topic, name=entry["name"], rules=entry["rules"], do=entry["do"], wanted=wanted)


@contextmanager
def open_stage(database_url: str, folder: Path, plugins: PluginManager | None = None) -> Iterator[RuleStage]:
    """Make the installation that cases play in, in an empty database."""
    clock = FixedClock(START)
    files = {
        "templates/hello.md": MAIL,
        "templates/offer.md": OFFER,
        "connections/stock.yaml": STOCK,
        "connections/inbox.yaml": INBOX,
        "calendars/mondays.yaml": MONDAYS,
        "conversions/deal.yaml": CONVERSION,
    }
    with shop(database_url, folder, "", files=files, clock=clock, plugins=plugins) as platform:
        yield RuleStage(platform, folder, clock)


class RuleStage:
    """One installation for all cases of a database; each case starts with no records and its own rules."""

    def __init__(self, platform: Platform, folder: Path, clock: FixedClock) -> None:
        self._platform = platform
        self._folder = folder
        self._clock = clock
        bob = person(platform, "bob", "boss")
        ann = person(platform, "ann", "rep", manager=bob.user_id)
        self._people = {"ann": ann, "bob": bob, "eve": person(platform, "eve")}

    def faults(self, case: RuleCase) -> Faults:
        """Play a case and compare what is there with what is wanted."""
        self._clear()
        try:
            publish_rules(self._platform, self._folder, case.rules)
        except ReleaseRefused as refused:
            return tuple(str(problem) for problem in refused.problems)
        ids: dict[str, str] = {}
        faults = [fault for step in case.do for fault in self._do(step, ids)]
        do_runs(self._platform)
        return (*faults, *self._compared(case, ids))

    def _clear(self) -> None:
        tables, system = self._platform.releases.current().tables, self._platform.system
        with self._platform.database.write() as connection:
            for name in _OBJECTS:
                connection.execute(delete(tables.of(name).table))
            for table in (system.run, system.run_step, system.timer, system.notification, system.message):
                connection.execute(delete(table))
            for table in (system.wait, system.wait_key, system.touched):
                connection.execute(delete(table))
            connection.execute(delete(system.mail_in))
            for table in (system.conversion, system.merge, system.apart, system.share):
                connection.execute(delete(table))
            for table in (system.rule_state, system.throttle, system.target, system.queue_turn, system.assignment):
                connection.execute(delete(table))
            clear_requests(connection, system)
        self._clock.move_to(START)

    def _do(self, step: Mapping[str, Any], ids: dict[str, str]) -> Faults:
        if "clock" in step:
            self._clock.move_to(dt.datetime.fromisoformat(step["clock"]).astimezone(dt.UTC))
        elif "runs" in step:
            do_runs(self._platform, waits_too=False)
        elif any(kind in step for kind in CALLS):
            return tuple(call(self._platform, step, self._people[step.get("login") or step.get("as", "ann")], ids))
        elif "approval" in step:
            return tuple(approve_step(self._platform, step, self._people, ids))
        elif "import" in step:
            object_key, rows = step["import"]
            rows = [{key: self._filled(value, ids) for key, value in row.items()} for row in rows]
            save_batch(self._platform, self._people[step.get("as", "ann")], object_key, rows)
        elif step.get("due"):
            self._platform.automation.keeper().tick()
        else:
            return self._save(step, ids)
        return ()

    def _save(self, step: Mapping[str, Any], ids: dict[str, str]) -> Faults:
        verb = next((verb for verb in _VERBS if verb in step), None)
        if verb is None:
            raise CaseUnreadable(f"a step is one of clock, runs, due, {', '.join(_VERBS)}; got {dict(step)}")
        object_key, name, values = [*step[verb], {}][:3]
        filled = {key: self._filled(value, ids) for key, value in values.items()}
        actor, wanted = self._people[step.get("as", "ann")], step.get("refused")
        try:
            ids[name] = self._saved(verb, actor, object_key, ids.get(name, ""), filled)
        except ValidationFailed as refusal:
            found = {error.field or "": error.message for error in refusal.errors}
            return () if found == wanted else (f"{verb} {name}: wanted {wanted or 'no refusal'}, refused with {found}",)
        return (f"{verb} {name}: wanted the refusal {wanted}, it went through",) if wanted is not None else ()

    def _saved(self, verb: str, actor: Actor, object_key: str, record_id: str, values: Mapping[str, Any]) -> str:
        records = self._platform.records
        if verb == "create":
            return records.create(actor, object_key, values).record.id
        if verb == "update":
            records.update(actor, object_key, record_id, values)
        elif verb in FATES:
            meet(self._platform, verb, actor, (object_key, record_id), values)
        else:
            records.delete(actor, object_key, record_id)
        return record_id

    def _filled(self, value: Any, ids: Mapping[str, str]) -> Any:
        if isinstance(value, str) and value.startswith("$"):
            return ids[value[1:]]
        if isinstance(value, str) and value.startswith("@"):
            return self._people[value[1:]].user_id
        return value

    def _compared(self, case: RuleCase, ids: Mapping[str, str]) -> Iterator[str]:
        for object_key, wanted in case.wanted.get("records", {}).items():
            expected = [{key: self._filled(value, ids) for key, value in each.items()} for each in wanted]
            names = list(expected[0]) if expected else ["id"]
            found = [{name: _shown(row[name]) for name in names} for row in rows_of(self._platform, object_key)]
            yield from _differences(object_key, expected, found)
        if "runs" in case.wanted:
            yield from self._compared_runs(case.wanted["runs"])
        found = requests_found(self._platform) if "requests" in case.wanted else []
        if found != case.wanted.get("requests", []):
            yield f"requests: wanted {case.wanted['requests']}, got {found}"
        for key, look in self._looks():
            if key in case.wanted and look() != case.wanted[key]:
                yield f"{key}: wanted {case.wanted[key]}, got {look()}"

    def _compared_runs(self, wanted: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        names = sorted({name for each in wanted for name in each})
        found = [{name: run[name] for name in names} for run in runs_of(self._platform)]
        parts = [each["error"] for each in wanted if each.get("error")]
        for run in found:
            if run.get("error"):
                run["error"] = next((part for part in parts if part in run["error"]), run["error"])
        yield from _differences("runs", [{name: each.get(name) for name in names} for each in wanted], found)

    def _notices(self) -> dict[str, list[str]]:
        table = self._platform.system.notification
        names = {actor.user_id: name for name, actor in self._people.items()}
        found: dict[str, list[str]] = {}
        with self._platform.database.read() as connection:
            for user_id, text in connection.execute(select(table.c.user_id, table.c.text).order_by(table.c.at)):
                found.setdefault(names[user_id], []).append(text)
        return found

    def _steps(self) -> list[str]:
        table, runs = self._platform.system.run_step, runs_of(self._platform)
        if not runs:
            return []
        with self._platform.database.read() as connection:
            rows = connection.execute(select(table.c.path, table.c.kind).where(table.c.run_id == runs[0]["id"]))
            return sorted(f"{path} {kind}" for path, kind in rows)

    def _looks(self) -> Sequence[tuple[str, Callable[[], object]]]:
        return (
            ("notices", self._notices),
            ("steps", self._steps),
            ("mails", self._mails),
            ("shares", self._shares),
        )

    def _shares(self) -> list[str]:
        table, names = self._platform.system.share, {f"user:{a.user_id}": name for name, a in self._people.items()}
        with self._platform.database.read() as connection:
            rows = connection.execute(select(table.c.grantee, table.c.edits, table.c.until))
            found = [(names.get(who, who), "edit" if edits else "read", until) for who, edits, until in rows]
        return sorted(f"{who} {level}{f' {until:%Y-%m-%dT%H:%MZ}' if until else ''}" for who, level, until in found)

    def _mails(self) -> list[str]:
        table = self._platform.system.message
        with self._platform.database.read() as connection:
            rows = connection.execute(select(table.c.answer).order_by(table.c.created_at))
            return [row[0]["summary"] for row in rows]


def _differences(what: str, wanted: Sequence[object], found: Sequence[object]) -> Iterator[str]:
    if sorted(wanted, key=str) != sorted(found, key=str):
        yield f"{what}: wanted {sorted(wanted, key=str)}, got {sorted(found, key=str)}"


def _shown(value: Any) -> Any:
    if isinstance(value, Money):
        return str(value.amount)
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value
