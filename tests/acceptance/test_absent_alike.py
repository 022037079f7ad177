"""What somebody may not read answers as what is not there: same status, same body, same headers but the request id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.sales import sales_installation
from tests.support.sales_scene import Scene
from tests.support.sales_world import Filling
from ui.app import create_app
from ui.security import WebSettings

ABSENT = "01900000-0000-7000-8000-000000000000"
# Objects of the app that reps do not name in their role, and one that no app has.
CLOSED, UNKNOWN = "vault", "tluav"
_TOKEN = re.compile(r'(csrf_token"[^>]*(?:value|content)="|"X-CSRFToken": ")[^"]*')
VAULT = """
object: vault
label: Vault
title: "{name}"
fields:
  name: {type: text, required: true}
  owner_name: {type: text}
"""
REPORT = """
report: closed_report
label: Closed
object: vault
columns: [name]
"""
OF_RECORDS = (
    "/o/{o}/{id}", "/o/{o}/{id}/edit", "/o/{o}/{id}/share", "/o/{o}/{id}/compare", "/o/{o}/{id}/rules",
    "/o/{o}/{id}/merge", "/o/{o}/{id}/access", "/o/{o}/{id}/field/name",
    "/api/v1/records/{o}/{id}", "/api/v1/records/{o}/{id}/history", "/api/v1/records/{o}/{id}/timeline",
    "/api/v1/records/{o}/{id}/runs", "/api/v1/records/{o}/{id}/share", "/api/v1/records/{o}/{id}/actions",
)  # fmt: skip
OF_OBJECTS = (
    "/o/{o}", "/o/{o}/new", "/o/{o}/export", "/o/{o}?filter=name+%3D+1", "/import/{o}", "/pool/{o}", "/quality/{o}",
    "/o/{o}/duplicates", "/api/v1/objects/{o}", "/api/v1/records/{o}", "/api/v1/records/{o}?sort=name",
    "/api/v1/exports/{o}", "/api/v1/records/{o}/" + ABSENT,
)  # fmt: skip
WRITES: tuple[tuple[str, str, Any], ...] = (
    ("PATCH", "/api/v1/records/{o}/{id}", {"name": "x"}),
    ("DELETE", "/api/v1/records/{o}/{id}", None),
    ("POST", "/api/v1/records/{o}/{id}/share", {"with": "x"}),
    ("POST", "/api/v1/records/{o}/{id}/restore", {}),
)


@pytest.fixture(scope="module")
def scene(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    sales = sales_installation(module_database_url, tmp_path_factory.mktemp("alike"))
    platform = sales.open()
    try:
        (sales.app / "objects" / "vault.yaml").write_text(VAULT, "utf-8")
        (sales.app / "reports").mkdir(exist_ok=True)
        (sales.app / "reports" / "closed.yaml").write_text(REPORT, "utf-8")
        platform.apply_release([sales.app], author="test")
        world = Filling(platform, sales, seed=3).fill()
        yield Scene(sales, platform, create_app(platform, WebSettings(secret_key="s" * 40)), world)
    finally:
        platform.close()


def answer_of(answer: TestResponse, *asked: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Give status, body and headers without the request id and without the words that were asked for."""
    request_id = answer.headers.get("X-Request-Id", "")
    body = answer.get_data(as_text=True)
    headers = [(name, value) for name, value in answer.headers.items() if name not in ("X-Request-Id", "Date")]
    for word in (request_id, *asked):
        body = body.replace(word, "X") if word else body
        headers = [(name, value.replace(word, "X") if word else value) for name, value in headers]
    # A page's token is new in each page; messages of before stand at its end.
    body = _TOKEN.sub(r"\1", body).partition('="Messages">')[0]
    headers = [(name, value) for name, value in headers if name not in ("Content-Length", "Set-Cookie")]
    return answer.status_code, body.encode(), headers


def told_apart(scene: Scene, who: str, pairs: list[tuple[str, str, Any, str, str]]) -> list[str]:
    """Name the requests in which what is there and what is not answer differently."""
    found = []
    for method, shape, body, there, absent in pairs:
        options = {} if body is None else {"json": body}
        one, other = (
            answer_of(scene.call(who, method, shape.replace("*", word), **options), word) for word in (there, absent)
        )
        # Who may not administer at all is told so, whomever they ask about.
        allowed = (403, 404) if shape.startswith("/admin/") else (404,)
        if one != other or one[0] not in allowed:
            lines = [
                pair
                for pair in zip(*(each[1].splitlines() for each in (one, other)), strict=False)
                if pair[0] != pair[1]
            ]
            found.append(f"{method} {shape} {there}: {one[0]} {other[0]} {lines[:2]} {set(one[2]) ^ set(other[2])}")
    return found


@pytest.mark.promise("SEC-10")
def test_unreadable_records_and_objects_answer_as_absent_ones(scene: Scene) -> None:
    pairs: list[tuple[str, str, Any, str, str]] = []
    for name in ("account", "opportunity", "lead", "quote"):
        readable = scene.reference("ann").readable(name)
        hidden = [each for each in scene.world.records[name] if each not in readable][:1]
        for record_id in hidden:
            shapes = [shape.replace("{o}", name).replace("{id}", "*") for shape in OF_RECORDS]
            pairs += [("GET", shape, None, record_id, ABSENT) for shape in shapes]
            for method, shape, body in WRITES:
                pairs.append((method, shape.replace("{o}", name).replace("{id}", "*"), body, record_id, ABSENT))
    assert len(pairs) > 40
    pairs += [("GET", shape.replace("{o}", "*"), None, CLOSED, UNKNOWN) for shape in OF_OBJECTS]
    assert "\n".join(told_apart(scene, "ann", pairs)) == ""
    assert scene.call("admin", "GET", f"/o/{CLOSED}").status_code == 200


@pytest.mark.promise("SEC-10")
def test_unreadable_files_reports_and_users_answer_as_absent_ones(scene: Scene) -> None:
    readable = scene.reference("ann").readable("attachment")
    hidden = [file for file, held_by in scene.world.files.items() if held_by not in readable][:2]
    assert hidden
    pairs: list[tuple[str, str, Any, str, str]] = []
    for file_id in hidden:
        shapes = ("/files/*", "/files/*/small", "/api/v1/files/*", "/api/v1/files/*/preview/large")
        pairs += [("GET", shape, None, file_id, ABSENT) for shape in shapes]
    user = scene.sales.user_ids["fiona"]
    pairs += [("GET", "/admin/users/*", None, user, ABSENT), ("GET", "/admin/users/*/off-board", None, user, ABSENT)]
    routes = [rule for rule in scene.app.url_map.iter_rules() if rule.arguments == {"report_name"}]
    shapes_of = [rule.rule.replace("<report_name>", "*") for rule in routes if "GET" in (rule.methods or ())]
    assert shapes_of
    pairs += [("GET", shape, None, "closed_report", "absent_report") for shape in shapes_of]
    assert "\n".join(told_apart(scene, "ann", pairs)) == ""
