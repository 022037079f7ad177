"""A form made from its layout alone is judged by the server as the save is: while one types, and without scripts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

import pytest

from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals
from tests.support.visits import Visits

pytestmark = pytest.mark.promise("UIX-18")

FILES = {
    "objects/ask.yaml": """
        object: ask
        title: "{name}"
        fields:
          name: {type: text, required: true, label: {en: Title, zh: 标题}, help: {en: In a few words., zh: 简短说明。}}
          kind: {type: choice, default: plain, options: [plain, big, lost], label: Kind}
          amount: {type: integer, required_if: 'kind = "big"', label: Amount}
          reason: {type: text, visible_if: 'kind = "lost"', required_if: 'kind = "lost"', label: Reason}
          region:
            type: choice
            depends_on: kind
            label: Region
            options: {north: {for: [plain, big]}, south: {for: [big]}, none: {for: [lost]}}
          deep: {type: text, label: Deep}
          fixed: {type: text, readonly_if: 'kind = "big"', label: Fixed}
        layout:
          sections:
            - {label: Main, fields: [name, kind, amount, reason, region]}
            - {label: Depths, fields: [deep, fixed], visible_if: 'kind != "lost"'}
        """,
    "roles/rep.yaml": "role: rep\nobjects: {ask: {read: own, create: yes, update: own}, user: {read: all}}\n",
    "roles/boss.yaml": "role: boss\nobjects: {ask: {read: all}, user: {read: all}}\n",
}
KINDS, REGIONS = ("plain", "big", "lost"), ("", "north", "south", "none")


@pytest.fixture(scope="module")
def visits(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    folder = tmp_path_factory.mktemp("layout")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as served:
        yield Visits(served)


def control(page: str, name: str) -> str:
    found = re.search(rf'<(?:input|select|textarea)(?=[^>]*\sname="{name}")(?![^>]*type="hidden")[^>]*>', page)
    return found[0] if found else ""


def shown(page: str) -> set[str]:
    names = ("name", "kind", "amount", "reason", "region", "deep", "fixed")
    return {name for name in names if control(page, name)}


def required(page: str) -> set[str]:
    return {name for name in shown(page) if re.search(r'\s(aria-required="true"|required)', control(page, name))}


def options(page: str, name: str) -> set[str]:
    inside = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page, re.S)
    return set(re.findall(r'<option value="([^"]+)"', inside[1])) if inside else set()


def verdict(served: Served, values: Mapping[str, object]) -> dict[str, str]:
    """What the save says of the values: field → code."""
    given = {name: value for name, value in values.items() if value != ""}
    answer = served.call("ann", "POST", "/records/ask", json=given)
    return {each["field"]: each["code"] for each in answer.get_json().get("errors", ())}


def test_labels_help_visible_required_and_options_follow_the_expressions_of_the_save(visits: Visits) -> None:
    new = visits.page("ann", "/o/ask/new")
    for word in ("Title", "In a few words.", "Main", "Depths"):
        assert word in new
    for kind, amount, region in itertools.product(KINDS, ("", "5"), REGIONS):
        typed = {"name": "", "kind": kind, "amount": amount, "reason": "", "region": region, "deep": "kept"}
        while_typing = visits.post("ann", "/o/ask/new/state", typed, htmx=True).get_data(as_text=True)
        refused = visits.post("ann", "/o/ask/new", typed)
        assert refused.status_code == 422
        page = refused.get_data(as_text=True)
        told = verdict(visits.served, typed)
        accepted = {each for each in REGIONS[1:] if "region" not in verdict(visits.served, {**typed, "region": each})}
        for form in (while_typing, page):
            assert ("reason" in shown(form), "deep" in shown(form)) == (kind == "lost", kind != "lost")
            empty = {name for name in required(form) if not typed.get(name)}
            assert empty == {name for name, code in told.items() if code == "required"}, (typed, told)
            # What was typed and does not go with the rest stands there still, for the person to see.
            assert options(form, "region") - {region} == accepted - {region}
        # Every typed value is there again, and the first error leads to its control.
        assert f'<option value="{kind}" selected' in page
        if amount:
            assert 'value="5"' in control(page, "amount")
        if kind != "lost":
            assert 'value="kept"' in control(page, "deep")
        assert 'aria-invalid="true"' in control(page, "name")
        assert page.index("data-fs-refused") >= 0
        assert re.search(r'href="#(ask-new-\w+)"', page)[1] == "ask-new-name"  # type: ignore[index]


def test_what_can_not_be_changed_stands_there_and_is_refused_from_everywhere(visits: Visits) -> None:
    made = {
        kind: visits.served.make("ann", "ask", name=kind, kind=kind, amount=1, fixed="as it was")["id"]
        for kind in KINDS[:2]
    }
    for kind, record in made.items():
        page = visits.page("ann", f"/o/ask/{record}/edit")
        state = visits.post("ann", f"/o/ask/{record}/state", {"name": "typed", "kind": kind}, htmx=True)
        for form in (page, state.get_data(as_text=True)):
            assert bool(control(form, "fixed")) == (kind == "plain"), kind
            assert "as it was" in form or kind == "plain"
        answer = visits.served.call("ann", "PATCH", f"/records/ask/{record}", json={"fixed": "other"})
        assert answer.status_code == (200 if kind == "plain" else 422)
        visits.post(
            "ann",
            f"/o/ask/{record}/edit",
            {"name": "typed", "kind": kind, "amount": "1", "fixed": "forced", "was-fixed": ""},
        )
        stored = visits.read("ask", record)["fixed"]
        assert (stored == "as it was") == (kind == "big"), stored
