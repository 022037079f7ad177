"""Seals of the audit log: an untouched one passes, and whoever changes it by SQL is found at the first entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from engine.audit.verifying import Damage, Verdict
from engine.storage.dialect import Dialect
from engine.storage.system_audit import guard_tables
from tests.support.deals import Deals


@contextmanager
def unguarded(deals: Deals) -> Iterator[Connection]:
    """Write past the guard, as who owns the tables can."""
    system = deals.platform.system
    tables = (system.audit, system.seal)
    with deals.platform.database.write() as connection:
        for table in tables:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"DROP TRIGGER {table.name}_guard ON {table.name}"))
            else:
                for act in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER {table.name}_guard_{act}"))
        yield connection
        guard_tables(connection, tables)


def verdict(deals: Deals, **options: Any) -> Verdict:
    return deals.platform.audit.verifier.verify(**options)


def sealed_log(deals: Deals) -> list[Any]:
    """Write some entries, seal them, and give all that are sealed."""
    for number in range(3):
        deal = deals.deal(amount=f"{100 + number}")
        deals.records.update(deals.ann, "deal", deal, {"amount": "500"})
    deals.platform.audit.sealer.seal()
    audit = deals.platform.system.audit
    with deals.platform.database.read() as connection:
        return list(connection.execute(select(audit).order_by(audit.c.id)))


@pytest.mark.promise("SEC-28")
def test_an_untouched_log_passes_and_says_up_to_which_entry_it_is_sealed(deals: Deals) -> None:
    rows = sealed_log(deals)
    found = verdict(deals)
    assert found.is_sound
    assert (found.sealed_to, found.checked, found.unsealed, found.first) == (rows[-1].id, len(rows), 0, rows[0].id)
    deals.deal()
    later = verdict(deals)
    assert (later.is_sound, later.sealed_to, later.unsealed) == (True, rows[-1].id, 1)
    assert deals.platform.audit.sealer.seal() == 1
    assert verdict(deals, known_head=found.head).is_sound
    # Only the newest blocks are looked at where that is asked for.
    assert verdict(deals, newest=1).checked == 1


def swap(connection: Connection, deals: Deals, one: Any, other: Any) -> None:
    """Let two entries have each other's place."""
    audit = deals.platform.system.audit
    for old, new in ((one.id, -1), (other.id, one.id), (-1, other.id)):
        connection.execute(update(audit).where(audit.c.id == old).values(id=new))


@pytest.mark.promise("SEC-28")
def test_the_first_sealed_entry_that_sql_touched_is_named(deals: Deals) -> None:
    rows = sealed_log(deals)
    audit = deals.platform.system.audit
    one, other = rows[-3], rows[-2]
    before, forged = one._mapping, {**one._mapping, "actor_name": "Somebody else"}

    with unguarded(deals) as connection:
        connection.execute(update(audit).where(audit.c.id == one.id).values(changes={}))
        connection.execute(update(audit).where(audit.c.id == other.id).values(actor_name="x"))
    assert told(verdict(deals)) == (Damage.CHANGED, one.id)
    with unguarded(deals) as connection:
        connection.execute(update(audit).where(audit.c.id == one.id).values(changes=one.changes))
        connection.execute(update(audit).where(audit.c.id == other.id).values(actor_name=other.actor_name))
    assert verdict(deals).is_sound

    with unguarded(deals) as connection:
        connection.execute(delete(audit).where(audit.c.id == one.id))
    assert told(verdict(deals)) == (Damage.REMOVED, one.id)
    # What takes its place is none.
    with unguarded(deals) as connection:
        connection.execute(insert(audit).values(forged))
    assert told(verdict(deals)) == (Damage.CHANGED, one.id)
    with unguarded(deals) as connection:
        connection.execute(delete(audit).where(audit.c.id == one.id))
        connection.execute(insert(audit).values(dict(before)))
    assert verdict(deals).is_sound

    with unguarded(deals) as connection:
        swap(connection, deals, one, other)
    assert told(verdict(deals)) == (Damage.REORDERED, one.id)
    with unguarded(deals) as connection:
        swap(connection, deals, one, other)
    assert verdict(deals).is_sound


