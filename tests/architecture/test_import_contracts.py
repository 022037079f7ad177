"""The layers of the project: the contracts in pyproject.toml hold, and each of them can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sources import PACKAGES, REPOSITORY, files_of, name_of

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT_IMPORTS), "--config", "pyproject.toml", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def lay_out_packages(folder: Path) -> None:
    (folder / "pyproject.toml").write_bytes((REPOSITORY / "pyproject.toml").read_bytes())
    for package in (*PACKAGES, "plugins/bundled"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    (folder / "plugins" / "bundled" / "email.py").touch()
    (folder / "ui" / "app.py").touch()


@pytest.mark.promise("DEV-01")
def test_every_layer_imports_only_what_lies_below_it_and_sample_apps_hold_no_python() -> None:
    result = lint_imports(REPOSITORY)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "5 kept, 0 broken" in result.stdout
    assert [name_of(path) for path in files_of("sample_apps", suffixes=(".py", ".pyi", ".pyc", ".so"))] == []


@pytest.mark.promise("DEV-01")
@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("metamodel/objects.py", "import workflow_dsl", "1. "),
        ("workflow_dsl/checker.py", "import plugins", "1. "),
        ("plugins/manager.py", "import engine", "1. "),
        ("engine/records.py", "def render():\n    import ui", "1. "),
        ("engine/platform.py", "from plugins.bundled import email", "2. "),
        ("plugins/manager.py", "import plugins.bundled.email", "2. "),
        ("ui/app.py", "import plugins.bundled.email", "2. "),
        ("engine/records.py", "import flask", "3. "),
        ("plugins/manager.py", "from jinja2 import Environment", "3. "),
        ("ui/pages.py", "import sqlalchemy", "4. "),
        ("ui/pages.py", "from dbos import DBOS", "4. "),
        ("plugins/bundled/email.py", "import sqlalchemy.orm", "4. "),
        ("plugins/bundled/email.py", "import engine", "5. "),
        ("plugins/bundled/email.py", "from ui import app", "5. "),
    ],
)
def test_an_import_against_the_layers_breaks_its_contract(
    tmp_path: Path, module: str, statement: str, contract: str
) -> None:
    lay_out_packages(tmp_path)
    (tmp_path / module).write_text(statement + "\n")
    result = lint_imports(tmp_path)
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert result.returncode == 1
    assert any(line.startswith(contract) for line in broken), result.stdout + result.stderr


def test_imports_along_the_layers_keep_all_contracts(tmp_path: Path) -> None:
    lay_out_packages(tmp_path)
    (tmp_path / "ui" / "pages.py").write_text("import flask\nimport jinja2\nimport engine\nimport metamodel\n")
    (tmp_path / "engine" / "records.py").write_text("import sqlalchemy\nimport dbos\nimport workflow_dsl\n")
    (tmp_path / "plugins" / "bundled" / "email.py").write_text("import jinja2\nimport flask\nimport plugins.manager\n")
    (tmp_path / "plugins" / "manager.py").write_text("import workflow_dsl\nimport metamodel\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
