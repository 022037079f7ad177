"""Passwords: cost, rules for new ones, renewal, equal work."""

from __future__ import annotations

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from engine.accounts.passwords import PasswordCost, Passwords, check_new_password
from engine.errors import ValidationFailed

CHEAP = PasswordCost(memory_kib=8, passes=1)


def test_the_default_cost_is_argon2id_with_19_mib_and_2_passes() -> None:
    parameters = extract_parameters(Passwords().hash("correct horse battery"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


@pytest.mark.parametrize(
    "password", ["", "short", "1234567", "password", "PassWord1", "12345678", "qwertyuiop", "aaaaaaaaaa"]
)
def test_a_short_or_common_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_new_password(password, login="ann@example.com")
    assert refused.value.errors[0].field == "password"


@pytest.mark.parametrize("length", [8, 64, 65, 200, 1024])
def test_long_passwords_are_accepted_and_verified_whole(length: int) -> None:
    password = ("xK7 龙-" * 200)[:length]
    check_new_password(password, login="ann@example.com")
    passwords = Passwords(CHEAP)
    stored = passwords.hash(password)
    assert passwords.verify(password, stored)
    assert not passwords.verify(password[:-1], stored)
    assert not passwords.verify(password + "x", stored)


def test_the_own_name_is_no_password() -> None:
    with pytest.raises(ValidationFailed):
        check_new_password("Ann.Lee@Example.com", login="ann.lee@example.com")


def test_the_same_characters_composed_differently_are_the_same_password() -> None:
    passwords = Passwords(CHEAP)
    assert passwords.verify("cafe\u0301-olé-12", passwords.hash("café-olé-12"))


@pytest.mark.parametrize("password", ["\ud800\ud800\ud800\ud800ab", "nul\0inside", "😀" * 20])
def test_no_text_makes_hashing_fail(password: str) -> None:
    passwords = Passwords(CHEAP)
    assert passwords.verify(password, passwords.hash(password))


def test_nothing_matches_where_there_is_no_hash_and_a_broken_hash_matches_nothing() -> None:
    passwords = Passwords(CHEAP)
    assert not passwords.verify("no password has this hash", None)
    assert not passwords.verify("anything", "$argon2id$broken")


def test_a_hash_of_lower_cost_needs_renewal_and_one_of_this_cost_does_not() -> None:
    dearer = Passwords(PasswordCost(memory_kib=16, passes=2))
    assert dearer.needs_renewal(Passwords(CHEAP).hash("correct horse"))
    assert not dearer.needs_renewal(dearer.hash("correct horse"))
