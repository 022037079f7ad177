"""What was checked of a release is kept for later processes: they parse nothing, and nothing else is ever believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

import workflow_dsl.parser
from engine.access.actor import system_actor
from engine.platform import Platform
from engine.releases.kept_trees import RULES, KeptTreeStore, pack
from tests.support.platforms import applied_platform, open_platform, small_app
from workflow_dsl.keeping.forms import NotKeepable
from workflow_dsl.keeping.writing import TreeWriter

FILES = {
    "objects/deal.yaml": """
        object: deal
        label: Deal
        plural: Deals
        title: "{name} ({price})"
        fields:
          name: {type: text, required: true}
          price: {type: decimal, visible_if: name is not empty}
          twice: {type: decimal, formula: price * 2}
          of_firm: {type: text, formula: firm.name}
          note: {type: text, default: "='for ' & name", required_if: price > 1000}
          firm: {type: lookup, to: firm, where: name is not empty, inverse: deals}
        validations:
          - {name: positive, check: price >= 0, message: "{name} costs less than nothing."}
        layout:
          sections:
            - {label: All, fields: [name, price, twice, note], visible_if: price > 1}
        """,
    "objects/firm.yaml": """
        object: firm
        label: Firm
        plural: Firms
        fields:
          name: {type: text, required: true}
          sold: {type: rollup, function: sum, of: deals.price, where: price > 10}
        """,
    "rules/deals.rules": """
        rule dear before deal is saved if price > 100 then set note = "dear: {name}"
        rule told when deal is created if price > 500 then create firm { name: "of {name}" }
        rule daily every day at 09:00 for each deal where price > 5 then set note = "old"
        """,
}


@dataclass(slots=True)
class Parsings:
    """Texts that were parsed, so that the trees that were there already can be told from those that were not."""

    texts: list[str] = field(default_factory=list)


@pytest.fixture
def parsings(monkeypatch: pytest.MonkeyPatch) -> Parsings:
    """Count what is parsed; nothing is done otherwise than always."""
    parse, found = workflow_dsl.parser._parse, Parsings()

    def counting(source: Any, *rest: Any) -> Any:
        if not source.outer.at.file.startswith("<"):
            # Columns that a statement names are no texts of the author's.
            found.texts.append(source.text)
        return parse(source, *rest)

    monkeypatch.setattr(workflow_dsl.parser, "_parse", counting)
    return found


@pytest.fixture
def kept_url(database_url: str, tmp_path: Path) -> str:
    """Give a database with a release that is kept."""
    with applied_platform(database_url, tmp_path, FILES) as platform:
        platform.keeping.look()
    return database_url


def _use(platform: Platform) -> tuple[object, ...]:
    """Do what needs expressions and rules of every kind; give what came of it."""
    system = system_actor()
    firm = platform.records.create(system, "firm", {"name": "Acme"})
    values = {"name": "Pumps", "price": "700", "firm": firm.record.id}
    deal = platform.records.create(system, "deal", values).record
    found = platform.records.get(system, "deal", deal.id).values
    state = platform.records.form_state(system, "deal", deal.id, {"price": "2000"})
    sold = platform.records.get(system, "firm", firm.record.id).values["sold"]
    programs = platform.automation.index(platform.releases.current()).programs
    return (
        found["twice"], found["of_firm"], found["note"], sold, sorted(programs), state.fields["note"].required,
    )  # fmt: skip


def _rows(platform: Platform) -> int:
    with platform.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(platform.system.checked)).scalar() or 0)


def _damage(platform: Platform, how: str) -> None:
    table = platform.system.checked
    with platform.database.write() as connection:
        content = bytes(connection.execute(select(table.c.content).where(table.c.part == RULES)).scalar_one())
        damages: dict[str, dict[str, Any]] = {
            "a byte": {"content": content[:50] + bytes((content[50] ^ 1,)) + content[51:]},
            "cut": {"content": content[:20]},
            "empty": {"content": b""},
            "not signed": {"content": content[32:]},
            "another program": {"program": "0" * 64},
            "another release": {"release": 99},
        }
        connection.execute(update(table).where(table.c.part == RULES).values(damages[how]))
        if how == "another release":
            connection.execute(update(table).values(release=99))


def test_a_process_that_starts_with_a_kept_release_parses_nothing_and_finds_the_same(
    database_url: str, tmp_path: Path, parsings: Parsings
) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        platform.releases.current()
        parsings.texts.clear()
        fresh = _use(platform)
        assert len(parsings.texts) >= 10
        platform.keeping.look()
        assert _rows(platform) > 2
    with open_platform(database_url, tmp_path) as platform:
        parsings.texts.clear()
        assert platform.releases.current().trees
        assert _use(platform) == fresh
        assert parsings.texts == []


def test_what_is_not_exactly_what_was_written_counts_as_absent_and_is_written_again(
    kept_url: str, tmp_path: Path, parsings: Parsings
) -> None:
    for how in ("a byte", "cut", "empty", "not signed", "another program", "another release"):
        with open_platform(kept_url, tmp_path) as platform:
            _damage(platform, how)
        with open_platform(kept_url, tmp_path) as platform:
            release = platform.releases.current()
            assert how == "another program" or not release.trees, how
            parsings.texts.clear()
            assert len(platform.automation.index(release).programs) == 3
            assert parsings.texts, how
            assert platform.keeping.keep(release)
    with open_platform(kept_url, tmp_path) as platform:
        parsings.texts.clear()
        _use(platform)
        assert parsings.texts == []


def test_another_secret_or_other_plugins_believe_nothing(
    kept_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_platform(kept_url, tmp_path) as platform:
        release, functions = platform.releases.current(), platform.releases.language.functions
        assert release.trees

        def found(secret: bytes, *extras: str) -> bool:
            store = KeptTreeStore(platform.system, secret, functions, extras)
            with platform.database.read() as connection:
                return bool(store.read(connection, release.number, release.info.checksum))

        secret = platform.settings.secret()
        assert found(secret)
        # A command with a data folder of its own is no tamperer: its rows are another's, and nobody is warned.
        assert not found(b"another secret, as long as the first one")
        assert "not what was written" not in caplog.text
        assert not found(secret, "telephony 1.1 True")


def test_what_was_signed_and_cannot_be_read_stops_nobody(kept_url: str, tmp_path: Path) -> None:
    with open_platform(kept_url, tmp_path) as platform:
        fresh = _use(platform)
        release = platform.releases.current()
        store = KeptTreeStore(platform.system, platform.settings.secret(), platform.releases.language.functions)
        nonsense = store._signature(release.info.checksum, RULES, b"[[999]]") + b"[[999]]"
        table = platform.system.checked
        with platform.database.write() as connection:
            connection.execute(update(table).where(table.c.part == RULES).values(content=nonsense))
    with open_platform(kept_url, tmp_path) as platform:
        assert platform.releases.current().trees
        assert _use(platform) == fresh


def test_an_older_release_is_not_kept_in_place_of_a_newer_one(kept_url: str, tmp_path: Path) -> None:
    with open_platform(kept_url, tmp_path) as platform:
        older = platform.releases.current()
        files = {
            **FILES,
            "objects/task_list.yaml": "object: task_list\nlabel: L\nplural: Ls\nfields: {name: {type: text}}\n",
        }
        platform.apply_release([small_app(tmp_path / "next", files)], author="ann")
        assert platform.keeping.keep(older) is False
        platform.keeping.look()
        with platform.database.read() as connection:
            numbers = connection.execute(select(platform.system.checked.c.release).distinct()).scalars().all()
        assert numbers == [2]


def test_two_processes_that_keep_the_same_release_wait_for_each_other(kept_url: str, tmp_path: Path) -> None:
    with open_platform(kept_url, tmp_path) as one, open_platform(kept_url, tmp_path) as other:
        release, kept = one.releases.current(), _rows(one)
        parts = dict(one.keeping._parts(release))
        told: list[bool] = []
        thread = Thread(target=lambda: told.append(other.keeping.keep(other.releases.current())))
        with one.database.write() as connection:
            trees = one.keeping._trees
            trees.write(connection, trees.packed(release.number, release.info.checksum, release.metamodel, parts))
            thread.start()
            thread.join(0.5)
        thread.join()
        assert told == [True]
        assert _rows(one) == kept
        with pytest.raises(NotKeepable):
            pack(TreeWriter(release.metamodel, one.releases.language.functions), [_nested(400)])


def _nested(depth: int) -> tuple[Any, ...]:
    return () if depth == 0 else (_nested(depth - 1),)


def test_rows_that_somebody_adds_are_not_read(kept_url: str, tmp_path: Path) -> None:
    with open_platform(kept_url, tmp_path) as platform:
        table = platform.system.checked
        with platform.database.write() as connection:
            row = connection.execute(select(table).where(table.c.part == RULES)).mappings().one()
            connection.execute(insert(table).values({**row, "part": "object deal extra"}))
    with open_platform(kept_url, tmp_path) as platform:
        assert not platform.releases.current().trees
