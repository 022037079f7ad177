"""What the reference pages list is what the code has, both ways: commands, calls, hooks, types, settings, codes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import click
import pytest
from flask import Flask

from engine.settings import PlatformSettings
from metamodel.field_types import standard_field_types
from plugins import hookspecs
from tests.support.sources import PACKAGES, REPOSITORY, files_of, tree_of
from ui import auth
from ui.api import register
from ui.cli import main
from ui.pages import api_reference
from ui.pages import register as register_pages

pytestmark = pytest.mark.promise("DEV-04")

CODE = re.compile(r"(?:APP|OBJ|EXP|RUL|PLG)\d{3}")
_FREE_SETTINGS = {"plugins", "app_settings", "origins", "testing", "clock_text"}
_FAMILIES = ("FIELDSTONE_PLUGIN_", "FIELDSTONE_SETTING_")
_OF_TESTS_AND_TOOLS = (
    "FIELDSTONE_TEST",
    "FIELDSTONE_SHARED",
    "FIELDSTONE_CLOCK",
    "FIELDSTONE_CRASH_AT",
    "FIELDSTONE_EXPRESSIONS",
)


def text_of(name: str) -> str:
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


NAMES = {
    "call_name": "{call}",
    "connector_name": "{connector}",
    "dashboard_name": "{dashboard}",
    "object_name": "{object}",
    "record_id": "{id}",
    "run_id": "{id}",
    "call_id": "{call}",
    "file_id": "{id}",
    "field_name": "{field}",
    "request_id": "{id}",
    "view_id": "{id}",
    "size": "{size}",
    "button_name": "{button}",
    "template_name": "{template}",
    "report_name": "{report}",
    "webhook_name": "{webhook}",
    "form_name": "{form}",
    "rule_name": "{rule}",
    "value": "{value}",
}
"""Parts of addresses in the code → as pages call them."""


def first_cells(text: str) -> list[str]:
    return [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]


def commands_in_code() -> Iterator[str]:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {inner}" for inner in command.commands)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield name


def commands_in_page() -> Iterator[str]:
    for cell in first_cells(text_of("cli.md")):
        group, *more = [words.split() for words in re.findall(r"`([^`]+)`", cell)]
        is_group = len(group) > 1 and group[1].isalpha() and group[1].islower()
        yield " ".join(group[:2] if is_group else group[:1])
        yield from (f"{group[0]} {words[0]}" for words in more)


def test_the_page_of_commands_lists_each_command_and_no_other() -> None:
    assert sorted(commands_in_page()) == sorted(commands_in_code())


def test_each_option_on_the_page_of_commands_is_one_of_its_command() -> None:
    context = click.Context(main)
    for cell in first_cells(text_of("cli.md")):
        words = re.findall(r"[\w-]+", cell)
        command = main.get_command(context, words[0])
        assert command is not None
        inner = command.commands.values() if isinstance(command, click.Group) else (command,)
        known = {name for each in inner for parameter in each.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} - known == set(), words[0]


def test_the_page_of_the_api_lists_each_call_and_no_other() -> None:
    app = Flask("reference")
    register(app)
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1")]
    shown = re.compile(r"<(?:\w+:)?(\w+)>")
    called = {
        **NAMES,
        "import_id": "{id}",
        "export_id": "{id}",
        "ask_id": "{id}",
        "user_id": "{id}",
        "entry": "{entry}",
    }
    calls = {
        f"{method} {shown.sub(lambda found: called[found[1]], rule.rule).removeprefix('/api/v1')}"
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    table = text_of("api.md").split("## Calls")[1].split("###")[0]
    listed = {call for cell in first_cells(table) for call in re.findall(r"`([A-Z]+ /[^`]+)`", cell)}
    assert listed == calls


def test_the_page_of_pages_lists_each_address_and_no_other() -> None:
    app = Flask("ui")
    for views in (auth, api_reference):
        app.register_blueprint(views.blueprint)
    register_pages(app)
    shown = re.compile(r"<(?:\w+:)?(\w+)>")
    addresses = {
        shown.sub(lambda found: NAMES.get(found[1], f"{{{found[1]}}}"), rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    }
    table = text_of("pages.md").split("## Addresses")[1].split("\n## ")[0]
    listed = {address.split("?")[0] for cell in first_cells(table) for address in re.findall(r"`(/[^`]*)`", cell)}
    assert listed == addresses


def test_the_page_of_hooks_describes_each_hook_and_no_other() -> None:
    described = set(re.findall(r"^## `(\w+)`", text_of("plugin_hooks.md"), re.MULTILINE))
    assert described == {name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")}


def test_the_page_of_the_app_folder_lists_each_field_type_and_no_other() -> None:
    table = text_of("app-folder.md").split("## Field types")[1].split("\n## ")[0]
    listed = [name for cell in first_cells(table) for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(standard_field_types().names)


def test_the_page_on_running_lists_each_setting_and_no_other() -> None:
    table = text_of("running.md").split("## Settings")[1].split("\n## ")[0]
    listed = [name for cell in first_cells(table) for name in re.findall(r"`FIELDSTONE_(\w+)`", cell)]
    known = [item for item in PlatformSettings.__dataclass_fields__ if item not in _FREE_SETTINGS]
    assert listed == [name.upper() for name in known]


@pytest.mark.parametrize("folder", ["docs", "sample_apps"])
def test_every_variable_named_in_documentation_is_read_somewhere(folder: str) -> None:
    known = {f"FIELDSTONE_{name.upper()}" for name in PlatformSettings.__dataclass_fields__}
    for path in files_of(folder, suffixes=(".md",)):
        named = set(re.findall(r"FIELDSTONE_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
        free = {name for name in named if name.startswith((*_FAMILIES, *_OF_TESTS_AND_TOOLS))}
        assert named - known - free == {family.rstrip("_") for family in _FAMILIES} & named, path.name


def test_every_code_in_the_code_is_explained_on_a_page_and_every_explained_code_exists() -> None:
    pages = [*(REPOSITORY / "docs").glob("errors_*.md"), REPOSITORY / "docs" / "plugin_hooks.md"]
    explained = {code for page in pages for code in CODE.findall(page.read_text(encoding="utf-8"))}
    used = {
        node.value
        for path in files_of(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }
    used |= {f"{family}10{number}" for family in ("EXP", "RUL") for number in (1, 2)}  # put together from two parts
    assert (used - explained, explained - used) == (set(), set())
