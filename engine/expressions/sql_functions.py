"""All SQL functions that the SQL back end calls; the composition root hands them to `Database`."""

from __future__ import annotations

import functools

from engine.expressions.arithmetic import arithmetic_functions
from engine.expressions.calendar_functions import calendar_functions
from engine.expressions.database_calls import called_functions
from engine.expressions.postgresql_dates import date_sources
from engine.expressions.postgresql_numbers import number_sources
from engine.expressions.postgresql_texts import text_sources
from engine.expressions.sql.items import list_functions
from engine.expressions.sql.shown_functions import shown_functions
from engine.expressions.token_functions import token_function
from engine.storage.functions import SqlFunction


@functools.cache
def expression_functions() -> tuple[SqlFunction, ...]:
    """Give the functions for `Database(functions=…)`."""
    sources = {**text_sources(), **number_sources(), **date_sources()}
    return (
        *arithmetic_functions(),
        *called_functions(sources),
        *calendar_functions(),
        *shown_functions(),
        *list_functions(),
        token_function(),
    )
