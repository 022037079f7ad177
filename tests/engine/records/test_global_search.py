"""The global search: what is found by how it is typed, by whom, and that its index follows whatever writes a record."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import column, inspect, select, table, text

from engine.access.actor import Actor, Origin
from engine.records.global_search.service import A_FEW, HitGroup, search
from engine.storage.dialect import Dialect, sqlite_file
from engine.storage.word_indexes import forget_taken_words
from tests.support.platforms import small_app
from tests.support.served import USERS, Served, login_of, serve_deals

FILES = {
    "objects/bank.yaml": """
        object: bank
        label: Bank
        plural: Banks
        title: "{name}"
        search: [name, phone, code, people.name]
        fields:
          name: {type: text, required: true}
          phone: {type: phone, multiple: true}
          code: {type: text, sensitive: true}
    """,
    "objects/person.yaml": """
        object: person
        label: Person
        plural: People
        title: "{name}"
        fields:
          bank: {type: child_of, to: bank, inverse: people, required: true}
          name: {type: text, required: true}
    """,
    "objects/loan.yaml": """
        object: loan
        label: Loan
        plural: Loans
        title: "{number} {name}"
        search: [number, name, bank.name]
        fields:
          number: {type: autonumber, format: "LN-{00000}"}
          name: {type: text, required: true}
          bank: {type: lookup, to: bank}
    """,
    "objects/note.yaml": """
        object: note
        label: Note
        plural: Notes
        title: "{name}"
        search: [name, mail]
        fields:
          name: {type: text, required: true}
          mail: {type: email}
          remark: {type: text}
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          person: {read: all, create: yes}
          bank: {read: own or name starts with "Open", create: yes, update: own}
          loan: {read: all, create: yes, update: all, delete: all}
          note: {read: all, create: yes, update: all, delete: all}
        fields:
          bank.code: {read: own, update: own}
          loan.bank: {read: own, update: own}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          person: {read: all, create: yes}
          bank: {read: all, create: yes, update: all, delete: all}
          loan: {read: all, create: yes, update: all, delete: all}
          note: {read: all, create: yes, update: all, delete: all}
        fields:
          bank.code: {read: yes, update: yes}
    """,
}

TYPED: dict[str | None, tuple[str, ...]] = {
    "中国银行": (
        "zgyh", "ZGY", "yh", "zhongguo yinhang", "银行", "国", "中国银行", "1234567", "138 1234",
        "65551", "010 6555", "013812", "zebra",
    ),
    "Acme Crédit & Co": (
        "ＣＲＥＤ", "crédit", "co ACM", "wei wang", "wei crédit",
    ),
    "LN-00001 Bridge 上海长城大厦": (
        "LN-00001", "ln 1", "城大", "shcc", "bridge acme",
    ),
    "Acme": (
        "wang@acme.ex", "acme " * 300,
    ),
    None: (
        "国行", "cme", "", "--", "'\" OR *:&|!", "¦", "\x00", "a" * 5000, "中" * 500,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("found")
    with serve_deals(
        module_database_url, folder, app_folder=small_app(folder, FILES, settings="country: CN\n")
    ) as found:
        yield found


def actor(served: Served, who: str) -> Actor:
    roles = frozenset(USERS[who])
    return Actor(user_id=served.user_ids[who], login=login_of(who), roles=roles, origin=Origin.API)


def groups(served: Served, who: str, typed: str, only: str | None = None) -> tuple[HitGroup, ...]:
    with served.platform.records.reading(actor(served, who)) as transaction:
        before = transaction.database.statements.count
        found = search(transaction, typed, only=only)
        assert transaction.database.statements.count - before <= 1
    return found


def titles(served: Served, who: str, typed: str, only: str | None = None) -> list[str]:
    return [hit.title for group in groups(served, who, typed, only) for hit in group.hits]


@pytest.fixture(scope="module")
def banks(served: Served) -> dict[str, str]:
    made = {
        "zh": served.make("boss", "bank", name="中国银行", phone=["+86 138-1234-5678", "010 6555 1234"], code="Zebra"),
        "acme": served.make("boss", "bank", name="Acme Crédit & Co", people=[{"name": "Wang Wei"}]),
        "open": served.make("boss", "bank", name="Open Acme"),
    }
    served.make("boss", "loan", name="Bridge 上海长城大厦", bank=made["acme"]["id"])
    served.make("boss", "note", name="Acme", mail="wang@acme.example")
    return {name: each["id"] for name, each in made.items()}


@pytest.mark.promise("UIX-29")
def test_what_is_typed_finds_names_numbers_phones_and_initials(served: Served, banks: dict[str, str]) -> None:
    for wanted, all_typed in TYPED.items():
        for typed in all_typed:
            found = titles(served, "boss", typed)
            assert wanted in found if wanted else not found, typed


def test_the_nearest_come_first_and_groups_say_that_there_are_more(served: Served, banks: dict[str, str]) -> None:
    for number in range(A_FEW + 2):
        served.make("boss", "note", name=f"Acme plan {number}")
    found = groups(served, "boss", "acme")
    assert [group.object.key for group in found] == ["note", "bank", "loan"]
    notes, firms, loans = found
    assert (notes.hits[0].title, len(notes.hits), notes.goes_on) == ("Acme", A_FEW, True)
    assert [hit.title for hit in firms.hits] == ["Acme Crédit & Co", "Open Acme"]
    assert (firms.goes_on, dict(loans.hits[0].texts)["bank.name"]) == (False, "Acme Crédit & Co")
    assert len(titles(served, "boss", "acme", "note")) == A_FEW + 3
    assert dict(groups(served, "boss", "zgyh")[0].hits[0].texts)["phone"] == "+8613812345678\n+861065551234"


@pytest.mark.promise("UIX-29")
def test_nobody_finds_what_may_not_be_read_nor_by_what(served: Served, banks: dict[str, str]) -> None:
    assert titles(served, "ann", "acme", "bank") == ["Open Acme"]
    assert titles(served, "ann", "zgyh") == []
    assert titles(served, "none", "acme") == []
    served.make("ann", "bank", name="Ann's", people=[{"name": "Zhao Min"}])
    with served.platform.records.transaction(served.system()) as transaction:
        transaction.update("bank", banks["open"], {"code": "Quagga"})
    assert titles(served, "boss", "quagga") == ["Open Acme"]
    assert titles(served, "ann", "quagga") == []
    assert titles(served, "ann", "zhao") == ["Ann's"]
    served.make("ann", "bank", name="Hers", code="Okapi")
    assert titles(served, "ann", "okapi") == titles(served, "ann", "hers okapi") == ["Hers"]
    # A lookup that may be read in some records leads to others from these alone.
    served.make("boss", "loan", name="Theirs", bank=banks["open"])
    served.make("ann", "loan", name="Mine", bank=banks["open"])
    assert [each.split()[1] for each in titles(served, "ann", "open", "loan")] == ["Mine"]
    assert [each.split()[1] for each in titles(served, "ann", "mine open", "loan")] == ["Mine"]
    assert titles(served, "ann", "theirs open", "loan") == []
    assert sorted(each.split()[1] for each in titles(served, "boss", "open", "loan")) == ["Mine", "Theirs"]
    # The loan may be read by everybody, the bank that it names may not, nor what it is called.
    assert titles(served, "ann", "crédit") == []
    assert titles(served, "boss", "crédit", "loan") != []
    assert titles(served, "ann", "bridge") != []


def test_the_index_follows_changes_the_bin_bulk_writes_and_a_vacuum(served: Served, banks: dict[str, str]) -> None:
    boss = actor(served, "boss")
    records = served.platform.records
    numbers = random.Random(3).sample(range(1000, 9999), 60)
    rows = [
        {"do": "create", "values": {"name": f"Row {number}", "mail": f"x{number}@example.com"}} for number in numbers
    ]
    answer = served.call("boss", "POST", "/records/note/bulk", json={"rows": rows})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert titles(served, "boss", f"row {numbers[3]}") == [f"Row {numbers[3]}"]
    (group,) = groups(served, "boss", f"x{numbers[3]}@example.com")
    one = group.hits[0].id
    records.update(boss, "note", one, {"name": "改名"})
    assert titles(served, "boss", f"row {numbers[3]}") == []
    assert titles(served, "boss", "gm") == ["改名"]
    records.delete(boss, "note", one)
    assert titles(served, "boss", "改名") == []
    records.restore(boss, "note", one)
    assert titles(served, "boss", "改名") == ["改名"]
    served.make("boss", "note", name="Ambrosia")
    database = served.platform.database
    if database.dialect is Dialect.SQLITE:
        with database.write() as connection:
            connection.execute(text("DELETE FROM shop_note WHERE name LIKE 'Row 1%' OR name = 'Ambrosia'"))
        with closing(sqlite3.connect(sqlite_file(database.url))) as driver:
            driver.execute("VACUUM")
        assert b"ambrosia" in full_text(served)
        with database.write() as connection:
            forget_taken_words(connection, records.parts(served.platform.releases.current()).tables.of("note").spec)
        assert b"ambrosia" not in full_text(served)
    for number in numbers:
        kept = database.dialect is not Dialect.SQLITE or not str(number).startswith("1")
        found = [f"Row {number}"] if kept and number != numbers[3] else []
        assert titles(served, "boss", f"row {number}") == found


def full_text(served: Served) -> bytes:
    """Give what SQLite's full-text tables hold."""
    with served.platform.database.read() as connection:
        names = [name for name in inspect(connection).get_table_names() if name.endswith("__words_data")]
        found = b""
        for name in names:
            found += b"".join(connection.execute(select(column("block")).select_from(table(name))).scalars())
        return found


