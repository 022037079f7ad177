"""Says what could have stood where the parser stopped, in words, and which keyword a misspelt word was meant to be."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable

from workflow_dsl.parsing.grammar import grammar
from workflow_dsl.syntax import DurationUnit


def _terminals(names: str) -> frozenset[str]:
    return frozenset(names.split())


_VALUE_STARTS = _terminals(
    "NUMBER PERCENT MONEY DURATION DATETIME DATE TIME TRUE FALSE EMPTY LPAR LSQB QUEUE_REF ROLE_REF TEAM_REF NAME "
    "STRING MINUS NOT IF"
)
_OPERATORS = _terminals(
    "OR AND COMPARE EQUALS IN NOT_IN IN_PERIOD NOT_IN_PERIOD BETWEEN IS_EMPTY IS_NOT_EMPTY IS_CHANGED IS_NOT_CHANGED "
    "IS_A HAS_ROLE CONTAINS STARTS_WITH ENDS_WITH MATCHES PLUS MINUS JOIN STAR SLASH DOT LPAR"
)
_ACTIONS = _terminals(
    "SET CREATE UPDATE DELETE RESTORE ASSIGN_TO ADD_TAG REMOVE_TAG ADD_FOLLOWER REMOVE_FOLLOWER NOTIFY SEND_EMAIL "
    "SEND_SMS SEND_SURVEY POST_COMMENT CALL_WEBHOOK CALL GENERATE_DOCUMENT SUBMIT_FOR_APPROVAL CONVERT_TO "
    "CONVERT_USING MERGE SHARE_WITH REJECT WARN WAIT WAIT_UNTIL IF FOR_EACH RUN_RULE STOP LOG SHOW OPEN"
)
_OPTIONS = _terminals(
    "PRIORITY RUN_AS MODE BULK ONCE_PER_RECORD LIMIT RETRY ON_FAILURE MISSED CALENDAR INACTIVE ALLOW_LOOP"
)
_WORDS = {
    "NAME": "a name", "STRING": "a text in quotes", "NUMBER": "a number", "TIME": "a time such as 09:00",
    "DURATION": "a duration such as 3 days", "DAY": "a day", "RPAR": "')'", "LPAR": "'('", "RSQB": "']'",
    "RBRACE": "'}'", "LBRACE": "'{'", "COMMA": "','", "COLON": "':'", "EQUALS": "'='", "MINUS": "'-'", "DOT": "'.'",
    "$END": "the end", "QUORUM": "'any of'", "IS_EVENT": "'is created'", "BY_METHOD": "'by load'",
    "PER_UNIT": "'per minute', 'per hour' or 'per day'",
}  # fmt: skip
_GROUPS = (
    ("a value", "TRUE", _VALUE_STARTS),
    ("an operator", "PLUS", _OPERATORS),
    ("an action", "SET", _ACTIONS),
    ("an option", "PRIORITY", _OPTIONS),
)
_MOST_NAMED = 6


@functools.cache
def phrases(terminal: str) -> tuple[str, ...]:
    """Give the spellings of a keyword terminal (`is created`, `is updated` …), none for those that are no words."""
    pattern = next((t.pattern.to_regexp() for t in grammar().terminals if t.name == terminal), "")
    pattern = re.sub(r"\(\?[=!].*\)|\\b", "", pattern).replace(r"\s+", " ")
    if re.search(r"[\[\\*]|\(\?", pattern):
        return ()
    return tuple(_expand(pattern)) if re.match(r"[a-z(]", pattern) else ()


def _expand(pattern: str) -> list[str]:
    group = re.search(r"\(([^()]*)\)(\?)?", pattern)
    if group is None:
        optional = re.search(r"(.)\?", pattern)
        if optional is None:
            return pattern.split("|")
        start, end = optional.span()
        return _expand(pattern[:start] + pattern[end:]) + _expand(pattern[:start] + optional[1] + pattern[end:])
    choices = group[1].split("|") + ([""] if group[2] else [])
    return [text for choice in choices for text in _expand(pattern[: group.start()] + choice + pattern[group.end() :])]


def describe(accepted: Iterable[str]) -> str:
    """Say in words what could stand here."""
    left = set(accepted)
    said: list[str] = []
    for word, sign, members in _GROUPS:
        if sign in left:
            said.append(word)
            left -= members
    singles = []
    for terminal in sorted(left):
        spelled = phrases(terminal)
        singles.append(_WORDS.get(terminal) or (f"'{spelled[0]}'" if spelled else ""))
    said += [word for word in dict.fromkeys(singles) if word and word not in said]
    if not said:
        return "the end"
    shown = said[:_MOST_NAMED]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def same_beginning(text: str, position: int, accepted: Iterable[str]) -> tuple[str, tuple[str, ...]] | None:
    """Give (`as admin`, the phrases that begin with `as`) where the first word is right and the next is not."""
    words = re.match(r"([a-z]+)[ \t]+[A-Za-z_]+", text[position:])
    if words is None:
        return None
    known = sorted({phrase for terminal in accepted for phrase in phrases(terminal)})
    meant = tuple(phrase for phrase in known if phrase.startswith(f"{words[1]} "))
    return (words[0], meant) if 1 < len(meant) <= _MOST_NAMED else None


def nearest_keyword(text: str, position: int, accepted: Iterable[str]) -> tuple[str, str] | None:
    """Give (what was written, the keyword it was meant to be) for a misspelt keyword at `position`."""
    known = [phrase for terminal in accepted for phrase in phrases(terminal)]
    if re.search(r"\d\s+\Z", text[:position]):
        known += (f"{unit}{plural}" for unit in DurationUnit for plural in ("", "s"))
    best: tuple[float, str, str] | None = None
    words = re.match(r"[A-Za-z_]+(?:[ \t]+[A-Za-z_]+){0,2}", text[position:])
    written = words[0].split() if words else []
    for count in range(1, len(written) + 1):
        candidate = " ".join(written[:count])
        same_length = [phrase for phrase in known if len(phrase.split()) == count]
        # A word of the language that stands here as it is written is not what is wrong.
        same_length = [] if candidate.lower() in same_length else same_length
        for phrase in difflib.get_close_matches(candidate.lower(), same_length, n=1, cutoff=0.7):
            score = difflib.SequenceMatcher(None, candidate.lower(), phrase).ratio()
            if best is None or score > best[0]:
                best = (score, candidate, phrase)
    return (best[1], best[2]) if best else None
