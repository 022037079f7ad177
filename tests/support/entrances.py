"""The entrances that values come in by: each gives a case's values to the product and tells what it was told.

One entrance is one function of ENTRANCES: `(visit) -> verdict`, a list of (field, message), or None where the case
does not go through it (a cell changes one field of a record that is there).
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access.actor import Actor
from engine.testing.sample_shop import do_runs, runs_of
from metamodel.texts import label_text
from tests.support.common_keys import CASES, SPEAKERS, Case, Person
from tests.support.served import Served, csrf_token

Verdict = list[tuple[str, str]]
_ITEM = re.compile(r'<li><a href="#[^"]*?-(\w+)">[^<]*</a>: (.*?)</li>')
_HIDDEN = re.compile(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">')
_BESIDE = re.compile(r'<p class="field-error" id="[0-9a-z-]*?-([a-z_]+)-error">.*?<span>(.*?)</span>', re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One case that somebody gives through one entrance. client: signed in as who it is. person_ids: by external id."""

    served: Served
    who: str
    client: FlaskClient
    case: Case
    record_id: str | None
    folder: Path
    person_ids: Mapping[str, str]

    @property
    def actor(self) -> Actor:
        found = self.served.platform.accounts.actor_of(f"{self.who}@example.com")
        assert found is not None
        return found

    @property
    def raw(self) -> dict[str, Any]:
        """The values as the API takes them."""
        return {
            name: self.person_ids[value.key] if isinstance(value, Person) else value
            for name, value in self.case.given.items()
        }

    @property
    def typed(self) -> dict[str, str]:
        """The values as people type them."""
        return {name: _typed(name, value) for name, value in self.raw.items()}

    @property
    def only_field(self) -> str | None:
        """The field of a case that changes one field of a record."""
        return next(iter(self.case.given)) if self.record_id is not None and len(self.case.given) == 1 else None


