"""What lies in the repository as a whole: its folders, its lock, and nothing of the machine it was made on."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.support.sources import PACKAGES, REPOSITORY

FOLDERS = {"engine", "metamodel", "workflow_dsl", "ui", "plugins", "sample_apps", "tests", "docs", "bench", ".ci"}
FILES = {
    ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "README.zh.md",
    "pyproject.toml", "requirements.lock",
}  # fmt: skip
TEXT_SUFFIXES = {
    "", ".cfg", ".css", ".csv", ".html", ".ini", ".js", ".json", ".lark", ".lock", ".md", ".py", ".rules", ".sh",
    ".toml", ".ts", ".txt", ".yaml", ".yml",
}  # fmt: skip

# Spelled in pieces, so that this file does not name what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.$}-])/(?:wo" r"rk|ro" r"ot|home/\w+|tmp/bash_jobs)/")
REGISTRY = re.compile(r"pypi[.]org|python[h]osted|registry[.]npmjs|npm[m]irror|://deb[.]debian")


def git(*arguments: str) -> str:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git work tree: nothing is committed here")
    return subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


def committed_texts() -> list[tuple[str, str]]:
    names = [name for name in git("ls-files", "-z").split("\0") if Path(name).suffix in TEXT_SUFFIXES]
    paths = [(name, REPOSITORY / name) for name in names]
    return [(name, path.read_text(encoding="utf-8", errors="replace")) for name, path in paths if path.is_file()]


def test_the_top_level_holds_the_agreed_folders_and_files_only() -> None:
    tops = {name.split("/")[0] for name in git("ls-files").splitlines()}
    assert tops <= FOLDERS | FILES


def test_the_lock_pins_every_package_by_hash_and_names_no_address() -> None:
    lock = (REPOSITORY / "requirements.lock").read_text()
    assert "://" not in lock
    assert not re.search(r"^\s*(-i|--index|--extra-index|--find-links|--trusted)", lock, re.MULTILINE)
    entries = lock.replace("\\\n", "").splitlines()
    assert len(entries) > 50
    assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_lock_holds_everything_that_pyproject_asks_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-") for requirement in asked}
    locked = set(re.findall(r"^([a-z0-9-]+)", (REPOSITORY / "requirements.lock").read_text(), re.MULTILINE))
    assert names - locked == set()


def test_no_committed_file_names_a_path_of_one_machine_or_a_registry() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in committed_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATH.search(line) or REGISTRY.search(line)
    ]
    assert found == []


def test_no_commit_message_names_a_path_of_one_machine_or_carries_a_trailer() -> None:
    messages = git("log", "--format=%B")
    assert MACHINE_PATH.findall(messages) == []
    assert re.findall(r"^[A-Z][A-Za-z-]+-[Bb]y: .*", messages, re.MULTILINE) == []


def test_the_machine_path_pattern_finds_such_paths_and_leaves_others_alone() -> None:
    for path in ("work/main/x.py", "root/.cache/x", "home/ann/x"):
        assert MACHINE_PATH.search(f"see /{path}")
    for harmless in ("/o/work/1", "https://example.com/work/x", "$HOME/work/x", "a/root/b"):
        assert not MACHINE_PATH.search(harmless)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_marked_as_typed(package: str) -> None:
    assert (REPOSITORY / package / "py.typed").is_file()
    assert (REPOSITORY / package / "__init__.py").is_file()


def test_the_build_script_can_be_run() -> None:
    assert (REPOSITORY / ".ci" / "run").stat().st_mode & 0o111


def test_the_promises_are_the_shared_ones() -> None:
    original = SHARED / "product" / "promises.yaml"
    if not original.is_file():
        pytest.skip("the shared specification is not here (see FIELDSTONE_SHARED)")
    assert (REPOSITORY / "docs" / "promises.yaml").read_bytes() == original.read_bytes()
