"""Host names and return addresses, judged without a running application."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.urls import iri_to_uri

from ui.security import WebSettings, local_path

FOREIGN = [
    "http://evil.example/",
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "/\\/evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\tevil.example/..//x\n",
    "/\n/evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "http:evil.example",
    "http:/evil.example",
    "@evil.example",
    "/%0d/\revil.example",
    "",
    "ftp://evil.example",
]


@pytest.mark.promise("SEC-32")
@pytest.mark.parametrize("target", FOREIGN)
def test_a_foreign_return_address_ends_on_a_local_page(target: str) -> None:
    assert local_path(target) == "/"


@pytest.mark.parametrize("target", ["/", "/o/lead", "/o/lead?filter=a%20%3D%201", "/o/lead/019a#x", "/a//b"])
def test_a_local_address_is_kept(target: str) -> None:
    assert local_path(target) == target


@given(st.text(alphabet="/\\:@?#ex. \t\n%09httpvil"))
def test_whatever_is_kept_starts_with_exactly_one_slash(target: str) -> None:
    kept = local_path(target)
    assert kept.startswith("/")
    assert not kept.startswith(("//", "/\\"))
    assert "\\" not in iri_to_uri(kept)


def test_without_a_base_address_only_this_machines_names_are_answered() -> None:
    hosts = WebSettings(secret_key="k").hosts
    assert hosts == {"localhost", "127.0.0.1", "::1"}
    assert WebSettings(secret_key="k", base_url="http://127.0.0.1:8000").hosts == hosts


def test_with_a_base_address_its_name_and_the_trusted_ones_are_answered() -> None:
    settings = WebSettings(secret_key="k", base_url="https://CRM.example.com/x", trusted_hosts=("Intra",))
    assert settings.hosts == {"crm.example.com", "intra"}
    assert settings.is_https