def _typed(name: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else ""
        case list():
            return "\n".join(value)
    return f"{float(value) * 100:g}" if name == "rate" else str(value)


def by_api(visit: Visit) -> Verdict:
    path = "/records/thing" + (f"/{visit.record_id}" if visit.record_id else "")
    answer = visit.served.call(visit.who, "PATCH" if visit.record_id else "POST", path, json=visit.raw)
    assert answer.status_code in (200, 201, 422), answer.get_data(as_text=True)
    return [(error["field"], error["message"]) for error in answer.get_json().get("errors", ())]


def by_bulk(visit: Visit) -> Verdict:
    row = {"do": "update", "id": visit.record_id} if visit.record_id else {"do": "create"}
    body = {"rows": [{**row, "values": visit.raw}]}
    answer = visit.served.call(visit.who, "POST", "/records/thing/bulk", json=body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    (told,) = answer.get_json()["rows"]
    return [(error["field"], error["message"]) for error in told.get("errors", ())]


def by_import(visit: Visit) -> Verdict:
    cells = {name: _cell(value) for name, value in visit.case.given.items()}
    given = {**({"id": visit.record_id} if visit.record_id else {}), **cells}
    file = visit.folder / "things.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([list(given), list(given.values())])
    result = visit.served.platform.imports.import_csv(visit.actor, "thing", file)
    told = [(error.column, error.reason) for error in result.errors]
    return [(column, reason) if column else tuple(reason.split(": ", 1)) for column, reason in told]  # type: ignore[misc]


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Person():
            return value.key
        case list():
            return "; ".join(value)
    return str(value)


def by_form(visit: Visit) -> Verdict:
    client = visit.client
    page = f"/o/thing/{visit.record_id}/edit" if visit.record_id else "/o/thing/new"
    answer = client.post(page, data={**visit.typed, "csrf_token": csrf_token(client, page)})
    return _told(answer, _ITEM)


def by_cell(visit: Visit) -> Verdict | None:
    """A cell of a list that is changed in place."""
    return _by_place(visit, "list")


def by_record_field(visit: Visit) -> Verdict | None:
    """A field of the record page that is changed in place."""
    return _by_place(visit, "record")


def _by_place(visit: Visit, place: str) -> Verdict | None:
    name = visit.only_field
    if name is None:
        return None
    client = visit.client
    address, htmx = f"/o/thing/{visit.record_id}/field/{name}?fs-place={place}", {"HX-Request": "true"}
    asked = client.get(address, headers=htmx)
    # A field that is not offered answers with a page of its own, whose forms are others.
    hidden = dict(_HIDDEN.findall(asked.get_data(as_text=True))) if asked.status_code == 200 else {}
    data = {"csrf_token": csrf_token(client, "/"), **hidden, **visit.typed}
    answer = client.post(address, data=data, headers=htmx)
    if answer.status_code == 200:
        assert answer.headers["HX-Retarget"] == ("#main" if place == "record" else f"#record-thing-{visit.record_id}")
        return []
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422, text[:200]
    # Each stands beside its field, which says nothing of their order.
    told = {name: html.unescape(message) for name, message in _BESIDE.findall(text)}
    return [(name, told.pop(name)) for name in visit.case.refused if name in told] + list(told.items())


def by_many(visit: Visit) -> Verdict | None:
    """The page that changes one field of many records."""
    name = visit.only_field
    if name is None:
        return None
    client = visit.client
    page = f"/o/thing/edit-many?fs-field={name}"
    given = {"fs-field": name, "fs-how": "set", "fs-empty": "1", "fs-record": visit.record_id, **visit.typed}
    answer = client.post("/o/thing/edit-many", data={**given, "csrf_token": csrf_token(client, page)})
    text = answer.get_data(as_text=True)
    assert answer.status_code in (303, 422), text[:200]
    fields = visit.served.platform.releases.current().metamodel.objects["thing"].fields
    names = {label_text(field.label, visit.actor.language, field.name): field.name for field in fields.values()}
    told = html.unescape("".join(re.findall(r"<li><a href=[^>]*>[^<]*</a>: (.*?)</li>", text)))
    found = re.split(rf"(?:^| )({'|'.join(map(re.escape, names))}): ", told)[1:]
    return [(names[label], message) for label, message in zip(found[::2], found[1::2], strict=True)]


def by_rule(visit: Visit) -> Verdict:
    target = {"target": visit.record_id} if visit.record_id else {}
    visit.served.make(visit.who, "poke", number=CASES.index(visit.case), **target)
    do_runs(visit.served.platform, waits_too=False)
    run = runs_of(visit.served.platform)[-1]
    if run["state"] == "done":
        return []
    told = str(run["error"])
    found = re.split(rf"(?:^|; )({'|'.join(visit.case.refused)}): ", told)[1:]
    return list(zip(found[::2], found[1::2], strict=True))


def _told(answer: TestResponse, pattern: re.Pattern[str]) -> Verdict:
    text = answer.get_data(as_text=True)
    assert answer.status_code in (303, 422), text[:200]
    return [(name, html.unescape(told)) for name, told in pattern.findall(text)]


def by_public_form(visit: Visit) -> Verdict | None:
    """A form that anybody fills in; it makes new records, and knows nothing of lookups."""
    case = visit.case
    if visit.record_id is not None or "contact" in case.given:
        return None
    if case.beside is not None and case.refused in (("serial",), ("mails",)):
        return None  # which record a duplicate is of is told to those who may read it
    number = CASES.index(visit.case)
    address = (
        f"10.{sorted(SPEAKERS).index(visit.who)}.{number // 250}.{number % 250 + 1}"  # each tries a few times only
    )
    answer = visit.served.browser().post(
        "/api/v1/forms/ask",
        json={name: value for name, value in visit.raw.items()},
        headers={"Accept-Language": SPEAKERS[visit.who]},
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert answer.status_code in (201, 422), answer.get_data(as_text=True)
    return [(error["field"], error["message"]) for error in answer.get_json().get("errors", ())]


ENTRANCES: tuple[Callable[[Visit], Verdict | None], ...] = (
    by_api, by_bulk, by_import, by_form, by_cell, by_record_field, by_many, by_rule,
    by_public_form,
)  # fmt: skip
