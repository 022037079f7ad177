"""What a page shows to be copied does what the page says: the mapping file, the function of a plugin."""

from __future__ import annotations

import re
import types

from engine.imports.mapping import parse_mapping
from plugins.discovery import Candidate
from plugins.testing import check_plugin
from tests.support.sources import REPOSITORY


def block_with(page: str, language: str, mark: str) -> str:
    """Give the code block of a page that holds a text."""
    text = (REPOSITORY / "docs" / page).read_text("utf-8")
    (found,) = [each for each in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if mark in each]
    return str(found)


def test_the_mapping_file_of_the_command_line_page_is_read() -> None:
    mapping = parse_mapping(block_with("cli.md", "yaml", "find_by"), "deals.map.yaml")
    assert mapping.match == ("reference",)
    assert mapping.columns is not None
    assert [column.field for column in mapping.columns] == ["reference", "product", "close_date", "amount"]
    assert mapping.ignored == {"remark"}
    assert (mapping.encoding, mapping.delimiter) == ("gb18030", ";")


def test_the_function_of_the_plugin_page_is_one_that_loads() -> None:
    module = types.ModuleType("telephony")
    module.__doc__ = "Numbers."
    exec(block_with("plugin_hooks.md", "python", "ExpressionFunction("), module.__dict__)  # noqa: S102 - our own page
    manifest = block_with("plugin_hooks.md", "yaml", "name: telephony")
    shown = Candidate(name="telephony", import_module=lambda: module, read_manifest=lambda _module: manifest)
    assert check_plugin(shown) == []
