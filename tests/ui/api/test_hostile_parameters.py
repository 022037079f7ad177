"""Names in parameters come from the metadata or a closed set: anything else is a 400 and stands in no statement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from engine.errors import RecordNotFound
from engine.platform import check_app_folders
from engine.records.reports import read_report
from metamodel.field_types import standard_field_types
from metamodel.schema_set import SCHEMA_KINDS, editor_schema
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

MARK = "zq9"
HOSTILE = (
    f"{MARK}' OR '1'='1",
    f"{MARK}'; DROP TABLE deals_deal; --",
    f'{MARK}"; DELETE FROM fs_token; --',
    f"name; SELECT pg_sleep(9) /* {MARK} */",
    f"name) UNION SELECT secret FROM fs_credential -- {MARK}",
    f"name, (SELECT 1 FROM {MARK})",
    f"CASE WHEN 1=1 THEN name ELSE {MARK} END",
    f"name COLLATE {MARK}",
    f"name::text{MARK}",
    f"name ASC NULLS FIRST, {MARK}",
    f"-name DESC {MARK}",
    f"--name{MARK}",
    f"name/**/{MARK}",
    f"name\n{MARK}",
    f"name\t{MARK}",
    f"name%27{MARK}",
    f"name\\'{MARK}",
    f"`name`{MARK}",
    f'"name"{MARK}',
    f"[name]{MARK}",
    f"$1{MARK}",
    f":name{MARK}",
    f"%({MARK})s",
    f"?{MARK}?",
    f"{{0.__class__}}{MARK}",
    f"{{{{ {MARK} }}}}",
    f"name.__class__.{MARK}",
    f"__table__.{MARK}",
    f"_{MARK}",
    f"{MARK}.name",
    f"firm.{MARK}",
    f"firm.owner.password_hash.{MARK}",
    f"fs_token.{MARK}",
    f"name.name.{MARK}",
    f"random({MARK})",
    f"pg_read_file({MARK})",
    f"sum(amount) OVER ({MARK})",
    f"名{MARK}",
    f"\u202e{MARK}\u2028",
    f"name'||{MARK}||'",
    f"1e999{MARK}",
    f"{'a' * 300}{MARK}",
)
LISTED = ("sort", "fields", "filter", "view", "limit", "cursor", "count")
EXPORTED = ("sort", "fields", "filter", "view", "format", "heads")
# What is asked as a text inside of a filter, where only a name or a unit of ours may stand.
IN_FILTERS = ("{} = 1", "name {} 1", "count({}) > 1", "closing >= today - 1 {}", "{}(name) = 1", "sum(deals.{}) > 1")
QUERIES: tuple[tuple[str, Any], ...] = (
    ("object", "{}"),
    ("view", "{}"),
    ("groups", ["{}"]),
    ("measures", ["{}"]),
    ("measures", ["sum({})"]),
    ("measures", ["{}(amount)"]),
    *(("filter", text) for text in IN_FILTERS),
)
RECORDED_PLACES = ("/runs?rule={}", "/runs?state={}", "/changes?since={}", "/audit?object={}", "/records/{}")


def _with(shape: Any, value: str) -> Any:
    return [text.replace("{}", value) for text in shape] if isinstance(shape, list) else shape.replace("{}", value)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One database is enough: what is refused here is refused before there is a statement of any."""
    folder = tmp_path_factory.mktemp("hostile")
    with serve_deals(f"sqlite:///{folder / 'fieldstone.sqlite'}", folder) as found:
        yield found


