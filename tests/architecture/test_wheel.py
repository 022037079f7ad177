"""The wheel holds all that the product needs and works alone, even where a folder has names like ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.support.sources import REPOSITORY
from tests.support.wheel import BareEnvironment, build_wheel

SHIPPED = ("engine", "metamodel", "workflow_dsl", "ui", "plugins", "sample_apps")
NOT_SHIPPED = ("ui/frontend/",)
BUILD_TOOLS = {"esbuild", "purgecss", "sass"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def bare_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> BareEnvironment:
    return BareEnvironment(tmp_path_factory.mktemp("bare") / "env", wheel)


def committed_files() -> set[str]:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git work tree: nothing is committed here")
    listed = subprocess.run(
        ["git", "ls-files", "-z", *SHIPPED], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    return {name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()}


@pytest.mark.promise("DEV-07")
def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for name in committed_files() if not name.startswith(NOT_SHIPPED)}
    assert wanted - names == set()
    assert {name.split("/")[0] for name in names} == {*SHIPPED, "fieldstone-0.1.0.dist-info"}
    assert [name for name in names if name.startswith(NOT_SHIPPED) or "node_modules" in name] == []
    assert "fieldstone-0.1.0.dist-info/licenses/LICENSE" in names


@pytest.mark.promise("DEV-07")
def test_the_wheel_holds_the_licence_of_every_part_of_the_front_end(wheel: Path) -> None:
    asked = json.loads((REPOSITORY / "ui" / "frontend" / "package.json").read_text())["devDependencies"]
    with zipfile.ZipFile(wheel) as archive:
        table = archive.read("ui/static/licences/README.md").decode()
        licences = dict(re.findall(r"^\| (\S+) \| [\d.]+ \| .+ \| (\S+\.txt) \|$", table, re.MULTILINE))
        texts = {part: archive.read(f"ui/static/licences/{file}").decode() for part, file in licences.items()}
    assert asked.keys() - BUILD_TOOLS - licences.keys() == set()
    assert [part for part, text in texts.items() if len(text) < 300] == []


def test_the_wheel_asks_for_everything_it_needs(bare_environment: BareEnvironment) -> None:
    bare_environment.run("python", "-m", "pip", "check")


@pytest.mark.promise("DEV-07")
def test_the_wheel_serves_the_sales_app_in_a_folder_with_names_like_ours(
    bare_environment: BareEnvironment, tmp_path: Path
) -> None:
    for name in ("plugins", "ui"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong package was imported')\n")
    app = bare_environment.packages / "sample_apps" / "sales"
    with bare_environment.serving(str(app), cwd=tmp_path, log=tmp_path / "log") as address:
        page = read(f"{address}/login")
        assert '<html lang="' in page
        assets = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
        assert any(asset.split("?")[0].endswith(".css") for asset in assets)
        assert any(asset.split("?")[0].endswith(".js") for asset in assets)
        for asset in assets:
            assert read(address + asset)


@pytest.mark.promise("DEV-07")
def test_doctor_names_another_distribution_that_ships_an_import_name_of_ours(
    bare_environment: BareEnvironment, tmp_path: Path
) -> None:
    intruder = bare_environment.packages / "intruder-1.0.dist-info"
    intruder.mkdir()
    (intruder / "METADATA").write_text("Metadata-Version: 2.1\nName: intruder\nVersion: 1.0\n")
    (intruder / "RECORD").write_text("plugins/__init__.py,,\nintruder-1.0.dist-info/METADATA,,\n")
    try:
        found = bare_environment.try_to_run("fieldstone", "doctor", "--json", cwd=tmp_path)
    finally:
        shutil.rmtree(intruder)
    findings = json.loads(found.stdout)["findings"]
    assert found.returncode == 3
    assert any("'plugins'" in finding and "intruder" in finding for finding in findings), findings
    found = bare_environment.try_to_run("fieldstone", "doctor", "--json", cwd=tmp_path)
    assert not any("intruder" in finding for finding in json.loads(found.stdout)["findings"])


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of this machine
        return str(answer.read().decode())
