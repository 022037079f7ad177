"""Sharing a record by its page and by the API: who has it is listed, told to them, and what is refused says why."""

from __future__ import annotations

import pytest

from tests.ui.pages.workshop import Site


def with_whom(site: Site, job: str) -> dict[str, str]:
    """Give who has a job by a share, by the API of its owner: title → level."""
    answer = site.served.call("ann", "GET", f"/records/job/{job}/share")
    return {each["title"]: each["level"] for each in answer.get_json()["items"]}


def test_a_person_shares_a_record_by_its_page_lists_who_has_it_and_ends_it(site: Site) -> None:
    job = site.make("job", name="Pump")
    url, bob = f"/o/job/{job}", f"user:{site.served.user_ids['bob']}"
    assert f'href="{url}/share"' in site.page("ann", url)
    assert f'value="{bob}"' in site.page("ann", f"{url}/share")
    given = {"with": bob, "level": "edit", "until": "2099-03-01"}
    assert site.post("ann", f"{url}/share", given).status_code == 303
    assert list(with_whom(site, job).values()) == ["edit"]
    page = site.page("ann", f"{url}/share")
    assert page.count(f'name="with" value="{bob}"') == 1
    assert "2099" in page
    told = site.page("bob", "/inbox")
    assert "shared a record with you, to edit until 2099-03-01" in told
    history = site.page("ann", url)
    assert "Shared" in history
    assert "until" in history
    assert site.post("ann", f"{url}/unshare", {"with": bob}).status_code == 303
    assert with_whom(site, job) == {}
    assert "No longer shared" in site.page("ann", url)


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"with": "", "level": "read"}, 422, "Choose whom"),
        ({"with": "user:nonsense", "level": "read"}, 422, "no such user"),
        ({"with": "BOB", "level": "read", "until": "2001-01-01"}, 422, "over already"),
        ({"with": "BOB", "level": "read", "until": "soon"}, 422, "is not a day"),
        ({"with": "ANN", "level": "read"}, 422, "You have this record already"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_chosen(
    site: Site, given: dict[str, str], status: int, said: str
) -> None:
    job, ids = site.make("job", name="Pump"), site.served.user_ids
    sent = {
        **given,
        "with": {"BOB": f"user:{ids['bob']}", "ANN": f"user:{ids['ann']}"}.get(given["with"], given["with"]),
    }
    answer = site.post("ann", f"/o/job/{job}/share", sent)
    assert answer.status_code == status
    text = answer.get_data(as_text=True)
    assert said in text
    if given["with"] == "BOB":
        assert f'value="{sent["with"]}" selected' in text
    assert with_whom(site, job) == {}


def test_the_api_shares_lists_ends_and_refuses(site: Site) -> None:
    job, hidden = site.make("job", name="Pump"), site.make("job", name="Secret", owner="bob")
    bob, path = site.served.user_ids["bob"], f"/records/job/{job}/share"
    call = site.served.call
    made = call("ann", "POST", path, json={"with": {"user": bob}, "until": "2099-03-01"})
    assert made.status_code == 200
    (share,) = made.get_json()["items"]
    assert (share["with"], share["level"], share["by"]["id"]) == ({"user": bob}, "read", site.served.user_ids["ann"])
    assert share["until"].startswith(("2099-03-01T", "2099-03-02T"))
    assert call("ann", "GET", path).get_json() == made.get_json()
    (entry, *_) = call("ann", "GET", f"/records/job/{job}/history").get_json()["items"]
    assert (entry["action"], entry["share"]["with"], entry["share"]["old"]) == ("shared", {"user": bob}, None)
    refused: tuple[tuple[dict[str, object], int], ...] = (
        ({}, 400),
        ({"with": {"user": bob, "role": "rep"}}, 400),
        ({"with": {"queue": bob}}, 400),
        ({"with": {"user": 5}}, 400),
        ({"with": {"user": bob}, "level": "own"}, 400),
        ({"with": {"user": bob}, "more": 1}, 400),
        ({"with": {"user": bob}, "until": "2099-03-01T10:00:00"}, 422),
        ({"with": {"user": bob}, "until": 5}, 422),
        ({"with": {"role": "gone"}}, 422),
    )
    for body, status in refused:
        assert call("ann", "POST", path, json=body).status_code == status, body
    for method in ("GET", "POST", "DELETE"):
        given = {"json": {"with": {"user": bob}}} if method == "POST" else {}
        query = f"?user={bob}" if method == "DELETE" else ""
        assert call("ann", method, f"/records/job/{hidden}/share{query}", **given).status_code == 404
    assert call("ann", "DELETE", f"{path}?user={bob}&role=rep").status_code == 400
    assert call("ann", "DELETE", f"{path}?user={bob}").get_json()["items"] == []
