"""No value of any form or page parameter makes a page fail: made-up calls over every page, and no 5xx."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import pytest
from werkzeug.datastructures import MultiDict

from tests.acceptance.test_access_everywhere import BUTTON_RULE, addresses
from tests.support.access_requests import submit_quotes
from tests.support.automation import do_runs
from tests.support.page_fuzz import PageFuzzer, names_in_sources
from tests.support.sales import sales_installation
from tests.support.sales_scene import Scene
from tests.support.sales_world import Filling
from ui.app import create_app
from ui.security import WebSettings

CALLERS = ("admin", "ann")
SHORT = 250
SOAK_S = 1_800.0
# Who does this is another person, or nobody, afterwards.
LEAVES = ("/log-in-as", "/logout", "/sessions/end", "/as/end", "/factor", "/password")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("fuzzed")
    sales = sales_installation(f"sqlite:///{folder / 'fieldstone.sqlite'}", folder)
    platform = sales.open()
    try:
        (sales.app / "rules" / "touch.rules").write_text(BUTTON_RULE, "utf-8")
        platform.apply_release([sales.app], author="test")
        world = Filling(platform, sales, seed=5).fill()
        do_runs(platform, waits_too=False)
        made = Scene(sales, platform, create_app(platform, WebSettings(secret_key="s" * 40)), world)
        made.run_ids = [run["id"] for run in made.call("admin", "GET", "/api/v1/runs?limit=200").get_json()["items"]]
        made.request_ids = submit_quotes(made)
        yield made
    finally:
        platform.close()


def learned(scene: Scene, who: str, seed: int) -> PageFuzzer:
    """Give a fuzzer that has seen the pages of somebody: of each route one of each object."""
    fuzzer, seen = PageFuzzer(chance=Random(seed), names=names_in_sources()), set()
    nina = scene.sales.user_ids["nina"]
    own = [("/admin/users/<user_id>", f"/admin/users/{nina}"), ("/f/<form_name>", "/f/contact_us")]
    own += [("/login", "/login"), ("/login/forgot", "/login/forgot"), ("/account", "/account")]
    for rule, address in (*own, *((rule, address) for rule, address, _ in addresses(scene, who, "GET"))):
        key = rule, address.split("/")[2] if rule.startswith("/o/<") else ""
        if key in seen or address.startswith(("/api/", "/files/")):
            continue
        answer = scene.call(who, "GET", address)
        if answer.status_code in (200, 303, 400) and answer.mimetype == "text/html":
            seen.add(key)
            fuzzer.learn(rule, address, answer.get_data(as_text=True))
    return fuzzer


def failures(scene: Scene, who: str, fuzzer: PageFuzzer, count: int) -> list[str]:
    """Make calls; give those that ended in a 5xx."""
    found = []
    for method, address, values in fuzzer.calls(count):
        # The token of a form is that of the session it was read in.
        data = MultiDict(values) if method == "POST" else None
        answer = scene.session(who).open(address, method=method, data=data)
        if answer.status_code >= 500:
            found.append(f"{who} {method} {address[:300]} {values!r:.900} -> {answer.status_code}")
        if any(each in address for each in LEAVES) or "/login" in answer.headers.get("Location", ""):
            scene.clients.pop(who)
    return found


@pytest.mark.parametrize("who", CALLERS)
def test_no_form_or_parameter_makes_a_page_fail(scene: Scene, who: str) -> None:
    fuzzer = learned(scene, who, seed=7)
    assert len(fuzzer.names) > 50
    assert len(fuzzer.forms) > 20, "forms were read"
    assert len(fuzzer.addresses) > 25, "pages were read"
    assert not failures(scene, who, fuzzer, SHORT)


@pytest.mark.soak
def test_half_an_hour_of_made_up_forms_finds_no_failure(scene: Scene) -> None:
    until, seed = time.monotonic() + SOAK_S, int(time.time())
    found: list[str] = []
    while time.monotonic() < until and not found:
        seed += 1
        for who in CALLERS:
            found += failures(scene, who, learned(scene, who, seed), 2_000)
    assert not found, f"seed {seed}:\n" + "\n".join(found[:20])
