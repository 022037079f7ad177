"""Settings of apps have a value per environment: refused without one, set, overridden, by role, seen everywhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.access.actor import Actor, Origin, system_actor
from engine.app_settings import SettingRefused
from engine.errors import ReleaseRefused
from engine.expressions.context import RecordContext
from engine.platform import Platform, check_app_folders
from engine.records.transaction import Transaction
from engine.records.types import ListQuery
from engine.releases.store import SettingsUnsound
from engine.settings import load_settings
from plugins.manager import PluginManager
from tests.support.platforms import applied_platform, open_platform, settings_for, small_app

DEAL = """
    object: deal
    label: Deal
    plural: Deals
    title: "{name}"
    fields:
      name: {type: text, required: true}
      price: {type: decimal}
      large: {type: boolean, formula: price >= app.review_limit}
    validations:
      - {name: not_too_large, check: price <= app.most or price is empty, field: price, message: "Over {app.most}."}
    views:
      large: {label: Large, columns: [name], where: price >= app.review_limit}
    """
RULES = """
    rule name_the_large when deal is created
      if price >= app.review_limit and price < app.most
      then set name = "large"
    """
ROLE = """
    role: {name}
    label: {name}
    objects:
      deal: {{read: all, create: yes, update: all}}
    """
SETTINGS = """
    settings:
      review_limit: {type: decimal, default: 100, by_role: {boss: 1000, clerk: 10}}
      most: {type: decimal, default: 5000}
    """
FILES = {
    "objects/deal.yaml": DEAL,
    "rules/deals.rules": RULES,
    **{f"roles/{name}.yaml": ROLE.format(name=name) for name in ("boss", "clerk", "other")},
}
OPERATOR = system_actor(Origin.CLI)


def _someone(*roles: str) -> Actor:
    return Actor(user_id=None, login="someone", roles=frozenset(roles))


def _large(platform: Platform, actor: Actor) -> tuple[set[str], set[str]]:
    """Give the names of the large deals: as SQL filters them, and as memory computes them record by record."""
    rows = platform.records.list(actor, ListQuery(object="deal", fields=("name",), limit=50)).rows
    filtered = platform.records.list(actor, ListQuery(object="deal", filter="large", fields=("name",))).rows
    with platform.records.reading(actor) as transaction:
        found = {row.id: transaction.cache.related("deal", row.id) for row in rows}
        seen = [transaction.parts.computations("deal")["large"](_context(transaction, v)) for v in found.values()]
    computed = {str(row.values["name"]) for row, is_large in zip(rows, seen, strict=True) if is_large}
    return {str(row.values["name"]) for row in filtered}, computed


def _context(transaction: Transaction, values: Mapping[str, object] | None) -> RecordContext:
    assert values is not None
    return RecordContext(transaction.around, "deal", values)


def _with_deals(platform: Platform) -> None:
    for name, price in (("small", 5), ("middle", 50), ("big", 500), ("huge", 2000)):
        platform.records.create(system_actor(), "deal", {"name": name, "price": price})


def _platform(url: str, folder: Path, variables: Mapping[str, str]) -> Platform:
    settings = replace(settings_for(url, folder), app_settings=variables)
    return Platform.open(settings, plugins=PluginManager.load(candidates=(), environment={}))


NEEDED = """
    settings:
      review_limit: {type: decimal}
      most: {type: decimal, default: 5000}
    """


@pytest.mark.promise("APP-13")
def test_apply_refuses_a_setting_without_default_or_value_and_names_its_readers(
    database_url: str, tmp_path: Path
) -> None:
    app = small_app(tmp_path, FILES, settings=NEEDED)
    assert check_app_folders([app]).is_sound, (
        "whether there is a value is a matter of the environment, not of the folder"
    )
    with open_platform(database_url, tmp_path) as platform:
        with pytest.raises(ReleaseRefused) as refused:
            platform.apply_release([app], author="ann")
        assert not platform.releases.has_release()
        assert [problem.code for problem in refused.value.problems] == ["APP831"]
        problem = refused.value.problems[0]
        assert "'shop.review_limit' has neither a default nor a value" in problem.message
        assert (problem.at.file, problem.at.line) == ("shop/app.yaml", 8)
        for reader in ("rule name_the_large (shop/rules/deals.rules:1:1)", "deal.large (shop/objects/deal.yaml:8:"):
            assert reader in problem.hint
        assert "not_too_large" not in problem.hint
        assert not platform.plan_release([app]).is_safe


@pytest.mark.promise("APP-13")
def test_each_environment_has_its_own_value(tmp_path: Path, database_url: str) -> None:
    app = small_app(tmp_path, FILES, settings=NEEDED)
    here, there = database_url, f"sqlite:///{tmp_path / 'other.sqlite'}"
    for url, limit in ((here, "100"), (there, "1000")):
        with open_platform(url, tmp_path) as platform:
            platform.app_settings.set(OPERATOR, "shop.review_limit", limit, folders=[app])
            assert platform.apply_release([app], author="ann").is_new
            _with_deals(platform)
    with open_platform(here, tmp_path) as first, open_platform(there, tmp_path) as second:
        assert _large(first, system_actor()) == ({"big", "huge"}, {"big", "huge"})
        assert _large(second, system_actor()) == ({"huge"}, {"huge"})


@pytest.mark.promise("APP-13")
def test_a_variable_gives_a_process_its_value(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES, settings=NEEDED)
    platform = _platform(database_url, tmp_path, {"SHOP_REVIEW_LIMIT": "300"})
    try:
        platform.apply_release([app], author="ann")
        _with_deals(platform)
        assert _large(platform, system_actor())[0] == {"big", "huge"}
        shown = {each.name: (each.value, each.origin) for each in platform.app_settings.shown()}
        assert shown["shop.review_limit"] == (Decimal(300), "FIELDSTONE_SETTING_SHOP_REVIEW_LIMIT")
        assert shown["shop.most"] == (Decimal(5000), "default")
    finally:
        platform.close()
    with open_platform(database_url, tmp_path) as without, pytest.raises(SettingsUnsound, match="neither a default"):
        without.app_settings.require_sound()


def test_variables_of_settings_are_read_from_the_environment() -> None:
    assert load_settings({"FIELDSTONE_SETTING_SHOP_REVIEW_LIMIT": "3"}).app_settings == {"SHOP_REVIEW_LIMIT": "3"}


def test_a_variable_of_the_wrong_type_is_refused_by_apply_with_its_name(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES, settings=SETTINGS)
    platform = _platform(database_url, tmp_path, {"SHOP_MOST": "a lot"})
    try:
        with pytest.raises(ReleaseRefused) as refused:
            platform.apply_release([app], author="ann")
        assert [problem.code for problem in refused.value.problems] == ["APP832"]
        assert "'a lot' (FIELDSTONE_SETTING_SHOP_MOST) is not of type decimal" in refused.value.problems[0].message
    finally:
        platform.close()


def test_a_new_value_counts_at_once_in_memory_and_in_sql_in_every_process(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES, settings=SETTINGS) as platform:
        _with_deals(platform)
        with open_platform(database_url, tmp_path) as other:
            before = other.releases.current()
            assert _large(other, system_actor()) == ({"big", "huge"}, {"big", "huge"})
            other.watcher.start()
            platform.app_settings.set(OPERATOR, "shop.review_limit", "1000")
            assert _large(platform, system_actor()) == ({"huge"}, {"huge"})
            for _ in range(1_200):
                if other.releases.current() is not before:
                    break
                time.sleep(0.05)
            assert _large(other, system_actor()) == ({"huge"}, {"huge"})
            assert other.releases.numbered(1) is other.releases.current()
            assert before.settings.values["review_limit"] == 100, "a request under way keeps what it began with"


def test_values_by_role_count_for_who_holds_the_role_the_first_written_first(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES, settings=SETTINGS) as platform:
        _with_deals(platform)
        expected = {
            ("other",): {"big", "huge"},
            ("boss",): {"huge"},
            ("clerk",): {"middle", "big", "huge"},
            ("clerk", "boss"): {"huge"},
        }
        for roles, names in expected.items():
            assert _large(platform, _someone(*roles)) == (names, names), roles
        platform.app_settings.set(OPERATOR, "shop.review_limit", "1")
        assert _large(platform, _someone("other"))[0] == {"small", "middle", "big", "huge"}
        assert _large(platform, _someone("boss"))[0] == {"huge"}, "a value for a role stands above the environment's"


def test_a_change_is_audited_once_and_unset_brings_the_default_back(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES, settings=SETTINGS) as platform:
        for text in ("7", "7", "8"):
            platform.app_settings.set(OPERATOR, "shop.most", text)
        assert platform.releases.current().settings.values["most"] == 8
        platform.app_settings.unset(OPERATOR, "shop.most")
        assert platform.releases.current().settings.values["most"] == 5000
        table = platform.system.audit
        with platform.database.read() as connection:
            rows = connection.execute(
                select(table.c.changes, table.c.origin, table.c.actor_name).where(table.c.object == "setting")
            ).all()
        changes = [{"shop.most": change} for change in ([None, "7"], ["7", "8"], ["8", None])]
        assert [tuple(row) for row in rows] == [(change, "cli", "System") for change in changes]


def test_wrong_names_types_and_empty_values_are_refused_in_words(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES, settings=SETTINGS) as platform:
        for name, text, said in (
            ("shop.mots", "1", "'shop.mots' is not a setting; did you mean 'shop.most'"),
            ("most", "1", "did you mean 'shop.most'"),
            ("shop.most", "plenty", "'plenty' is no value for shop.most, which is of type decimal"),
            ("shop.most", "", "needs a value"),
            ("shop.most", "很多", "'很多' is no value"),
        ):
            with pytest.raises(SettingRefused, match=said):
                platform.app_settings.set(OPERATOR, name, text)
        with platform.database.read() as connection:
            assert connection.execute(select(platform.system.setting)).all() == []


def test_a_value_that_keeps_a_release_alive_cannot_be_unset(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES, settings=NEEDED)
    with open_platform(database_url, tmp_path) as platform:
        platform.app_settings.set(OPERATOR, "shop.review_limit", "5", folders=[app])
        platform.apply_release([app], author="ann")
        with pytest.raises(SettingRefused, match=r"has no default and keeps its value; it is read by rule name_the"):
            platform.app_settings.unset(OPERATOR, "shop.review_limit")
        assert platform.app_settings.problems() == ()


def test_a_release_that_a_process_has_no_value_for_leaves_the_old_one_live(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES, settings=SETTINGS)
    with open_platform(database_url, tmp_path) as without:
        without.apply_release([app], author="ann")
        small_app(tmp_path, FILES, settings=SETTINGS.rstrip() + "\n      needed: {type: text}\n")
        platform = _platform(database_url, tmp_path, {"SHOP_NEEDED": "yes"})
        try:
            assert platform.apply_release([app], author="ann").release.number == 2
        finally:
            platform.close()
        without.releases.refresh()
        assert without.releases.current().number == 1


@pytest.mark.parametrize(
    ("rollup", "code"),
    [
        ("{type: rollup, of: deals, function: count, where: price > app.most}", ["OBJ452"]),
        ("{type: rollup, of: deals, function: count, where: large}", ["OBJ452"]),
        ("{type: rollup, of: deals.over, function: sum}", ["OBJ452"]),
        ("{type: rollup, of: deals, function: count, where: price > 5}", []),
    ],
)
def test_a_rollup_that_would_not_notice_a_new_value_is_refused(rollup: str, code: list[str], tmp_path: Path) -> None:
    more = """
      firm: {type: lookup, to: firm, inverse: deals}
      over: {type: decimal, formula: price - app.most}
    validations:"""
    deal = DEAL.replace("\n    validations:", more)
    firm = f"""
        object: firm
        label: Firm
        plural: Firms
        title: "{{name}}"
        fields:
          name: {{type: text}}
          some: {rollup}
        """
    app = small_app(tmp_path, {**FILES, "objects/deal.yaml": deal, "objects/firm.yaml": firm}, settings=SETTINGS)
    assert [problem.code for problem in check_app_folders([app]).problems] == code
