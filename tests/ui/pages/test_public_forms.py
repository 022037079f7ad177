"""Public forms: by page and by API, for anybody, with the rights of their role and no more; on both databases."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.intake.limits import PER_ADDRESS, WINDOW_S
from engine.testing.sample_shop import do_runs, rows_of, runs_of
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

pytestmark = pytest.mark.promise("API-13")

FILES = {
    "objects/lead.yaml": """
        object: lead
        title: "{name}"
        fields:
          name: {type: text, required: true, max_length: 40, label: {en: Name, zh: 姓名}}
          email: {type: email, unique: true, label: {en: E-mail, zh: 邮箱}}
          size: {type: choice, options: {small: {}, gone: {active: false}, big: {}}, default: small}
          budget: {type: money}
          tax_no: {type: text, sensitive: true}
          agreed: {type: boolean}
          source: {type: text}
          secret: {type: text}
          referee: {type: lookup, to: lead, inverse: referred}
        duplicates:
          - {match: [{field: name, how: exact}], action: block}
          - {match: [{field: budget, how: exact}], action: warn}
        """,
    "forms/contact_us.yaml": """
        form: contact_us
        label: {en: Contact us, zh: 联系我们}
        help: {en: We answer within a day., zh: 我们会在一天内回复。}
        object: lead
        role: web_form
        fields:
          - name
          - {field: email, label: {en: Your e-mail, zh: 您的邮箱}, required: true}
          - size
          - budget
          - tax_no
          - {field: agreed, required: true}
        values: {source: website}
        thanks: {en: Thanks & bye, zh: 谢谢您}
        origins: [https://www.example.com]
        """,
    "forms/plain.yaml": "form: plain\nobject: lead\nrole: web_form\nfields: [name]\n",
    "forms/powerless.yaml": "form: powerless\nobject: lead\nrole: nobody\nfields: [name]\n",
    "roles/web_form.yaml": """
        role: web_form
        objects:
          lead: {create: yes, read: own}
        fields:
          lead.tax_no: {read: yes, update: yes}
        """,
    "roles/nobody.yaml": "role: nobody\nobjects:\n  lead: {read: own, create: no}\n",
    "roles/boss.yaml": "role: boss\nobjects:\n  lead: {read: all, create: yes, update: all}\n",
    "roles/rep.yaml": "role: rep\nobjects:\n  user: {read: all}\n",
    "rules/a.rules": """
        rule web_lead when form contact_us is submitted if form.size = "big"
          then create lead { name: form.name & " (rule)", source: "rule {form.email}", budget: form.budget }
        rule always when form contact_us is submitted
          then set secret = "seen by {coalesce(user.name, \\"nobody\\")}" as system
        """,
}  # fmt: skip
GOOD = {"name": "Li Lei", "email": "li@example.com", "agreed": "true"}
START = dt.datetime(2026, 11, 2, 0, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: FixedClock) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("forms")
    app = small_app(folder, FILES, settings="languages: [en, zh]\nautomation: {roles: [boss]}\n")
    with serve_deals(module_database_url, folder, app_folder=app, clock=clock) as opened:
        yield opened


@pytest.fixture(autouse=True)
def later(clock: FixedClock) -> None:
    """Each test has the counts of its own time."""
    clock.move_to(clock.now() + dt.timedelta(seconds=WINDOW_S))


def leads(served: Served) -> dict[str, dict[str, Any]]:
    do_runs(served.platform)
    return {row["name"]: row for row in rows_of(served.platform, "lead")}


def test_a_form_makes_a_record_for_nobody_and_starts_its_rules_with_what_was_filled_in(served: Served) -> None:
    visitor = served.browser()
    page = visitor.get("/f/contact_us")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    assert "Your e-mail" in text
    assert "We answer within a day." in text
    assert 'value="gone"' not in text
    assert 'name="source"' not in text
    sent = visitor.post("/f/contact_us", data={**GOOD, "name": "By page", "size": "big", "budget": "1200"})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/f/contact_us/thanks")
    assert "Thanks &amp; bye" in visitor.get(sent.headers["Location"]).get_data(as_text=True)
    api = served.call(
        None, "POST", "/forms/contact_us", json={**GOOD, "email": "b@example.com", "name": "By API", "agreed": True}
    )
    assert (api.status_code, api.get_json()) == (201, {"accepted": True, "thanks": "Thanks & bye"})
    found = leads(served)
    assert found["By page"]["source"] == "website"
    assert found["By page"]["owner"] is None
    assert found["By page"]["created_by"] is None
    assert found["By page"]["secret"] == "seen by nobody"
    assert found["By API"]["size"] == "small"
    assert found["By page (rule)"]["source"] == "rule li@example.com"
    assert str(found["By page (rule)"]["budget"].amount) in ("1200", "1200.00")
    assert "By API (rule)" not in found
    runs = [(run["rule"], run["state"], run["outcome"], run["record_title"]) for run in runs_of(served.platform)]
    assert ("web_lead", "done", "not met", "By API") in runs
    history = served.get("boss", f"/records/lead/{found['By page']['id']}/history").get_json()["items"]
    assert [entry["origin"] for entry in history] == ["rule", "form"]


REFUSED: tuple[tuple[str, dict[str, Any], set[str]], ...] = (
    ("nothing", {}, {"name", "email", "agreed"}),
    ("a field of the object that the form does not ask", {**GOOD, "secret": "x"}, {"secret"}),
    ("what the form gives itself", {**GOOD, "source": "me"}, {"source"}),
    ("a field of the product", {**GOOD, "owner": "x"}, {"owner"}),
    ("a field that is none", {**GOOD, "nothing": "x"}, {"nothing"}),
    ("a text that is too long", {**GOOD, "name": "长" * 41}, {"name"}),
    ("no address", {**GOOD, "email": "x"}, {"email"}),
    ("an option that is gone", {**GOOD, "size": "gone"}, {"size"}),
    ("no option", {**GOOD, "size": "huge"}, {"size"}),
    ("a list in place of a text", {**GOOD, "name": ["a"]}, {"name"}),
    ("an object in place of a text", {**GOOD, "name": {"a": 1}}, {"name"}),
    ("blanks where a value is needed", {**GOOD, "email": "  "}, {"email"}),
)


def test_a_form_takes_its_own_fields_only_and_says_what_is_wrong_with_them(served: Served) -> None:
    before = len(leads(served))
    for what, body, fields in REFUSED:
        answer = served.call(None, "POST", "/forms/contact_us", json=body)
        assert answer.status_code == 422, (what, answer.get_data(as_text=True))
        told = {error["field"] for error in answer.get_json()["errors"]}
        assert told & fields, (what, told)
    typed = served.browser().post("/f/contact_us", data={**GOOD, "email": "wrong", "name": "Kept <b>", "secret": "x"})
    text = typed.get_data(as_text=True)
    assert typed.status_code == 422
    assert "Kept &lt;b&gt;" in text
    assert "form-contact_us-email" in text
    assert len(leads(served)) == before
    for path in ("/forms/powerless", "/forms/nothing", "/forms/lead"):
        answer = served.call(None, "POST", path, json={"name": "x"})
        assert answer.status_code == (403 if path.endswith("powerless") else 404), path


def test_a_form_tells_nothing_of_other_records_and_warnings_stop_nobody(served: Served) -> None:
    make = {"name": "Known", "email": "known@example.com", "budget": "77 CNY"}
    served.platform.records.create(system_actor(), "lead", make)
    for given in ({"email": "known@example.com", "name": "Other"}, {"name": "Known", "email": "o@example.com"}):
        answer = served.call(None, "POST", "/forms/contact_us", json={**GOOD, **given, "agreed": True})
        (told,) = answer.get_json()["errors"]
        assert (answer.status_code, told["code"]) == (422, "not_unique")
        assert told["message"] == "This value can't be used here."
        assert "Known" not in answer.get_data(as_text=True).replace(str(given), "")
    alike = {**GOOD, "name": "Alike", "email": "alike@example.com", "budget": "77", "agreed": True}
    assert served.call(None, "POST", "/forms/contact_us", json=alike).status_code == 201
    assert "Alike" in leads(served)


def test_who_fills_the_trap_is_thanked_and_nothing_is_kept(served: Served) -> None:
    before = len(leads(served))
    trapped = {**GOOD, "name": "Bot", "fs-homepage": "https://spam.example"}
    assert served.browser().post("/f/contact_us", data=trapped).status_code == 303
    assert served.call(None, "POST", "/forms/contact_us", json=trapped).status_code == 201
    assert len(leads(served)) == before


def test_forms_are_counted_by_address_in_the_database_and_big_ones_are_not_read(
    served: Served, clock: FixedClock
) -> None:
    for _ in range(PER_ADDRESS):
        assert served.call(None, "POST", "/forms/plain", json={}).status_code == 422
    again = served.call(None, "POST", "/forms/plain", json={"name": "Too many"})
    assert (again.status_code, again.get_json()["code"]) == (429, "too_many_attempts")
    assert 0 < int(again.headers["Retry-After"]) <= WINDOW_S
    page = served.browser().post("/f/plain", data={"name": "Too many"})
    assert page.status_code == 429
    others = served.call(None, "POST", "/forms/plain", json={"name": "Else"}, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert others.status_code == 201
    network = [{"REMOTE_ADDR": f"2001:db8::{number}"} for number in range(1, PER_ADDRESS + 2)]
    tried = [served.call(None, "POST", "/forms/plain", json={}, environ_base=each).status_code for each in network]
    assert tried == [422] * PER_ADDRESS + [429]
    clock.move_to(clock.now() + dt.timedelta(seconds=WINDOW_S))
    assert served.call(None, "POST", "/forms/plain", json={"name": "Later"}).status_code == 201
    for path in ("/f/plain", "/api/v1/forms/plain"):
        big = served.browser().post(
            path, data=b"name=" + b"x" * 70_000, content_type="application/x-www-form-urlencoded"
        )
        assert big.status_code in (413, 415), path
    huge = served.call(None, "POST", "/forms/plain", json={"name": "x" * 70_000})
    assert huge.status_code == 413
    assert "Too many" not in leads(served)


@pytest.mark.parametrize("path", ["/f/contact_us", "/f/contact_us/thanks", "/f/plain", "/login"])
def test_a_form_stands_in_frames_of_the_sites_it_names_and_in_no_other(served: Served, path: str) -> None:
    headers = served.browser().get(path).headers
    (policy,) = headers.getlist("Content-Security-Policy")
    framed = "contact_us" in path
    assert ("frame-ancestors https://www.example.com" in policy) == framed
    assert ("frame-ancestors 'none'" in policy) != framed
    assert ("X-Frame-Options" in headers) != framed


def test_no_cookie_counts_on_a_form_and_other_sites_cannot_post_to_it(served: Served) -> None:
    boss = served.sign_in("boss")
    assert boss.post("/f/plain", data={"name": "As nobody"}).status_code == 303
    assert leads(served)["As nobody"]["created_by"] is None
    for path in ("/f/plain", "/api/v1/forms/plain"):
        foreign = boss.post(path, data={"name": "Foreign"}, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403, path
    assert "Foreign" not in leads(served)
    assert csrf_token(boss, "/")


def test_a_form_speaks_the_language_of_the_address(served: Served) -> None:
    visitor = served.browser()
    text = visitor.get("/f/contact_us?language=zh").get_data(as_text=True)
    assert "联系我们" in text
    assert "您的邮箱" in text
    refused = visitor.post("/f/contact_us?language=zh", data={})
    assert "此项必须填写。" in refused.get_data(as_text=True)
    sent = visitor.post("/f/contact_us?language=zh", data={**GOOD, "name": "中文", "email": "zh@example.com"})
    assert "谢谢您" in visitor.get(sent.headers["Location"]).get_data(as_text=True)
    assert re.search(r'<html lang="en"', visitor.get("/f/contact_us?language=xx").get_data(as_text=True))


def test_the_document_of_the_api_has_each_form_and_no_survey(served: Served) -> None:
    paths = served.get("boss", "/openapi.json").get_json()["paths"]
    call = paths["/forms/contact_us"]["post"]
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    assert call["security"] == []
    assert schema["required"] == ["name", "email", "agreed"]
    assert set(schema["properties"]) == {"name", "email", "size", "budget", "tax_no", "agreed", "fs-homepage"}
