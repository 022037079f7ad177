"""Replaying the audit log rebuilds the records, but for encrypted values."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.errors import EngineError
from engine.records.saving.plan import save_plan
from engine.records.saving.writing import NOT_AUDITED
from engine.records.types import SaveRow
from tests.support.deals import Deals

OBJECTS = ("account", "contact", "deal", "line", "team", "user")
NAMES = ("Pumps", "泵", 'with "quotes" and \\', "a" * 50)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(("create", "update", "line", "delete", "restore", "many", "refused")),
        st.integers(0, 9),
        st.sampled_from(NAMES),
        st.sampled_from(("10", "99.95", "12345678.90", None)),
    ),
    min_size=3,
    max_size=12,
)


def replayed(deals: Deals) -> dict[tuple[str, str], dict[str, Any]]:
    """Give what the entries make of each record: its fields in JSON form, and what the entries' own columns say."""
    audit = deals.platform.system.audit
    found: dict[tuple[str, str], dict[str, Any]] = {}
    query = select(audit).where(audit.c.object.in_(OBJECTS), audit.c.version.is_not(None))
    with deals.platform.database.read() as connection:
        rows = connection.execute(query.order_by(audit.c.version, audit.c.id)).mappings().all()
    for row in rows:
        key = (row["object"], row["record_id"])
        record = found.setdefault(key, {"created_at": row["at"], "created_by": row["actor"]})
        for name, (old, new) in row["changes"].items():
            assert old == record.get(name), (key, name, row["version"])
            record[name] = new
        record |= {"version": row["version"], "modified_at": row["at"], "modified_by": row["actor"]}
    return found


def stored(deals: Deals) -> dict[tuple[str, str], dict[str, Any]]:
    """Give the records as the tables have them, those in the bin too."""
    found = {}
    with deals.records.reading(deals.system) as transaction:
        for key in OBJECTS:
            plan, columns = save_plan(transaction.parts, key), transaction.parts.columns(key)
            table = transaction.parts.tables.of(key).table
            for row in transaction.connection.execute(select(*columns.of(table))):
                values = columns.typed(row)
                record = {}
                for name, value in values.items():
                    form = plan.json.get(name)
                    is_formed = value is not None and form is not None and name not in NOT_AUDITED
                    record[name] = form(value) if form is not None and is_formed else value
                found[key, values["id"]] = record
    return found


def as_json(record: dict[str, Any]) -> Any:
    """Bring values to what JSON can tell apart; what is empty is left out, and the id, which is the key."""
    kept = {name: value for name, value in record.items() if value is not None and name != "id"}
    return orjson.loads(orjson.dumps(kept, default=str))


@pytest.mark.promise("SEC-27")
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_replaying_the_log_rebuilds_the_records_whatever_was_done(deals: Deals, acts: list[Any]) -> None:
    known = [deals.deal(name="First", amount="100")]
    for kind, which, name, amount in acts:
        target = known[which % len(known)]
        values = {"name": name, "amount": amount}
        try:
            match kind:
                case "create":
                    known.append(deals.records.create(deals.ann, "deal", values, confirm=None).record.id)
                case "update":
                    deals.records.update(deals.ann, "deal", target, values, confirm=None)
                case "line":
                    deals.records.create(deals.ann, "line", {"deal": target, "product": "p", "price": "2.5"})
                case "delete":
                    deals.records.delete(deals.ann, "deal", target)
                case "restore":
                    deals.records.restore(deals.ann, "deal", target)
                case "many":
                    rows = [SaveRow(values={**values, "name": f"M{number}"}) for number in range(12)]
                    deals.records.save_many(deals.ann, "deal", rows)
                case _:
                    deals.records.update(deals.bob, "deal", target, values)
        except EngineError:
            continue
    again, there = replayed(deals), stored(deals)
    assert again.keys() == there.keys()
    assert {key: as_json(record) for key, record in again.items()} == {
        key: as_json(record) for key, record in there.items()
    }
