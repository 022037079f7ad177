"""A button pressed on records that are ticked in a list: its page shows those alone, and how many are left out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.automation import do_runs
from tests.support.visits import Visits


def quote(counter: Visits, owner: str = "ann", **values: Any) -> str:
    given = {"name": "Ticked", **values, "owner": {"object": "user", "id": counter.served.user_ids[owner]}}
    return counter.served.platform.records.create(counter.served.system(), "quote", given).record.id


@pytest.mark.promise("UIX-05")
def test_a_button_is_offered_for_ticked_records_and_shows_first_which_it_is_there_on(counter: Visits) -> None:
    mine, other, sent = quote(counter), quote(counter, owner="bob"), quote(counter, status="sent")
    quote(counter)
    assert 'formaction="/o/quote/press-many/send_quote"' in counter.page("ann", "/o/quote")
    ticked = "".join(f"&fs-record={each}" for each in (mine, sent, other, "x"))
    page = counter.page("ann", f"/o/quote/press-many/send_quote?fs-picked=1{ticked}")
    assert re.findall(r'name="fs-record" value="([^"]+)"', page) == [mine]
    assert "since it can’t be done there now: 1." in page
    answer = counter.post("ann", "/o/quote/press-many/send_quote", {"fs-picked": "1", "fs-record": mine})
    assert answer.status_code == 303
    do_runs(counter.served.platform, waits_too=False)
    assert counter.read("quote", mine)["status"] == "sent"


def test_a_press_on_what_may_not_be_read_is_refused_and_stands_in_the_audit_log(counter: Visits) -> None:
    other = quote(counter, owner="bob")
    answer = counter.post("ann", "/o/quote/press-many/send_quote", {"fs-picked": "1", "fs-record": other})
    assert answer.status_code == 422
    (entry,) = counter.served.get("admin", f"/audit?record={other}&action=refused").get_json()["items"]
    facts = {each["field"]: each["new"] for each in entry["changes"]}
    assert (entry["object"], facts["code"], facts["rows"]) == ("quote", "record_not_found", "1")
