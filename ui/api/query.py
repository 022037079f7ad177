"""POST /query: counts and sums in groups over the records the caller may read. Translates only; the door computes."""

from __future__ import annotations

import re
from typing import Any

from flask import Response

from engine.records.aggregates import FUNCTIONS, AggregateQuery, Measure
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import read_parameters
from ui.api.records import object_key
from ui.context import actor, platform
from ui.errors import ApiProblem

_KEYS = ("object", "filter", "view", "q", "groups", "measures")
_MEASURE = re.compile(r"([a-z]+)\(([a-z][a-z0-9_.]*)\)\Z")


def query_figures() -> Response:
    """POST /query: `{"object", "filter", "groups": ["stage"], "measures": ["count", "sum(amount)"]}`, a row a group."""
    read_parameters(())
    given = read_object()
    check_keys(given, _KEYS)
    groups = _texts(given, "groups", ())
    measures = _texts(given, "measures", ("count",))
    query = AggregateQuery(
        object=object_key(_text(given, "object") or ""),
        filter=_text(given, "filter"),
        view=_text(given, "view"),
        search=_text(given, "q"),
        groups=groups,
        measures=tuple(_measure(text) for text in measures),
    )
    rows = [
        {
            "groups": dict(zip(groups, row.groups, strict=True)),
            "measures": dict(zip(measures, row.measures, strict=True)),
        }
        for row in platform().records.aggregate(actor(), query)
    ]
    return json_answer({"rows": rows})


def _measure(text: str) -> Measure:
    if text == "count":
        return Measure(function="count")
    match = _MEASURE.match(text)
    function = next((name for name in FUNCTIONS if match is not None and name == match[1]), None)
    if match is None or function is None:
        raise ApiProblem(400, "bad_measure", f"'{text}' is not count, or sum, avg, min, max of a field: sum(amount)")
    return Measure(function=function, path=match[2])


def _text(given: dict[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiProblem(400, "bad_value", f"'{name}' is a text.")
    return value


def _texts(given: dict[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value) or len(set(value)) != len(value):
        raise ApiProblem(400, "bad_value", f"'{name}' is a list of different texts.")
    return tuple(value)
