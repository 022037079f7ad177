"""Parameters of a kept statement whose values come with each run: who acts, today, and what follows from those.

A part of an expression that reads no record (`today - 1 year`, `app.limit`) is evaluated in memory at each run and
bound, so that both back ends agree on it and an index can serve the comparison.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Select
from sqlalchemy.sql.visitors import cloned_traverse
from sqlalchemy.types import TypeEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class RunValues:
    """What a run brings along. context: what the Python back end evaluates such parts in. given: further parameters."""

    user_id: str | None
    team_id: str | None
    manager_id: str | None
    now: dt.datetime
    today: dt.date
    context: Any = None


RUNTIME: Final = object()
"""The value of parameters that are given by name at each run."""

Compute = Callable[[RunValues], object]


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """The value of parameters that are computed at each run; filled: it is never empty."""

    compute: Compute
    filled: bool = False


def runtime(name: str, type_: TypeEngine[Any]) -> BindParameter[Any]:
    """Make a parameter that is given by name at each run."""
    return BindParameter(name, RUNTIME, type_=type_)


def computed(name: str, compute: Compute, type_: TypeEngine[Any], *, filled: bool = False) -> BindParameter[Any]:
    """Make a parameter that is computed at each run; `name` only shows in the statement's text."""
    return BindParameter(name, Computed(compute, filled), type_=type_, unique=True)


def with_values(statement: Select[Any], values: RunValues) -> Select[Any]:
    """Give a select whose computed parameters have the values of a run."""

    def fill(bind: BindParameter[Any]) -> None:
        if isinstance(bind.value, Computed):
            bind.value = bind.value.compute(values)

    return cloned_traverse(statement, {}, {"bindparam": fill})


def acting_user(type_: TypeEngine[Any]) -> BindParameter[Any]:
    """Make the parameter of the acting user's id."""
    return computed("actor", lambda values: values.user_id, type_)


def acting_team(type_: TypeEngine[Any]) -> BindParameter[Any]:
    """Make the parameter of the acting user's team."""
    return computed("actor_team", lambda values: values.team_id, type_)
