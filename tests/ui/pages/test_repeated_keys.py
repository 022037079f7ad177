"""A form in which a key stands twice that has one value is refused as a whole, and nothing is saved."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from tests.support.served import csrf_token, login_of
from tests.ui.pages.workshop import Site
from ui.repeated_keys import refuse_repeated

Pairs = list[tuple[str, str]]


def send(site: Site, path: str, pairs: Pairs, who: str = "boss") -> int:
    client = site.served.sign_in(who)
    return client.post(path, data=MultiDict([("csrf_token", csrf_token(client, "/")), *pairs])).status_code


@pytest.mark.parametrize(
    "more",
    [
        [("name", "one"), ("name", "two")],
        [("name", "one"), ("name", "one")],
        [("name", ""), ("name", "one")],
        [("name", "one"), ("csrf_token", "another")],
        [("name", "one"), ("version", "1"), ("version", "2")],
        [("name", "one"), ("was-name", "a"), ("was-name", "b")],
        [("name", "one"), ("fs-back", "/"), ("fs-back", "/o/job")],
        [("name", "one"), ("owner", "a"), ("owner", "b")],
        [("name", "one"), ("nobody_knows", "a"), ("nobody_knows", "b")],
    ],
)
def test_a_record_form_that_says_something_twice_is_refused(site: Site, more: Pairs) -> None:
    before = site.served.get("boss", "/records/job?count=exact").get_json()["count"]
    assert send(site, "/o/job/new", more) == 400
    assert site.served.get("boss", "/records/job?count=exact").get_json()["count"] == before


def test_other_forms_refuse_it_too(site: Site) -> None:
    client = site.served.browser()
    token = csrf_token(client)
    for pairs in (
        [("login", login_of("boss")), ("login", login_of("ann")), ("password", "x")],
        [("login", login_of("boss")), ("password", "x"), ("password", "y")],
    ):
        assert client.post("/login", data=MultiDict([("csrf_token", token), *pairs])).status_code == 400
    assert send(site, "/account/tokens", [("name", "a"), ("name", "b")]) == 400
    assert send(site, "/preferences", [("theme", "dark"), ("theme", "light")]) == 400


def test_what_is_chosen_in_numbers_and_boxes_stand_more_than_once() -> None:
    for page, pairs in (
        ("approvals", [("id", "a"), ("id", "b")]),
        ("approval_submit", [("chosen-first", "a"), ("chosen-first", "b")]),
        ("merging", [("with", "a"), ("with", "b")]),
        ("record_form", [("hot", ""), ("hot", "true"), ("lines.0.tags", "a"), ("lines.0.tags", "b")]),
    ):
        refuse_repeated(MultiDict(pairs), page)
    once: list[tuple[str | None, str]] = [
        ("merging", "id"),
        ("approval_submit", "comment"),
        ("api", "object"),
        (None, "id"),
    ]
    for elsewhere, name in once:
        with pytest.raises(BadRequest):
            refuse_repeated(MultiDict([(name, "a"), (name, "b")]), elsewhere)
