"""Predicates combined with and, or: every part counts, and what decides alone stands alone."""

from __future__ import annotations

from engine.access.predicates import EVERYONE, NOBODY, AllOf, AnyOf, Own, Subordinates, Team, all_of, any_of

OWN, TEAM, BELOW = Own(), Team(), Subordinates()


def test_any_of_keeps_each_part_that_may_hold() -> None:
    assert any_of(OWN, TEAM) == AnyOf((OWN, TEAM))
    assert any_of(OWN, NOBODY, TEAM, BELOW) == AnyOf((OWN, TEAM, BELOW))
    assert any_of(NOBODY, OWN) is OWN
    assert any_of(OWN, EVERYONE) is EVERYONE
    assert any_of(NOBODY, NOBODY) is any_of() is NOBODY


def test_all_of_keeps_each_part_that_may_fail() -> None:
    assert all_of(OWN, TEAM) == AllOf((OWN, TEAM))
    assert all_of(OWN, EVERYONE, TEAM, BELOW) == AllOf((OWN, TEAM, BELOW))
    assert all_of(EVERYONE, OWN) is OWN
    assert all_of(OWN, NOBODY) is NOBODY
    assert all_of(EVERYONE, EVERYONE) is all_of() is EVERYONE
