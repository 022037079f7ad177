"""What the pages of one's own account and of others' share: rows of sessions and tokens, and who may not touch them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from engine.access.actor import Actor
from engine.accounts import standing_in
from engine.accounts.sessions import SessionRow
from engine.accounts.tokens import TokenRow
from engine.errors import ValidationFailed
from ui.context import actor
from ui.formats import Formats
from ui.telling import tell


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """One session or token. is_this: the session of this very browser."""

    id: str
    title: str
    note: str
    is_this: bool = False


def require_own_hand(asking: Actor | None = None) -> None:
    """Refuse what only the person may do, while somebody else is logged in as that person.

    Raises: AccessDenied.
    """
    standing_in.require_own_hand(asking or actor())


def session_rows(sessions: Iterable[SessionRow], formats: Formats, current: str = "") -> tuple[HeldRow, ...]:
    """Give sessions as rows."""
    return tuple(
        HeldRow(
            id=each.id,
            title=browser_words(each.agent),
            note=" · ".join(
                filter(
                    None,
                    (
                        str(_("last used %(when)s", when=formats.datetime(each.seen_at))),
                        str(_("begun %(when)s", when=formats.datetime(each.created_at))),
                        each.address,
                        str(_("by somebody logged in as this user")) if each.by else "",
                    ),
                )
            ),
            is_this=each.id == current,
        )
        for each in sessions
    )


def token_rows(tokens: Iterable[TokenRow], formats: Formats) -> tuple[HeldRow, ...]:
    """Give tokens as rows."""
    return tuple(
        HeldRow(
            id=each.id,
            title=each.name,
            note=" · ".join(
                (
                    f"{each.prefix}…",
                    ", ".join(sorted(each.scopes)),
                    str(_("expires %(when)s", when=formats.datetime(each.expires_at)))
                    if each.expires_at is not None
                    else str(_("never expires")),
                )
            ),
        )
        for each in tokens
    )


def refusal_words(refused: ValidationFailed) -> str:
    """Give what was refused, as one text."""
    return " ".join(tell(each.message) for each in refused.errors)


def browser_words(agent: str) -> str:
    """Name a browser and its system by what it says of itself."""
    browser = _first(agent, (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")))
    system = _first(
        agent,
        (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS", "macOS"),
         ("Linux", "Linux")),
    )  # fmt: skip
    return " · ".join(filter(None, (browser, system))) or (agent[:40] or str(_("Unknown browser")))


def _first(agent: str, marks: Sequence[tuple[str, str]]) -> str:
    return next((name for mark, name in marks if mark in agent), "")
