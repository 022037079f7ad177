"""Cases of a corpus in shares of a dozen: a test of its own for every case costs more than most cases do.

A share holds cases of one topic, and what is wrong in it is told case by case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Protocol, TypeVar

import pytest
from _pytest.mark import ParameterSet

SHARE = 12
Faults = Sequence[object]


class Named(Protocol):
    """A case with its name, and the topic of the file it stands in."""

    @property
    def name(self) -> str:
        """Give the name of the case."""

    @property
    def topic(self) -> str:
        """Give the topic of its file."""


NamedCase = TypeVar("NamedCase", bound=Named)


def in_shares(cases: Iterable[NamedCase]) -> list[ParameterSet]:
    """Give the parameters of a test that judges a share of the cases at once."""
    found = []
    for topic, of_topic in groupby(sorted(cases, key=lambda case: case.topic), key=lambda case: case.topic):
        listed = list(of_topic)
        for start in range(0, len(listed), SHARE):
            found.append(pytest.param(listed[start : start + SHARE], id=f"{topic} {start // SHARE + 1}"))
    assert found, "a corpus without cases shows nothing"
    return found


def faults_in(
    share: Sequence[NamedCase], judge: Callable[[NamedCase], Sequence[object]]
) -> dict[str, Sequence[object]]:
    """Judge each case of a share; give name → what is otherwise than it says."""
    return {case.name: found for case in share if (found := judge(case))}
