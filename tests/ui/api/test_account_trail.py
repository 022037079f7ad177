"""The audit log of accounts: who signed in or was refused, whose roles, password and tokens were changed, by whom."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine.accounts.errors import SignInRefused
from engine.accounts.trail import ACCOUNT
from tests.support.served import PASSWORD, Served, login_of, post_form


def _entries(served: Served) -> list[dict[str, Any]]:
    audit = served.platform.system.audit
    with served.platform.database.read() as connection:
        rows = connection.execute(select(audit).where(audit.c.object == ACCOUNT).order_by(audit.c.id)).mappings()
        return [dict(row) for row in rows]


def _new(served: Served, before: int) -> list[tuple[Any, ...]]:
    entries = _entries(served)[before:]
    assert all(entry["at"] for entry in entries)
    return [
        (each["action"], each["record_id"], each["actor_name"], each["origin"], each["changes"]) for each in entries
    ]


def test_a_log_in_and_a_refused_one_leave_entries_without_what_was_typed(fresh: Served) -> None:
    before, ann = len(_entries(fresh)), fresh.user_ids["ann"]
    fresh.sign_in("ann")
    wrong = ((login_of("ann"), "my secret typo"), ("my secret typo", "x"))
    for login, password in wrong:
        assert post_form(fresh.browser(), "/login", {"login": login, "password": password}).status_code == 401
    (signed, *refused) = _new(fresh, before)
    assert signed == ("signed_in", ann, "ann", "page", {"address": [None, "127.0.0.1"]})
    assert [(entry[0], entry[1], entry[2]) for entry in refused] == [
        ("sign_in_refused", ann, ""),
        ("sign_in_refused", None, ""),
    ]
    assert "my secret typo" not in repr(_entries(fresh))


def test_a_log_out_leaves_one_entry_and_a_second_one_none(fresh: Served) -> None:
    browser, ann = fresh.sign_in("ann"), fresh.user_ids["ann"]
    cookie = browser.get_cookie("fieldstone_session")
    assert cookie is not None
    before = len(_entries(fresh))
    post_form(browser, "/logout", {}, page="/")
    fresh.platform.accounts.sign_out(cookie.value)
    assert _new(fresh, before) == [("signed_out", ann, "ann", "page", {})]


def test_changes_of_roles_passwords_tokens_and_access_name_who_what_and_when(fresh: Served) -> None:
    accounts, ann, login = fresh.platform.accounts, fresh.user_ids["ann"], login_of("ann")
    administration = accounts.administration
    held = list(administration.find_user(login).roles)
    before = len(_entries(fresh))
    administration.set_roles(login, ["boss"], by="the tester")
    secret = administration.create_token(login, name="sync")
    token = next(each for each in administration.list_tokens(login) if each.name == "sync")
    assert administration.revoke_token(token.id)
    assert not administration.revoke_token(token.id), "there is nothing left to revoke, and nothing to note"
    accounts.change_password(login, PASSWORD, "another good password")
    administration.disable(login)
    administration.enable(login)
    assert _new(fresh, before) == [
        ("roles_set", ann, "the tester", "cli", {"roles": [held, ["boss"]]}),
        ("token_made", ann, "command line", "cli", {"token": [None, "sync"], "scopes": [None, ["read", "write"]]}),
        ("token_revoked", ann, "command line", "cli", {"token": ["sync", None]}),
        ("password_set", ann, "ann", "page", {}),
        ("disabled", ann, "command line", "cli", {}),
        ("enabled", ann, "command line", "cli", {}),
    ]
    assert secret not in repr(_entries(fresh))


def test_a_disabled_user_who_signs_in_is_noted_as_refused(fresh: Served) -> None:
    fresh.platform.accounts.administration.disable(login_of("bob"))
    before = len(_entries(fresh))
    with pytest.raises(SignInRefused):
        fresh.platform.accounts.sign_in(login_of("bob"), PASSWORD, address="10.0.0.7", agent="")
    assert _new(fresh, before) == [
        ("sign_in_refused", fresh.user_ids["bob"], "", "page", {"address": [None, "10.0.0.7"]})
    ]
