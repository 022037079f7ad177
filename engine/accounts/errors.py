"""Failures of signing in; like all engine errors they know no HTTP."""

from __future__ import annotations

from engine.errors import EngineError


class SignInRefused(EngineError):
    """Name or password is wrong, or the user may not sign in: all look the same."""

    def __init__(self) -> None:
        super().__init__("User name or password is wrong.")


class TooManyAttempts(EngineError):
    """Too many wrong log-ins for this account or from this address; nothing was tried."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        minutes = max(1, -(-retry_after_s // 60))
        super().__init__(f"Too many wrong log-ins. Try again in {minutes} minutes.")


class FactorRefused(EngineError):
    """The code of a second factor is wrong, was used before, or there is none to check it by."""

    def __init__(self) -> None:
        super().__init__("This code is wrong or was used before.")


class ElsewhereRefused(EngineError):
    """A log-in at a provider came to nothing; why stands in the log and in the audit log."""

    def __init__(self) -> None:
        super().__init__("This log-in did not work. Try again, or ask who looks after accounts.")


class LinkRefused(EngineError):
    """A link that sets a password was used, is too old, or never was one."""

    def __init__(self) -> None:
        super().__init__("This link has been used or is too old. Ask for a new one.")


class UnknownUser(EngineError):
    """There is no user of that name."""

    def __init__(self, login: str) -> None:
        self.login = login
        super().__init__(f"There is no user '{login}'.")


class ServiceAccount(EngineError):
    """The account belongs to a program: it has tokens, no password and no second factor."""

    def __init__(self, login: str) -> None:
        super().__init__(f"'{login}' is a service account: it has tokens, no password and no second factor.")


class UnknownRole(EngineError):
    """There is no role of that name in the running release; `hint` names the nearest one."""

    def __init__(self, role: str, hint: str = "") -> None:
        self.role = role
        super().__init__(f"There is no role '{role}'{'; ' + hint if hint else '.'}")
