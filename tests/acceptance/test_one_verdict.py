"""One verdict and one message for the same values from form, API, bulk, import and rule action.

Inline edit and public forms join the routes when they exist; then the promise of all of them is proved here.
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.access.actor import Actor, system_actor
from engine.records.types import SaveRow
from engine.testing.sample_shop import do_runs, runs_of
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

THING = """
    object: thing
    title: "{name}"
    fields:
      name: {type: text, required: true, max_length: 10}
      mark: {type: text}
      code: {type: text, unique: true, pattern: "[A-Z]{2}[0-9]+"}
      size: {type: integer, min: 1, max: 9, default: 3}
      twice: {type: integer, default: = size * 2}
      rate: {type: percent, min: 0, max: 1}
      price: {type: money, min: 0, max: 100}
      day: {type: date, min: 2026-01-01, max: 2026-12-31}
      hour: {type: time, min: "08:00", max: "18:00"}
      kind: {type: choice, options: [a, b], default: a}
      word: {type: text, default: fine}
      reason: {type: text, required_if: kind = "b"}
      unseen: {type: text, required: true, visible_if: kind = "b"}
      unseen_if: {type: text, required_if: size > 1, visible_if: kind = "b"}
      locked: {type: text, readonly_if: kind = "b"}
      lines: {type: long_text, max_length: 6}
      mails: {type: email, multiple: true}
      pair_a: {type: text, label: Pair A}
      pair_b: {type: text, label: Pair B}
    unique: [[pair_a, pair_b]]
"""

WHOLE_B = {"kind": "b", "reason": "r", "unseen": "u", "unseen_if": "v"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Values that are given to a new record, or to a stored one; the errors or the values that follow."""

    name: str
    given: Mapping[str, Any]
    stored: Mapping[str, Any] | None = None
    beside: Mapping[str, Any] | None = None
    refused: tuple[str, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)


