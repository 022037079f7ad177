"""Files in a real browser: sent when they are chosen or dropped, kept or let go of, a signature drawn on the pad."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.files import Upload, drawing
from tests.support.papers import PDF, deal, file_of, serve_papers, upload
from tests.ui.browser.conftest import Visit
from tests.ui.pages.workshop import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("papers")
    with serve_papers(f"sqlite:///{folder / 'fieldstone.sqlite'}", folder) as served:
        yield Site(served)


def _choose(page: Page, field: str, *files: tuple[str, bytes]) -> None:
    payloads = [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files]
    page.locator(f"#deal-new-{field}-file").set_input_files(payloads)  # type: ignore[arg-type]


def _sign(page: Page) -> None:
    pad = page.locator(".sign-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 30, steps=5)
    page.mouse.move(box["x"] + 240, box["y"] + 90, steps=5)
    page.mouse.up()


def test_files_are_sent_when_chosen_and_a_signature_is_drawn(visit: Visit) -> None:
    with visit.page() as page:
        page.goto("/o/deal/new")
        _choose(page, "contract", ("合同.pdf", PDF))
        expect(page.locator("#deal-new-contract-list")).to_contain_text("合同.pdf")
        _choose(page, "papers", ("one.txt", b"1"), ("two.txt", b"2"))
        expect(page.locator("#deal-new-papers-list li")).to_have_count(2)
        _choose(page, "photo", ("site.png", drawing("teal")))
        expect(page.locator("#deal-new-photo-list img")).to_be_visible()
        # A wrong one is told at once and leaves what is there alone.
        _choose(page, "photo", ("x.pdf", PDF))
        expect(page.locator("#deal-new-photo-tools")).to_contain_text("not an image")
        expect(page.locator("#deal-new-photo-list li")).to_have_count(1)
        # Another contract takes the place of the first one.
        _choose(page, "contract", ("second.pdf", PDF + b"2"))
        expect(page.locator("#deal-new-contract-list")).to_contain_text("second.pdf")
        _sign(page)
        page.locator("#deal-new-papers-list").get_by_label("Keep").first.uncheck()
        # A refused form shows them all again, the signature too.
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#deal-new-name-error")).to_be_visible()
        expect(page.locator("#deal-new-signed-list li")).to_have_count(1)
        expect(page.locator("#deal-new-contract-list")).to_contain_text("second.pdf")
        page.locator("#deal-new-name").fill("Signed")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Signed", level=1)).to_be_visible()
        expect(page.locator("img.file-preview")).to_have_count(2)
        record_id = page.url.rsplit("/", 1)[1]
        served = visit.site.served
        assert file_of(served, record_id, "contract")["name"] == "second.pdf"
        assert [each["name"] for each in file_of(served, record_id, "papers")] == ["two.txt"]
        signed = file_of(served, record_id, "signed")
        assert (signed["name"], signed["type"]) == ("signature.png", "image/png")
        with page.expect_download() as download:
            page.get_by_role("link", name="second.pdf").click()
        assert download.value.suggested_filename == "second.pdf"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_with_files_stay_within_a_phone(visit: Visit, language: str) -> None:
    served = visit.site.served
    photo = Upload("现场照片 with a rather long name that goes on.png", drawing("navy", (900, 500)))
    record_id = deal(served, name="Phone", photo=upload(served, "photo", photo))
    cookies = {"fs-language": language}
    with visit.page(viewport={"width": 375, "height": 760}, cookies=cookies) as page:
        for address in (f"/o/deal/{record_id}", "/o/deal?view=all", "/o/deal/new", f"/o/deal/{record_id}/edit"):
            page.goto(address)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 375, (address, width)
