"""Decides what computed values are kept in columns: formulas and titles that read the record's own fields only.

A formula over other records, over now, today or the user is computed when read, and so is one that reads such a
formula. The texts it gives are what tells a later plan that values must be computed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.storage.layout import MATCH_PART, RATE_PART, TITLE_COLUMN, StoredParts, sorted_text_fields
from engine.storage.word_columns import WORDS_PART, WORDS_VERSION, worded_fields
from metamodel.apps import Metamodel
from metamodel.currency_rates import rated_fields
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from workflow_dsl.checker import CheckedExpression, check_message, check_text
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.reads import Reads
from workflow_dsl.scope import Scope

Texts = Mapping[str, Mapping[str, str]]
KnownExpressions = dict[tuple[str, str, str], CheckedExpression]
"""Expressions found sound: (`formula`, `title` or `condition`, object key, text) → what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChoice:
    """What is kept, and its texts: object key → part (field or `title_`) → text it is computed from."""

    stored: StoredParts
    texts: Texts


def choose_stored(
    metamodel: Metamodel, functions: FunctionRegistry, known: KnownExpressions | None = None
) -> StoredChoice:
    """Go through all objects; an expression with errors is kept nowhere (its folder becomes no release anyway)."""
    found = known if known is not None else {}
    formulas: dict[str, frozenset[str]] = {}
    titles: set[str] = set()
    texts: dict[str, Mapping[str, str]] = {}
    worded = worded_fields(metamodel)
    for key, object_def in metamodel.objects.items():
        if object_def.source is not None:
            # Its rows lie in another database: all that is computed of them is computed when read.
            formulas[key], texts[key] = frozenset(), MappingProxyType({})
            continue
        scope = Scope(metamodel=metamodel, functions=functions, object=key, place="a formula", allows_matches=True)
        formulas[key] = _kept_formulas(object_def, scope, found)
        if _title_is_kept(object_def, scope, formulas[key], found):
            titles.add(key)
        found_texts = dict(_texts(metamodel, object_def, formulas[key], key in titles))
        if key in worded:
            kinds = (f"{name} {object_def.fields[name].value_type}" for name in worded[key])
            found_texts[WORDS_PART] = f"{WORDS_VERSION}: {', '.join(kinds)}"
        texts[key] = MappingProxyType(found_texts)
    stored = StoredParts(formulas=MappingProxyType(formulas), titles=frozenset(titles))
    return StoredChoice(stored=stored, texts=MappingProxyType(texts))


def option_names(metamodel: Metamodel) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Give the options of all choice fields: object key → field → names."""
    return MappingProxyType(
        {
            key: MappingProxyType(
                {name: field.choice.names for name, field in object_def.fields.items() if field.choice is not None}
            )
            for key, object_def in metamodel.objects.items()
        }
    )


def _kept_formulas(object_def: ObjectDef, scope: Scope, known: KnownExpressions) -> frozenset[str]:
    reads: dict[str, Reads] = {}
    for name, field in object_def.fields.items():
        if field.formula is None:
            continue
        key = ("formula", object_def.key, field.formula.text)
        checked = known[key] = known.get(key) or check_text(field.formula, scope)
        # What reads nothing is the same for all records: no column holds it.
        if checked.typed is not None and checked.reads.is_stable and checked.reads.own:
            reads[name] = checked.reads
    formulas = {name for name, field in object_def.fields.items() if field.formula is not None}
    kept = set(reads)
    while True:
        shaky = {name for name in kept if (reads[name].own & formulas) - kept}
        if not shaky:
            return frozenset(kept)
        kept -= shaky


def _title_is_kept(object_def: ObjectDef, scope: Scope, kept: frozenset[str], known: KnownExpressions) -> bool:
    if object_def.links is not None:
        # A link is called what the record on its other side is called now.
        return False
    title = object_def.title
    checked = known.get(("title", object_def.key, title.text)) or check_message(title, scope)
    if checked.typed is None or not checked.reads.is_stable:
        return False
    return all(
        name in kept or object_def.fields[name].formula is None
        for name in checked.reads.own
        if name in object_def.fields
    )


def _texts(metamodel: Metamodel, object_def: ObjectDef, kept: frozenset[str], title: bool) -> list[tuple[str, str]]:
    found = [(name, _formula_text(object_def.fields[name])) for name in sorted(kept)]
    found += [(name, _rollup_text(field)) for name, field in object_def.fields.items() if field.rollup is not None]
    fields = object_def.fields.items()
    found += [(name, f"empty as {field.empty_as}") for name, field in fields if field.empty_as is not None]
    if title:
        names = ", ".join(sorted_text_fields(object_def))
        found.append((TITLE_COLUMN, f"{object_def.title.text} / {names}"))
    if object_def.duplicates:
        rules = ([(each.field, each.how.value) for each in rule.match] for rule in object_def.duplicates)
        found.append((MATCH_PART, repr(list(rules))))
    if rated_fields(object_def.fields.values(), metamodel):
        found.append((RATE_PART, _rates_text(metamodel, object_def)))
    return found


def _rates_text(metamodel: Metamodel, object_def: ObjectDef) -> str:
    rates = [
        f"{each.name} {', '.join(f'{day}: {rate}' for day, rate in each.rates)}"
        for each in sorted(metamodel.currencies.values(), key=lambda each: each.name)
    ]
    return f"{metamodel.main.currency} by {object_def.rate_date}: {'; '.join(rates)}"


def _formula_text(field: FieldDef) -> str:
    assert field.formula is not None
    return f"{field.type}: {field.formula.text}"


def _rollup_text(field: FieldDef) -> str:
    assert field.rollup is not None
    where = f" where {field.rollup.where.text}" if field.rollup.where is not None else ""
    return f"{field.rollup.function.value} {field.rollup.of.text}{where}"
