"""The sandbox that templates are filled in: immutable, over plain values, with limits on rounds, time and sizes.

Jinja's own sandbox lets `'a' * 10 ** 10` take all memory, `1 | round(10 ** 9, 'ceil')` and loops run for ever, and
shows where in memory a function lies; all of it ends here. Which parts of the language a template may use at all is
judged before, by templates.py.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from plugins import OptionText

MAX_OUTPUT_CHARACTERS = 500_000
MAX_NUMBER = 10**15
MAX_ROUNDS = 100_000
"""Of all loops of a template together."""
MAX_SECONDS = 10.0
_MOST_DIGITS = 15
_PLAIN = (str, bool, int, float, Decimal, dt.date, dt.time, dt.timedelta, Mapping, Sequence, Undefined)


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox of one rendering; seconds: how long it may take."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self, *, html: bool, seconds: float = MAX_SECONDS) -> None:
        super().__init__(autoescape=html, undefined=StrictUndefined)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters["date"] = _date
        self.filters["join"] = _join
        self.filters["money"] = _money
        self.filters["round"] = _round
        self.filters[_ROUNDS] = self._counted
        self.finalize = shown
        self._rounds = 0
        self._until = time.monotonic() + seconds

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        """Multiply numbers within bounds only, add within bounds; texts are never multiplied or formatted."""
        if operator == "*" and _is_small_number(left) and _is_small_number(right):
            return left * right  # type: ignore[operator]  # both are numbers
        if operator == "+" and _size(left) + _size(right) <= MAX_OUTPUT_CHARACTERS:
            return left + right  # type: ignore[operator]  # the template's own mistake, told as one
        raise TemplateError(f"the operator '{operator}' is for numbers and texts of an ordinary size")

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Say whether a template may have an attribute: only values, nothing that could be called."""
        return super().is_safe_attribute(obj, attr, value) and not callable(value)

    def check_time(self) -> None:
        """Raise TemplateError once the template has taken too long."""
        if time.monotonic() > self._until:
            raise TemplateError("the template takes too long")

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Have every loop of a template counted."""
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _ROUNDS, [], [], None, None, lineno=loop.lineno, environment=self)
        return super()._generate(source, name, filename, defer_init)

    def _counted(self, values: Iterable[object]) -> Iterator[object]:
        for value in values:
            self._rounds += 1
            if self._rounds > MAX_ROUNDS:
                raise TemplateError(f"the loops of the template have more than {MAX_ROUNDS:,} rounds")
            self.check_time()
            yield value


# No author can write it: a name of the language has no blank.
_ROUNDS = "the rounds"
_FILTERS = ("default", "e", "escape", "first", "last", "length", "lower", "sort", "title", "trim", "upper")


def shown(value: object) -> object:
    """Give what people are shown of a value.

    Raises: TemplateError where it is no value, such as a function.
    """
    if value is None:
        return ""
    if isinstance(value, OptionText):
        return value.label
    if isinstance(value, list):
        return _join(value)
    if isinstance(value, Mapping):
        return shown(value.get("this")) or value.get("title") or value.get("name") or ""
    require_plain(value)
    return value


def require_plain(value: object) -> None:
    """Raise TemplateError where something would be written that is no value."""
    if value is not None and not isinstance(value, _PLAIN):
        raise TemplateError("a template writes values, and this is none")


def _is_small_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and -MAX_NUMBER < value < MAX_NUMBER


def _size(value: object) -> int:
    return len(value) if isinstance(value, Sequence) else 0


def _join(values: object, separator: str = ", ") -> str:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise TemplateError("`join` takes a list")
    if len(values) * (len(separator) + 1) > MAX_OUTPUT_CHARACTERS:
        raise TemplateError("`join` makes too long a text")
    return separator.join(str(shown(value)) for value in values)


def _round(value: object, precision: int = 0) -> object:
    if not isinstance(value, int | float | Decimal) or abs(precision) > _MOST_DIGITS:
        raise TemplateError(f"`round` takes a number and at most {_MOST_DIGITS} digits")
    return round(value, precision)


def _date(value: object, pattern: str = "%Y-%m-%d") -> str:
    if len(pattern) > 40:
        raise TemplateError("the pattern of a date has at most 40 characters")
    return value.strftime(pattern) if isinstance(value, dt.date) else ""


def _money(value: object, digits: int = 2) -> str:
    return f"{value:,.{min(max(digits, 0), 6)}f}" if isinstance(value, Decimal | int) else ""
