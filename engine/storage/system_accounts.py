"""The system tables of accounts: credentials, sessions, tokens, roles held, second factors and resets."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def account_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of accounts."""
    return {**_signed_in(make), **_ways_back(make), **_asked_for(make)}


def _signed_in(make: SystemTableMaker) -> dict[str, Table]:
    return {
        "credential": make.table(
            "fs_credential",
            make.id("user_id", primary_key=True),
            make.text("password_hash"),
            make.instant("changed_at"),
            make.flag("must_change"),
            make.flag("disabled"),
            # service: an account of a program; it has tokens and signs in by nothing else.
            make.flag("service"),
            # The second factor. factor_secret: sealed; factor_at: since when it counts; factor_step: of the last code.
            make.text("factor_secret"),
            make.instant("factor_at"),
            make.number("factor_step"),
        ),
        # id: hash of the secret in the cookie; facts: what is still to do, and who is signed in as another.
        "session": make.table(
            "fs_session",
            make.text("id", primary_key=True),
            make.id("user_id", nullable=False),
            make.instant("created_at", nullable=False),
            make.instant("seen_at", nullable=False),
            make.instant("expires_at", nullable=False),
            make.text("address"),
            make.text("agent"),
            make.json("facts"),
            Index("ix_fs_session_user", "user_id"),
            Index("ix_fs_session_expires", "expires_at"),
        ),
        "token": make.table(
            "fs_token",
            make.id(primary_key=True),
            make.id("user_id", nullable=False),
            make.text("name", nullable=False),
            make.text("hash", nullable=False, unique=True),
            make.text("prefix", nullable=False),
            make.json("scopes"),
            make.instant("created_at", nullable=False),
            make.instant("expires_at"),
            make.instant("used_at"),
            make.instant("revoked_at"),
            Index("ix_fs_token_user", "user_id"),
        ),
    }


def _ways_back(make: SystemTableMaker) -> dict[str, Table]:
    return {
        "role": make.table(
            "fs_role",
            make.id("user_id", primary_key=True),
            make.text("role", primary_key=True),
            make.instant("granted_at", nullable=False),
            make.text("granted_by", nullable=False),
            # When it ends by itself, empty = never; whoever reads roles compares it with the clock.
            make.instant("until"),
            Index("ix_fs_role_role", "role"),
        ),
        # key: kind and hash of a login or an address; attempts: when the ones that still count were made.
        "lockout": make.table(
            "fs_lockout",
            make.text("key", primary_key=True),
            make.number("failures", nullable=False),
            make.json("attempts"),
            make.instant("first_at", nullable=False),
            make.instant("last_at", nullable=False),
            make.instant("locked_until"),
        ),
        # Codes for who has lost the second factor, each good once.
        "recovery": make.table(
            "fs_recovery",
            make.id("user_id", primary_key=True),
            make.text("hash", primary_key=True),
            make.instant("used_at"),
        ),
        # Links that set a new password, each good once. user_id: empty where the address asked for is nobody's; hash:
        # of the secret in the link, which is made when the mail is; due_at: when it is to be sent, empty = no more.
        "reset": make.table(
            "fs_reset",
            make.id(primary_key=True),
            make.text("hash", unique=True),
            make.id("user_id"),
            make.instant("created_at", nullable=False),
            make.instant("expires_at", nullable=False),
            make.instant("due_at"),
            make.number("tries", nullable=False),
            make.instant("used_at"),
            Index("ix_fs_reset_user", "user_id"),
            Index("ix_fs_reset_due", "due_at"),
        ),
    }


def _asked_for(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # Who asked for what access, from a denial. granted: the option that was given, until: when it ends.
        "access_request": make.table(
            "fs_access_request",
            make.id(primary_key=True),
            make.id("user_id", nullable=False),
            make.text("object", nullable=False),
            make.text("record_id"),
            make.text("field"),
            make.text("action", nullable=False),
            make.text("reason", nullable=False),
            make.text("state", nullable=False),
            make.instant("at", nullable=False),
            make.instant("decided_at"),
            make.id("decided_by"),
            make.text("granted"),
            make.instant("until"),
            make.text("answer"),
            Index("ix_fs_access_request_state", "state", "at"),
            Index("ix_fs_access_request_user", "user_id"),
        ),
    }
