"""Fields of several values mean the same in memory, on SQLite and on PostgreSQL: filters, search, rules, renaming."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.errors import ValidationFailed
from engine.platform import Platform
from engine.records.types import ListQuery
from tests.support.platforms import applied_platform, open_platform, small_app, write_files

FIRM = """
    object: firm
    label: Firm
    title: "{name}"
    search: [name, mails, phones, words]
    fields:
      name: {type: text, required: true}
      mails: {type: email, multiple: true}
      phones: {type: phone, multiple: true}
      sites: {type: url, multiple: true}
      words: {type: tags, index: true}
      colors:
        type: multi_choice
        options: {red: {label: {en: Red, zh: 红}}, green: {}, blue: {active: false}}
      is_hot: {type: boolean, formula: 'words contains "hot"'}
      spoken: {type: text, formula: 'join(words, "/")'}
    validations:
      - {name: no_ghosts, check: not (words contains "ghost"), field: words, message: No ghosts.}
"""
RULES = """
rule hot_firms_are_red
  before firm is saved
  if words contains "hot" and colors is empty
  then
    set colors = ["red"]
"""
FILES = {"objects/firm.yaml": FIRM, "rules/firms.rules": RULES}
SYSTEM = system_actor()
CONDITIONS = (
    'words contains "hot"', 'not (words contains "hot")', 'words contains "HOT"', 'words contains "o"',
    'words contains "x y"', "words is empty", "words is not empty", '"hot" in words', '"hot" not in words',
    'words = ["hot", "new"]', 'words != ["hot", "new"]', 'words = ["hot"]', 'colors contains "red"', "colors is empty",
    'colors = ["red", "green"]', 'mails contains "ann@example.com"', 'phones contains "+8613800138000"',
    'words contains "hot" or words contains "new"', 'words contains "a|b"', 'words contains name', "is_hot",
    'words contains "hot" and colors contains "red"', 'words contains "重要"', 'words contains ","',
)  # fmt: skip
ROWS: tuple[dict[str, object], ...] = (
    {"name": "hot", "words": ["new", "hot"], "mails": "ann@example.com\nbob@example.com"},
    {"name": "b", "words": "重要; new", "colors": ["green", "red"], "phones": ["138 0013 8000", "+1 650-253-0000"]},
    {"name": "c", "words": ["a|b", "x y", 'quote"d', "back\\slash", "comma-less"], "colors": ["red"]},
    {"name": "d"},
    {"name": "o", "words": ["o"], "sites": "https://a.example/x,y\nhttps://b.example/?q=1;2"},
)


SETTINGS = "country: CN\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firms:
    """The app with its records; ids: by name."""

    platform: Platform
    ids: dict[str, str]


@pytest.fixture(scope="module")
def firms(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firms]:
    folder = tmp_path_factory.mktemp("firms")
    with applied_platform(module_database_url, folder, FILES, settings=SETTINGS) as platform:
        ids = {str(row["name"]): platform.records.create(SYSTEM, "firm", row).record.id for row in ROWS}
        yield Firms(platform=platform, ids=ids)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_finds_the_same_records_as_in_memory(firms: Firms, condition: str) -> None:
    page = firms.platform.records.list(SYSTEM, ListQuery(object="firm", filter=condition))
    found = {record_id for record_id in firms.ids.values() if holds(firms.platform, condition, record_id)}
    assert {row.id for row in page.rows} == found


def holds(platform: Platform, condition: str, record_id: str) -> bool:
    with platform.records.transaction(SYSTEM) as transaction:
        object_def = transaction.object_def("firm")
        checked = transaction.parts.language.brought(condition, object_def.key, lambda key, name: True)
        assert checked.typed is not None, condition
        values = transaction.cache.related("firm", record_id)
        assert values is not None
        return bool(transaction.parts.language.evaluator(checked.typed)(transaction.context("firm", values)))


def test_values_are_read_put_in_order_and_given_back(firms: Firms) -> None:
    records = firms.platform.records
    first, second, last = (records.get(SYSTEM, "firm", firms.ids[name]) for name in ("hot", "b", "o"))
    assert first["mails"] == ("ann@example.com", "bob@example.com")
    assert first["words"] == ("hot", "new")
    assert first["colors"] == ("red",), "set by the rule"
    assert first["spoken"] == "hot/new"
    assert second["colors"] == ("red", "green")
    assert second["phones"] == ("+8613800138000", "+16502530000")
    assert last["sites"] == ("https://a.example/x,y", "https://b.example/?q=1;2")
    assert second.json["colors"] == ["red", "green"]


@pytest.mark.parametrize(
    ("words", "names"),
    [("bob@example", {"hot"}), ("6502530000", {"b"}), ("重要", {"b"}), ('quote"d', {"c"}), ("nobody", set())],
)
def test_search_finds_a_record_by_each_of_its_values(firms: Firms, words: str, names: set[str]) -> None:
    page = firms.platform.records.list(SYSTEM, ListQuery(object="firm", search=words))
    assert {row.id for row in page.rows} == {firms.ids[name] for name in names}


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"mails": ["ann@example.com", "bob@"]}, "mails", "not_email"),
        ({"mails": "ann@example.com, bob"}, "mails", "not_email"),
        ({"colors": ["blue"]}, "colors", "inactive_option"),
        ({"colors": "red, pink"}, "colors", "unknown_option"),
        ({"words": ["ghost"]}, "words", "no_ghosts"),
        ({"words": ["a\nb"]}, "words", "bad_tag"),
        ({"words": [f"t{n}" for n in range(201)]}, "words", "too_many"),
        ({"words": {"a": 1}}, "words", "not_list"),
        ({"words": [["a"]]}, "words", "not_list"),
    ],
)
def test_a_wrong_value_among_several_is_refused(firms: Firms, values: dict[str, object], field: str, code: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        firms.platform.records.create(SYSTEM, "firm", {"name": "x", **values})
    assert [(error.field, error.code) for error in caught.value.errors] == [(field, code)]


def test_an_option_that_became_inactive_stays_where_it_was_chosen(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, {"objects/firm.yaml": FIRM.replace("{active: false}", "{}")}, settings=SETTINGS)
    with open_platform(database_url, tmp_path) as platform:
        platform.apply_release([app], author="test")
        made = platform.records.create(SYSTEM, "firm", {"name": "x", "colors": ["blue", "green"]}).record
        write_files(app, {"objects/firm.yaml": FIRM})
        platform.apply_release([app], author="test")
        platform.records.update(SYSTEM, "firm", made.id, {"name": "y", "colors": ["blue", "green", "red"]})
        assert platform.records.get(SYSTEM, "firm", made.id)["colors"] == ("red", "green", "blue")


def test_one_value_becomes_several_and_a_renamed_option_is_renamed_among_them(
    database_url: str, tmp_path: Path
) -> None:
    single = FIRM.replace("{type: email, multiple: true}", "{type: email}")
    app = small_app(tmp_path, {"objects/firm.yaml": single}, settings=SETTINGS)
    with open_platform(database_url, tmp_path) as platform:
        platform.apply_release([app], author="test")
        values = {"name": "x", "mails": "ann@example.com", "colors": ["green", "red"]}
        made = platform.records.create(SYSTEM, "firm", values).record
        bare = platform.records.create(SYSTEM, "firm", {"name": "y"}).record
        write_files(app, {"objects/firm.yaml": FIRM.replace("green: {}", "leaf: {was: green}")})
        platform.apply_release([app], author="test")
        after = platform.records.get(SYSTEM, "firm", made.id)
        assert after["mails"] == ("ann@example.com",)
        assert after["colors"] == ("red", "leaf")
        assert platform.records.get(SYSTEM, "firm", bare.id)["mails"] is None
