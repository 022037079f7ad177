"""Menus: three levels, and what a role's menu hides for lack of rights is refused by address, fragment and palette."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from metamodel import load_sources
from tests.support.metadata_corpus import line_of
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

MENUS = """
    menus:
      all:
        label: {en: Everything, zh: 全部}
        items:
          - {object: deal}
          - label: {en: Deeper, zh: 更深}
            items:
              - {object: secret, label: {en: Hidden things, zh: 隐藏}}
              - {object: deal, view: bosses, label: {en: For bosses, zh: 主管}}
"""
FILES = {
    "objects/deal.yaml": "object: deal\nfields:\n  name: {type: text}\nviews:\n  all: {columns: [name]}\n"
    "  bosses: {columns: [name], roles: [boss]}\n",
    "objects/secret.yaml": 'object: secret\nsearch: [name]\ntitle: "{name}"\nfields:\n  name: {type: text}\n'
    "  kind: {type: lookup, to: deal}\n",
    "menus.yaml": MENUS,
    "roles/rep.yaml": "role: rep\nobjects:\n  deal: {read: all, create: yes}\n  user: {read: all}\nmenus: [all]\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\nobjects:\n  secret: {read: all, create: yes}\nmenus: [all]\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("menus")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


@pytest.mark.promise("APP-14")
def test_a_fourth_level_is_refused_with_its_place() -> None:
    deep = "menus:\n  all:\n    label: A\n    items:\n      - label: B\n        items:\n          - {object: deal}\n"
    deeper = deep.replace("{object: deal}", "{label: C, items: [{object: deal}]}")
    base = {"shop/app.yaml": "app: shop\nversion: 1.0.0\n", "shop/objects/deal.yaml": FILES["objects/deal.yaml"]}
    roles = {"shop/roles/boss.yaml": "role: boss\nobjects:\n  deal: {read: all}\nmenus: [all]\n"}
    for text, told in ((deep, []), (deeper, ["shop/menus.yaml:7:32 APP421 this menu has more than 3 levels"])):
        _, problems = load_sources({**base, **roles, "shop/menus.yaml": text})
        assert [line_of(problem) for problem in problems if problem.severity == "error"] == told


@pytest.mark.promise("APP-14")
def test_a_menu_shows_what_the_role_may_see(served: Served) -> None:
    home = served.sign_in("boss").get("/").get_data(as_text=True)
    for text in ("Deeper", "Hidden things", "For bosses", 'href="/o/secret'):
        assert text in home
    home = served.sign_in("ann").get("/").get_data(as_text=True)
    assert 'href="/o/deal' in home
    for text in ("Hidden things", "For bosses", "/o/secret", "Deeper"):
        assert text not in home, "an entry without a right is left out, and a branch without entries too"


@pytest.mark.promise("APP-14")
def test_what_the_menu_hides_is_refused_by_address_by_fragment_and_in_the_palette(served: Served) -> None:
    made = served.make("boss", "secret", name="Sphinx")
    one = f"/o/secret/{made['id']}"
    fragment = {"HX-Request": "true", "HX-Target": "filter-form"}
    for who, status in (("boss", 200), ("ann", 404)):
        client = served.sign_in(who)
        for address in ("/o/secret", "/o/secret?view=all", "/o/secret/new" if who == "ann" else "/o/secret", one):
            assert client.get(address).status_code == status, (who, address)
        assert client.get("/o/secret?field=name", headers=fragment).status_code == status
        assert client.get("/o/secret/choices/kind?q=").status_code == status
        palette = {"HX-Request": "true", "HX-Target": "search-found"}
        assert client.get("/search?q=sphinx&object=secret", headers=palette).status_code == status
        for typed, place in (
            ("hidden", "/o/secret"),
            ("bosses", "view=bosses"),
            ("new", "/o/secret/new"),
            ("sphinx", one),
        ):
            found = client.get(f"/search?q={typed}", headers=palette).get_data(as_text=True)
            assert (f'{place}"' in found) == (who == "boss"), (who, typed)
        assert served.get(who, "/records/secret").status_code == status
        assert served.get(who, f"/records/secret/{made['id']}").status_code == status
    assert served.sign_in("ann").get("/o/secret/export").status_code == 404
    assert served.get("boss", "/records/deal?view=bosses").status_code == 200
    assert served.get("ann", "/records/deal?view=bosses").status_code == 400
    assert "For bosses" not in served.sign_in("ann").get("/o/deal?view=bosses").get_data(as_text=True)
