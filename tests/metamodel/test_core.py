"""The app core and the sample apps load without a single problem, in two languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from metamodel import load_metamodel
from metamodel.expressions import expressions_of
from metamodel.texts import Label

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = sorted(path.parent for path in (ROOT / "sample_apps").glob("*/app.yaml"))


def test_core_loads_without_a_problem_and_has_what_every_crm_shares() -> None:
    metamodel, problems = load_metamodel([])
    assert list(problems) == []
    assert metamodel is not None
    assert set(metamodel.objects) >= {
        "user", "team", "queue", "account", "contact", "activity", "task", "attachment", "comment", "tag",
    }  # fmt: skip
    kind = metamodel.objects["activity"].fields["type"].choice
    assert kind is not None
    assert kind.names == ("call", "meeting", "visit", "note", "mail", "message")
    assert "administrator" in metamodel.roles


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.name)
def test_each_sample_app_loads_without_a_problem(folder: Path) -> None:
    metamodel, problems = load_metamodel([folder])
    assert [str(problem) for problem in problems] == []
    assert metamodel is not None


def test_everything_people_see_of_core_is_in_english_and_chinese() -> None:
    metamodel, _ = load_metamodel([])
    assert metamodel is not None
    labels: dict[str, Label | None] = {f"role {role.name}": role.label for role in metamodel.roles.values()}
    labels |= {f"menu {menu.name}": menu.label for menu in metamodel.menus.values()}
    for key, object_def in metamodel.objects.items():
        labels |= {key: object_def.label, f"{key} plural": object_def.plural}
        labels |= {f"{key}.{field.name}": field.label for field in object_def.fields.values()}
        labels |= {f"{key} view {view.name}": view.label for view in object_def.views.values()}
        labels |= {f"{key} section {n}": section.label for n, section in enumerate(object_def.layout.sections)}
        for field in object_def.fields.values():
            if field.choice is not None and field.name != "language":
                labels |= {f"{key}.{field.name}.{option.name}": option.label for option in field.choice.options}
    lacking = [name for name, label in labels.items() if label is None or {"en", "zh"} - dict(label.texts).keys()]
    assert lacking == []


def test_the_list_of_expressions_has_every_kind_with_its_place() -> None:
    metamodel, _ = load_metamodel(SAMPLES[:1])
    assert metamodel is not None
    sites = list(expressions_of(metamodel))
    assert {site.kind.value for site in sites} >= {"condition", "formula", "default", "filter", "scope", "text"}
    for site in sites:
        assert site.object is None or site.object in metamodel.objects
        source = metamodel.sources[site.text.at.file].split("\n")
        assert 1 <= site.text.at.line <= len(source) + 1
