"""Values and figures of reports as people read them, and the conditions that lead from a figure to its records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from flask_babel import gettext as _

from metamodel.definitions.analytics import GroupDef, MeasureDef
from metamodel.fields import FieldDef
from metamodel.texts import label_text
from metamodel.values import Money, Ref
from ui.formats import Formats
from ui.pages.new_condition import value_literal
from ui.pages.values import shown_value
from ui.rows import RowColumn

_CENTS = Decimal("0.01")
_SHARE = Decimal("0.0001")
_TO_NEXT = {"day": 1, "week": 7, "month": 31, "quarter": 93, "year": 366}
_SKELETONS = {"month": "yMMM", "quarter": "yQQQ", "year": "y"}
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupColumn:
    """A field that a report groups by. column: its place, field and label; by: the period of a date."""

    column: RowColumn
    label: str
    by: str | None

    def text(self, value: object, title: str | None, formats: Formats) -> str:
        """Write a value of it; what a lookup points at by its title, as far as that may be read."""
        if value is None:
            return str(_("(empty)"))
        if isinstance(value, dt.date) and self.by is not None:
            return period_text(value, self.by, formats)
        return shown_value(self.column.field, value, title, formats).text or "–"

    def color(self, value: object) -> str:
        """Give the colour of an option; "" of all else."""
        option = self.column.field.choice.option(str(value)) if self.column.field.choice is not None else None
        return (option.color or "") if option is not None else ""

    def condition(self, value: object, title: str | None) -> str | None:
        """Give the condition that its records meet as an expression; None where the person can ask for no such one."""
        path, field = self.column.path, self.column.field
        if value is None:
            return f"{path} is empty"
        if isinstance(value, dt.date) and self.by is not None:
            day = f"date({path})" if field.value_type == "datetime" else path
            return f"{day} >= {value} and {day} < {next_period(value, self.by)}"
        if field.relation is not None:
            return f'{path}.id = "{value.id if isinstance(value, Ref) else value}"' if title is not None else None
        if isinstance(value, bool):
            return path if value else f"not {path}"
        if (
            isinstance(value, Money | dt.datetime)
            or field.holds_several
            or not isinstance(value, str | int | Decimal | dt.date)
        ):
            return None
        literal = value_literal(field, value)
        return f"{path} = {literal}" if len(literal) <= _LONGEST_VALUE else None

    def order(self, value: Any, text: str) -> tuple[Any, ...]:
        """Give what values are put in order by: options as their choice has them, records by title, empties last."""
        if value is None:
            return (1,)
        field = self.column.field
        if field.choice is not None:
            names = [option.name for option in field.choice.options]
            return (0, names.index(value) if value in names else len(names), text)
        return (0, text.casefold()) if field.relation is not None or isinstance(value, tuple) else (0, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureColumn:
    """A figure of a report. adds_up: whether the figure of a whole is the sum of those of its parts."""

    label: str
    function: str
    write: Callable[[Any], str]

    @property
    def adds_up(self) -> bool:
        """Say whether the figure of a whole is the sum of those of its parts."""
        return self.function in ("count", "sum")


def group_column(group: GroupDef, column: RowColumn, language: str) -> GroupColumn:
    """Make the column of a group."""
    return GroupColumn(column=column, label=label_text(group.label, language, column.label), by=group.by)


def measure_column(measure: MeasureDef, column: RowColumn | None, formats: Formats) -> MeasureColumn:
    """Make the column of a measure. column: what it is computed of; None for a count of records."""
    words = {
        "count": _("Records"),
        "sum": _("Sum of %(field)s"),
        "avg": _("Average of %(field)s"),
        "min": _("Least of %(field)s"),
        "max": _("Greatest of %(field)s"),
    }
    own = str(words[measure.function]) % {"field": column.label if column is not None else ""}
    return MeasureColumn(
        label=label_text(measure.label, formats.language, own),
        function=measure.function,
        write=_figure_writer(column.field if column is not None and measure.function != "count" else None, formats),
    )


def number_of(value: object) -> float | None:
    """Give a figure as a chart draws it; None for dates and nothing."""
    number = value.amount if isinstance(value, Money) else value
    return float(number) if isinstance(number, int | Decimal) and not isinstance(number, bool) else None


def period_text(first: dt.date, by: str, formats: Formats) -> str:
    """Write a period by its first day: a day, a week from its first to its last day, a month, a quarter, a year."""
    if by == "week":
        return f"{formats.date(first)} – {formats.date(first + dt.timedelta(days=6))}"
    skeleton = _SKELETONS.get(by)
    return formats.date(first) if skeleton is None else str(format_skeleton(skeleton, first, locale=formats.locale))


def next_period(first: dt.date, by: str) -> dt.date:
    """Give the first day of the period after the one that begins with a day."""
    after = first + dt.timedelta(days=_TO_NEXT[by])
    return after if by in ("day", "week") else after.replace(day=1, month=1 if by == "year" else after.month)


def _figure_writer(field: FieldDef | None, formats: Formats) -> Callable[[Any], str]:
    kind = field.value_type if field is not None else ""

    def write(value: Any) -> str:
        match value:
            case None:
                return "–"
            case Money():
                return formats.money_short(Money(value.amount.quantize(_CENTS), value.currency))
            case dt.datetime():
                return formats.datetime(value)
            case dt.date():
                return formats.date(value)
            case Decimal() if kind == "percent":
                return formats.percent(value.quantize(_SHARE))
            case Decimal():
                return formats.number(value.quantize(_CENTS))
            case _:
                return formats.number(value)

    return write
