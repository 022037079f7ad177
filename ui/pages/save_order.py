"""The order of a save in words: what each of its eleven steps is called, and the names of what was done in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask_babel import lazy_gettext

from engine.automation.run_views import SaveStepShown

_LABELS: Mapping[int, object] = MappingProxyType(
    {
        1: lazy_gettext("Load and lock the record"),
        2: lazy_gettext("Check access"),
        3: lazy_gettext("Defaults and formulas"),
        4: lazy_gettext("Before rules"),
        5: lazy_gettext("Validations, required, unique, transitions, duplicates"),
        6: lazy_gettext("Write the record"),
        7: lazy_gettext("Roll-ups of parents"),
        8: lazy_gettext("History and audit"),
        9: lazy_gettext("Match after rules"),
        10: lazy_gettext("Commit"),
        11: lazy_gettext("Workers do the runs"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """A step of the order: its number, what it is called, and the names of what was done."""

    number: int
    label: str
    names: str


def order_rows(steps: Iterable[SaveStepShown]) -> tuple[OrderRow, ...]:
    """Give the steps of a save as a page shows them."""
    return tuple(
        OrderRow(number=step.number, label=str(_LABELS[step.number]), names=", ".join(step.names)) for step in steps
    )
