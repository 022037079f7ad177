"""The `>>>` examples in the docstrings of the pure layers are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.support.sources import PURE_PACKAGES, files_of, name_of

MODULES = [
    name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for path in files_of(*PURE_PACKAGES)
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run_as_shown(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
