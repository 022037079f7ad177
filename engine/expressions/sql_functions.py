"""All SQL functions that the SQL back end calls; the composition root hands them to `Database`."""

from __future__ import annotations

from engine.expressions.arithmetic import arithmetic_functions
from engine.expressions.calendar_functions import calendar_functions
from engine.storage.functions import SqlFunction


def expression_functions() -> tuple[SqlFunction, ...]:
    """Give the functions for `Database(functions=…)`."""
    return (*arithmetic_functions(), *calendar_functions())