@pytest.mark.promise("SEC-39")
def test_forty_hostile_values_in_each_parameter_give_400_and_reach_no_statement(served: Served) -> None:
    assert len(set(HOSTILE)) >= 40
    served.make("boss", "deal", name="One", amount="5 CNY")
    wrong = []
    with served.platform.database.statements.recording() as statements:
        for value in HOSTILE:
            given = quote(value, safe="")
            paths = [f"/records/deal?{name}={given}" for name in LISTED]
            paths += [f"/exports/deal?{name}={given}" for name in EXPORTED]
            paths += [f"/records/deal?filter={quote(_with(text, value))}" for text in IN_FILTERS]
            for path in paths:
                answer = served.get("admin", path)
                if answer.status_code != 400 or answer.content_type != "application/problem+json":
                    wrong.append((path, answer.status_code))
            for key, shape in QUERIES:
                body = {"object": "deal", key: _with(shape, value)}
                answer = served.call("admin", "POST", "/query", json=body)
                if answer.status_code != (404 if key == "object" else 400):
                    wrong.append((json.dumps(body), answer.status_code))
            # A text that is looked for is a value: any may be asked for, and none finds anything here.
            found = served.get("admin", f"/records/deal?q={given}")
            if found.status_code not in (200, 400) or (found.status_code == 200 and found.get_json()["items"]):
                wrong.append((f"q={given}", found.status_code))
            for shape in RECORDED_PLACES:
                if served.get("admin", _with(shape, given)).status_code >= 500:
                    wrong.append((_with(shape, given), 500))
    assert not wrong, "\n".join(map(str, wrong[:20]))
    assert statements
    assert [text for text in statements if MARK in text] == []


@pytest.mark.promise("SEC-39")
def test_forty_hostile_values_on_pages_reach_no_statement(served: Served) -> None:
    client = served.sign_in("boss")
    with served.platform.database.statements.recording() as statements:
        for value in HOSTILE:
            given = quote(value, safe="")
            for name in ("sort", "filter", "view", "size", "cursor"):
                answer = client.get(f"/o/deal?{name}={given}")
                assert answer.status_code in ((200,) if name in ("view", "size") else (400,)), (name, value)
            for query in (f"field={given}", f"field=amount&operator={given}&value=1", f"add=1&field={given}&value=1"):
                assert client.get(f"/o/deal?{query}").status_code < 500, query
    assert [text for text in statements if MARK in text] == []


@pytest.mark.parametrize("moment", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"])
def test_a_moment_before_or_after_all_time_is_a_400(served: Served, moment: str) -> None:
    answer = served.get("boss", f"/records/deal?filter={quote(f'seen_at > {moment}')}")
    assert answer.status_code == 400
    assert "all time" in answer.get_data(as_text=True)


REPORT = "report: r\nobject: deal\n{}\n"
PLACES = ("columns: [{}]", "where: {}", "group_by: [{}]", "measures: [{{sum: {}}}]", "sort: [{}]")


@pytest.mark.promise("SEC-39")
def test_reports_take_names_of_the_metadata_only(served: Served, tmp_path: Path) -> None:
    objects = {"objects/deal.yaml": "object: deal\nlabel: Deal\nfields:\n  name: {type: text}\n"}
    app = small_app(tmp_path, objects)
    assert check_app_folders([app]).is_sound
    with served.platform.records.reading(served.system()) as transaction:
        for number, value in enumerate(HOSTILE):
            with pytest.raises(RecordNotFound):
                read_report(transaction, value)
            if number % 3:
                continue
            place = PLACES[number % len(PLACES)]
            (app / "reports").mkdir(exist_ok=True)
            (app / "reports" / "r.yaml").write_text(REPORT.format(place.format(json.dumps(value))), "utf-8")
            assert not check_app_folders([app]).is_sound, (place, value)


@pytest.mark.promise("SEC-39")
@pytest.mark.parametrize("kind", SCHEMA_KINDS)
def test_configuration_has_no_place_for_sql(kind: str) -> None:
    keys = _keys(editor_schema(kind, standard_field_types()))
    assert keys
    assert [key for key in keys if re.search(r"sql|statement|query|raw|select", key)] == []


def _keys(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = list(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else []
        return own + [key for value in schema.values() for key in _keys(value)]
    return [key for value in schema for key in _keys(value)] if isinstance(schema, list) else []
