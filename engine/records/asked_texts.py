"""Texts that callers ask with: words to search for, what a database can be sent, questions that fail in one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, OperationalError

from engine.records.query_problems import problem
from engine.storage.functions import fold
from workflow_dsl.evaluation_errors import EvaluationError

_MAX_WORDS = 8


@contextmanager
def computable() -> Iterator[None]:
    """Turn what a question makes the database or an evaluation fail on into a fault of the question."""
    try:
        yield
    except (DataError, EvaluationError) as fault:
        raise problem("EXP907", "the question asks for something that can't be computed") from fault
    except OperationalError as fault:
        # What one of our own functions on SQLite could not compute.
        if "user-defined function" not in str(fault.orig):
            raise
        raise problem("EXP907", "the question asks for something that can't be computed") from fault


def is_storable(text: str | None) -> bool:
    """Say whether a text can be sent to the databases: no NUL, no half of a surrogate pair."""
    return text is None or not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def search_words(search: str | None) -> list[str]:
    """Give the folded words of a search text, at most eight."""
    if search is None or not is_storable(search):
        return []
    return [word for part in search.split()[:_MAX_WORDS] if (word := fold(part[:200]))]
