"""Every answer carries the security headers; only known host names are answered; health of the frame."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.served import Served, login_of, serve_deals
from ui.security import WebSettings

ADDRESSES = [
    "/",
    "/login",
    "/nowhere",
    "/api/v1/objects",
    "/api/v1/records/deal",
    "/api/v1/nowhere",
    "/o/deal",
    "/static/none.css",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("signed_in", [True, False])
def test_each_answer_has_the_security_headers(served: Served, address: str, signed_in: bool) -> None:
    client = served.sign_in("boss") if signed_in else served.browser()
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"] or address.startswith("/static/")
    assert len(headers["X-Request-Id"]) >= 16
    assert len(headers.getlist("Content-Security-Policy")) == 1


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "[::2]", "127.0.0.2", ""]
)
def test_another_host_name_is_400(served: Served, host: str) -> None:
    assert served.browser().get("/login", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
def test_this_machines_names_are_answered(served: Served, host: str) -> None:
    assert served.browser().get("/login", headers={"Host": host}).status_code == 200


def test_https_gives_strict_transport_and_secure_cookies(sqlite_url: str, tmp_path: Path) -> None:
    settings = WebSettings(secret_key="s" * 40, base_url="https://crm.example.com")
    with serve_deals(sqlite_url, tmp_path, settings=settings) as served:
        client = served.app.test_client()
        first = client.get("/login", base_url="https://crm.example.com")
        assert "max-age=" in first.headers["Strict-Transport-Security"]
        assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in first.headers.getlist("Set-Cookie"))
        assert served.browser().get("/login").status_code == 400


@pytest.mark.promise("SEC-01")
def test_every_route_but_the_public_ones_asks_to_sign_in(served: Served) -> None:
    """The documented public list equals the map."""
    section = Path("docs/running.md").read_text("utf-8").partition("## What is open without a log-in")[2]
    rows = [line.split("|") for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    public = {
        (route, method)
        for row in rows
        for route in re.findall(r"`([^`]+)`", row[1])
        for method in re.findall("[A-Z]+", row[2])
    }
    assert len(public) > 15
    client = served.browser()
    open_ones = set()
    for rule in served.app.url_map.iter_rules():
        view = served.app.view_functions[rule.endpoint]
        if getattr(view, "is_public", False) or rule.endpoint == "static" or rule.endpoint.endswith(".static"):
            open_ones |= {(rule.rule, method) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
            continue
        address = rule.rule
        for argument in rule.arguments:
            converter = next(part for part in address.split("<")[1:] if part.split(">")[0].split(":")[-1] == argument)
            address = address.replace(f"<{converter.split('>')[0]}>", "1")
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            answer = client.open(address, method=method)
            assert answer.status_code in (401, 403, 303), (rule.rule, method)
            if answer.status_code == 303:
                assert answer.headers["Location"].startswith("/login")
    assert open_ones == public


def test_preferences_are_kept_in_cookies_and_foreign_values_are_not(served: Served) -> None:
    from tests.support.served import post_form

    client = served.browser()
    answer = post_form(client, "/preferences", {"language": "zh", "theme": "dark", "next": "https://evil.example/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    language, theme = client.get_cookie("fieldstone_language"), client.get_cookie("fieldstone_theme")
    assert language is not None
    assert theme is not None
    assert (language.value, theme.value) == ("zh", "dark")
    post_form(client, "/preferences", {"language": "xx", "theme": "loud"})
    assert client.get_cookie("fieldstone_theme").value == "dark"  # type: ignore[union-attr]


def test_a_lost_database_is_503_with_retry_after(sqlite_url: str, tmp_path: Path) -> None:
    with serve_deals(sqlite_url, tmp_path) as served:
        from engine.errors import DatabaseUnavailable

        def fail() -> str:
            raise DatabaseUnavailable

        served.app.add_url_rule("/api/v1/fail", "fail", fail)
        answer = served.get("boss", "/fail")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.get_json()["code"] == "database_unavailable"


def test_an_unexpected_failure_tells_nothing_and_logs_the_cause_under_its_id(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_deals(sqlite_url, tmp_path) as served:

        def fail() -> str:
            raise RuntimeError("the secret detail")

        served.app.add_url_rule("/api/v1/fail", "fail", fail)
        answer = served.get("boss", "/fail")
        assert answer.status_code == 500
        assert "secret detail" not in answer.get_data(as_text=True)
        assert answer.get_json()["request_id"] in caplog.text
        assert "the secret detail" in caplog.text


def test_who_is_signed_in_goes_on_from_the_log_in_page(served: Served) -> None:
    client = served.sign_in("ann")
    assert client.get("/login?next=/o/deal").headers["Location"] == "/o/deal"
    assert login_of("ann") == "ann@example.com"
