"""Uploads that mean harm: archives in archives, entities, contents of another kind; and who may replace a file."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping

import pytest

from tests.support.files import Upload, drawing
from tests.support.papers import PDF, deal, file_of, patched, serve_papers, upload
from tests.support.served import Served

ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>'


def packed(members: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


INNER = packed({"a.txt": b"a"})
OFFICE = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}
REFUSED = {
    "zip in a zip": ("a.zip", packed({"b.zip": INNER}), "file_archive"),
    "zip in a zip by content": ("a.zip", packed({"harmless.txt": INNER}), "file_archive"),
    "gzip in a zip": ("a.zip", packed({"b": gzip.compress(b"x" * 9)}), "file_archive"),
    "archive in a document": ("a.docx", packed({**OFFICE, "word/b.7z": b"x"}), "file_archive"),
    "external entity": ("a.xml", ENTITY, "file_entities"),
    "entities of entities": ("a.xml", LAUGHS, "file_entities"),
    "entity in a drawing": ("a.svg", ENTITY.replace(b"<a>", b"<svg>"), "file_entities"),
    "entity in UTF-16": ("a.xml", ENTITY.decode().encode("utf-16"), "file_entities"),
    "entity in a document": ("a.docx", packed({**OFFICE, "word/document.xml": ENTITY}), "file_entities"),
    "entity in a sheet": (
        "a.xlsx",
        packed({"[Content_Types].xml": LAUGHS, "xl/workbook.xml": b"<w/>"}),
        "file_entities",
    ),
    "a damaged archive": ("a.zip", INNER[:40], "file_archive"),
    "a program called a drawing": ("a.png", b"MZ\x90\x00" + b"\0" * 90, "file_content"),
    "a page called a paper": ("a.pdf", b"<html><script>x()</script>", "file_content"),
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_papers(module_database_url, tmp_path_factory.mktemp("hostile")) as found:
        yield found


@pytest.mark.promise("SEC-38")
@pytest.mark.parametrize("case", REFUSED)
def test_what_means_harm_is_refused_by_its_content(served: Served, case: str) -> None:
    name, content, code = REFUSED[case]
    answer = served.call("ann", "POST", "/files/deal/papers", data={"file": Upload(name, content).part})
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert [each["code"] for each in answer.get_json()["errors"]] == [code]


@pytest.mark.promise("SEC-38")
def test_documents_and_folders_of_documents_are_taken(served: Served) -> None:
    document = packed(OFFICE)
    for name, content in (("a.docx", document), ("a.zip", packed({"in/a.docx": document, "b.png": drawing("red")}))):
        assert upload(served, "papers", Upload(name, content))


@pytest.mark.promise("SEC-38")
def test_ids_of_files_have_128_random_bits(served: Served) -> None:
    ids = [upload(served, "papers", Upload("a.txt", b"x")).replace("-", "") for _ in range(40)]
    for place in range(32):
        # A place that were fixed, or a time, would show the same digit in all of them.
        assert len({each[place] for each in ids}) > 3, place


@pytest.mark.promise("SEC-38")
def test_replacing_and_taking_away_follow_the_rights_of_the_record(served: Served) -> None:
    held = upload(served, "contract", Upload("a.pdf", PDF), "boss")
    record_id = deal(served, "boss", contract=held)
    other = upload(served, "contract", Upload("b.pdf", PDF + b"b"))
    for who in ("bob", "none"):
        for given in ({"contract": other}, {"contract": None}, {"papers": [other]}):
            assert patched(served, record_id, who, **given).status_code in (403, 404), (who, given)
        assert served.call(who, "DELETE", f"/records/deal/{record_id}").status_code in (403, 404)
    kept = file_of(served, record_id, "contract", "boss")
    assert kept["id"] == held
    assert served.get("boss", f"/files/{held}").get_data() == PDF
