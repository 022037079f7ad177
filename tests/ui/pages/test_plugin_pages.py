"""Pages of plugins: closed until a role has the right they name, and a failing one fails alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from plugins import PageContent, PageContext, PageTable, PluginPage, hookimpl
from plugins.discovery import Candidate, bundled_candidates
from plugins.manager import PluginManager
from tests.support.served import DEALS, Served, serve_deals

MANIFEST = "{name: phones, version: '1.2', api: 1, summary: For a test., capabilities: {hosts: [calls.example]}}"


def shown(context: PageContext) -> PageContent:
    calls = PageTable(heads=("Number", "<i>When</i>"), rows=[("021-555", 3), (context.parameters.get("n", ""), 4)])
    return PageContent(text=[f"Calls of {context.login}"], facts=[("Secret word", "xqzcalls")], table=calls)


def uneven(_context: PageContext) -> PageContent:
    return PageContent(table=PageTable(heads=("One", "Two"), rows=[("alone",)]))


def raising(_context: PageContext) -> PageContent:
    raise RuntimeError("xqzboom")


def pages_of_phones() -> Sequence[PluginPage]:
    made = {"calls": ("see_calls", shown), "uneven": ("configure", uneven), "boom": ("configure", raising)}
    return [
        PluginPage(name=f"phones.{name}", label={"en": f"Page {name}"}, summary="A page.", right=right, show=show)
        for name, (right, show) in made.items()
    ]


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("plugin-pages")
    app = folder / "deals"
    for path in DEALS.rglob("*"):
        if path.is_file():
            target = app / path.relative_to(DEALS)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (app / "app.yaml").write_text((app / "app.yaml").read_text("utf-8") + "permissions: [see_calls]\n", "utf-8")
    module = ModuleType("phones", "Phones of a test.")
    module.pages = hookimpl(pages_of_phones)  # type: ignore[attr-defined]
    phones = Candidate(name="phones", import_module=lambda: module, read_manifest=lambda _: MANIFEST)
    plugins = PluginManager.load(candidates=[*bundled_candidates(), phones], environment={})
    assert not plugins.problems
    with serve_deals(module_database_url, folder, app_folder=app, plugins=plugins) as made:
        yield made


def grant(served: Served, folder: Path, line: str) -> None:
    path = folder / "roles" / "rep.yaml"
    path.write_text(path.read_text("utf-8") + line, "utf-8")
    served.platform.apply_release([folder], author="test")


@pytest.mark.promise("SEC-01")
def test_a_page_of_a_plugin_is_absent_until_a_role_has_its_right(
    served: Served, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = next(tmp_path_factory.getbasetemp().glob("plugin-pages*/deals"))
    for who in ("ann", "boss", "none"):
        client = served.sign_in(who)
        for page in ("phones/calls", "phones/boom", "email/sending"):
            refused, absent = client.get(f"/plugins/{page}"), client.get("/plugins/phones/nothing")
            assert (refused.status_code, absent.status_code) == (404, 404)
            assert "xqz" not in refused.get_data(as_text=True)
        assert client.get("/admin/plugins").status_code == 403
        assert "/plugins/" not in client.get("/").get_data(as_text=True)
    assert served.browser().get("/plugins/phones/calls").status_code == 303
    admin = served.sign_in("admin")
    assert "Outgoing mail" in admin.get("/plugins/email/sending").get_data(as_text=True)

    grant(served, folder, "system: [see_calls]\n")
    client = served.sign_in("ann")
    text = client.get("/plugins/phones/calls?n=<b>9</b>").get_data(as_text=True)
    for word in ("Calls of ann@example.com", "xqzcalls", "021-555", "&lt;b&gt;9&lt;/b&gt;", "&lt;i&gt;When&lt;/i&gt;"):
        assert word in text
    assert client.get("/plugins/phones/boom").status_code == 404
    assert served.sign_in("boss").get("/plugins/phones/calls").status_code == 404


def test_a_page_that_fails_says_so_and_the_others_go_on(served: Served) -> None:
    admin = served.sign_in("admin")
    for page in ("uneven", "boom"):
        answer = admin.get(f"/plugins/phones/{page}")
        assert answer.status_code == 503
        assert "could not make this page" in answer.get_data(as_text=True)
        assert "xqzboom" not in answer.get_data(as_text=True)
    listed = admin.get("/admin/plugins").get_data(as_text=True)
    for word in ("phones", "calls.example", "/plugins/phones/boom", "Outgoing mail"):
        assert word in listed
    assert "/plugins/phones/calls" not in listed
