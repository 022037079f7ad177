"""App folders are read from disk: known files only, no code, no links, UTF-8, within limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from metamodel import check_apps, load_metamodel, load_sources
from metamodel.folder import MAX_DATA_BYTES, core_files, join_sources, read_app_files
from metamodel.source import Problems
from tests.support.metadata_corpus import line_of

APP = "app: shop\nversion: 1.0.0\n"
OBJECT = "object: plan\nfields:\n  name: {type: text}\n"


def make(folder: Path, **files: str | bytes) -> Path:
    for name, content in {"app.yaml": APP, "objects/plan.yaml": OBJECT, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def lines(folder: Path) -> list[str]:
    return [line_of(problem) for problem in check_apps([folder])]


def test_a_folder_with_app_yaml_and_one_object_is_a_whole_app(tmp_path: Path) -> None:
    metamodel, problems = load_metamodel([make(tmp_path / "shop")])
    assert list(problems) == []
    assert metamodel is not None
    assert [app.name for app in metamodel.apps] == ["core", "shop"]
    plan = metamodel.objects["plan"]
    assert plan.title.text == "{name}"
    assert [view.name for view in plan.views.values()] == ["all"]
    assert plan.layout.sections[0].fields == ("name", "owner")
    assert [menu.items[0].object for menu in metamodel.menus.values() if menu.app == "shop"] == ["plan"]
    assert "shop" in metamodel.roles["administrator"].menus


def test_reading_writes_nothing_into_the_folder(tmp_path: Path) -> None:
    folder = make(tmp_path / "shop")
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    check_apps([folder])
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    assert [line.split(" ")[1] for line in lines(tmp_path / "nothing")] == ["APP001", "APP301"]


def test_files_that_are_no_app_files_are_told_and_plain_ones_passed_over(tmp_path: Path) -> None:
    folder = make(
        tmp_path / "shop",
        **{"README.md": "x", ".hidden": "x", "object/x.yaml": "x", "objects/deal.yml": "x", "hooks.py": "import os"},
    )
    assert lines(folder) == [
        "shop/hooks.py:1:1 APP003 an app folder carries no code; code belongs in a plugin",
        "shop/object/x.yaml:1:1 APP002 warning: no app file has this name and place; it is not read",
        "shop/objects/deal.yml:1:1 APP002 warning: no app file has this name and place; name it 'objects/deal.yaml'",
    ]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("object: stolen\nfields:\n  name: {type: text}\n")
    folder = make(tmp_path / "shop")
    (folder / "objects" / "stolen.yaml").symlink_to(outside)
    assert lines(folder) == ["shop/objects/stolen.yaml:1:1 APP004 this file is a link; links are not followed"]


def test_a_file_that_is_not_utf_8_is_told_with_its_place(tmp_path: Path) -> None:
    folder = make(tmp_path / "shop", **{"objects/gbk.yaml": "object: gbk\nlabel: 商机".encode("gbk")})
    assert lines(folder) == ["shop/objects/gbk.yaml:2:8 APP005 this is not UTF-8 text; save the file as UTF-8"]


def test_a_byte_order_mark_and_windows_line_ends_shift_no_place(tmp_path: Path) -> None:
    text = "\ufeffobject: offer\r\nfields:\r\n  name: {type: text, requird: true}\r\n"
    folder = make(tmp_path / "shop", **{"objects/offer.yaml": text})
    assert lines(folder) == [
        "shop/objects/offer.yaml:3:22 APP201 'requird' is not a key here; did you mean 'required'?"
    ]


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    folder = make(tmp_path / "shop")
    with (folder / "objects" / "huge.yaml").open("wb") as file:
        file.truncate(MAX_DATA_BYTES + 1)
    assert lines(folder) == ["shop/objects/huge.yaml:1:1 APP006 this file is larger than 50,000,000 bytes"]


def test_the_texts_of_a_release_give_the_same_metamodel(tmp_path: Path) -> None:
    metamodel, _ = load_metamodel([make(tmp_path / "shop")])
    assert metamodel is not None
    again, problems = load_sources(metamodel.sources)
    assert list(problems) == []
    assert again == metamodel
    assert join_sources([core_files(Problems())]).keys() < metamodel.sources.keys()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_rule_and_data_files_are_kept_as_texts(tmp_path: Path, line_end: str) -> None:
    folder = make(
        tmp_path / "shop",
        **{"rules/a.rules": f"rule x{line_end}", "data/plan.csv": "name\nA\n", "data/demo/plan.csv": "name\nB\n"},
    )
    metamodel, problems = load_metamodel([folder])
    assert list(problems) == []
    assert metamodel is not None
    assert [(text.at.file, text.text) for text in metamodel.main.rule_files] == [("shop/rules/a.rules", "rule x\n")]
    assert [text.at.file for text in metamodel.main.data_files] == ["shop/data/demo/plan.csv", "shop/data/plan.csv"]


def test_reading_a_folder_twice_gives_the_same_order(tmp_path: Path) -> None:
    folder = make(
        tmp_path / "shop",
        **{f"objects/o{n}.yaml": f"object: o{n}\nfields: {{name: {{type: text}}}}" for n in (3, 1, 2)},
    )
    assert list(read_app_files(folder, Problems()).texts) == [
        "app.yaml", "objects/o1.yaml", "objects/o2.yaml", "objects/o3.yaml", "objects/plan.yaml",
    ]  # fmt: skip
