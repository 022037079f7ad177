"""Phone numbers in international form (E.164), by each country's dialling plan: the same rules as the database's.

What is no phone number of the country, or of any, is left as it was written.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import NamedTuple

from workflow_dsl.phone_plans import PLANS

# What people write between digits; full-width forms have become plain ones by then.
SEPARATORS = " \t().-/·‐‒–—―"
_NUMBER = re.compile(r"\+?[0-9]{2,20}\Z", re.ASCII)
_SEPARATED = str.maketrans("", "", SEPARATORS)


class Plan(NamedTuple):
    """How a country dials; lengths: how many digits a national number may have."""

    code: str
    national: str
    international: str
    lengths: frozenset[int]


@functools.cache
def plans() -> dict[str, Plan]:
    """Give the plan of each country by its ISO code."""
    found = {}
    for line in PLANS.split("\n"):
        if line:
            country, code, national, international, lengths = line.split(" ")
            known = frozenset(int(length) for length in lengths.split(","))
            found[country] = Plan(code, "" if national == "-" else national, international, known)
    return found


@functools.cache
def lengths_by_code() -> dict[str, frozenset[int]]:
    """Give how many digits may follow each calling code."""
    found: dict[str, frozenset[int]] = {}
    for plan in plans().values():
        found[plan.code] = found.get(plan.code, frozenset()) | plan.lengths
    return found


def format_phone(text: str, country: str) -> str:
    """Give a phone number in international form; `country` is that of numbers without a +."""
    number = unicodedata.normalize("NFKC", text).translate(_SEPARATED)
    plan = plans().get(country.upper())
    if not _NUMBER.match(number):
        return text
    if number.startswith("+"):
        return _known(number[1:]) or text
    if plan is None:
        return text
    if number.startswith(plan.international):
        found = _known(number[len(plan.international) :])
        if found is not None:
            return found
    return _national(number, plan) or text


def _known(digits: str) -> str | None:
    """Give the digits after a + as a number, where a calling code begins them and their count is possible."""
    lengths = lengths_by_code()
    for size in (1, 2, 3):
        if len(digits) - size in lengths.get(digits[:size], ()):
            return f"+{digits}"
    return None


def _national(digits: str, plan: Plan) -> str | None:
    trunk = len(plan.national)
    if trunk and digits.startswith(plan.national) and len(digits) - trunk in plan.lengths:
        return f"+{plan.code}{digits[trunk:]}"
    if len(digits) in plan.lengths:
        return f"+{plan.code}{digits}"
    if digits.startswith(plan.code) and len(digits) - len(plan.code) in plan.lengths:
        return f"+{digits}"
    return None
