"""Logging in at a provider that runs as a process of its own: who gets in as whom, and what is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client

from tests.support.account_entries import audit
from tests.support.oidc_provider import CLIENT, SECRET, RunningProvider, oidc_provider
from tests.support.served import Served, login_of, serve_deals


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    with oidc_provider() as found:
        yield found


@pytest.fixture(scope="module")
def served(
    provider: RunningProvider, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    settings = {
        "ISSUER": provider.issuer,
        "CLIENT_ID": CLIENT,
        "CLIENT_SECRET": SECRET,
        "LABEL": "Work & Co",
        "ROLES": json.dumps({"sales": "rep", "leads": "boss", "gone": "no_such_role"}),
        "CREATE_USERS": "true",
        "PRIVATE_HOSTS": json.dumps([f"127.0.0.1:{provider.port}"]),
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.items():
            environment.setenv(f"FIELDSTONE_PLUGIN_SSO_{name}", value)
        with serve_deals(module_database_url, tmp_path_factory.mktemp("sso")) as found:
            yield found


def go(client: Client, provider: RunningProvider, target: str = "/") -> str:
    """Begin, and give the address that the provider leads back to."""
    answer = client.get(f"/login/at/sso?next={target}")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return provider.visit(answer.headers["Location"])


def roles(served: Served, login: str) -> tuple[str, ...]:
    return served.platform.accounts.administration.find_user(login).roles


@pytest.mark.promise("SEC-21")
def test_who_the_provider_names_is_logged_in_with_the_roles_of_the_groups(
    served: Served, provider: RunningProvider
) -> None:
    client = served.browser()
    assert "Log in with Work &amp; Co" in client.get("/login?next=/inbox").get_data(as_text=True)
    login = "New.Person@example.com"
    for groups, expected in ((["sales"], ("rep",)), (["leads", "gone", 7], ("boss",)), ([], ())):
        provider.say(claims={"email": login, "name": "New Person", "groups": groups})
        answer = client.get(go(client, provider, "/inbox"))
        assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox")
        assert client.get("/account").status_code == 200
        assert roles(served, login) == expected
    asked = provider.asked()[-3:]
    for name in ("state", "nonce", "code_challenge"):
        assert len({each[name] for each in asked}) == 3
    assert {each["code_challenge_method"] for each in asked} == {"S256"}
    assert "New Person" in client.get("/account").get_data(as_text=True)
    user_id = served.platform.accounts.administration.find_user(login).id
    entries = [each["changes"] for each in audit(served, "roles_set") if each["record_id"] == user_id]
    assert entries == [{"roles": [[], ["rep"]]}, {"roles": [["rep"], ["boss"]]}, {"roles": [["boss"], []]}]
    assert [each["record_id"] for each in audit(served, "signed_in")].count(user_id) == 3


FAULTS: dict[str, dict[str, Any]] = {
    "unsigned": {"signed": "not"},
    "signed by the public key as if it were a secret": {"signed": "by the public key"},
    "signed by another key": {"signed": "by another key"},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "another issuer in the document": {"document_issuer": "https://evil.example"},
    "another audience": {"claims": {"aud": "another client"}},
    "given to another client": {"claims": {"aud": [CLIENT, "other"], "azp": "other"}},
    "expired": {"claims": {"exp": time.time() - 3_600}},
    "an end that is no number": {"claims": {"exp": float("nan")}},
    "of the future": {"claims": {"iat": time.time() + 1_000_000}},
    "an address nobody verified": {"claims": {"email_verified": "true"}},
    "no subject": {"claims": {"sub": ""}},
}


@pytest.mark.promise("SEC-21")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_that_proves_nothing_lets_nobody_in(served: Served, provider: RunningProvider, fault: str) -> None:
    told = FAULTS[fault]
    right = {"email": login_of("ann"), "groups": ["leads"]}
    client, before = served.browser(), roles(served, login_of("ann"))
    provider.say(claims=right)
    back = go(client, provider)
    provider.say(**{**told, "claims": {**right, **told.get("claims", {})}})
    refused = len(audit(served, "sign_in_refused"))
    answer = client.get(back)
    assert answer.status_code == 403
    assert "This log-in did not work" in answer.get_data(as_text=True)
    assert client.get_cookie("fieldstone_session") is None
    assert roles(served, login_of("ann")) == before
    assert len(audit(served, "sign_in_refused")) == refused + 1


@pytest.mark.promise("SEC-21")
def test_an_answer_counts_once_and_in_the_browser_that_asked(served: Served, provider: RunningProvider) -> None:
    provider.say(claims={"email": "once@example.com"})
    client, other = served.browser(), served.browser()
    back = go(client, provider)
    go(other, provider)
    for stranger in (served.browser(), other):
        assert stranger.get(back).status_code == 403, "another browser"
    assert client.get(back.replace("state=", "state=x")).status_code == 403
    cookie = client.get_cookie("fieldstone_sign_in", path="/login/at")
    assert cookie is not None
    nonce = parse_qs(urlsplit(back).query)["state"][0]
    assert nonce not in cookie.value, "what it keeps is encrypted"
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 403, "the cookie has gone"
    thief = served.browser()
    thief.set_cookie("fieldstone_sign_in", cookie.value, path="/login/at")
    assert thief.get(back).status_code == 403, "whoever copied cookie and address comes too late"
    thief.set_cookie("fieldstone_sign_in", cookie.value[:-6] + "AAAAAA", path="/login/at")
    assert thief.get(back).status_code == 403
    late = go(client, provider)
    used = parse_qs(urlsplit(back).query)["code"][0]
    fresh = parse_qs(urlsplit(late).query)["code"][0]
    assert client.get(late.replace(fresh, used)).status_code == 403, "a replayed code under a new state"


def test_nobody_comes_in_whose_account_is_shut_or_a_program_and_other_ways_are_unknown(
    served: Served, provider: RunningProvider
) -> None:
    administration = served.platform.accounts.administration
    administration.disable(login_of("bob"))
    client = served.browser()
    provider.say(claims={"email": login_of("bob"), "groups": ["leads"]})
    assert client.get(go(client, provider)).status_code == 403
    assert "boss" not in roles(served, login_of("bob"))
    administration.enable(login_of("bob"))
    assert client.get("/login/at/other").status_code == 403
    assert client.get("/login/at/other/back?code=1&state=2").status_code == 403
    provider.say(claims={"email": login_of("bob")})
    assert client.get(go(client, provider, "//evil.example/")).headers["Location"] == "/"
