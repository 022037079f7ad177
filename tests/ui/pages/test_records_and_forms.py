"""Record pages and forms: what shows, what is asked, what a save keeps, and what happens when two save at once."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from tests.ui.pages.workshop import EVIL, Site, hidden_fields


def _edit(site: Site, who: str, record_id: str, **values: str) -> tuple[int, str]:
    page = site.page(who, f"/o/job/{record_id}/edit")
    answer = site.post(who, f"/o/job/{record_id}/edit", {**hidden_fields(page), **values})
    return answer.status_code, answer.get_data(as_text=True)


def test_a_record_page_shows_what_may_be_read_and_nothing_else(site: Site) -> None:
    job = site.make("job", name=EVIL, amount="1000", margin=77_123, due="2026-11-21")
    page = site.page("ann", f"/o/job/{job}")
    assert "¥1,000.00" in page
    assert "¥500.00" in page
    assert "Nov 21, 2026" in page
    assert "Margin" not in page
    assert "77,123" not in page
    assert "<script>x()" not in page
    assert "77,123" in site.page("boss", f"/o/job/{job}")
    assert "Ask what is needed." in page


def test_a_record_that_may_not_be_read_is_absent(site: Site) -> None:
    job = site.make("job", name="Of Bob", owner="bob")
    for path in ("", "/edit"):
        assert "Of Bob" not in site.page("ann", f"/o/job/{job}{path}", 404)
    gone = site.post("ann", f"/o/job/{job}/edit", {"name": "Mine", "was-name": "x"})
    assert gone.status_code == 404
    assert "Go back to copy what you typed" in gone.get_data(as_text=True)
    assert site.post("ann", f"/o/job/{job}/move", {"stage": "lost", "reason": "x"}).status_code == 404


def test_buttons_follow_rights(site: Site) -> None:
    job = site.make("job", name="Buttons", stage="lost", reason="none")
    page = site.page("ann", f"/o/job/{job}")
    assert f"/o/job/{job}/edit" not in page
    assert "/delete" not in page
    assert 'class="path-step" name' not in page
    boss = site.page("boss", f"/o/job/{job}")
    assert f"/o/job/{job}/edit" in boss
    assert f"/o/job/{job}/delete" in boss
    assert "/new" not in site.page("ann", "/o/firm").replace("/o/job/new", "")


def test_a_new_record_starts_with_defaults_and_is_saved(site: Site) -> None:
    page = site.page("ann", "/o/job/new?name=From+a+link")
    assert 'value="From a link"' in page
    assert re.search(r'<option value="fresh" selected', page)
    values = {"name": "Bought", "amount": "1,234.50", "share": "12.5", "hot": ["", "true"], "due": "2026-12-01"}
    answer = site.post("ann", "/o/job/new", {**values, "seen_at": "2026-12-01T08:30", "stage": "fresh"})
    assert answer.status_code == 303, answer.get_data(as_text=True)[-3000:]
    saved = site.read("job", answer.headers["Location"].rsplit("/", 1)[1])
    assert (str(saved["amount"].amount), str(saved["share"]), saved["hot"]) == ("1234.50", "0.1250", True)
    assert saved["seen_at"].isoformat() == "2026-12-01T00:30:00+00:00"


def test_a_refused_form_keeps_everything_and_says_what_is_wrong_where(site: Site) -> None:
    answer = site.post("ann", "/o/job/new", {"name": "Kept", "amount": "many", "note": "kept", "share": "7,5"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="many"' in page
    assert 'id="job-new-amount-error"' in page
    assert 'href="#job-new-amount"' in page
    assert "data-fs-refused" in page
    assert 'value="Kept"' in page
    assert 'href="#job-new-name"' in site.post("ann", "/o/job/new", {"name": ""}).get_data(as_text=True)


def test_fields_appear_as_the_save_would_judge(site: Site) -> None:
    before = site.post("ann", "/o/job/new/state", {"name": "x", "stage": "fresh"}, htmx=True).get_data(as_text=True)
    after = site.post("ann", "/o/job/new/state", {"name": "typed", "stage": "lost"}, htmx=True).get_data(as_text=True)
    assert 'name="reason"' not in before
    assert "<html" not in before
    assert 'name="reason"' in after
    assert 'value="typed"' in after
    assert "Why lost" in after


def test_only_what_was_changed_is_written(site: Site) -> None:
    job = site.make("job", name="Old", amount="100", note="long")
    status, text = _edit(site, "ann", job, name="New")
    assert status == 303, text[text.find('role="alert"') :][:2000]
    history = site.page("ann", f"/o/job/{job}")
    assert "New" in history
    assert '<span class="muted">Name</span>' in history
    assert 'class="muted">Amount' not in history


def test_a_text_of_several_lines_that_nobody_touched_is_no_change_though_browsers_send_other_line_ends(
    site: Site,
) -> None:
    job = site.make("job", name="Lines", note="one\ntwo")
    sent = hidden_fields(site.page("boss", f"/o/job/{job}/edit"))
    assert sent["was-note"] == "one\ntwo"
    sent |= {"was-note": "one\r\ntwo", "note": "one\r\ntwo", "name": "Mine"}
    assert _edit(site, "ann", job, name="Theirs")[0] == 303
    page = site.post("boss", f"/o/job/{job}/edit", sent).get_data(as_text=True)
    assert 'name="keep-name"' in page
    assert 'name="note"' not in page


def test_a_warning_asks_and_is_confirmed(site: Site) -> None:
    answer = site.post("ann", "/o/job/new", {"name": "Cheap", "amount": "3"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "That is very cheap." in page
    code = re.search(r'name="fs-confirm" value="([^"]+)"', page)
    assert code is not None
    assert site.post("ann", "/o/job/new", {"name": "Cheap", "amount": "3", "fs-confirm": code[1]}).status_code == 303


def test_a_conflict_shows_mine_theirs_and_the_original_and_saves_the_choice(site: Site) -> None:
    job = site.make("job", name="Shared", amount="100", mail="a@example.com")
    mine = hidden_fields(site.page("ann", f"/o/job/{job}/edit"))
    assert _edit(site, "boss", job, name="Theirs", amount="120", mail="b@example.com")[0] == 303
    answer = site.post("ann", f"/o/job/{job}/edit", {**mine, "name": "Mine", "amount": "250"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    for text in ("Mine", "Theirs", "Shared", 'name="keep-name"', "b@example.com", "¥250.00", "¥120.00", "¥100.00"):
        assert text in page
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.split("<main")[1]))
    saved = site.post("ann", f"/o/job/{job}/edit", {**again, "keep-name": "theirs"})
    assert saved.status_code == 303, saved.get_data(as_text=True)[-2000:]
    values = site.read("job", job)
    assert (values["name"], str(values["amount"].amount), values["mail"]) == ("Theirs", "250.00", "b@example.com")


def test_a_move_that_lacks_fields_asks_for_them_and_then_moves(site: Site) -> None:
    job = site.make("job", name="To move")
    page = site.page("ann", f"/o/job/{job}")
    assert re.search(r'name="stage" value="made"', page)
    assert 'name="stage" value="won"' not in page
    refused = site.post("ann", f"/o/job/{job}/move", {"stage": "made"}, htmx=True)
    text = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert 'name="amount"' in text
    assert "data-fs-title" in text
    assert "<html" not in text
    assert '<input type="hidden" name="stage" value="made">' in text
    moved = site.post("ann", f"/o/job/{job}/move", {"stage": "made", "amount": "500"})
    assert moved.status_code == 303
    assert site.read("job", job)["stage"] == "made"


def test_a_board_has_columns_with_counts_sums_and_cards_that_move(site: Site) -> None:
    job = site.make("job", name="On the board", amount="500", owner="bob")
    page = site.page("bob", "/o/job?view=board")
    assert 'data-value="fresh"' in page
    assert f'id="record-job-{job}"' in page
    assert "¥500" in page
    moved = site.post("bob", f"/o/job/{job}/move?fs-board=board", {"stage": "made"}, htmx=True)
    assert moved.status_code == 200
    assert moved.get_data(as_text=True).lstrip().startswith('<div class="board"')
    assert "toast" in moved.headers["HX-Trigger"]


def test_related_lists_add_with_the_parent_filled_in(site: Site) -> None:
    job = site.make("job", name="With parts")
    site.make("part", job=job, name="Wheel", size=3)
    page = site.page("ann", f"/o/job/{job}")
    assert "Wheel" in page
    address = re.search(r'href="(/o/part/new\?[^"]+)"', page)
    assert address is not None
    form = site.page("ann", address[1].replace("&amp;", "&"))
    assert f'<option value="{job}" selected' in form or f'<input type="hidden" name="job" value="{job}">' in form
    saved = site.post("ann", "/o/part/new", {"job": job, "name": "Nut", "fs-back": f"/o/job/{job}"})
    assert saved.headers["Location"] == f"/o/job/{job}"


def test_a_record_in_use_is_not_deleted_and_another_one_is(site: Site) -> None:
    firm = site.make("firm", name="Needed")
    site.make("job", name="Needs it", firm=firm)
    answer = site.post("boss", f"/o/firm/{firm}/delete", {})
    assert "Not deleted: 1 records" in site.page("boss", answer.headers["Location"])
    free = site.make("firm", name="Free")
    assert site.post("boss", f"/o/firm/{free}/delete", {}).status_code == 303
    site.page("boss", f"/o/firm/{free}", 404)


def test_pickers_offer_readable_records_only(site: Site) -> None:
    site.make("firm", name="Pickable")
    found = site.client("ann").get("/o/job/choices/firm?q=pick").get_json()["options"]
    assert [each["text"] for each in found] == ["Pickable"]
    assert site.client("ann").get("/o/vault/choices/owner?q=").status_code == 404


class _Attributes(HTMLParser):
    """Collects what a strict content security policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(tag)
        names = [name for name in given if name == "style" or name.startswith(("on", "hx-on"))]
        links = [each for each in given.values() if each and each.strip().lower().startswith("javascript:")]
        self.found += names + links


def test_pages_hold_no_inline_script_or_style(site: Site) -> None:
    job = site.make("job", name=EVIL, amount="10", mail="javascript@example.com")
    firm = site.make("firm", name=EVIL, web="https://example.com/x")
    paths = ("/", "/o/job", "/o/job?view=board", f"/o/job/{job}", f"/o/job/{job}/edit", "/o/job/new", "/runs")
    for path in (*paths, f"/o/firm/{firm}", "/o/firm"):
        parser = _Attributes()
        parser.feed(site.page("boss", path))
        assert parser.found == [], path


def test_a_record_page_needs_few_statements(site: Site) -> None:
    job = site.make("job", name="Counted", amount="10")
    found = site.statements("ann", f"/o/job/{job}")
    assert len(found) <= 9, found
