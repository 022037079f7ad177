"""No hub files, no endless functions: what is over the limits stands in size_reasons.yaml with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.sources import PACKAGES, REPOSITORY, files_of, functions_of, name_of, tree_of

MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 60
FOLDERS = (*PACKAGES, "bench", "tests")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "models", "managers", "misc"}
REASONS = yaml.safe_load(Path(__file__).with_name("size_reasons.yaml").read_text(encoding="utf-8"))


def long_files(root: Path = REPOSITORY) -> dict[str, int]:
    sizes = {name_of(path, root): len(path.read_bytes().splitlines()) for path in files_of(*FOLDERS, root=root)}
    return {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FILE}


def long_functions(root: Path = REPOSITORY) -> dict[str, int]:
    sizes = {
        f"{name_of(path, root)}::{name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in files_of(*FOLDERS, root=root)
        for name, node in functions_of(tree_of(path))
    }
    return {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FUNCTION}


@pytest.mark.promise("DEV-08")
def test_each_file_over_300_lines_has_a_reason_and_each_reason_a_file() -> None:
    assert long_files().keys() == REASONS["files"].keys(), long_files()


@pytest.mark.promise("DEV-08")
def test_each_function_over_60_lines_has_a_reason_and_each_reason_a_function() -> None:
    assert long_functions().keys() == REASONS["functions"].keys(), long_functions()


def test_every_reason_is_a_sentence() -> None:
    for reason in [*REASONS["files"].values(), *REASONS["functions"].values()]:
        assert len(str(reason).split()) >= 5, f"say why: {reason!r}"


def test_long_files_and_functions_are_found(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    body = "class Big:\n    def long(self):\n" + "        pass\n" * 300
    (tmp_path / "engine" / "hub.py").write_text(body)
    assert long_files(tmp_path) == {"engine/hub.py": 302}
    assert long_functions(tmp_path) == {"engine/hub.py::Big.long": 301}


def test_no_module_is_named_for_being_a_mixed_bag() -> None:
    found = [name_of(path) for path in files_of(*FOLDERS) if FORBIDDEN_NAMES & {path.stem, *path.parent.parts}]
    assert found == []
