"""Files of records: who may have their bytes over any route, what is refused, what a browser gets."""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from engine.access.actor import system_actor
from engine.errors import RecordNotFound
from engine.files import archives
from tests.support.files import AnyFile, Upload, drawing
from tests.support.papers import PDF, deal, file_of, patched, serve_papers, upload
from tests.support.served import Served, csrf_token


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    # As by default, the folder is named from where the process was started.
    folder = Path(os.path.relpath(tmp_path_factory.mktemp("files")))
    with serve_papers(module_database_url, folder) as found:
        yield found


def routes(file_id: str) -> list[str]:
    return [f"/api/v1/files/{file_id}", f"/api/v1/files/{file_id}/preview/small", f"/files/{file_id}",
            f"/files/{file_id}/small", f"/files/{file_id}/large"]  # fmt: skip


def statuses(served: Served, who: str | None, file_id: str) -> list[int]:
    client = served.sign_in(who) if who is not None else served.browser()
    found = []
    for path in routes(file_id):
        answer = served.get(who, path) if path.startswith("/api") else client.get(path)
        assert answer.status_code == 200 or drawing("red") not in answer.get_data()
        found.append(answer.status_code)
    return found


@pytest.mark.promise("SEC-38")
def test_bytes_go_only_to_who_may_read_the_field_of_the_record(served: Served) -> None:
    image = Upload("site.png", drawing("red"))
    file_id = upload(served, "photo", image)
    # Until a record holds it, it is the uploader's alone.
    assert statuses(served, "ann", file_id) == [200] * 5
    for other in ("bob", "boss", "none"):
        assert statuses(served, other, file_id) == [404] * 5
    assert {401, 302, 303} >= set(statuses(served, None, file_id))
    record_id = deal(served, photo=file_id)
    assert statuses(served, "ann", file_id) == statuses(served, "boss", file_id) == [200] * 5
    assert statuses(served, "bob", file_id) == statuses(served, "none", file_id) == [404] * 5
    # What was let go of is seen by who sees the history, in the bin by nobody, after it as before.
    patched(served, record_id, photo=None)
    assert statuses(served, "boss", file_id) == [200] * 5
    assert statuses(served, "bob", file_id) == [404] * 5
    served.call("ann", "DELETE", f"/records/deal/{record_id}")
    assert statuses(served, "ann", file_id) == statuses(served, "boss", file_id) == [404] * 5
    served.call("ann", "POST", f"/records/deal/{record_id}/restore")
    assert statuses(served, "ann", file_id) == [200] * 5


@pytest.mark.promise("SEC-38")
def test_a_field_that_may_not_be_read_gives_no_bytes_and_takes_none(served: Served) -> None:
    file_id = upload(served, "hidden", Upload("a.txt", b"secret"), "boss")
    record_id = deal(served, "boss", hidden=file_id)
    owner = {"object": "user", "id": served.user_ids["ann"]}
    assert patched(served, record_id, "boss", owner=owner).status_code == 200
    assert served.get("ann", f"/records/deal/{record_id}").status_code == 200
    assert served.get("ann", f"/files/{file_id}").status_code == 404
    assert served.get("boss", f"/files/{file_id}").get_data() == b"secret"
    answer = served.call("ann", "POST", "/files/deal/hidden?name=b.txt", data=b"x", content_type="text/plain")
    assert answer.status_code == 404
    for address in ("/files/deal/nothing", "/files/deal/name", "/files/nothing/photo"):
        assert served.call("ann", "POST", address, data=b"x", content_type="text/plain").status_code == 404
    assert served.call("none", "POST", "/files/deal/photo", data=b"x", content_type="text/plain").status_code == 404
    # An absent file looks like one that may not be read.
    absent = served.get("ann", f"/files/{'0' * 8}-0000-0000-0000-{'0' * 12}").get_json()
    unread = served.get("ann", f"/files/{file_id}").get_json()
    assert {**absent, "request_id": ""} == {**unread, "request_id": ""}


@pytest.mark.promise("SEC-38")
def test_another_s_file_can_not_be_named_by_its_id(served: Served) -> None:
    """Neither an upload nor a file of a record that may not be read is taken over by knowing its id."""
    waiting = upload(served, "contract", Upload("a.pdf", PDF), "boss")
    held = upload(served, "contract", Upload("b.pdf", PDF + b"b"), "boss")
    deal(served, "boss", contract=held)
    own = deal(served)
    for stolen in (waiting, held):
        answer = patched(served, own, contract=stolen)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["code"] == "no_file"
        bulk = patched(served, own, papers=[stolen])
        assert bulk.get_json()["errors"][0]["code"] == "no_file"
    assert file_of(served, own, "contract") is None