@pytest.mark.promise("SEC-28")
def test_a_seal_that_was_changed_or_removed_is_named_by_where_its_block_begins(deals: Deals) -> None:
    rows = sealed_log(deals)
    seal = deals.platform.system.seal
    head = verdict(deals).head
    newest = int(head.partition(":")[0])
    with unguarded(deals) as connection:
        block = connection.execute(select(seal).where(seal.c.number == newest)).one()
        connection.execute(update(seal).where(seal.c.number == newest).values(entries=block.entries[:-24]))
    assert verdict(deals).finding is not None
    assert told(verdict(deals))[0] is Damage.SEAL_CHANGED
    with unguarded(deals) as connection:
        connection.execute(delete(seal).where(seal.c.number == newest))
    # Cut off with its seal, the end of the log can only be missed by who has noted it.
    assert verdict(deals).is_sound
    assert told(verdict(deals, known_head=head))[0] is Damage.SEAL_REMOVED
    with unguarded(deals) as connection:
        connection.execute(insert(seal).values(dict(block._mapping)))
        connection.execute(delete(seal).where(seal.c.number == 1))
    assert told(verdict(deals)) == (Damage.SEAL_REMOVED, 0)
    with unguarded(deals) as connection:
        connection.execute(delete(seal))
    assert deals.platform.audit.sealer.seal() == len(rows)
    assert verdict(deals).is_sound


@pytest.mark.promise("SEC-28")
def test_an_entry_put_into_a_gap_among_sealed_ones_is_named(deals: Deals) -> None:
    audit = deals.platform.system.audit
    with suppress(RuntimeError), deals.records.transaction(deals.ann) as transaction:
        transaction.create("deal", {"name": "Not to be"})
        raise RuntimeError
    rows = sealed_log(deals)
    taken = {row.id for row in rows}
    gap = next((number for number in range(rows[0].id, rows[-1].id) if number not in taken), None)
    if gap is None:
        # SQLite counts on from what is there: room is made where a seal was not yet.
        gap = rows[-1].id + 1
        deals.deal()
        with unguarded(deals) as connection:
            connection.execute(update(audit).where(audit.c.id == gap).values(id=gap + 5))
        deals.platform.audit.sealer.seal()
    with unguarded(deals) as connection:
        connection.execute(insert(audit).values({**rows[-1]._mapping, "id": gap}))
    assert told(verdict(deals)) == (Damage.INSERTED, gap)
    with unguarded(deals) as connection:
        connection.execute(delete(audit).where(audit.c.id == gap))
    assert verdict(deals).is_sound


@pytest.mark.promise("SEC-28")
def test_nothing_is_sealed_behind_a_writer_who_has_not_ended_and_neither_waits(deals: Deals) -> None:
    sealer = deals.platform.audit.sealer
    sealer.seal()
    before = verdict(deals).sealed_to
    if deals.platform.database.dialect is Dialect.SQLITE:
        # One writer at a time: what it has not ended is seen by nobody, and is sealed once it has.
        with deals.records.transaction(deals.ann) as slow:
            slow.create("account", {"name": "Slow"})
            assert (verdict(deals).sealed_to, verdict(deals).unsealed) == (before, 0)
        assert (sealer.seal(), verdict(deals).is_sound, verdict(deals).unsealed) == (1, True, 0)
        return
    with deals.records.transaction(deals.ann) as slow:
        slow.create("account", {"name": "Slow"})
        assert slow.connection is not None
        # Entries of others get higher ids and are committed first, while the sealer is at work.
        with deals.platform.database.statements.recording() as statements:
            deals.records.create(deals.bob, "account", {"name": "Fast"})
            assert sealer.seal() == 0
        assert not [each for each in statements if "LOCK" in each.upper() and "PG_LOCKS" not in each.upper()]
        assert verdict(deals).sealed_to == before
        deals.records.create(deals.bob, "account", {"name": "Fast"})
        assert sealer.seal() == 0
    assert sealer.seal() == 3
    assert (verdict(deals).is_sound, verdict(deals).unsealed) == (True, 0)


def test_two_sealers_at_once_seal_each_entry_once(deals: Deals) -> None:
    sealer = deals.platform.audit.sealer
    deals.deal()
    newest = sealer._settled()
    seals = [sealer._block(newest), sealer._block(newest)]
    assert sorted(seals)[0] == 0
    assert verdict(deals).is_sound


def told(found: Verdict) -> tuple[Damage, int]:
    assert found.finding is not None
    assert str(found.finding.entry) in found.finding.sentence
    return found.finding.damage, found.finding.entry


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["fs_audit", "fs_seal"])
def test_the_database_refuses_to_change_or_remove_what_is_in_the_log(deals: Deals, table: str, statement: str) -> None:
    if "TRUNCATE" in statement and deals.platform.database.dialect is Dialect.SQLITE:
        pytest.skip("SQLite has no TRUNCATE")
    sealed_log(deals)
    text_of = statement.format(table).replace("id", "number" if table == "fs_seal" else "id")
    with pytest.raises(DBAPIError, match="only ever added to"), deals.platform.database.write() as connection:
        connection.execute(text(text_of))
