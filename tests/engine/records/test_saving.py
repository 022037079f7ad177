"""What a save does and refuses, on both databases."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import (
    AccessDenied,
    ConfirmationNeeded,
    RecordInUse,
    RecordNotFound,
    StaleVersion,
    UnknownObject,
    ValidationFailed,
)
from engine.records.types import ListQuery
from metamodel.values import Money
from tests.support.deals import Deals


def codes(refused: pytest.ExceptionInfo[ValidationFailed]) -> set[tuple[str | None, str]]:
    return {(error.field, error.code) for error in refused.value.errors}


def test_a_created_record_reads_back_as_the_save_gave_it(deals: Deals) -> None:
    account = deals.records.create(deals.ann, "account", {"name": "ACME", "industry": "Steel"}).record.id
    values = {"name": "Pumps", "account": account, "amount": "1200.5", "discount": "20%", "close": "2099-01-31"}
    saved = deals.records.create(deals.ann, "deal", values).record
    read = deals.records.get(deals.ann, "deal", saved.id)
    assert read.json == saved.json
    assert read.values == saved.values
    assert read["net"] == Money(Decimal("960.40"), "CNY")
    assert read["industry"] == "Steel"
    assert read.titles["account"] == "ACME"
    assert read.title == "Pumps"


def test_an_update_writes_what_changed_and_counts_the_version_on(deals: Deals) -> None:
    deal = deals.deal(amount="100")
    saved = deals.records.update(deals.ann, "deal", deal, {"amount": "200", "name": "Pumps"})
    assert saved.changed == ("amount", "net")
    assert saved.record.version == 2
    assert deals.records.get(deals.ann, "deal", deal).json == saved.record.json


def test_an_update_that_changes_nothing_writes_nothing(deals: Deals) -> None:
    deal = deals.deal(amount="100")
    with deals.platform.database.statements.recording() as statements:
        saved = deals.records.update(deals.ann, "deal", deal, {"amount": "100.00", "name": "Pumps"})
    assert saved.changed == ()
    assert saved.record.version == 1
    assert len(statements) == 1


def test_all_faults_of_the_values_are_told_at_once(deals: Deals) -> None:
    with pytest.raises(ValidationFailed) as refused:
        deals.records.create(deals.ann, "deal", {"amount": "x", "close": "soon", "hurt": 1, "number": "7"})
    assert codes(refused) == {
        ("amount", "not_money"), ("close", "not_date"), ("hurt", "unknown_field"), ("number", "read_only"),
    }  # fmt: skip


def test_required_and_conditionally_required_fields_are_asked_for(deals: Deals) -> None:
    with pytest.raises(ValidationFailed) as refused:
        deals.records.create(deals.ann, "deal", {"name": " ", "stage": "won"})
    assert codes(refused) == {("name", "required"), ("close", "required")}


def test_a_warning_is_asked_for_until_it_is_confirmed(deals: Deals) -> None:
    with pytest.raises(ConfirmationNeeded) as asked:
        deals.records.create(deals.ann, "deal", {"name": "Small", "amount": 5})
    assert [warning.code for warning in asked.value.warnings] == ["not_tiny"]
    saved = deals.records.create(deals.ann, "deal", {"name": "Small", "amount": 5}, confirm=["not_tiny"])
    assert [notice.code for notice in saved.notices] == ["not_tiny"]


def test_transitions_bind_changes_and_not_creation(deals: Deals) -> None:
    deal = deals.deal(stage="won", close="2099-01-01")
    with pytest.raises(ValidationFailed) as refused:
        deals.records.update(deals.ann, "deal", deal, {"stage": "open"})
    assert codes(refused) == {("stage", "transition")}


def test_an_option_out_of_use_and_one_with_requirements(deals: Deals) -> None:
    with pytest.raises(ValidationFailed) as refused:
        deals.deal(stage="dead")
    assert codes(refused) == {("stage", "inactive_option")}
    with pytest.raises(ValidationFailed) as refused:
        deals.deal(stage="sent")
    assert codes(refused) == {("amount", "option_requires")}


def test_readonly_is_judged_by_what_is_stored(deals: Deals) -> None:
    deal = deals.deal(locked="a")
    deals.records.update(deals.ann, "deal", deal, {"stage": "won", "close": "2099-01-01", "locked": "b"})
    with pytest.raises(ValidationFailed) as refused:
        deals.records.update(deals.ann, "deal", deal, {"locked": "c"})
    assert codes(refused) == {("locked", "readonly")}


def test_a_stale_version_is_refused(deals: Deals) -> None:
    deal = deals.deal()
    deals.records.update(deals.ann, "deal", deal, {"name": "Valves"}, version=1)
    with pytest.raises(StaleVersion) as refused:
        deals.records.update(deals.ann, "deal", deal, {"name": "Pipes"}, version=1)
    assert (refused.value.expected, refused.value.current) == (1, 2)


def test_a_unique_value_taken_is_told_on_its_field_and_free_again_from_the_bin(deals: Deals) -> None:
    first = deals.deal(code="A-1")
    with pytest.raises(ValidationFailed) as refused:
        deals.deal(code="A-1")
    assert codes(refused) == {("code", "not_unique")}
    deals.records.delete(deals.ann, "deal", first)
    second = deals.deal(code="A-1")
    with pytest.raises(ValidationFailed):
        deals.records.restore(deals.ann, "deal", first)
    deals.records.delete(deals.ann, "deal", second)
    assert deals.records.restore(deals.ann, "deal", first).record["code"] == "A-1"


def test_a_lookup_to_nothing_to_the_unreadable_or_to_the_wrong_record_is_refused(deals: Deals) -> None:
    secret = deals.records.create(deals.bob, "account", {"name": "Bob's"}).record.id
    nothing = "00000000-0000-7000-8000-000000000000"
    for target in (nothing, secret):
        with pytest.raises(ValidationFailed) as refused:
            deals.deal(account=target)
        assert codes(refused) == {("account", "no_record")}
    account = deals.records.create(deals.ann, "account", {"name": "Ann's"}).record.id
    contact = deals.records.create(deals.ann, "contact", {"name": "Li", "account": account}).record.id
    assert deals.deal(account=account, contact=contact)
    with pytest.raises(ValidationFailed) as refused:
        deals.deal(contact=contact)
    assert codes(refused) == {("contact", "not_a_choice")}


def test_rollups_follow_their_lines_through_create_move_change_and_bin(deals: Deals) -> None:
    deal, other = deals.deal(), deals.deal()
    lines = [
        deals.records.create(deals.ann, "line", {"deal": deal, "product": "p", "quantity": n, "price": "20"}).record.id
        for n in (1, 2, 5)
    ]

    def figures(record: str) -> tuple[object, object, object]:
        found = deals.records.get(deals.ann, "deal", record)
        total = found["total"]
        assert isinstance(total, Money)
        return total.amount, found["cheap"], found["parts"]

    assert figures(deal) == (160, 2, 3)
    deals.records.update(deals.ann, "line", lines[2], {"quantity": 2})
    assert figures(deal) == (100, 3, 3)
    deals.records.update(deals.ann, "line", lines[0], {"deal": other})
    assert (figures(deal), figures(other)) == ((80, 2, 2), (20, 1, 1))
    deals.records.delete(deals.ann, "line", lines[1])
    assert figures(deal) == (40, 1, 1)
    assert deals.records.get(deals.ann, "deal", other).version == 2


def test_deleting_a_parent_takes_its_parts_and_restoring_brings_them_back(deals: Deals) -> None:
    deal = deals.deal()
    line = deals.records.create(deals.ann, "line", {"deal": deal, "product": "p", "price": 1}).record.id
    deals.records.delete(deals.ann, "deal", deal)
    for key, record in (("deal", deal), ("line", line)):
        with pytest.raises(RecordNotFound):
            deals.records.get(deals.ann, key, record)
    deals.records.restore(deals.ann, "deal", deal)
    assert deals.records.get(deals.ann, "line", line)["deal"] == deal


def test_a_record_in_use_is_not_deleted(deals: Deals) -> None:
    account = deals.records.create(deals.ann, "account", {"name": "Used"}).record.id
    deal = deals.deal(account=account)
    with pytest.raises(RecordInUse) as refused:
        deals.records.delete(deals.ann, "account", account)
    assert (refused.value.used_by, refused.value.count) == ("deal", 1)
    deals.records.delete(deals.ann, "deal", deal)
    deals.records.delete(deals.ann, "account", account)


def test_a_lookup_that_clears_is_emptied_when_its_record_goes(deals: Deals) -> None:
    parent = deals.records.create(deals.ann, "account", {"name": "Mother"}).record.id
    child = deals.records.create(deals.ann, "account", {"name": "Daughter", "parent": parent}).record.id
    deals.records.delete(deals.ann, "account", parent)
    after = deals.records.get(deals.ann, "account", child)
    assert (after["parent"], after.version) == (None, 2)


def test_others_records_are_absent_and_readable_ones_may_be_closed_for_writing(deals: Deals) -> None:
    deal = deals.deal()
    with pytest.raises(RecordNotFound):
        deals.records.update(deals.bob, "deal", deal, {"name": "Mine"})
    deals.records.update(deals.ann, "deal", deal, {"stage": "lost"})
    with pytest.raises(AccessDenied):
        deals.records.update(deals.ann, "deal", deal, {"name": "Again"})
    with pytest.raises(UnknownObject):
        deals.records.create(deals.ann, "task", {"subject": "x"})


def test_a_field_right_with_a_condition_is_judged_by_the_stored_record(deals: Deals) -> None:
    deal = deals.deal(factor="1.5", amount="50")
    deals.records.update(deals.ann, "deal", deal, {"factor": "2.5", "stage": "sent"})
    with pytest.raises(ValidationFailed) as refused:
        deals.records.update(deals.ann, "deal", deal, {"factor": "3.5"})
    assert codes(refused) == {("factor", "no_right")}


def test_a_field_without_a_right_does_not_exist_for_the_role(deals: Deals) -> None:
    deal = deals.deal()
    assert {"hot", "secret"}.isdisjoint(deals.records.get(deals.ann, "deal", deal).values)
    for name in ("hot", "secret"):
        with pytest.raises(ValidationFailed) as refused:
            deals.records.update(deals.ann, "deal", deal, {name: "1"})
        assert codes(refused) == {(name, "unknown_field")}
    saved = deals.records.update(deals.cara, "deal", deal, {"secret": "s"})
    assert saved.record["secret"] == "s"


def test_numbers_of_a_series_are_given_once_each(deals: Deals) -> None:
    numbers = [deals.records.get(deals.ann, "deal", deals.deal())["number"] for _ in range(3)]
    assert len(set(numbers)) == 3
    assert numbers == sorted(numbers, key=str)


def test_the_history_tells_each_save_and_leaves_out_what_may_not_be_read(deals: Deals) -> None:
    deal = deals.deal(amount="100")
    deals.records.update(deals.cara, "deal", deal, {"secret": "s", "name": "Valves"})
    mine = deals.records.history(deals.ann, "deal", deal)
    assert [(entry.action, entry.version, entry.actor_title) for entry in mine] == [
        ("updated", 2, "Cara"), ("created", 1, "Ann"),
    ]  # fmt: skip
    assert [(change.field, change.old, change.new) for change in mine[0].changes] == [("name", "Pumps", "Valves")]
    hers = deals.records.history(deals.cara, "deal", deal)
    assert {change.field for change in hers[0].changes} == {"name", "secret"}
    with pytest.raises(RecordNotFound):
        deals.records.history(deals.bob, "deal", deal)


@pytest.mark.promise("SEC-11")
def test_a_refused_save_leaves_every_table_as_it_was(deals: Deals) -> None:
    deal = deals.deal(code="X-9", amount="100")

    def state() -> object:
        with deals.platform.database.read() as connection:
            tables = [*deals.platform.releases.current().tables.metadata.sorted_tables, deals.platform.system.audit]
            return [sorted(map(repr, connection.execute(table.select()))) for table in tables]

    before = state()
    attempts = (
        {"amount": "-1"}, {"stage": "nowhere"}, {"name": ""}, {"close": "1999-01-01"}, {"account": "x"},
        {"amount": "3"}, {"nothing": 1}, {"secret": "s"},
    )  # fmt: skip
    for values in attempts:
        with pytest.raises((ValidationFailed, ConfirmationNeeded)):
            deals.records.update(deals.ann, "deal", deal, values)
        with pytest.raises((ValidationFailed, ConfirmationNeeded)):
            deals.records.create(deals.ann, "deal", {"name": "New", **values})
    with pytest.raises(ValidationFailed):
        deals.deal(code="X-9")
    with pytest.raises(RecordNotFound):
        deals.records.delete(deals.bob, "deal", deal)
    assert state() == before


def test_what_a_list_shows_is_what_was_saved(deals: Deals) -> None:
    deal = deals.deal(amount="77.70", seen_at="2026-11-21T10:00:00+08:00")
    page = deals.records.list(
        deals.ann, ListQuery(object="deal", filter="amount = 77.70", fields=("amount", "seen_at"))
    )
    assert page.json_rows() == [
        {"id": deal, "version": 1, "amount": {"amount": "77.70", "currency": "CNY"}, "seen_at": "2026-11-21T02:00:00Z"}
    ]
