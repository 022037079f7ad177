"""Sixty configurations with empty, missing or unknown parts show nothing or are refused, and so do bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from textwrap import dedent
from typing import Any

import pytest

from engine.access.actor import Actor
from engine.platform import Platform, installed_language
from engine.records.types import ListQuery
from engine.releases.candidate import check_sources
from plugins.manager import PluginManager
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

DEAL = """
    object: deal
    title: "{number}"
    fields:
      number: {type: text, required: true}
      region: {type: text}
      place: {type: text}
      amount: {type: integer}
      parts: {type: tags}
      secret: {type: text, sensitive: true}
"""
OPEN = "objects: {deal: {read: all}}\n"
# What is refused before it is a release: the text of the role, or of another file beside it.
REFUSED: Mapping[str, str] = {
    "a scope without a value": "objects: {deal: {read: }}",
    "a scope that is null": "objects: {deal: {read: ~}}",
    "a scope that is an empty text": 'objects: {deal: {read: ""}}',
    "a scope of blanks": 'objects: {deal: {read: "  "}}',
    "a role nobody knows": "objects: {deal: {read: 'has_role(\"gone\")'}}",
    "a grant without rights": "objects:\n  deal:",
    "a grant that is a list": "objects: {deal: []}",
    "a grant that is a word": "objects: {deal: all}",
    "objects without a value": "objects:",
    "objects as a list": "objects: []",
    "a scope that is a list": "objects: {deal: {read: [all]}}",
    "a scope that is a mapping": "objects: {deal: {read: {}}}",
    "a scope nobody knows": "objects: {deal: {read: everything}}",
    "a scope in capitals": "objects: {deal: {read: ALL}}",
    "a scope over an unknown field": 'objects: {deal: {read: regoin = "x"}}',
    "half a scope": "objects: {deal: {read: own or}}",
    "a scope of no truth": "objects: {deal: {read: amount}}",
    "a number as a scope": "objects: {deal: {read: 1}}",
    "an unknown action": "objects: {deal: {raed: all}}",
    "an unknown object": "objects: {deel: {read: all}}",
    "an object named twice": "objects:\n  deal: {read: no}\n  deal: {read: all}",
    "a right given twice": "objects: {deal: {read: no, read: all}}",
    "an unknown part": f"{OPEN}filds: {{deal.secret: {{read: yes}}}}",
    "fields as an empty list": f"{OPEN}fields: []",
    "a field without rights": f"{OPEN}fields: {{deal.secret: {{}}}}",
    "a field without a value": f"{OPEN}fields: {{deal.secret: }}",
    "a field's right without a value": f"{OPEN}fields: {{deal.secret: {{read: }}}}",
    "a field's right that is an empty text": f'{OPEN}fields: {{deal.region: {{read: ""}}}}',
    "a field's right nobody knows": f"{OPEN}fields: {{deal.secret: {{read: sometimes}}}}",
    "an unknown field": f"{OPEN}fields: {{deal.secrt: {{read: no}}}}",
    "a denial without a value": f"{OPEN}deny: {{deal: }}",
    "a denial of nothing": f"{OPEN}deny: {{deal: []}}",
    "a denial that is empty": f'{OPEN}deny: {{deal: ""}}',
    "a denial of an unknown action": f"{OPEN}deny: {{deal: raed}}",
    "an included role that is null": f"{OPEN}includes: [~]",
    "an included role nobody knows": f"{OPEN}includes: [gone]",
    "rights by name without a value": f"{OPEN}system:",
    "a right by name nobody knows": f"{OPEN}system: [evrything]",
    "a menu without a name": f'{OPEN}menus: [""]',
    "a rule by an unknown role": "rule a\n  when button a on deal is pressed by role \"gone\"\n  then show \"x\"",
    "a rule with an empty condition": "rule a\n  when deal is created\n  if\n  then log \"x\"",
    "a rule for nobody": "rule a\n  when button a on deal is pressed by\n  then show \"x\"",
    "a public form of no fields": "form: ask\nobject: deal\nrole: rep\nfields: []",
    "a public form of no role": "form: ask\nobject: deal\nfields: [number]",
}  # fmt: skip
# What becomes a release, and grants nothing: the scope of `read`.
EMPTY: Mapping[str, str] = {
    "no": "no", "false": "false", "the word empty": '"empty"',
    "own over no owner": "own", "the user over no owner": "owner = user", "a team of nobody": "team",
    "teams that are both empty": "owner.team = user.team", "who reports to nobody": "subordinates",
    "a manager that is empty": "owner.manager = user.manager", "no territory": "territory", "no shares": "shared",
    "a field that is empty": 'region = "east"', "a comparison with an empty field": "amount > 0",
    "a text of the user that is empty": "place = user.phone", "the user's empty text first": "user.phone = place",
    "no part of several": 'parts contains "a"',
    "a team nobody knows": 'in_team("nowhere")', "several that are empty": "team and owner.team = user.team or own",
    "neither empty": "not (owner.team != user.team)", "twice not": "not (not (place = user.phone))",
}  # fmt: skip
NO_SCOPE = {"no rights": "{}", "no right to read": "{update: all, delete: all, export: all, create: yes}"}


def _path(text: str) -> str:
    kind = text.split(maxsplit=1)[0]
    return {"rule": "rules/a.rules", "form:": "forms/ask.yaml"}.get(kind, "roles/broken.yaml")


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("empty")
    roles = {f"r{at}": f"{{read: {scope}}}" for at, scope in enumerate(EMPTY.values())}
    roles |= {f"n{at}": grant for at, grant in enumerate(NO_SCOPE.values())}
    files = {f"roles/{name}.yaml": f"role: {name}\nobjects:\n  deal: {grant}\n" for name, grant in roles.items()}
    files["roles/rep.yaml"] = "role: rep\nobjects: {deal: {read: all, create: yes}, user: {read: all}}\n"
    files["roles/boss.yaml"] = "role: boss\nincludes: [rep]\n"
    app = small_app(folder, {"objects/deal.yaml": DEAL, **files}, name="empty")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        records, system = found.platform.records, found.system()
        records.create(system, "deal", {"number": "bare", "owner": None, "secret": "hush"})
        yield found


def test_there_are_sixty() -> None:
    assert len(REFUSED) + len(EMPTY) + len(NO_SCOPE) >= 60


@pytest.mark.promise("SEC-12")
def test_a_part_that_says_nothing_or_nothing_known_is_refused() -> None:
    language = installed_language(PluginManager.load(candidates=(), environment={}))
    head = "app: empty\nversion: 1.0.0\nlanguages: [en]\n"
    for name, text in REFUSED.items():
        path = _path(text)
        broken = f"role: broken\n{text}\n" if path.startswith("roles/") else f"{text}\n"
        files = {"app.yaml": head, "objects/deal.yaml": DEAL, "roles/rep.yaml": f"role: rep\n{OPEN}", path: broken}
        found = check_sources({f"empty/{each}": dedent(content) for each, content in files.items()}, language)
        assert not found.is_sound, name
        assert {each.at.file for each in found.problems.errors} == {f"empty/{path}"}, (name, found.problems.errors)


@cache
def _role_of(name: str) -> str:
    return f"r{list(EMPTY).index(name)}" if name in EMPTY else f"n{list(NO_SCOPE).index(name)}"


def _seen(platform: Platform, role: str, user_id: str | None) -> list[Any]:
    actor = Actor(user_id=user_id, login="x", roles=frozenset((role,)))
    access = platform.records.access(actor).of("deal")
    if not access.visible:
        return []
    page = platform.records.list(actor, ListQuery(object="deal"))
    with platform.records.reading(actor) as transaction:
        held = [
            values
            for values in transaction.cache.records("deal")
            if access.actions["read"].test(transaction.context("deal", values))
        ]
    return [*page.rows, *held]


@pytest.mark.promise("SEC-12")
@pytest.mark.parametrize("name", [*EMPTY, *NO_SCOPE])
def test_a_scope_over_what_is_empty_shows_nothing(name: str, served: Served) -> None:
    platform = served.platform
    assert _seen(platform, "rep", served.user_ids["ann"]), "the others see it"
    for user_id in (served.user_ids["ann"], None):
        assert _seen(platform, _role_of(name), user_id) == [], (name, user_id)


@pytest.mark.promise("SEC-12")
def test_bodies_and_forms_that_say_something_twice_or_are_no_numbers_are_refused(served: Served) -> None:
    before = served.get("boss", "/records/deal?count=exact").get_json()["count"]
    kind = {"Content-Type": "application/json"}
    for body in (
        b'{"number": "a", "number": "b"}',
        b'{"number": "a", "amount": NaN}',
        b'{"number": "a", "amount": Infinity}',
        b'{"number": "a", "place": {"x": 1, "x": 2}}',
    ):
        assert served.call("boss", "POST", "/records/deal", data=body, headers=kind).status_code == 400, body
    client = served.sign_in("boss")
    form = client.get("/o/deal/new").get_data(as_text=True)
    assert 'name="number"' in form
    token = csrf_token(client, "/o/deal/new")
    for pairs in (f"number=a&number=b&csrf_token={token}", f"number=a&csrf_token={token}&csrf_token={token}"):
        answer = client.post("/o/deal/new", data=pairs, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 400, pairs
    assert served.get("boss", "/records/deal?count=exact").get_json()["count"] == before
