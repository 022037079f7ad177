"""The pool's page, the buttons of a record's page, and its calls as the interface describes them."""

from __future__ import annotations

import pytest

from engine.records.types import ListQuery
from metamodel.values import Ref
from tests.support.desk import Desk

pytestmark = pytest.mark.promise("OBJ-27")


@pytest.fixture(autouse=True)
def _empty(desk: Desk) -> None:
    """Leave nothing of other tests in the pool."""
    records, system = desk.served.platform.records, desk.served.system()
    for row in records.list(system, ListQuery(object="lead", limit=200)).rows:
        records.delete(system, "lead", row.id)


def owner_of(desk: Desk, lead: str) -> str | None:
    owner = desk.read("lead", lead)["owner"]
    assert owner is None or isinstance(owner, Ref)
    return next((who for who, user in desk.served.user_ids.items() if owner == Ref("user", user)), None)


def test_the_pool_is_a_page_with_what_is_held_and_a_button_a_record(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="在公海里", company="上海公司")
    desk.make("lead", owner="bob", name="bobs own")
    page = desk.page("ann", "/pool/lead")
    text = desk.visible_text(page)
    assert "在公海里" in text
    assert "You hold 0 of 3 claimed records" in text
    assert "bobs own" not in text
    assert 'href="/pool/lead"' in desk.page("ann", "/o/lead")
    done = desk.post("ann", f"/o/lead/{lead}/claim", {"fs-back": "/pool/lead"})
    assert (done.status_code, done.location) == (303, "/pool/lead")
    text = desk.visible_text(desk.page("ann", "/pool/lead"))
    assert "The pool is empty" in text
    assert "You hold 1 of 3" in text


def test_a_records_page_claims_and_gives_back(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="by its page")
    assert f'action="/o/lead/{lead}/claim"' in desk.page("ann", f"/o/lead/{lead}")
    assert f'action="/o/lead/{lead}/claim"' not in desk.page("boss", f"/o/lead/{lead}")
    desk.post("ann", f"/o/lead/{lead}/claim", {})
    page = desk.page("ann", f"/o/lead/{lead}")
    assert f"/o/lead/{lead}/release" in page
    assert "protected until" in desk.visible_text(page)
    assert desk.post("ann", f"/o/lead/{lead}/release", {"fs-back": "https://evil.example"}).location.startswith("/")
    assert owner_of(desk, lead) is None


def test_whoever_is_too_late_for_a_record_that_others_do_not_read_is_told_in_the_pool(desk: Desk) -> None:
    lead = desk.make("lead", owner="boss", name="gone meanwhile")
    for record_id in (lead, "01a2026e-0000-7000-8000-000000000000"):
        answer = desk.post("ann", f"/o/lead/{record_id}/claim", {"fs-back": "/pool/lead"})
        assert (answer.status_code, answer.location) == (303, "/pool/lead")
        assert "no longer in the pool" in desk.page("ann", "/pool/lead")
        assert desk.post("ann", f"/o/lead/{record_id}/claim", {}).status_code == 404


def test_pages_refuse_with_the_reason(desk: Desk) -> None:
    leads = [desk.make("lead", owner=None, name=f"page quota {n}") for n in range(4)]
    for lead in leads:
        desk.post("ann", f"/o/lead/{lead}/claim", {})
    assert "You hold 3 of at most 3" in desk.page("ann", "/pool/lead")
    assert owner_of(desk, leads[3]) is None
    desk.page("none", "/pool/lead", status=404)
    desk.page("ann", "/pool/deal", status=404)


def test_the_interface_is_described_and_what_has_no_pool_refuses(desk: Desk) -> None:
    paths = desk.served.get("ann", "/openapi.json").get_json()["paths"]
    assert "post" in paths["/records/lead/{id}/claim"]
    assert "/records/deal/{id}/claim" not in paths
    account = desk.make("account", owner=None, name="no pool")
    assert desk.served.call("ann", "POST", f"/records/account/{account}/claim", json={}).status_code == 404
    lead = desk.make("lead", owner=None, name="strict")
    assert desk.served.call("ann", "POST", f"/records/lead/{lead}/claim", json={"owner": "x"}).status_code == 400
