"""What a file is follows from its bytes; a name only decides between kinds of text that look alike."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from engine.files.names import safe_name
from engine.files.sniffing import kind_of_file
from metamodel.content_types import TYPE_OF_ENDING, read_accepted, read_size, size_text
from metamodel.field_types import FieldValueError
from tests.support.files import drawing


def packed(**members: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return written.getvalue()


OFFICE = {"[Content_Types].xml": "<Types/>"}
KINDS = [
    ("a.pdf", b"%PDF-1.4", "application/pdf"),
    ("a.jpeg", drawing("red", form="JPEG"), "image/jpeg"),
    ("a.webp", drawing("red", form="WEBP"), "image/webp"),
    ("no ending", drawing("red", form="GIF"), "image/gif"),
    ("a.docx", packed(**OFFICE, word__document="x"), TYPE_OF_ENDING["docx"]),
    ("a.xlsx", packed(**OFFICE, xl__book="x"), TYPE_OF_ENDING["xlsx"]),
    ("a.odt", packed(mimetype="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
    ("a.ofd", packed(**{"OFD.xml": "x"}), "application/ofd"),
    ("a.zip", packed(a="x"), "application/zip"),
    ("a.zip", packed(mimetype="text/html"), "application/zip"),
    ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "application/vnd.ms-excel"),
    ("a.mp4", b"\0\0\0\x18ftypisom", "video/mp4"),
    ("a.heic", b"\0\0\0\x18ftypheic", "image/heic"),
    ("a.csv", "姓名,电话\n王,1".encode(), "text/csv"),
    ("a.csv", "姓名,电话\n王,1".encode("gb18030"), "text/csv"),
    ("a.txt", "text".encode("utf-16"), "text/plain"),
    ("a.txt", b"BM is no image", "text/plain"),
    ("a.step", b"ISO-10303-21;", "text/plain"),
    ("a.step", b"\0\1\2", "application/octet-stream"),
    ("a.txt", b"  <SCRIPT>x", "text/html"),
    ("a.txt", b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "application/xml"),
    ("a.xml", b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "kind"), KINDS, ids=[f"{n}-{k}" for n, _, k in KINDS])
def test_bytes_say_what_a_file_is(name: str, content: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(content)
    assert kind_of_file(tmp_path / "content", name) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"MZ\0\0"),
        ("a.docx", packed(a="x")),
        ("a.jpg", b"<svg/>"),
        ("a.exe", b"text"),
        ("a.zip", b"PK\x03\x04"),
    ],
)
def test_a_name_that_tells_of_another_content_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(content)
    with pytest.raises(FieldValueError):
        kind_of_file(tmp_path / "content", name)


def test_names_lose_folders_and_what_nobody_sees() -> None:
    cases = {
        "a/b\\c.txt": "c.txt",
        "photo\u202egpj.exe": "photogpj.exe",
        "\ud800a.txt": "?a.txt",
        "  . ": "file",
        "": "file",
    }
    assert {given: safe_name(given) for given in cases} == cases
    assert safe_name("x" * 500 + ".tar.gz").endswith("x.gz")


def test_sizes_and_what_is_accepted_are_read() -> None:
    sizes = {
        "10 MB": 10 * 1024**2,
        "1.5 gb": 3 * 512 * 1024**2,
        "500 kB": 512_000,
        "7": 7,
        "0": None,
        "ten": None,
        "1e9 B": None,
    }
    assert {text: read_size(text) for text in sizes} == sizes
    assert [size_text(size) for size in (5, 2_048, 1_572_864, 5 * 1024**3)] == ["5 B", "2 kB", "1.5 MB", "5 GB"]
    accepted = {
        ".PDF": "pdf",
        "image/*": "image/*",
        "application/pdf": "application/pdf",
        "a b": None,
        "x/y": None,
        "": None,
    }
    assert {text: read_accepted(text) for text in accepted} == accepted
