"""One expression text means one set of records, wherever an app or a user may write it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import quote

import pytest

from engine.access.actor import Actor, system_actor
from engine.clock import FixedClock
from engine.records.reports import read_report
from engine.records.types import ListQuery
from tests.support.both_sides import Sides
from tests.support.deals import FILES, Deals
from tests.support.deals_data import fill
from tests.support.expressions import ExpressionMaker
from tests.support.platforms import small_app, write_files
from tests.support.served import PASSWORD, Served, serve_deals

NOW = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
EVERYTHING = """
    role: everything
    objects: {"*": {read: all, create: yes, update: all, delete: all}}
    fields:
      deal.secret: {read: yes}
      deal.hot: {read: yes, update: yes}
      deal.backer: {read: yes}
      deal.rival: {read: yes}
    """
WRITTEN = (
    "amount > 100", "not (amount > 100)", "discount = 20%", "count != 7", "stage.closed", 'stage in ["open", "lost"]',
    "account.parent.industry is empty", 'name contains "ACME"', "opened in last 30 days", "seen_at not in last 30 days",
    "close between today and today + 1 year", "count(lines where quantity > 1) > 0", "sum(lines.amount) > 5",
    'exists(account.deals where stage = "lost")', "owner = user or owner.team = user.team", "net / 3 > 10",
    "hot and not is_subordinate(owner)", 'industry = account.industry', "max(factor, count, 0) > 5",
    "first(lines.product sorted by -quantity) = \"a\"", "case(stage, \"open\", amount, 1 CNY) >= 1", "cheap > 0",
    "account.owner is empty", "business_days_between(opened, close) > 20", "title(name) = name",
)  # fmt: skip
# Random ones beside them; not of what the save that shows them changes, or what hangs on the roles of who asks.
_RANDOM = 40
_CHANGED = ("version", "modified", "has role", "has_permission", "in_team")


@dataclass(slots=True, repr=False)
class Texts:
    """The texts, each with the deals it holds for in memory."""

    served: Served
    reader: Actor
    wanted: Mapping[str, frozenset[str]]
    saved: Mapping[str, Mapping[str, frozenset[str]]]

    def listed(self, actor: Actor, **query: str) -> frozenset[str]:
        page = self.served.platform.records.list(actor, ListQuery(object="deal", limit=200, fields=("name",), **query))  # type: ignore[arg-type]
        return frozenset(row.id for row in page.rows)

    def differing(self, sets: Mapping[str, frozenset[str]]) -> list[str]:
        return [text for text, found in sets.items() if found != self.wanted[text]]


@pytest.fixture(scope="module")
def texts(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Texts]:
    folder = tmp_path_factory.mktemp("one_text")
    app = small_app(folder, {**FILES, "roles/everything.yaml": EVERYTHING})
    with serve_deals(module_database_url, folder, app_folder=app, clock=FixedClock(NOW)) as served:
        reader = _reader(served)
        fill(_deals(served, reader))
        wanted = _held(served, reader)
        write_files(app, _written(list(wanted)))
        served.platform.apply_release([app], author="test")
        yield Texts(served, reader, wanted, _save(served, reader, list(wanted)))


def _deals(served: Served, reader: Actor) -> Deals:
    platform = served.platform
    return Deals(
        platform=platform, records=platform.records, system=system_actor(), ann=reader, bob=reader, cara=reader
    )


def _reader(served: Served) -> Actor:
    """Make who reads, of a team: what a scope compares with something that its reader lacks grants nothing."""
    administration = served.platform.accounts.administration
    team = served.platform.records.create(system_actor(), "team", {"name": "Everywhere"}).record.id
    user = administration.create_user(
        system_actor(), "all@example.com", password=PASSWORD, roles=("everything",), values={"team": team}
    )
    served.tokens["all"] = administration.create_token("all@example.com", name="test")
    return Actor(user_id=user, login="all@example.com", name="all", team_id=team, roles=frozenset({"everything"}))


def _held(served: Served, reader: Actor) -> dict[str, frozenset[str]]:
    """Give texts that every deal can be judged by, the written ones and random ones that hold for some only."""
    rule = ExpressionMaker(metamodel=served.platform.releases.current().metamodel, object_key="deal", depth=2)
    drawn, chance, found = rule.drawn_conditions(), Random(20261122), dict[str, frozenset[str]]()
    with served.platform.records.reading(reader) as transaction:
        sides = Sides(transaction)
        candidates = iter(WRITTEN)
        while len(found) < len(WRITTEN) + _RANDOM:
            text = next(candidates, None)
            is_written = text is not None
            text = text if text is not None else drawn.draw(chance)
            if any(word in text for word in _CHANGED):
                continue
            held = sides.held(text)
            if held is not None and (is_written or 0 < len(held) < len(sides.contexts)):
                found[text] = held
    return found


def _written(texts: Sequence[str]) -> dict[str, str]:
    """Give an extension of the deal that has every text in every place, and rules, roles and reports with them."""
    numbered = list(enumerate(texts))
    fields = {"touch": {"type": "integer"}}
    fields |= {f"is_{n}": {"type": "boolean", "formula": text} for n, text in numbered}
    fields |= {f"hit_{n}": {"type": "boolean"} for n, _ in numbered}
    checks = [
        {"name": f"v_{n}", "severity": "info", "check": f"not ({text})", "message": f"v_{n}"} for n, text in numbered
    ]
    views = {f"w_{n}": {"columns": ["name"], "where": text} for n, text in numbered}
    rules = [
        f"rule r_{n} before deal is saved if touch = 1 and ({text}) then set hit_{n} = true" for n, text in numbered
    ]
    files = {
        "extensions/deal.yaml": json.dumps(
            {"extends": "deal", "fields": fields, "validations": checks, "views": views}
        ),
        "rules/each.rules": "\n".join(rules) + "\n",
    }
    for n, text in numbered:
        files[f"roles/s_{n}.yaml"] = json.dumps({"role": f"s_{n}", "objects": {"deal": {"read": text}}})
        files[f"reports/p_{n}.yaml"] = json.dumps(
            {"report": f"p_{n}", "object": "deal", "columns": ["name"], "where": text}
        )
    return files


def _save(served: Served, reader: Actor, texts: Sequence[str]) -> dict[str, dict[str, frozenset[str]]]:
    """Save every deal once; says for which of them each validation failed and each rule did something."""
    records, told, hit = served.platform.records, dict[str, set[str]](), dict[str, set[str]]()
    for deal in records.list(reader, ListQuery(object="deal", limit=200, fields=("name",))).rows:
        saved = records.update(reader, "deal", deal.id, {"touch": 1}, confirm=None)
        told[deal.id] = {notice.message for notice in saved.notices}
        hit[deal.id] = {name for name, value in saved.record.values.items() if name.startswith("hit_") and value}
    return {
        "validation": {text: _named(told, f"v_{n}") for n, text in enumerate(texts)},
        "rule": {text: _named(hit, f"hit_{n}") for n, text in enumerate(texts)},
    }


def _named(found: Mapping[str, set[str]], name: str) -> frozenset[str]:
    return frozenset(key for key, names in found.items() if name in names)


@pytest.mark.promise("EXP-03")
def test_one_text_finds_the_same_records_in_every_place(texts: Texts) -> None:
    numbered = list(enumerate(texts.wanted))
    assert len(numbered) == len(WRITTEN) + _RANDOM
    found: dict[str, Mapping[str, frozenset[str]]] = dict(texts.saved)
    found["filter of the API"] = {text: _asked(texts.served, text) for _, text in numbered}
    found["formula"] = {text: texts.listed(texts.reader, filter=f"is_{n}") for n, text in numbered}
    found["view"] = {text: texts.listed(texts.reader, view=f"w_{n}") for n, text in numbered}
    found["scope"] = {text: texts.listed(replace(texts.reader, roles=frozenset({f"s_{n}"}))) for n, text in numbered}
    found["report"] = {text: _reported(texts, f"p_{n}") for n, text in numbered}
    assert {place: texts.differing(sets) for place, sets in found.items()} == {key: [] for key in found}


def _asked(served: Served, text: str) -> frozenset[str]:
    answer = served.get("all", f"/records/deal?limit=200&fields=name&filter={quote(text)}")
    assert answer.status_code == 200, (text, answer.get_json())
    return frozenset(item["id"] for item in answer.get_json()["items"])


def _reported(texts: Texts, name: str) -> frozenset[str]:
    with texts.served.platform.records.reading(texts.reader) as transaction:
        page = read_report(transaction, name).page
    assert page is not None
    return frozenset(row.id for row in page.rows)
