"""`template: person | company | event | task`: the documented fields, which an object may override or leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

import pytest

from engine.access.actor import system_actor
from engine.errors import ValidationFailed
from engine.platform import Platform
from metamodel import load_sources
from metamodel.comparing import says_the_same
from metamodel.dump import dump_metamodel
from tests.conftest import REPOSITORY
from tests.support.kinds import FILES as KINDS
from tests.support.platforms import applied_platform

SYSTEM = system_actor()
FILES = {
    "objects/guest.yaml": "object: guest\nlabel: Guest\ntemplate: person\n",
    "objects/firm.yaml": "object: firm\nlabel: Firm\ntemplate: company\n",
    "objects/fair.yaml": "object: fair\nlabel: Fair\ntemplate: event\n",
    "objects/chore.yaml": "object: chore\nlabel: Chore\ntemplate: task\n",
    "objects/supplier.yaml": """
        object: supplier
        label: Supplier
        title: "{short_name}"
        template: {name: company, without: [website, annual_revenue, email]}
        fields:
          short_name: {required: true, label: {en: Known as, zh: 常用名}}
          industry: {type: choice, options: [steel, glass]}
          employees: {max: 5000}
          rating: {type: rating}
    """,
}
OBJECTS = {"person": "guest", "company": "firm", "event": "fair", "task": "chore"}


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with applied_platform(module_database_url, tmp_path_factory.mktemp("templates"), FILES) as opened:
        yield opened


def own_fields(platform: Platform, object_key: str) -> list[str]:
    fields = platform.releases.current().metamodel.objects[object_key].fields
    return [name for name, field in fields.items() if not field.system]


def documented() -> dict[str, list[str]]:
    text = (REPOSITORY / "docs" / "app-folder.md").read_text("utf-8")
    rows = re.findall(r"^\| `template: (\w+)` \| `([^`]+)` \|$", text, re.M)
    return {name: fields.split() for name, fields in rows}


@pytest.mark.promise("OBJ-28")
def test_templates_give_the_documented_fields_which_an_object_overrides_or_leaves_out(platform: Platform) -> None:
    test_each_template_gives_exactly_the_documented_fields(platform)
    test_an_object_overrides_keys_replaces_types_adds_fields_and_leaves_others_out(platform)


def test_each_template_gives_exactly_the_documented_fields(platform: Platform) -> None:
    assert documented() == {name: own_fields(platform, key) for name, key in OBJECTS.items()}


def test_records_of_templates_are_made_and_named(platform: Platform) -> None:
    records = platform.records
    guest = records.create(SYSTEM, "guest", {"name": {"last": "王", "first": "伟"}, "email": "wei@example.com"}).record
    assert guest.title == "王伟"
    assert records.create(SYSTEM, "firm", {"name": "ACME"}).record.title == "ACME"
    chore = records.create(SYSTEM, "chore", {"subject": "Call"}).record
    assert (chore.title, chore["status"], chore["priority"]) == ("Call", "open", "normal")
    fair = records.create(SYSTEM, "fair", {"subject": "Expo", "starts_at": "2027-03-01T09:00:00Z"}).record
    assert (fair["status"], fair["all_day"]) == ("planned", False)
    with pytest.raises(ValidationFailed):
        records.create(SYSTEM, "fair", {"subject": "Expo"})


def test_an_object_overrides_keys_replaces_types_adds_fields_and_leaves_others_out(platform: Platform) -> None:
    supplier = platform.releases.current().metamodel.objects["supplier"]
    given = [name for name in documented()["company"] if name not in ("website", "annual_revenue", "email")]
    assert own_fields(platform, "supplier") == [*given, "rating"]
    fields = supplier.fields
    assert (fields["short_name"].required, fields["short_name"].max_length) == (True, 60)
    assert fields["short_name"].label is not None
    assert fields["short_name"].label.in_language("zh") == "常用名"
    assert (fields["industry"].type, fields["employees"].minimum, fields["employees"].maximum) == ("choice", 0, 5000)
    made = platform.records.create(SYSTEM, "supplier", {"name": "Glass AG", "short_name": "Glass", "industry": "glass"})
    assert made.record.title == "Glass"
    assert [path.text for path in supplier.search] == ["name", "short_name", "tax_number", "phone"]


def faults(text: str) -> list[str]:
    app = "app: shop\nversion: 1.0.0\nlabel: Shop\ncurrency: CNY\n"
    return [str(problem) for problem in load_sources({"shop/app.yaml": app, "shop/objects/guest.yaml": text})[1].errors]


def test_mistakes_about_templates_are_told_where_they_stand() -> None:
    assert faults("object: guest\nlabel: Guest\ntemplate: {name: person, without: [emial]}\n") == [
        "shop/objects/guest.yaml:3:36 OBJ266 'emial' is not a field of the template; did you mean 'email'?"
    ]
    unknown = faults("object: guest\nlabel: Guest\ntemplate: human\nfields: {name: {type: text}}\n")
    assert unknown == ["shop/objects/guest.yaml:3:11 APP205 'human' is not a template: person, company, event or task"]
    untyped = faults("object: guest\nlabel: Guest\ntemplate: person\nfields: {nmae: {required: true}}\n")
    assert [text.split(" ")[1] for text in untyped] == ["OBJ101"]
    gone = faults(
        "object: guest\nlabel: Guest\ntemplate: {name: person, without: [name]}\nlayout: {highlights: [name]}\n"
    )
    assert [text.split(" ")[1] for text in gone] == ["OBJ301"]


def test_objects_of_templates_and_with_record_types_read_back_as_they_are_written_out() -> None:
    texts = {**FILES, **KINDS}
    sources = {f"shop/{path}": dedent(text) for path, text in texts.items() if not path.startswith("rules/")}
    metamodel, problems = load_sources(sources)
    assert not problems.errors
    assert metamodel is not None
    again, problems = load_sources(dump_metamodel(metamodel))
    assert not problems.errors
    assert again is not None
    for key in ("supplier", "guest", "chore", "deal"):
        assert says_the_same(again.objects[key], metamodel.objects[key]), key
