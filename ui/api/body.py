"""Reads JSON bodies strictly: what two readers could understand differently is refused, and nothing is too deep or big.

Duplicate keys, NaN and Infinity, NUL characters, half surrogates, numbers of hundreds of digits and deep nesting give a
400 that names the place. Numbers with a point become Decimal, since a float would change them. What the values mean is
the door's business.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any, NoReturn

from flask import request

from ui.errors import ApiProblem

MAX_DEPTH = 32
MAX_NUMBER_LENGTH = 60
JSON_TYPES = frozenset({"application/json", "application/merge-patch+json"})


def read_object() -> dict[str, Any]:
    """Give the request's body as a JSON object.

    Raises: ApiProblem 415 for another content type, 400 for anything that is not one well-formed JSON object.
    """
    if request.mimetype not in JSON_TYPES:
        raise ApiProblem(415, "content_type", "Send the body as application/json.")
    return parse_object(request.get_data(cache=False))


def read_no_body() -> None:
    """Refuse a body where the call takes none."""
    if request.get_data(cache=False).strip() not in (b"", b"{}"):
        raise ApiProblem(400, "body_not_expected", "This call takes no body.")


def check_keys(values: Collection[str], known: Collection[str]) -> None:
    """Refuse a key that a call does not have."""
    unknown = set(values).difference(known)
    if unknown:
        told = f"'{_shown(min(unknown))}' is not a key here; known: {', '.join(sorted(known))}."
        raise ApiProblem(400, "unknown_key", told)


def take_confirm(values: dict[str, Any]) -> Collection[str]:
    """Take the codes of confirmed warnings, `"confirm": [code]`, out of a body; a field of that name holds no list."""
    codes = values.get("confirm")
    if not isinstance(codes, list):
        return ()
    if not all(isinstance(code, str) for code in codes):
        raise ApiProblem(400, "bad_confirm", "`confirm` is a list of codes, each a text.")
    del values["confirm"]
    return tuple(codes)


def parse_object(body: bytes) -> dict[str, Any]:
    """Give a body's bytes as a JSON object, or raise ApiProblem 400."""
    value = _parse(body)
    if not isinstance(value, dict):
        _refuse(f"The body must be a JSON object, not {_kind(value)}.")
    _check(value)
    return value


def _parse(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(f"The body is not UTF-8 at byte {error.start}.")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object_without_doubles,
            parse_constant=lambda name: _refuse(f"The body holds {name}, which is no JSON number."),
            parse_float=_decimal,
            parse_int=_integer,
        )
    except RecursionError:
        _refuse(f"The body is nested deeper than {MAX_DEPTH} levels.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is no JSON at line {error.lineno}, column {error.colno}: {error.msg}.")


def _object_without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        double = next(name for name in names if names.count(name) > 1)
        _refuse(f"The key '{_shown(double)}' stands twice in one object.")
    return found


def _decimal(text: str) -> Decimal:
    _check_number(text)
    number = Decimal(text)
    if number.is_finite() and number and not -MAX_NUMBER_LENGTH < number.adjusted() < MAX_NUMBER_LENGTH:
        _refuse(f"The number {_shown(text)} is too large or too small.")
    return number


def _integer(text: str) -> int:
    _check_number(text)
    return int(text)


def _check_number(text: str) -> None:
    if len(text) > MAX_NUMBER_LENGTH:
        _refuse(f"A number has {len(text)} characters; at most {MAX_NUMBER_LENGTH} are read.")


def _check(value: Any) -> None:
    # Iterative: the limit of depth must hold before anything recursive sees the value.
    level: list[Any] = [value]
    for _depth in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                check_text(item)
            elif isinstance(item, dict):
                for key in item:
                    check_text(key)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    _refuse(f"The body is nested deeper than {MAX_DEPTH} levels.")


def check_text(text: str) -> None:
    """Refuse what no database stores and no UTF-8 writes: NUL and half surrogates."""
    if "\0" in text:
        _refuse("A text of the body contains a NUL character.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            _refuse("A text of the body contains half a surrogate pair.")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {list: "a list", str: "a text", bool: "a boolean", int: "a number", Decimal: "a number"}
    return names[type(value)]


def _shown(text: str) -> str:
    cleaned = text.encode("ascii", "backslashreplace").decode()
    return cleaned if len(cleaned) <= 40 else cleaned[:40] + "…"


def _refuse(detail: str) -> NoReturn:
    raise ApiProblem(400, "malformed_json", detail)
