"""`make promises`: a promise is held by passing tests alone, and unknown promises are found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sources import REPOSITORY

PROMISES = """
- {id: EXP-01, text: one}
- {id: EXP-02, text: two}
- {id: RUL-01, text: three}
- {id: RUL-02, text: four}
- {id: RUL-03, text: five}
"""
CONFTEST = """
from tests.support.promises import PromiseRecorder

def pytest_configure(config):
    config.addinivalue_line("markers", "promise(id): x")
    config.pluginmanager.register(PromiseRecorder(config))
"""


class Project:
    """Run pytest and the tool in a small project of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "promises.yaml").write_text(PROMISES)
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "pytest.ini").write_text("[pytest]\n")

    def write(self, tests: str) -> None:
        (self.folder / "test_it.py").write_text("import pytest\npromise = pytest.mark.promise\n" + tests)

    def run_tests(self, *arguments: str) -> None:
        self._python("-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)

    def report(self, *arguments: str) -> tuple[int, list[str]]:
        record = str(self.folder / "var" / "promises.json")
        tool = ("-m", "tests.support.promises", "--promises", "promises.yaml", "--record", record)
        done = self._python(*tool, *arguments)
        return done.returncode, done.stdout.splitlines()

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment |= {"PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


MIXED = """
@promise("EXP-01")
def test_passes(): pass

@promise("EXP-02")
@pytest.mark.parametrize("n", [1, 2])
def test_passes_once(n): assert n == 1

@promise("RUL-01")
def test_skipped(): pytest.skip("not here")

@promise("RUL-02")
@pytest.mark.xfail
def test_expected_to_fail(): assert False

@pytest.fixture
def breaks_later():
    yield
    raise RuntimeError

@promise("RUL-03")
def test_whose_tear_down_breaks(breaks_later): pass
"""


@pytest.mark.promise("DEV-05")
@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two workers"])
def test_only_passing_tests_hold_a_promise(project: Project, workers: tuple[str, ...]) -> None:
    project.write(MIXED)
    project.run_tests(*workers)
    code, lines = project.report()
    assert code == 0
    assert lines == [
        "EXP-02  failed: test_it.py::test_passes_once[2]",
        "RUL-01  skipped: test_it.py::test_skipped",
        "RUL-02  skipped: test_it.py::test_expected_to_fail",
        "RUL-03  failed: test_it.py::test_whose_tear_down_breaks",
        "held 1 of 5",
    ]


@pytest.mark.promise("DEV-05")
def test_the_report_maps_a_held_promise_to_its_tests(project: Project) -> None:
    project.write('@promise("EXP-01")\ndef test_a(): pass\n\n@promise("EXP-01")\ndef test_b(): pass\n')
    project.run_tests()
    assert project.report("--prefix", "EXP", "--all") == (
        0,
        ["EXP-01  held: test_it.py::test_a, test_it.py::test_b", "EXP-02  no test", "held 1 of 2"],
    )


@pytest.mark.promise("DEV-05")
def test_all_tests_of_a_promise_must_pass(project: Project) -> None:
    project.write('@promise("EXP-01")\ndef test_a(): pass\n\n@promise("EXP-01")\ndef test_b(): assert 0\n')
    project.run_tests()
    assert project.report("--prefix", "EXP") == (
        0,
        ["EXP-01  failed: test_it.py::test_b", "EXP-02  no test", "held 0 of 2"],
    )


@pytest.mark.promise("DEV-05")
@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two workers"])
def test_a_deselected_test_holds_nothing(project: Project, workers: tuple[str, ...]) -> None:
    project.write('@promise("EXP-01")\ndef test_a(): pass\n\n@promise("EXP-01", "EXP-02")\ndef test_b(): pass\n')
    project.run_tests("-k", "test_a", *workers)
    assert project.report("--prefix", "EXP")[1] == [
        "EXP-01  not run: test_it.py::test_b",
        "EXP-02  not run: test_it.py::test_b",
        "held 0 of 2",
    ]


@pytest.mark.promise("DEV-05")
def test_an_unknown_promise_makes_the_command_fail_even_outside_the_prefix(project: Project) -> None:
    project.write('@promise("EXP-99")\ndef test_a(): pass\n')
    project.run_tests()
    code, lines = project.report("--prefix", "RUL")
    assert code == 1
    assert lines[-2:] == ["unknown promise EXP-99, named by test_it.py::test_a", "held 0 of 3"]


@pytest.mark.promise("DEV-05")
def test_the_last_run_replaces_the_one_before(project: Project) -> None:
    project.write('@promise("EXP-01")\ndef test_a(): pass\n')
    project.run_tests()
    project.write('@promise("EXP-02")\ndef test_b(): pass\n')
    project.run_tests()
    assert project.report("--prefix", "EXP")[1] == ["EXP-01  no test", "held 1 of 2"]


@pytest.mark.promise("DEV-05")
def test_without_a_run_nothing_is_held(project: Project) -> None:
    assert project.report() == (
        0,
        [*(f"{name}  no test" for name in ("EXP-01", "EXP-02", "RUL-01", "RUL-02", "RUL-03")), "held 0 of 5"],
    )


@pytest.mark.promise("DEV-05")
def test_make_promises_takes_the_groups_as_prefix() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "promises", "PREFIX=EXP,RUL"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert '-m tests.support.promises --prefix "EXP,RUL"' in done.stdout