def test_what_may_be_read_elsewhere_is_copied_and_rules_of_the_app_copy_too(served: Served) -> None:
    file_id = upload(served, "contract", Upload("a.pdf", PDF + b"copy"), "boss")
    first = deal(served, "boss", contract=file_id)
    second = deal(served, "boss", contract=file_id, twin=first)
    copy, borrowed = (file_of(served, second, field, "boss") for field in ("contract", "borrowed"))
    expected = AnyFile("a.pdf", "application/pdf", len(PDF) + 4)
    assert (copy, borrowed) == (expected, expected)
    assert len({file_id, copy["id"], borrowed["id"]}) == 3
    # The copies live by themselves.
    served.call("boss", "DELETE", f"/records/deal/{first}")
    assert served.get("boss", f"/files/{file_id}").status_code == 404
    assert served.get("boss", f"/files/{copy['id']}").get_data() == PDF + b"copy"
    # One upload named by two fields is two files.
    once = upload(served, "papers", Upload("b.pdf", PDF + b"twice"))
    both = deal(served, papers=[once], contract=once)
    assert file_of(served, both, "papers")[0]["id"] != file_of(served, both, "contract")["id"]


def test_a_formula_reads_a_file_in_the_save_that_brings_it(served: Served) -> None:
    small, large = (upload(served, "contract", Upload("a.pdf", PDF + b"x" * size)) for size in (1, 200))
    record_id = deal(served, contract=large)
    assert file_of(served, record_id, "big") is True
    patched(served, record_id, contract=small)
    assert file_of(served, record_id, "big") is False


