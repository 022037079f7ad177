"""The inbox: one's own notifications only, newest first, marked read by a press."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from engine.access.actor import Actor
from engine.automation.notices import Notices
from tests.support.served import Served, post_form, serve_deals

AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_deals(module_database_url, tmp_path_factory.mktemp("served")) as found:
        yield found


def tell(served: Served, who: str, text: str, *, deal: str | None = None) -> None:
    """Notify a user as a rule does."""
    notices = Notices(served.platform.system, served.platform.ids)
    about = "deal" if deal else None
    with served.platform.database.write() as connection:
        notices.add(
            connection, served.user_ids[who], text, key=f"{text}:{who}", at=AT, object_key=about, record_id=deal
        )


def read(served: Served, who: str) -> list[bool]:
    """Say of each notification of a user whether it is read."""
    person = Actor(user_id=served.user_ids[who], login=who)
    return [each.is_read for each in served.platform.automation.inbox.list(person)]


def test_people_see_their_own_notifications_newest_first(served: Served) -> None:
    deal = served.make("ann", "deal", name="Told")
    tell(served, "ann", "First <b>told</b>")
    tell(served, "ann", "Second told", deal=deal["id"])
    tell(served, "bob", "For bob only")
    page = served.sign_in("ann").get("/inbox").get_data(as_text=True)
    assert page.index("Second told") < page.index("First &lt;b&gt;told&lt;/b&gt;")
    assert f'href="/o/deal/{deal["id"]}"' in page
    assert "For bob only" not in page


def test_marking_read_clears_the_count_of_the_one_who_pressed(served: Served) -> None:
    tell(served, "boss", "One for the boss")
    tell(served, "bob", "One more for bob")
    client = served.sign_in("boss")
    assert ">1<" in client.get("/inbox/count").get_data(as_text=True)
    assert post_form(client, "/inbox/read", {}, page="/").status_code == 303
    assert client.get("/inbox/count").get_data(as_text=True).strip() == ""
    assert "count" in served.sign_in("bob").get("/inbox/count").get_data(as_text=True)


def test_a_press_on_somebody_elses_notification_changes_nothing(served: Served) -> None:
    tell(served, "admin", "For the administrator")
    person = Actor(user_id=served.user_ids["admin"], login="admin")
    found = served.platform.automation.inbox.list(person)[0]
    post_form(served.sign_in("ann"), "/inbox/read", {"id": found.id}, page="/")
    assert read(served, "admin") == [False]
