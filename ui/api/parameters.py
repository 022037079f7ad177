"""Reads the query parameters of the API: each once, none unknown, numbers in range. Their meaning is the door's."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request

from engine.errors import FieldError, RecordNotFound
from engine.records.identifiers import could_be_id
from engine.records.types import MAX_PAGE, ListQuery, SortKey
from metamodel.names import did_you_mean
from ui.context import release
from ui.errors import ApiProblem

MAX_PARAMETER_LENGTH = 8_000
MAX_PATHS = 100
DEFAULT_LIMIT = 50
LIST_PARAMETERS = ("filter", "sort", "fields", "limit", "cursor", "count", "q", "view", "bin")

_ENTITY_TAG = re.compile(r'"([0-9]{1,18})"\Z', re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """A list call: the query, and whether a count is wanted ("", "true": capped, "exact")."""

    query: ListQuery
    count: str


def read_parameters(allowed: Collection[str]) -> Mapping[str, str]:
    """Give the query parameters; one that is unknown, given twice or far too long is a 400."""
    if not request.query_string:
        return {}
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in allowed:
            hint = did_you_mean(name, allowed) or f"known are {', '.join(allowed) or 'none'}"
            raise _bad(name, f"There is no parameter '{name[:40]}'; {hint}")
        if len(values) > 1:
            raise _bad(name, f"The parameter '{name}' is given {len(values)} times.")
        if len(values[0]) > MAX_PARAMETER_LENGTH:
            raise _bad(name, f"The parameter '{name}' is longer than {MAX_PARAMETER_LENGTH} characters.")
        found[name] = values[0]
    return found


def read_list_request(object_key: str) -> ListRequest:
    """Give the query that the parameters of a list call ask for."""
    given = read_parameters(LIST_PARAMETERS)
    count = given.get("count", "")
    if "count" in given and count not in ("false", "true", "exact"):
        raise _bad("count", "`count` is true, exact or false.")
    if given.get("bin", "false") not in ("false", "true"):
        raise _bad("bin", "`bin` is true or false.")
    query = ListQuery(
        object=object_key,
        filter=given.get("filter") or None,
        view=given.get("view") or None,
        sort=read_sort_keys(given.get("sort", "")),
        fields=read_paths("fields", given.get("fields")),
        limit=read_limit(given.get("limit")),
        cursor=given.get("cursor") or None,
        search=given.get("q") or None,
        binned=given.get("bin") == "true",
    )
    return ListRequest(query=query, count="" if count == "false" else count)


def read_paths(name: str, text: str | None) -> tuple[str, ...]:
    """Give the paths of a parameter separated by commas; () without it."""
    if text is None:
        return ()
    paths = tuple(part.strip() for part in text.split(","))
    if "" in paths:
        raise _bad(name, f"`{name}` has an empty name; write the names with commas between them.")
    if len(paths) > MAX_PATHS:
        raise _bad(name, f"`{name}` has {len(paths)} names; at most {MAX_PATHS} are allowed.")
    return tuple(dict.fromkeys(paths))


def read_limit(text: str | None) -> int:
    """Give how many items a page has, 1 … MAX_PAGE."""
    limit = read_whole_number("limit", text)
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_PAGE:
        raise _bad("limit", f"`limit` is a whole number from 1 to {MAX_PAGE}.")
    return limit


def read_whole_number(name: str, text: str | None) -> int | None:
    """Give a parameter that is a whole number of at most 15 digits; None without it."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise _bad(name, f"`{name}` is a whole number.")
    return int(text)


def check_record_id(object_key: str, record_id: str) -> str:
    """Give the id back where it can be one; anything else is simply not found."""
    if not could_be_id(record_id, release().metamodel.objects.get(object_key)):
        raise RecordNotFound(object_key, record_id)
    return record_id


def read_if_match(*, required: bool) -> int | None:
    """Give the version that If-Match names; None without the header or for `*`.

    Raises: ApiProblem 428 where it is required and absent, 400 where it is not one of our entity tags.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        if required:
            raise ApiProblem(428, "if_match_required", "Send the ETag you read as If-Match.")
        return None
    if header == "*":
        return None
    match = _ENTITY_TAG.match(header.removeprefix("W/"))
    if match is None:
        raise ApiProblem(400, "bad_if_match", 'If-Match must be one ETag as an answer gave it, such as "3".')
    return int(match[1])


def next_address(cursor: str | None) -> str | None:
    """Give the address of the next page: this request's with the new cursor."""
    if cursor is None:
        return None
    parameters = {name: value for name, value in request.args.items() if name not in ("cursor", "count")}
    return f"{request.path}?{urlencode({**parameters, 'cursor': cursor})}"


def read_sort_keys(text: str) -> tuple[SortKey, ...]:
    """Give the sort keys of `-amount,name`."""
    if not text:
        return ()
    return tuple(
        SortKey(path=path.removeprefix("-").strip(), descending=path.startswith("-"))
        for path in read_paths("sort", text)
    )


def _bad(name: str, message: str) -> ApiProblem:
    error = FieldError(field=name[:40], code="bad_parameter", message=message)
    return ApiProblem(400, "bad_parameter", message, errors=[error])
