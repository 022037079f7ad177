"""Every page and fragment over data and configuration that is all markup: safe headers, nothing live, nothing run."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from waitress.server import create_server
from werkzeug.test import TestResponse

from plugins import MadeFile
from plugins.bundled.email.message import build_message, parse_address
from plugins.bundled.email.templates import render
from tests.acceptance.test_access_everywhere import addresses
from tests.support.access_requests import submit_quotes
from tests.support.automation import do_runs
from tests.support.marked_up import EVIL, EVIL_NAME, MARK, RICH, MarkedFilling, live_markup, mark_labels
from tests.support.sales import sales_installation
from tests.support.sales_scene import Scene
from tests.support.served import PASSWORD, login_of, post_form
from ui.app import create_app
from ui.security import WebSettings

RULE = f"""
rule touch_it
  when button touch on opportunity is pressed by role "administrator", role "sales_rep" asking account: account
  if amount >= 0 CNY
  then show "{EVIL.replace('"', "")} {{name}}"
"""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
POLICY = (
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "object-src", "form-action 'self'",
    "base-uri 'none'", "frame-ancestors 'none'", "connect-src 'self'",
)  # fmt: skip
# What a browser saves and does not show, and what asks for something at once.
NO_PAGES = ("/files/", "/export", "/static/", "/inbox/count")
# Visited by the browser for more than one object; the markup of all is read by the other test.
WHOLE = ("/o/<object_name>", "/o/<object_name>/<record_id>", "/o/<object_name>/<record_id>/edit")
MANY = ("lead", "opportunity", "attachment", "user")
COUNTING = f"""
window.{MARK} = () => {{ window.ran = (window.ran || 0) + 1; }};
window.reports = [];
document.addEventListener('securitypolicyviolation', (event) => window.reports.push(
  event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("marked")
    sales = sales_installation(f"sqlite:///{folder / 'fieldstone.sqlite'}", folder)
    platform = sales.open()
    try:
        lead = sales.app / "objects" / "lead.yaml"
        shown = lead.read_text("utf-8").replace("fields: [name,", "fields: [story, name,", 1)
        assert "[story, name" in shown
        story = "fields:\n  story: {type: rich_text, label: {en: Story, zh: 故事}}\n"
        lead.write_text(shown.replace("fields:\n", story, 1), "utf-8")
        (sales.app / "rules" / "touch.rules").write_text(RULE, "utf-8")
        assert mark_labels(sales.app) > 200
        platform.apply_release([sales.app], author="test")
        filling = MarkedFilling(platform, sales, seed=11)
        world = filling.fill()
        assert filling.marked > 200
        do_runs(platform, waits_too=False)
        made = Scene(sales, platform, create_app(platform, WebSettings(secret_key="s" * 40)), world)
        made.run_ids = [run["id"] for run in made.call("admin", "GET", "/api/v1/runs?limit=200").get_json()["items"]]
        made.request_ids = submit_quotes(made)
        yield made
    finally:
        platform.close()


@pytest.fixture(scope="module")
def crawled(scene: Scene) -> list[tuple[str, str]]:
    """Give of each route the first address, and of lists, records and forms that of each object."""
    found: dict[tuple[str, str], str] = {}
    for rule, address, _record in addresses(scene, "admin", "GET"):
        found.setdefault((rule, address.split("/")[2] if rule in WHOLE else ""), address)
    return [(rule, address) for (rule, _object), address in found.items()] + [("/nowhere", "/nowhere")]


@pytest.fixture(scope="module")
def public(scene: Scene) -> FlaskClient:
    """Give the application as it is served under https, with nobody signed in."""
    settings = WebSettings(secret_key="s" * 40, base_url="https://crm.example.com", trusted_hosts=("localhost",))
    return create_app(scene.platform, settings).test_client()


def _faults(answer: TestResponse) -> list[str]:
    """Name what is wrong with the headers and the markup of an answer."""
    found = [
        f"{name}: {answer.headers.getlist(name)}" for name in HEADERS if answer.headers.getlist(name) != [HEADERS[name]]
    ]
    (policy,) = answer.headers.getlist("Content-Security-Policy") or [""]
    found += [f"no {part} in the policy" for part in POLICY if part not in policy and part != "object-src"]
    found += [word for word in ("unsafe-inline", "unsafe-eval", "nonce-", " *", "http") if word in policy]
    if "no-store" not in answer.headers.get("Cache-Control", ""):
        found.append(f"kept: {answer.headers.get('Cache-Control')}")
    if answer.mimetype == "text/html":
        found += live_markup(answer.get_data(as_text=True))
    return found


@pytest.mark.promise("SEC-33")
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_page_and_fragment_has_the_headers_and_nothing_live(
    scene: Scene, public: FlaskClient, crawled: list[tuple[str, str]], signed_in: bool
) -> None:
    client = public.application.test_client()
    if signed_in:
        entered = post_form(client, "/login", {"login": login_of("admin"), "password": PASSWORD})
        assert entered.status_code == 303
    shown, found, kinds = 0, [], set()
    for rule, address in crawled:
        for headers in ({}, {"HX-Request": "true"}):
            token = {"Authorization": f"Bearer {scene.sales.tokens['admin']}"} if address.startswith("/api/") else {}
            answer = client.get(address, headers={**headers, **(token if signed_in else {})})
            assert answer.status_code < 500, address
            if address.startswith(("/files/", "/api/v1/files/")) and answer.status_code == 200:
                assert "sandbox" in answer.headers["Content-Security-Policy"], address
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                continue
            if answer.status_code == 200:
                kinds.add(rule)
                shown += answer.get_data(as_text=True).count(f"&lt;img src={MARK}")
            found += [f"{address} ({answer.status_code}): {fault}" for fault in _faults(answer)]
            if not address.startswith("/o/") or address.split("/")[2] not in MANY:
                break
    assert not found, "\n".join(found[:30])
    assert not signed_in or (shown > 2_000 and len(kinds) > 60), (shown, len(kinds))


@pytest.fixture(scope="module")
def address(scene: Scene) -> Iterator[str]:
    server = create_server(scene.app, host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


def _visited(page: Page, paths: list[str]) -> dict[str, str]:
    """Visit pages; give what was run, reported or asked of elsewhere, by address."""
    faults = {}
    for path in paths:
        page.goto(path)
        ran = page.evaluate("() => ({ran: window.ran || 0, reports: window.reports})")
        if ran["ran"] or ran["reports"]:
            faults[path] = str(ran)
    return faults


@pytest.mark.promise("SEC-34")
def test_a_browser_runs_nothing_and_reports_nothing_on_any_page(
    scene: Scene, crawled: list[tuple[str, str]], address: str, browser: Browser
) -> None:
    wanted, routes = [], set()
    for rule, path in crawled:
        is_wanted = rule not in routes or path.split("/")[2] in MANY
        if path.startswith(("/api/", *NO_PAGES)) or not is_wanted:
            continue
        if scene.call("admin", "GET", path).mimetype == "text/html":
            routes.add(rule)
            wanted.append(path)
    cookie = scene.session("admin").get_cookie("fieldstone_session")
    assert cookie is not None
    with browser.new_context(base_url=address) as context:
        context.add_cookies([{"name": "fieldstone_session", "value": cookie.value, "url": address}])
        context.add_init_script(COUNTING)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda asked: said.extend([asked.url] if asked.url.endswith(MARK) else []))
        # The net itself: markup that is live is told.
        page.goto("/nowhere")
        page.evaluate(f"document.body.innerHTML = `<img src='{MARK}' onerror='{MARK}()'>`")
        page.wait_for_function("window.reports.length > 0")
        assert said
        said.clear()
        assert _visited(page, wanted) == {}
        assert not [text for text in said if "Security" in text or MARK in text], said[:10]
    assert len(wanted) > 40


@pytest.mark.promise("SEC-34")
def test_rich_text_keeps_no_handler_scheme_form_or_attribute_of_the_front_end(scene: Scene) -> None:
    lead = next(iter(scene.world.records["lead"]))
    kept = scene.call("admin", "GET", f"/api/v1/records/lead/{lead}").get_json()["story"]
    assert "<b>kept</b>" in kept
    assert live_markup(kept) == []
    gone = ("hx-", "onclick", "style", "javascript", "data:", "<form", "<input", "<button", "<svg", "<script", "<meta")
    assert [word for word in gone if word in kept.lower()] == []
    page = scene.call("admin", "GET", f"/o/lead/{lead}").get_data(as_text=True)
    assert f"{MARK} <b>kept</b>" in page


@pytest.mark.promise("SEC-34")
def test_a_mail_shows_markup_as_text() -> None:
    sender = parse_address("crm@example.com")
    message = build_message(
        sender=sender,
        to=[sender],
        cc=[],
        reply_to=None,
        subject=render("About {{ name }}", {"name": EVIL}, html=False),
        body=render("Dear {{ name }},\n\n{{ name }}", {"name": f"{EVIL}{RICH}"}, html=False),
        key="1",
        domain="example.com",
        now=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        files=[MadeFile(name=f"{EVIL_NAME}.pdf", type="application/pdf", content=b"%PDF-")],
    )
    part = message.get_body(("html",))
    assert part is not None
    assert live_markup(part.get_content()) == []
    assert part.get_content().count(f"&lt;img src={MARK}") == 2
