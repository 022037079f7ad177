"""mypy strict passes on code and tests."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.sources import REPOSITORY


@pytest.mark.promise("DEV-08")
def test_mypy_strict_passes_on_code_and_tests() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
