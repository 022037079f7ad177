"""Kept pages: what is rendered once equals what would be rendered now, for everybody, and belongs to nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from engine.records.kept import KeptByUse
from engine.releases.release import Release
from tests.support.served import Served, serve_deals
from tests.ui.pages.workshop import EVIL, WORKSHOP, Site

_PATHS = ("/", "/o/job", "/o/job?sort=-name&size=25", "/o/job?view=board", "/o/firm", "/o/job/new", "/inbox")


def _shown(site: Site, who: str, path: str, language: str = "en", theme: str = "auto") -> str:
    """Give a page without what differs by chance: its token."""
    client = site.client(who)
    client.set_cookie("fieldstone_language", language)
    client.set_cookie("fieldstone_theme", theme)
    try:
        text = site.page(who, path)
    finally:
        client.delete_cookie("fieldstone_language")
        client.delete_cookie("fieldstone_theme")
    return re.sub(r'csrf_token" value="[0-9a-f]+"|X-CSRFToken": "[0-9a-f]+"', "", text)


def _forget(site: Site) -> None:
    """Forget all that is kept of the release, so that the next page is rendered anew."""
    current: Release = site.served.platform.releases.current()
    current._parts.pop("ui.kept", None)


def _tokens(page: str) -> set[str]:
    return set(re.findall(r'csrf_token" value="([^"]+)"|X-CSRFToken": "([^"]+)"', page)[0]) - {""}


def test_a_kept_page_equals_one_rendered_afresh_for_each_person_language_and_theme(site: Site) -> None:
    jobs = [site.make("job", name=name, amount="12.5", due="2026-11-21") for name in (EVIL, "Second", "三")]
    paths = (*_PATHS, *(f"/o/job/{job}/edit" for job in jobs))
    ways = [(who, tongue, theme) for who in ("ann", "boss") for tongue, theme in (("en", "auto"), ("zh", "dark"))]
    asked = [(who, path, tongue, theme) for who, tongue, theme in ways for path in paths]
    kept: dict[tuple[str, str, str, str], str] = {}
    for _ in range(2):  # the second time all of it is kept, and others' requests lie between
        kept = {each: _shown(site, *each) for each in asked}
    for each, text in kept.items():
        _forget(site)
        assert _shown(site, *each) == text, each


def _not_kept(release: Release) -> KeptByUse[object, object]:
    raise AssertionError(f"release {release.number} keeps no pages")


def test_a_second_form_and_list_make_nothing_anew(site: Site) -> None:
    first, second = (site.make("job", name=f"Kept {n}") for n in (1, 2))
    site.page("ann", f"/o/job/{first}/edit")
    kept = site.served.platform.releases.current().part("ui.kept", _not_kept)
    before = len(kept)
    page = site.page("ann", f"/o/job/{second}/edit")
    assert len(kept) == before
    assert second in page
    assert first not in page
    assert "Kept 1" not in page


@pytest.mark.parametrize("other", ["boss", "bob"])
def test_nothing_of_one_person_is_on_anothers_page_whatever_their_roles(site: Site, other: str) -> None:
    site.make("job", name="Of Ann")
    site.make("job", name="Of another", owner=other)
    for path in ("/", "/o/job", "/o/job/new"):
        mine, theirs = site.page("ann", path), site.page(other, path)
        assert "ann@example.com" in mine
        assert "ann@example.com" not in theirs
        assert f'data-user="{site.served.user_ids["ann"]}"' in mine
        assert f'data-user="{site.served.user_ids[other]}"' in theirs
        assert len(_tokens(mine)) == 1
        assert _tokens(mine).isdisjoint(_tokens(theirs))


def test_a_field_that_some_may_not_read_is_on_the_forms_of_others_only(site: Site) -> None:
    job = site.make("job", name="Shared desk")
    assert 'name="margin"' in site.page("boss", f"/o/job/{job}/edit")
    assert 'name="margin"' not in site.page("ann", f"/o/job/{job}/edit")


def test_the_token_of_one_person_is_refused_for_another_and_that_of_an_earlier_page_holds(site: Site) -> None:
    mine, again = (_tokens(site.page("ann", "/o/job")).pop() for _ in range(2))
    assert mine != again
    assert site.client("ann").post("/preferences", data={"csrf_token": mine}).status_code == 303
    assert site.client("boss").post("/preferences", data={"csrf_token": mine}).status_code == 403
    refused = site.client("boss").post("/o/job/new", data={"csrf_token": mine, "name": "x"})
    assert refused.status_code == 403
    # Whoever logged in again in another tab is told that, and nothing of roles.
    assert "This page is out of date" in refused.get_data(as_text=True)
    assert "Your roles" not in refused.get_data(as_text=True)


@pytest.mark.parametrize("token", ["", "00", "zz" * 64, "0" * 128, "1" * 4096])
def test_what_is_no_token_is_refused(site: Site, token: str) -> None:
    answer = site.client("ann").post("/o/job/new", data={"csrf_token": token, "name": "Never"})
    assert answer.status_code == 403
    assert "Never" not in site.page("boss", "/o/job")


def test_messages_are_shown_once_and_only_to_the_one_they_are_for(site: Site) -> None:
    saved = site.post("ann", "/o/job/new", {"name": "With a message"})
    assert saved.status_code == 303
    assert "toast-item" not in site.page("boss", "/o/job")
    assert "toast-item" in site.page("ann", "/o/job")
    assert "toast-item" not in site.page("ann", "/o/job")


def test_the_address_of_each_request_stands_in_its_own_page(site: Site) -> None:
    site.make("job", name="Somewhere")
    for path in ("/o/job?size=100", "/o/job?size=100&x=%22%3E%3Cscript%3E", "/o/job?size=100&y=2"):
        page = site.page("ann", path)
        assert f'name="next" value="{path.replace("&", "&amp;")}"' in page
        assert "<script>" not in page


@pytest.fixture
def changing(database_url: str, tmp_path: Path) -> Iterator[tuple[Site, Path]]:
    app = copytree(WORKSHOP, tmp_path / "workshop")
    with serve_deals(database_url, tmp_path / "served", app_folder=app) as served:
        yield Site(served), app


def test_a_new_release_shows_at_once(changing: tuple[Site, Path]) -> None:
    site, app = changing
    site.make("job", name="Before")
    for path in ("/o/job", "/o/job/new"):
        assert "Renamed" not in site.page("ann", path)
    file = app / "objects" / "job.yaml"
    text = file.read_text("utf-8")
    file.write_text(re.sub(r"(?m)^label:.*$", "label: {en: Renamed, zh: 改名}", text, count=1), "utf-8")
    file.write_text(re.sub(r"(?m)^plural:.*$", "plural: {en: Renamed, zh: 改名}", file.read_text("utf-8")), "utf-8")
    _apply(site.served, app)
    for path in ("/o/job", "/o/job/new"):
        assert "Renamed" in site.page("ann", path)


def _apply(served: Served, app: Path) -> None:
    served.platform.apply_release([app], author="test")
    served.platform.releases.refresh()
