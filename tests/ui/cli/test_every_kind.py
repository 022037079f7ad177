"""One mistake in a file of each kind makes `check` exit 1 and name that file; the schemas find misspelt keys."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from metamodel.field_types import standard_field_types
from metamodel.folder import file_kind
from metamodel.schema_set import SCHEMA_KINDS, editor_schema
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping, Node, Sequence, SourceText
from metamodel.yaml_source import read_yaml
from tests.ui.cli.conftest import Call

SHOP = Path("tests/corpus/metadata/whole_app/shop").resolve()
MISTAKES = {
    "app.yaml": ("version:", "vesion:"),
    "objects/order.yaml": ("to: account", "to: acount"),
    "extensions/account.yaml": ("extends: account", "extends: acount"),
    "rules/a.rules": ("order is created", "ordr is created"),
    "roles/clerk.yaml": ("role: clerk", "role: clerk\nobjects: {ordr: {read: all}}"),
    "menus.yaml": ("object: order", "object: ordr"),
    "option_sets/tiers.yaml": ("options:", "optons:"),
    "calendars/cn.yaml": ("2026-10-10", "2026-10-41"),
    "reports/orders.yaml": ("where: share > 0", "where: shre > 0"),
    "dashboards/shop.yaml": ("orders_by_month", "order_by_month"),
    "templates/*": ("subject:", "subjct:"),
    "forms/order.yaml": ("role: robot", "role: robt"),
    "translations/en.yaml": (None, "objects: {ordr: {label: Order}}\n"),
    "organization.yaml": ("parent: china", "parent: chna"),
    "currencies.yaml": ("7.8", "much"),
    "connections/hook.yaml": ("kind:", "knd:"),
    "connectors/orders.yaml": ("key: code", "key: cod"),
    "conversions/order.yaml": ("subject: ", "subjct: "),
    "sla/pack.yaml": ('step = "a1"', 'step = "a9"'),
    "targets/year.yaml": ("of: total", "of: totl"),
    "tables/fees.yaml": ("order.step", "order.stp"),
    "tables/days.csv": ("a1,3", "a1,3,5"),
    "data/order.csv": ("code", "cde"),
    "data/extra.yaml": (None, "object: order\nrecords: [{cde: X}]\n"),
    "tests/order.yaml": ("first.share", "first.shre"),
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shutil.copytree(SHOP, tmp_path / "shop")
    return tmp_path / "shop"


def test_the_app_that_has_every_kind_of_file_checks(call: Call, shop: Path) -> None:
    result = call("check", "shop")
    assert result.exit_code == 0, result.output


@pytest.mark.promise("APP-02")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_each_kind_of_file_is_told_with_that_file(call: Call, shop: Path, name: str) -> None:
    old, new = MISTAKES[name]
    path = next(iter(sorted(shop.glob(name))), shop / name)
    path.parent.mkdir(exist_ok=True)
    text = path.read_text("utf-8") if old is not None else ""
    assert old is None or old in text
    path.write_text(new if old is None else text.replace(old, new, 1), "utf-8")
    result = call("check", "shop")
    assert result.exit_code == 1
    inside = path.relative_to(shop).as_posix()
    assert any(line.startswith(f"shop/{inside}:") and "warning" not in line for line in result.output.splitlines())


YAML_FILES = sorted(path for path in SHOP.rglob("*.yaml") if not path.parent.name.startswith("templates"))


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.relative_to(SHOP).as_posix())
def test_a_misspelt_key_violates_the_editors_schema_at_its_line_and_column(path: Path) -> None:
    kind = file_kind(path.relative_to(SHOP).as_posix())
    assert kind is not None
    validator = Draft202012Validator(editor_schema(kind.value, standard_field_types()))
    text = path.read_text("utf-8")
    node = node_of(text)
    assert list(validator.iter_errors(node.plain)) == []
    first = text.split(":", 1)[0]
    broken = node_of(text.replace(first, f"{first}x", 1))
    assert isinstance(broken, Mapping)
    errors = list(validator.iter_errors(broken.plain))
    places = {(place.line, place.column) for error in errors if (place := place_of(error.absolute_path, broken, error))}
    if kind.value not in ("connection",):
        assert (1, 1) in places
    else:
        assert errors  # further keys of a connection are those of its plugin; the missing one is told


def node_of(text: str) -> Node:
    node = read_yaml(SourceText("x.yaml", text), Problems())
    assert node is not None
    return node


def place_of(path: object, node: Node, error: object) -> Node | None:
    """Find what an editor underlines: the value at the path, and in it the key that the message names."""
    for step in list(path):  # type: ignore[call-overload]
        below = (
            node.get(step) if isinstance(node, Mapping) else node.items[step] if isinstance(node, Sequence) else None
        )
        node = below if below is not None else node
    if isinstance(node, Mapping):
        named = (key for key, _ in node.items() if f"'{key.text}'" in str(getattr(error, "message", "")))
        return next(named, node)
    return node


def test_there_is_a_schema_for_each_kind_with_a_title(call: Call, tmp_path: Path) -> None:
    listed = call("schema").output.split()
    assert listed == list(SCHEMA_KINDS)
    assert call("schema", "--out", "schemas").exit_code == 0
    for kind in SCHEMA_KINDS:
        schema = editor_schema(kind, standard_field_types())
        assert schema["title"]
        assert (tmp_path / "schemas" / f"{kind}.schema.json").exists()
