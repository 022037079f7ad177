"""Any bytes to any route: a 4xx with a problem document, never a 5xx."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.served import Served

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "\0",
            "%00",
            "'; drop table x; --",
            "\ud7ff",
            "９" * 50,
            "9" * 400,
            "-0",
            "NaN",
            "\u202e",
            "\r\nX: y",
            "1" * 9000,
        ]
    ),
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "name",
    "firm",
    "amount",
    "share",
    "size",
    "weight",
    "hot",
    "closing",
    "seen_at",
    "stage",
    "note",
    "owner",
    "code",
    "confirm",
    "id",
)


def check(answer: Any) -> None:
    assert answer.status_code < 500, answer.get_data(as_text=True)
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        problem = answer.get_json()
        assert problem["status"] == answer.status_code
        assert problem["request_id"] == answer.headers["X-Request-Id"]
        text = answer.get_data(as_text=True)
        assert not any(word in text for word in ("Traceback", "SELECT ", "sqlalchemy", "psycopg", "site-packages"))


def post(served: Served, values: dict[str, Any]) -> Any:
    body = json.dumps(values).encode()
    return served.call("boss", "POST", "/records/deal", data=body, headers={"Content-Type": "application/json"})


@FEW
@given(body=st.binary(max_size=300), method=st.sampled_from(["POST", "PATCH", "PUT", "DELETE"]))
def test_any_body_to_any_writing_route(served: Served, body: bytes, method: str) -> None:
    for address in ("/records/deal", "/records/deal/01900000-0000-7000-8000-000000000000", "/runs", "/nowhere"):
        check(served.call("boss", method, address, data=body, headers={"Content-Type": "application/json"}))


@FEW
@given(values=st.dictionaries(st.sampled_from(FIELDS) | TEXTS, VALUES, max_size=6))
def test_any_json_values_for_any_field(served: Served, values: dict[str, Any]) -> None:
    check(post(served, values))


@FEW
@given(field=st.sampled_from(FIELDS), value=VALUES)
def test_any_json_value_for_one_field(served: Served, field: str, value: Any) -> None:
    check(post(served, {"name": "Fuzz", field: value}))


@FEW
@given(
    name=st.sampled_from(["filter", "sort", "fields", "limit", "cursor", "count", "q", "view", "rule", "state"]),
    value=TEXTS,
)
def test_any_text_in_any_parameter(served: Served, name: str, value: str) -> None:
    for address in ("/records/deal", "/runs", "/records/deal/01900000-0000-7000-8000-000000000000/history"):
        check(served.get("boss", address, query_string={name: value.encode("utf-8", "surrogatepass")}))


@FEW
@given(object_name=TEXTS, record_id=TEXTS)
def test_any_text_in_the_address(served: Served, object_name: str, record_id: str) -> None:
    from urllib.parse import quote

    def part(text: str) -> str:
        return quote(text.encode("utf-8", "surrogatepass"), safe="") or "x"

    for suffix in ("", "/history", "/runs"):
        check(served.get("boss", f"/records/{part(object_name)}/{part(record_id)}{suffix}"))
    check(served.get("boss", f"/records/deal/{part(record_id)}"))
    check(served.get("boss", f"/objects/{part(object_name)}"))


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": "x"},
        {"If-Match": '"99999999999999999999"'},
        {"If-Match": '"1", "2"'},
        {"If-Match": "W/"},
        {"Idempotency-Key": ""},
        {"Idempotency-Key": "k" * 201},
        {"Idempotency-Key": "\x7f"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer é"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer " + "x" * 9000},
        {"Accept-Language": "x" * 5000},
        {"Cookie": "fieldstone_session=é; fieldstone_state=x.y.z"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=x"},
        {"Content-Length": "-1"},
        {"Range": "bytes=0-"},
    ],
)
def test_odd_headers(served: Served, headers: dict[str, str]) -> None:
    record = "/records/deal/01900000-0000-7000-8000-000000000000"
    for method, address in (("POST", "/records/deal"), ("PATCH", record), ("DELETE", record), ("GET", record)):
        body = b"" if method in ("GET", "DELETE") else b'{"name": "x"}'
        sent = {"Content-Type": "application/json", **headers}
        answer = served.app.test_client().open(
            f"/api/v1{address}",
            method=method,
            headers={"Authorization": f"Bearer {served.tokens['boss']}", **sent},
            data=body,
        )
        check(answer)


@pytest.mark.parametrize(
    "filter_text",
    [
        "(" * 5000,
        "not " * 3000 + "hot",
        'name = "' + "x" * 7000 + '"',
        "size = 99999999999999999999999999999999999",
        "size = 9223372036854775808",
        "size = -9223372036854775809",
        "amount > 99999999999999999999999999999999 CNY",
        "size / 0 = 1",
        "closing > today + 99999999999 days",
        "closing = 9999-12-31 and closing + 1 day > closing",
        'name matches "(a+)+$"',
        "size * 9999999999999 * 9999999999999 > 1",
        "firm.deals.firm.deals",
        "name contains name",
        "code in [" + ",".join(['"x"'] * 900) + "]",
        "1",
        "name",
        "size + name = 1",
        "count(firm.deals) > 1",
        "rand()",
        "name = 'x'",
        "size = 1; drop table deals_deal",
    ],
)
def test_odd_filters(served: Served, filter_text: str) -> None:
    check(served.get("boss", "/records/deal", query_string={"filter": filter_text}))


def test_a_body_over_the_limit_is_413(served: Served) -> None:
    limit = served.app.config["MAX_CONTENT_LENGTH"]
    served.app.config["MAX_CONTENT_LENGTH"] = 1000
    try:
        answer = served.call("boss", "POST", "/records/deal", json={"name": "x" * 2000})
        assert answer.status_code == 413
        check(answer)
    finally:
        served.app.config["MAX_CONTENT_LENGTH"] = limit


@pytest.mark.parametrize(
    ("method", "address"), [("PUT", "/records/deal"), ("DELETE", "/objects"), ("POST", "/openapi.json")]
)
def test_a_method_that_is_not_there_is_405_with_what_is(served: Served, method: str, address: str) -> None:
    answer = served.call("boss", method, address)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    check(answer)
