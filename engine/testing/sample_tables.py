"""The decision tables of the metamodel that expressions of a corpus are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from metamodel.definitions.decisions import DecisionColumnDef, DecisionRowDef, DecisionTableDef
from metamodel.source import NOWHERE, LocatedText


def sample_tables(app: str) -> Mapping[str, DecisionTableDef]:
    """Make `rebate` (tier and score → rate) and `handling` (amount, day and urgency → team and days, first match)."""
    rebate = _table(
        app, "rebate", {"tier": "account.tier", "score": "integer"}, {"rate": "percent"},
        ["gold | silver, 0..9, 10%", "gold, >= 10, 20%", "silver, >= 10, = 15%", "bronze, -, 1%"],
        otherwise="0%",
    )  # fmt: skip
    handling = _table(
        app, "handling", {"amount": "money", "closes": "date", "urgent": "boolean"},
        {"team": "text", "days": "integer", "part": "money"},
        ["-, -, true, front, 1, = amount * 10%", "> 500 CNY, < 2026-06-01, -, big, 2, = amount * 20%",
         "100..500, is empty, -, middle, 3, 5 CNY", "!= 0, -, -, rest, 9, empty"],
        first=True,
        otherwise="none, empty, 0",
    )  # fmt: skip
    return MappingProxyType({each.name: each for each in (rebate, handling)})


def _table(
    app: str,
    name: str,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    rows: Sequence[str],
    *,
    first: bool = False,
    otherwise: str | None = None,
) -> DecisionTableDef:
    def row(text: str) -> DecisionRowDef:
        cells = [LocatedText.plain(cell.strip()) for cell in text.split(",")]
        asked = [(cell,) for cell in cells[: len(cells) - len(outputs)]]
        when = dict(zip(inputs, asked, strict=False))
        then = dict(zip(outputs, cells[len(asked) :], strict=True))
        return DecisionRowDef(at=NOWHERE, when=MappingProxyType(when), then=MappingProxyType(then))

    return DecisionTableDef(
        name=name,
        app=app,
        at=NOWHERE,
        inputs=tuple(_column(*each) for each in inputs.items()),
        outputs=tuple(_column(*each) for each in outputs.items()),
        rows=tuple(row(text) for text in rows),
        first=first,
        otherwise=row(otherwise) if otherwise is not None else None,
    )


def _column(name: str, what: str) -> DecisionColumnDef:
    if "." in what:
        return DecisionColumnDef(name=name, at=NOWHERE, of=LocatedText.plain(what))
    return DecisionColumnDef(name=name, at=NOWHERE, type=what)
