"""The built front-end files: addresses follow content, licences lie beside them, nothing is fetched from elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

STATIC = Path("ui/static")
SOURCES = Path("ui/frontend")
SERVED = ("app.css", "app.js", "early.js", "icons.svg", "icon.svg")


@pytest.mark.parametrize("name", SERVED)
def test_the_address_of_a_file_follows_its_content(name: str) -> None:
    files = json.loads((STATIC / "manifest.json").read_text("utf-8"))["files"]
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12] == files[name]


def test_all_built_files_leave_room_for_the_page_in_200_kb() -> None:
    assert sum(len(gzip.compress((STATIC / name).read_bytes())) for name in SERVED) < 120_000


@pytest.mark.parametrize("name", SERVED)
def test_built_files_name_no_address_to_load_from(name: str) -> None:
    text = (STATIC / name).read_text("utf-8")
    loaded = re.findall(r"""(?:@import|url\(|from|src=|fetch\()\s*["'(]?(https?:[^"')\s]+)""", text)
    assert loaded == []


def test_packages_are_pinned_exactly_and_no_registry_is_named() -> None:
    package = json.loads((SOURCES / "package.json").read_text("utf-8"))
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["devDependencies"].values())
    assert package["devDependencies"]["htmx.org"].startswith("2.0.")
    assert not (SOURCES / "package-lock.json").exists()


def test_each_bundled_package_has_its_licence_beside_the_files() -> None:
    pinned = json.loads((SOURCES / "package.json").read_text("utf-8"))["devDependencies"]
    rows = re.findall(
        r"^\| (\S+) \| (\S+) \| (.+?) \| (\S+\.txt) \|$", (STATIC / "licences/README.md").read_text("utf-8"), re.M
    )
    listed = {name: version for name, version, _licence, _file in rows}
    tools = {"esbuild", "purgecss", "sass"}
    assert {name: version for name, version in pinned.items() if name not in tools}.items() <= listed.items()
    assert all((STATIC / "licences" / file).stat().st_size > 500 for _name, _version, _licence, file in rows)