REFUSED = [
    ("contract", Upload("a.pdf", b""), "file_empty"),
    ("contract", Upload("a.txt", b"text"), "file_kind"),
    ("contract", Upload("a.pdf", b"text"), "file_content"),
    ("contract", Upload("a.pdf", drawing("red")), "file_content"),
    ("contract", Upload("a.pdf", PDF + b"x" * 2_048), "file_too_big"),
    ("photo", Upload("a.txt", b"text"), "not_image"),
    ("photo", Upload("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "not_image"),
    ("photo", Upload("a.html", b"<html><script>alert(1)</script>"), "not_image"),
    ("photo", Upload("a", b"<script>alert(1)</script>"), "not_image"),
    ("photo", Upload("a.png", b"text"), "file_content"),
    ("photo", Upload("a.png", drawing("red")[:60]), "image_broken"),
    ("photo", Upload("a.png", drawing("red", form="BMP")), "file_content"),
    ("photo", Upload("a.pdf", PDF), "not_image"),
    ("signed", Upload("a.pdf", PDF), "not_image"),
    ("signed", Upload("a.jpg", b"\xff\xd8\xff\xe0 no more"), "image_broken"),
    ("papers", Upload("a.docx", b"PK\x03\x04 and no more"), "file_archive"),
    ("papers", Upload("a.xlsx", PDF), "file_content"),
]


@pytest.mark.promise("SEC-38")
@pytest.mark.parametrize(("field", "file", "code"), REFUSED, ids=[f"{f}-{u.name}-{c}" for f, u, c in REFUSED])
def test_a_file_that_does_not_fit_is_refused_on_its_field(served: Served, field: str, file: Upload, code: str) -> None:
    answer = served.call("ann", "POST", f"/files/deal/{field}", data={"file": file.part})
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert [(each["field"], each["code"]) for each in answer.get_json()["errors"]] == [(field, code)]
    client = served.sign_in("ann")
    posted = {"name": "x", "csrf_token": csrf_token(client, "/o/deal/new"), f"{field}__upload": file.part}
    page = client.post("/o/deal/new", data=posted)
    assert page.status_code == 422
    assert f'id="deal-new-{field}-error"' in page.get_data(as_text=True)


@pytest.mark.promise("OBJ-18")
@pytest.mark.parametrize("field", ["photo", "signed"])
def test_image_and_signature_refuse_content_that_is_no_image_by_every_route(
    served: Served, field: str, tmp_path: Path
) -> None:
    """Parts of names, addresses and places, and documents with schemas: test_compound_values, test_field_types."""
    cases = (("a.png", PDF, "file_content"), ("a.pdf", PDF, "not_image"), ("x", b"\x00\x01\x02", "not_image"))
    for name, content, code in cases:
        answer = served.call("ann", "POST", f"/files/deal/{field}?name={name}", data=content,
                             content_type="application/octet-stream")  # fmt: skip
        assert answer.get_json()["errors"][0]["code"] == code
        (tmp_path / name).write_bytes(content)
        (tmp_path / "deals.csv").write_text(f"name,{field}\nA,{name}\n", encoding="utf-8")
        result = served.platform.imports.import_csv(system_actor(), "deal", tmp_path / "deals.csv")
        assert (result.refused, result.created) == (1, 0)
    # A file of another field is no image here either.
    paper = upload(served, "papers", Upload("a.pdf", PDF))
    answer = served.call("ann", "POST", "/records/deal", json={"name": "x", field: paper})
    assert [(each["field"], each["code"]) for each in answer.get_json()["errors"]] == [(field, "not_image")]
    for form, ending in (("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")):
        good = upload(served, field, Upload(f"a.{ending}", drawing("blue", form=form)))
        assert file_of(served, deal(served, **{field: good}), field)["type"] == f"image/{form.lower()}"


@pytest.mark.promise("SEC-38")
def test_a_bomb_of_pixels_and_a_bomb_of_an_archive_are_refused_without_unpacking(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = drawing("red", (8, 8))
    # 60,000 × 60,000 pixels by its header; the checksum of the header is what PNG asks for.
    claimed = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = header[:12] + claimed + struct.pack(">I", zlib.crc32(claimed)) + header[33:]
    answer = served.call("ann", "POST", "/files/deal/photo", data={"file": Upload("a.png", bomb).part})
    assert answer.get_json()["errors"][0]["code"] == "image_too_large"
    monkeypatch.setattr(archives, "_FREE_SIZE", 1024)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 3_000_000)
    answer = served.call("ann", "POST", "/files/deal/papers", data={"file": Upload("a.zip", packed.getvalue()).part})
    assert answer.get_json()["errors"][0]["code"] == "file_archive"


@pytest.mark.promise("SEC-37")
def test_names_are_data_only(served: Served) -> None:
    cases = {
        "../../../etc/passwd.txt": "passwd.txt",
        "C:\\Temp\\合同.txt": "合同.txt",
        "a\r\nSet-Cookie: x=1.txt": "aSet-Cookie: x=1.txt",
        "..": "file",
        '"><script>alert(1)</script>.txt': "script>.txt",
        "x" * 400 + ".txt": "x" * 196 + ".txt",
    }
    for given, kept in cases.items():
        found = served.platform.files.upload(system_actor(), "deal", "papers", io.BytesIO(b"text"), given)
        assert found.name == kept
    named = upload(served, "papers", Upload("合同 <b>&.txt", b"text"))
    record_id = deal(served, papers=[named])
    answer = served.get("ann", f"/files/{named}")
    assert "filename*=UTF-8''%E5%90%88%E5%90%8C%20%3Cb%3E&.txt" in answer.headers["Content-Disposition"]
    page = served.sign_in("ann").get(f"/o/deal/{record_id}").get_data(as_text=True)
    assert "合同 &lt;b&gt;&amp;.txt" in page
    assert "<b>&.txt" not in page
    root = served.platform.settings.data_folder / "files"
    assert all(len(path.name.split(".")[0]) in (2, 64) or path.parent.name == "files" for path in root.rglob("*"))


@pytest.mark.promise("SEC-38")
def test_every_download_is_one_that_no_browser_runs(served: Served) -> None:
    html = upload(served, "papers", Upload("a.html", b"<script>alert(1)</script>"))
    svg = upload(served, "papers", Upload("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"))
    for file_id in (html, svg):
        answer = served.get("ann", f"/files/{file_id}")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers.getlist("Content-Security-Policy")[0]
        assert served.get("ann", f"/files/{file_id}/preview/large").status_code == 404
    image = upload(served, "photo", Upload("a.png", drawing("red")))
    whole = served.get("ann", f"/files/{image}")
    assert whole.get_data() == drawing("red")
    assert whole.headers["Cache-Control"] == "private, no-cache"
    part = served.get("ann", f"/files/{image}", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.get_data()) == (206, b"PNG")
    again = served.get("ann", f"/files/{image}", headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304
    assert served.get("ann", f"/files/{image}/preview/huge").status_code == 404


def test_a_preview_is_turned_bounded_and_tells_nothing_of_the_camera(served: Served) -> None:
    image, written = Image.new("RGB", (2_000, 1_000), "red"), io.BytesIO()
    facts = image.getexif()
    facts[0x0112], facts[0x010F] = 6, "Camera 7"
    image.save(written, "JPEG", exif=facts)
    file_id = upload(served, "photo", Upload("a.jpg", written.getvalue()))
    for size, longest in (("small", 128), ("large", 1_024)):
        answer = served.get("ann", f"/files/{file_id}/preview/{size}")
        assert answer.headers["Content-Type"] == "image/webp"
        with Image.open(io.BytesIO(answer.get_data())) as preview:
            assert preview.size == (longest // 2, longest)
            assert not preview.getexif()
        assert b"Camera 7" not in answer.get_data()
    # Drawn once; where previews are gone they are drawn again.
    removed = 0
    for path in (served.platform.settings.data_folder / "files").rglob("*.small"):
        path.unlink()
        removed += 1
    assert removed
    assert served.get("ann", f"/files/{file_id}/preview/small").status_code == 200


def test_a_file_that_is_absent_on_disk_is_a_404(served: Served) -> None:
    file_id = upload(served, "papers", Upload("a.txt", b"soon lost"))
    served.platform.files.open(system_actor(), file_id).path.unlink()
    with pytest.raises(RecordNotFound):
        served.platform.files.open(system_actor(), file_id)
    assert served.get("ann", f"/files/{file_id}").status_code == 404


def test_heads_of_lists_sort_by_no_files(served: Served) -> None:
    deal(served)
    page = served.sign_in("ann").get("/o/deal?view=all").get_data(as_text=True)
    sorted_by = set(re.findall(r"sort=-?(\w+)", page))
    assert "name" in sorted_by
    assert not sorted_by & {"contract", "papers", "photo", "signed"}
    for name in ("contract", "papers"):
        assert served.get("ann", f"/records/deal?sort={name}").status_code == 400
    assert served.get("ann", "/records/deal?sort=contract.size&fields=contract.size,papers").status_code == 200