CASES = (
    Case(name="required and empty", given={"name": None, "mark": "m"}, refused=("name",)),
    Case(name="required and not given", given={"size": 2}, refused=("name",)),
    Case(name="required and blank", given={"name": "   ", "mark": "m"}, refused=("name",)),
    Case(name="required emptied later", stored={"name": "old"}, given={"name": None}, refused=("name",)),
    Case(name="too long", given={"name": "12345678901"}, refused=("name",)),
    Case(name="just long enough", given={"name": "一二三四五六七八九十"}, kept={"name": "一二三四五六七八九十"}),
    Case(name="a long text too long", given={"name": "x", "lines": "1234567"}, refused=("lines",)),
    Case(name="pattern", given={"name": "x", "code": "ab1"}, refused=("code",)),
    Case(name="pattern not of the whole", given={"name": "x", "code": "AB1x"}, refused=("code",)),
    Case(name="below min", given={"name": "x", "size": 0}, refused=("size",)),
    Case(name="above max", given={"name": "x", "size": 10}, refused=("size",)),
    Case(name="share above max", given={"name": "x", "rate": "1.5"}, refused=("rate",)),
    Case(name="money below min", given={"name": "x", "price": "-0.01"}, refused=("price",)),
    Case(name="money above max", given={"name": "x", "price": "100.01"}, refused=("price",)),
    Case(name="day before min", given={"name": "x", "day": "2025-12-31"}, refused=("day",)),
    Case(name="day after max", given={"name": "x", "day": "2027-01-01"}, refused=("day",)),
    Case(name="hour after max", given={"name": "x", "hour": "18:01"}, refused=("hour",)),
    Case(name="several mistakes in the fields' order", given={"size": 0, "name": "12345678901", "code": "x"},
         refused=("name", "code", "size")),
    Case(name="unique", beside={"name": "y", "code": "AA1"}, given={"name": "x", "code": "AA1"}, refused=("code",)),
    Case(name="a unique pair", beside={"name": "y", "pair_a": "1", "pair_b": "2"},
         given={"name": "x", "pair_a": "1", "pair_b": "2"}, refused=("pair_a", "pair_b")),
    Case(name="unique on a change", beside={"name": "y", "code": "AA2"}, stored={"name": "x", "code": "AA3"},
         given={"code": "AA2"}, refused=("code",)),
    Case(name="defaults", given={"name": "x"}, kept={"size": 3, "twice": 6, "kind": "a", "word": "fine"}),
    Case(name="a default follows what was given", given={"name": "x", "size": 4}, kept={"size": 4, "twice": 8}),
    Case(name="given wins over default", given={"name": "x", "twice": 1, "word": "w"}, kept={"twice": 1, "word": "w"}),
    Case(name="no default for what is emptied later", stored={"name": "x"}, given={"word": None, "twice": None},
         kept={"word": None, "twice": None}),
    Case(name="required_if", given={"name": "x", **WHOLE_B, "reason": None}, refused=("reason",)),
    Case(name="required_if on a change", stored={"name": "x"}, given={"kind": "b", "unseen": "u", "unseen_if": "u"},
         refused=("reason",)),
    Case(name="required_if that does not hold", given={"name": "x", "kind": "a", "reason": None}, kept={"kind": "a"}),
    Case(name="hidden is never required", given={"name": "x", "kind": "a", "size": 5}, kept={"size": 5}),
    Case(name="shown is required again", given={"name": "x", "kind": "b", "reason": "r"},
         refused=("unseen", "unseen_if")),
    Case(name="readonly_if reads what is stored", stored={"name": "x", **WHOLE_B, "locked": "old"},
         given={"locked": "new", "kind": "a"}, refused=("locked",)),
    Case(name="readonly_if does not read what is given", stored={"name": "x", "locked": "old"},
         given={"locked": "new", **WHOLE_B}, kept={"locked": "new", "kind": "b"}),
    Case(name="readonly_if binds no creation", given={"name": "x", **WHOLE_B, "locked": "set"}, kept={"locked": "set"}),
    Case(name="read-only and the same", stored={"name": "x", **WHOLE_B, "locked": "old"},
         given={"locked": "old", "name": "z"}, kept={"locked": "old", "name": "z"}),
)  # fmt: skip

Verdict = list[tuple[str, str]]
_ITEM = re.compile(r'<li><a href="#[^"]*?-(\w+)">[^<]*</a>: (.*?)</li>')
_LITERAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}\Z")


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("verdicts")
    files = {
        "objects/thing.yaml": THING,
        "objects/poke.yaml": "object: poke\nfields:\n  number: {type: integer}\n  target: {type: lookup, to: thing}\n",
        "rules/all.rules": "\n\n".join(_rule(number, case) for number, case in enumerate(CASES)) + "\n",
        "roles/rep.yaml": "role: rep\nobjects:\n  thing: {read: all, create: yes, update: all}\n"
        "  poke: {read: all, create: yes}\n  user: {read: all}\n",
        "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
    }
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, files)) as found:
        yield found


def _rule(number: int, case: Case) -> str:
    # A rule that leaves a required field out is refused before it runs.
    given = {**({"name": None} if case.stored is None else {}), **case.given}
    values = ", ".join(f"{name}: {_literal(name, value)}" for name, value in given.items())
    act = f"create thing {{ {values} }}" if case.stored is None else f"update target {{ {values} }}"
    return f"rule case_{number}\n  when poke is created\n  if number = {number}\n  then {act}"


def _literal(name: str, value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, int):
        return str(value)
    if name == "price":
        return f"{value} CNY"
    return value if name == "rate" or _LITERAL.match(value) else f'"{value}"'


def _ann(served: Served) -> Actor:
    found = served.platform.accounts.actor_of("ann@example.com")
    assert found is not None
    return found


