"""The live description: valid, only what the caller may use, new fields at once, and the answers fit it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource

from tests.support.served import DEALS, Served, serve_deals


@pytest.mark.parametrize("who", ["boss", "ann", "none", "admin"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_document_is_valid_openapi_for_every_role(served: Served, who: str, language: str) -> None:
    document = served.get(who, "/openapi.json", headers={"Accept-Language": language}).get_json()
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


# There for apps that have a button, a conversion, a document, a pool, a form or an approval; and what describes itself.
OF_OTHER_APPS = re.compile(
    r"/(actions|documents|convert|conversion|claim|release|approval)\b|^/(events|forms|mcp|openapi)"
)


def test_every_route_of_the_api_is_described(served: Served) -> None:
    document = served.get("admin", "/openapi.json").get_json()
    described = [
        (method.upper(), re.sub(r"\{[^}]*\}", "x", path)) for path, of in document["paths"].items() for method in of
    ]
    for rule in served.app.url_map.iter_rules():
        path = rule.rule.removeprefix("/api/v1")
        if path == rule.rule or OF_OTHER_APPS.search(path):
            continue
        pattern = re.compile(re.sub(r"<[^>]*>", "[^/]+", path))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert any(one == method and pattern.fullmatch(each) for one, each in described), (method, rule.rule)


def test_labels_come_in_the_asked_language(served: Served) -> None:
    texts = {
        language: served.get("boss", "/objects/deal", headers={"Accept-Language": language}).get_json()
        for language in ("en", "zh")
    }
    assert (texts["en"]["label"], texts["zh"]["label"]) == ("Deal", "交易")
    name = {
        language: next(f for f in text["fields"] if f["name"] == "name")["label"] for language, text in texts.items()
    }
    assert name == {"en": "Name", "zh": "名称"}


def test_objects_say_what_the_caller_may_do(served: Served) -> None:
    found = {item["name"]: item for item in served.get("ann", "/objects").get_json()["items"]}
    assert set(found) == {"deal", "firm", "user"}
    assert found["firm"]["actions"] == ["read"]
    fields = {f["name"]: f for f in served.get("ann", "/objects/deal").get_json()["fields"]}
    assert "margin" not in fields
    assert not fields["note"]["update"]
    assert fields["name"]["update"]
    assert not fields["doubled"]["create"]
    assert [option["name"] for option in fields["stage"]["options"]] == ["open", "won", "lost"]
    schemas = served.get("ann", "/openapi.json").get_json()["components"]["schemas"]
    assert "note" not in schemas["deal.update"]["properties"]
    assert "firm.create" in schemas
    assert "post" not in served.get("ann", "/openapi.json").get_json()["paths"]["/records/firm"]


def test_answers_fit_the_schemas_they_are_described_by(served: Served) -> None:
    firm = served.make("boss", "firm", name="Fits", rating=4)
    record = served.make(
        "boss",
        "deal",
        name="Fits",
        firm=firm["id"],
        amount="1 CNY",
        share="5%",
        size=1,
        weight="1.5",
        closing="2026-01-01",
    )
    document = served.get("boss", "/openapi.json").get_json()
    conform(document, "deal", record)
    conform(document, "deal.page", served.get("boss", "/records/deal?count=true").get_json())
    conform(document, "Problem", served.get("boss", "/records/deal?limit=0").get_json())
    conform(document, "user.page", served.get("boss", "/records/user").get_json())


def conform(document: dict[str, Any], name: str, value: object) -> None:
    """Check a value against a schema of the document."""
    registry = Registry().with_resource(
        "urn:api", Resource.from_contents(document, default_specification=_specification())
    )
    Draft202012Validator({"$ref": f"urn:api#/components/schemas/{name}"}, registry=registry).validate(value)


def _specification() -> Any:
    from referencing.jsonschema import DRAFT202012

    return DRAFT202012


def test_a_field_published_now_is_in_form_list_and_description_on_the_next_request(
    database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "deals"
    shutil.copytree(DEALS, folder)
    with serve_deals(database_url, tmp_path / "data", app_folder=folder) as served:
        assert "priority" not in served.get("boss", "/openapi.json").get_data(as_text=True)
        record = served.make("boss", "deal", name="Before")
        path = folder / "objects" / "deal.yaml"
        path.write_text(
            path.read_text().replace(
                "  size:     {type: integer}", "  size:     {type: integer}\n  priority: {type: integer}"
            )
        )
        served.platform.apply_release([folder], author="test")
        document = served.get("boss", "/openapi.json").get_json()
        assert document["components"]["schemas"]["deal"]["properties"]["priority"]["type"] == ["integer", "null"]
        changed = served.call("boss", "PATCH", f"/records/deal/{record['id']}", json={"priority": 3})
        assert changed.get_json()["priority"] == 3
        listed = served.get("boss", "/records/deal?filter=priority%20%3D%203&fields=priority").get_json()["items"]
        assert [item["priority"] for item in listed] == [3]
