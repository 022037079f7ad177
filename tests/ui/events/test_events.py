"""Behaviour events: each id once, of the person that a number, mail address or phone tells, now or later."""

from __future__ import annotations

from tests.ui.events.conftest import Shop


def test_events_find_their_person_once_and_wait_where_nobody_or_several_fit(shop: Shop) -> None:
    ada = shop.customer(name="Ada", number="C-1", email="Ada@Example.com", phone="13800000001")
    for name in ("Twin one", "Twin two"):
        shop.customer(name=name, email="twin@example.com")
    sent = (
        {"id": "e1", "kind": "page_view", "number": "C-1", "page": "/a", "happened_at": "2026-03-01T08:00:00Z"},
        {"id": "e2", "kind": "download", "mail": "ADA@example.com"},
        {"id": "e3", "kind": "purchase", "phone": "+86 138 0000 0001", "amount": "12.50"},
        {"id": "e4", "kind": "page_view", "mail": "twin@example.com"},
        {"id": "e5", "kind": "page_view", "mail": "nobody@example.com", "page": "/early"},
    )
    assert shop.outcomes(*sent) == ["taken"] * 5
    assert shop.outcomes(*sent) == ["repeated"] * 5
    found = shop.served.get("ann", "/records/behaviour?fields=customer,mail&sort=id").get_json()["items"]
    assert [(each["customer"] or {}).get("id") for each in found] == [ada, ada, ada, None, None]