def by_api(served: Served, case: Case, record_id: str | None, folder: Path) -> Verdict:
    path = "/records/thing" + (f"/{record_id}" if record_id else "")
    answer = served.call("ann", "PATCH" if record_id else "POST", path, json=dict(case.given))
    assert answer.status_code in (200, 201, 422), answer.get_data(as_text=True)
    return [(error["field"], error["message"]) for error in answer.get_json().get("errors", ())]


def by_bulk(served: Served, case: Case, record_id: str | None, folder: Path) -> Verdict:
    rows = [SaveRow(values=case.given, id=record_id)]
    (result,) = served.platform.records.save_many(_ann(served), "thing", rows, all_or_nothing=True).rows
    return [(str(error.field), error.message) for error in result.errors]


def by_import(served: Served, case: Case, record_id: str | None, folder: Path) -> Verdict:
    given = {**({"id": record_id} if record_id else {}), **case.given}
    file = folder / "things.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([list(given), ["" if value is None else value for value in given.values()]])
    result = served.platform.imports.import_csv(_ann(served), "thing", file)
    told = [(error.column, error.reason) for error in result.errors]
    return [(column, reason) if column else tuple(reason.split(": ", 1)) for column, reason in told]  # type: ignore[misc]


def by_form(served: Served, case: Case, record_id: str | None, folder: Path) -> Verdict:
    client = served.sign_in("ann")
    page = f"/o/thing/{record_id}/edit" if record_id else "/o/thing/new"
    typed = {name: "" if value is None else str(value) for name, value in case.given.items()}
    if "rate" in typed:
        typed["rate"] = "150"
    answer = client.post(page, data={**typed, "csrf_token": csrf_token(client, page)})
    text = answer.get_data(as_text=True)
    assert answer.status_code in (303, 422), text
    return [(name, html.unescape(told)) for name, told in _ITEM.findall(text)]


def by_rule(served: Served, case: Case, record_id: str | None, folder: Path) -> Verdict:
    served.make("ann", "poke", number=CASES.index(case), **({"target": record_id} if record_id else {}))
    do_runs(served.platform, waits_too=False)
    run = runs_of(served.platform)[-1]
    if run["state"] == "done":
        return []
    told = str(run["error"])
    found = re.split(rf"(?:^|; )({'|'.join(case.refused)}): ", told)[1:]
    return list(zip(found[::2], found[1::2], strict=True))


ROUTES: tuple[Callable[[Served, Case, str | None, Path], Verdict], ...] = (by_api, by_bulk, by_import, by_form, by_rule)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_all_routes_have_one_verdict(served: Served, case: Case, tmp_path: Path) -> None:
    verdicts: dict[str, Verdict] = {}
    for route in ROUTES:
        _clear(served)
        if case.beside is not None:
            _store(served, case.beside)
        record_id = _store(served, case.stored) if case.stored is not None else None
        verdicts[route.__name__] = route(served, case, record_id, tmp_path)
        if not case.refused:
            (kept,) = _all(served) if case.beside is None else (_read(served, str(record_id)),)
            assert {name: kept[name] for name in case.kept} == case.kept, route.__name__
        else:
            assert len(_all(served)) == (case.beside is not None) + (case.stored is not None), route.__name__
    expected = verdicts["by_api"]
    assert tuple(name for name, _ in expected) == case.refused
    assert verdicts == dict.fromkeys(verdicts, expected)


def _all(served: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.get("ann", "/records/thing").get_json()["items"]
    return found


def _read(served: Served, record_id: str) -> dict[str, Any]:
    found: dict[str, Any] = served.get("ann", f"/records/thing/{record_id}").get_json()
    return found


def _store(served: Served, values: Mapping[str, Any]) -> str:
    return served.platform.records.create(system_actor(), "thing", values).record.id


def _clear(served: Served) -> None:
    with served.platform.records.transaction(system_actor()) as transaction:
        for item in _all(served):
            transaction.delete("thing", item["id"])