def test_a_release_that_searches_other_fields_makes_their_words_of_what_is_there(
    served: Served, banks: dict[str, str], tmp_path: Path
) -> None:
    """Fields come, go and change their names, and so does the object; no words are left of what is searched no more."""
    served.make("boss", "note", name="Quartz", mail="onyx@example.com", remark="Feldspar")
    assert titles(served, "boss", "feldspar") == []

    def released(*changes: tuple[str, str]) -> None:
        changed = FILES["objects/note.yaml"]
        for old, new in changes:
            changed = changed.replace(old, new)
        app = small_app(tmp_path, FILES | {"objects/note.yaml": changed}, settings="country: CN\n")
        served.platform.apply_release([app], author="test")

    released(("[name, mail]", "[name, remark]"))
    assert (titles(served, "boss", "feldspar"), titles(served, "boss", "onyx")) == (["Quartz"], [])
    served.make("boss", "note", name="Basalt", remark="玄武岩")
    assert titles(served, "boss", "xwy") == ["Basalt"]
    now_comment = ("remark: {type: text}", "comment: {type: text, was: remark}")
    released(("[name, mail]", "[comment]"), now_comment)
    assert (titles(served, "boss", "feldspar"), titles(served, "boss", "quartz")) == (["Quartz"], [])
    served.make("boss", "note", name="Marble", comment="Calcite")
    assert titles(served, "boss", "calcite") == ["Marble"]
    released(now_comment)
    with served.platform.database.read() as connection:
        names = {each["name"] for each in inspect(connection).get_columns("shop_note")}
    assert {name for name in names if name.endswith("__words")} == {"name__words", "mail__words"}
    assert titles(served, "boss", "onyx") == ["Quartz"]
    renamed = {path: each.replace("note:", "memo:") for path, each in FILES.items() if path.startswith("roles/")}
    memo = FILES["objects/note.yaml"].replace("object: note", "object: memo\n        was: note")
    (tmp_path / "shop" / "objects" / "note.yaml").unlink()
    app = small_app(tmp_path, {**renamed, "objects/memo.yaml": memo}, settings="country: CN\n")
    served.platform.apply_release([app], author="test")
    served.make("boss", "memo", name="Granite", mail="mica@example.com")
    found = (titles(served, "boss", "mica"), titles(served, "boss", "onyx"), titles(served, "boss", "quartz"))
    assert found == (["Granite"], ["Quartz"], ["Quartz"])
