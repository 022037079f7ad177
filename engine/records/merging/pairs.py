"""Pairs of stored records that the duplicate rules find alike, with score and reason, as far as a person may see why.

A rule counts where the person may read all that it compares, in both records; else the pair would tell what a hidden
field holds. Pairs that somebody said are not duplicates are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine.access.predicates import EVERYONE
from engine.accounts.upsert import insert_if_absent
from engine.errors import RecordNotFound
from engine.records.duplicates.keys import Rule, Values
from engine.records.duplicates.likeness import romanised
from engine.records.duplicates.part_values import duplicate_rules, parts_path, with_parts
from metamodel.objects import ObjectDef
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_MOST_KEYS, _MOST_SHARING, _MOST_ROWS, _MOST_PAIRS = 2_000, 1_000, 30_000, 40_000
_SMALL_GROUP, _NEIGHBOURS = 10, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two records that are alike. score: 0 to 1. reasons: field or path → likeness, 1 = the same."""

    ids: tuple[str, str]
    titles: tuple[str, str]
    score: float
    reasons: Mapping[str, float]


def likely_pairs(transaction: Transaction, object_def: ObjectDef, *, of: str | None = None) -> list[Pair]:
    """Give the pairs of an object, or those of one of its records, the likeliest first."""
    rules = _open_rules(transaction, object_def)
    groups = _sharing(transaction, object_def, of) if rules else []
    wanted = dict.fromkeys(each for group in groups for each in group)
    titles = transaction.reader.titles([(object_def.key, each) for each in wanted])
    titled = {record_id: title for (_, record_id), title in titles.items()}
    apart = _apart(transaction, object_def)
    ids = [pair for pair in _paired(groups, titled, of) if pair not in apart][:_MOST_PAIRS]
    paired = dict.fromkeys(each for pair in ids for each in pair)
    transaction.cache.prefetch(object_def.key, paired)
    stored = [transaction.cache.related(object_def.key, each) for each in paired]
    values = with_parts(transaction, object_def.key, rules, [each for each in stored if each is not None])
    found = []
    for one, other in ids:
        if one in values and other in values:
            reasons = _reasons(transaction, object_def, rules, (values[one], values[other]))
            if reasons:
                score = sum(reasons.values()) / len(reasons)
                found.append(Pair(ids=(one, other), titles=(titled[one], titled[other]), score=score, reasons=reasons))
    return sorted(found, key=lambda pair: (-pair.score, -len(pair.reasons), pair.ids))


def keep_apart(transaction: Transaction, object_def: ObjectDef, one: str, other: str) -> None:
    """Remember that two records are not the same.

    Raises: RecordNotFound where the actor may not read both.
    """
    for each in (one, other):
        transaction.reader.require_readable(object_def, each)
    if one == other:
        raise RecordNotFound(object_def.key, other)
    first, second = sorted((one, other))
    row = {"object": object_def.key, "one_id": first, "other_id": second}
    insert_if_absent(
        transaction.connection,
        transaction.system.apart,
        {**row, "at": transaction.now, "by": transaction.actor.user_id},
    )


def _open_rules(transaction: Transaction, object_def: ObjectDef) -> list[Rule]:
    """Give the rules whose fields the actor may read somewhere; rows of lists must all be readable."""
    access = transaction.access

    def is_open(path: str) -> bool:
        if path in object_def.fields:
            return path in access.of(object_def.key).readable
        inverse, field = parts_path(transaction.parts, object_def.key, path)
        child = access.of(inverse.object)
        return child.actions["read"] is EVERYONE and field in child.whole

    rules = duplicate_rules(transaction.parts, object_def.key)
    return [rule for rule in rules if all(is_open(match.field) for match, _ in rule.texts)]


def _sharing(transaction: Transaction, object_def: ObjectDef, of: str | None) -> list[list[str]]:
    """Give groups of records in use that share a key; of one record, those that share any of its keys."""
    match, table = transaction.system.match, transaction.parts.tables.of(object_def.key).table
    here = match.c["object"] == object_def.key
    if of is not None:
        shared = select(match.c["key"]).where(here, match.c["record_id"] == of)
    else:
        shared = select(match.c["key"]).where(here).group_by(match.c["key"])
        shared = shared.having(func.count().between(2, _MOST_SHARING))
        shared = shared.order_by(func.count(), match.c["key"]).limit(_MOST_KEYS)
    source = match.join(table, table.c["id"] == match.c["record_id"])
    query = select(match.c["key"], match.c["record_id"]).select_from(source)
    query = query.where(here, match.c["key"].in_(shared), table.c["deleted_at"].is_(None))
    query = query.order_by(match.c["key"], match.c["record_id"]).limit(_MOST_ROWS)
    groups: dict[str, list[str]] = {}
    for row in transaction.select(query):
        groups.setdefault(row[0], []).append(str(row[1]))
    return list(groups.values())


def _paired(groups: Iterable[Sequence[str]], titled: Mapping[str, str], of: str | None) -> Iterable[tuple[str, str]]:
    """Give the pairs to compare: all of a small group, of a large one those whose titles stand near each other."""
    found: dict[tuple[str, str], None] = {}
    for group in groups:
        known = [each for each in group if each in titled]
        if of is not None:
            pairs = [(of, each) for each in known if each != of] if of in titled else []
        elif len(known) <= _SMALL_GROUP:
            pairs = list(combinations(known, 2))
        else:
            known.sort(key=lambda each: romanised(titled[each]))
            pairs = [(each, near) for at, each in enumerate(known) for near in known[at + 1 : at + 1 + _NEIGHBOURS]]
        found |= {(min(pair), max(pair)): None for pair in pairs}
    return found


def _apart(transaction: Transaction, object_def: ObjectDef) -> set[tuple[str, str]]:
    table = transaction.system.apart
    query = select(table.c["one_id"], table.c["other_id"]).where(table.c["object"] == object_def.key)
    return {(str(row[0]), str(row[1])) for row in transaction.select(query)}


def _reasons(
    transaction: Transaction, object_def: ObjectDef, rules: Iterable[Rule], both: Sequence[Values]
) -> Mapping[str, float]:
    """Give what the strongest rule that holds finds alike; none where no rule that may be told holds."""
    best: dict[str, float] = {}
    for rule in rules:
        if rule.matches(*both) and all(_may_tell(transaction, object_def, rule, values) for values in both):
            found = rule.likenesses(*both)
            if (sum(found.values()), len(found)) > (sum(best.values()), len(best)):
                best = found
    return best


def _may_tell(transaction: Transaction, object_def: ObjectDef, rule: Rule, values: Values) -> bool:
    fields, context = transaction.access.of(object_def.key).fields, transaction.context(object_def.key, values)
    try:
        return all(fields[match.field].read.test(context) for match, _ in rule.texts if match.field in fields)
    except EvaluationError:
        return False
