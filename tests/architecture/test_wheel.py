"""The wheel holds all that the product needs and works alone, even where a folder has names like ours."""

from __future__ import annotations

import re
import subprocess
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.support.sources import REPOSITORY
from tests.support.wheel import BareEnvironment, build_wheel

SHIPPED = ("engine", "metamodel", "workflow_dsl", "ui", "plugins", "sample_apps")
NOT_SHIPPED = ("ui/frontend/",)


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


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for name in committed_files() if not name.startswith(NOT_SHIPPED)}
    assert wanted - names == set()
    assert {name.split("/")[0] for name in names} == {*SHIPPED, "fieldstone-0.1.0.dist-info"}
    assert [name for name in names if name.startswith(NOT_SHIPPED) or "node_modules" in name] == []
    assert "fieldstone-0.1.0.dist-info/licenses/LICENSE" in names


def test_the_wheel_asks_for_everything_it_needs(bare_environment: BareEnvironment) -> None:
    bare_environment.run("python", "-m", "pip", "check")


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


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of this machine
        return str(answer.read().decode())
