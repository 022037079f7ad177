"""Following a record by its page and by the API; what followers are told stands in their inbox."""

from __future__ import annotations

from sqlalchemy import select

from tests.ui.pages.workshop import Site


def followers(site: Site, record_id: str) -> set[str]:
    platform = site.served.platform
    table = platform.releases.current().tables.of("following").table
    with platform.database.read() as connection:
        query = select(table.c["follower"]).where(table.c["about"] == record_id, table.c["deleted_at"].is_(None))
        return {str(found) for found in connection.execute(query).scalars()}


def test_a_person_follows_a_record_by_its_page_and_no_longer(site: Site) -> None:
    job = site.make("job", name="Pump")
    url = f"/o/job/{job}"
    assert f'action="{url}/follow"' in site.page("ann", url)
    for _ in range(2):
        assert site.post("ann", f"{url}/follow", {}).status_code == 303
        assert followers(site, job) == {site.served.user_ids["ann"]}
    assert f'action="{url}/unfollow"' in site.page("ann", url)
    site.post("ann", f"{url}/unfollow", {})
    assert followers(site, job) == set()


def test_by_the_api_too_and_nobody_follows_what_they_may_not_read(site: Site) -> None:
    job, hidden = site.make("job", name="Pump"), site.make("job", name="Secret", owner="bob")
    served = site.served
    answer = served.call("ann", "POST", f"/records/job/{job}/follow")
    assert (answer.status_code, answer.json) == (200, {"id": job, "follows": True})
    assert served.call("ann", "POST", f"/records/job/{job}/unfollow").json == {"id": job, "follows": False}
    assert followers(site, job) == set()
    for path in (f"/records/job/{hidden}/follow", "/records/job/01980000-0000-7000-8000-000000000000/follow"):
        assert served.call("ann", "POST", path).status_code == 404
    assert site.post("ann", f"/o/job/{hidden}/follow", {}).status_code == 404
    assert followers(site, hidden) == set()


def test_followers_read_in_their_inbox_what_others_changed(site: Site) -> None:
    job = site.make("job", name="Tank", note="one")
    platform = site.served.platform
    keeper = platform.automation.keeper()
    keeper.tick()
    site.post("ann", f"/o/job/{job}/follow", {})
    platform.records.update(site.served.system(), "job", job, {"note": "two"})
    platform.records.update(site.actor("ann"), "job", job, {"name": "Big tank"})
    platform.records.update(site.served.system(), "job", job, {"margin": 5})
    platform.automation.keeper().tick()
    inbox = site.page("ann", "/inbox")
    # What is changed is told, her own changes and what she may not read are not; the title is the one of now.
    assert inbox.count("Big tank was changed") == 1
    assert f"/o/job/{job}" in inbox
