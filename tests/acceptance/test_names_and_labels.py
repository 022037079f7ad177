"""Names are held to their form at every place; labels may hold any text and are never anything but text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.platform import check_app_folders
from metamodel import load_sources
from tests.support.metadata_corpus import line_of
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

APP = "app: shop\nversion: 1.0.0\nlanguages: [en, zh]\nsettings:\n  a_setting: {type: integer, default: 1}\n"
FILES = {
    "shop/app.yaml": APP + "permissions: [a_permission]\n",
    "shop/objects/a_thing.yaml": (
        "object: a_thing\nfields:\n"
        "  a_field: {type: text}\n"
        "  a_choice: {type: choice, options: [an_option, other], attributes: {an_attribute: boolean}}\n"
        "  a_lookup: {type: lookup, to: a_thing, inverse: an_inverse}\n"
        "  a_set: {type: choice, options: shared}\n"
        "validations:\n  - {name: a_validation, check: a_field is not empty, message: m}\n"
        "views:\n  a_view: {columns: [a_field]}\n"
        "record_types:\n  a_type: {}\n  another: {}\n"
    ),
    "shop/option_sets/shared.yaml": "option_set: shared\noptions:\n  a_shared: {}\n  b: {}\n",
    "shop/roles/a_role.yaml": "role: a_role\nobjects:\n  a_thing: {read: all}\nsystem: [a_permission]\n",
    "shop/menus.yaml": "menus:\n  a_menu: {label: M, items: [{object: a_thing}]}\n",
    "shop/calendars/a_calendar.yaml": "calendar: a_calendar\nhours: {monday: \"09:00-18:00\"}\n",
    "shop/organization.yaml": "teams:\n  a_team: {label: T}\nqueues:\n  a_queue: {label: Q, members: []}\n",
    "shop/rules/all.rules": 'rule a_rule when a_thing is created then log "x"\n',
    "shop/templates/a_template.md": "---\nobject: a_thing\nsubject: S\n---\nText\n",
    "shop/reports/a_report.yaml": "report: a_report\nobject: a_thing\ncolumns: [a_field]\n",
}  # fmt: skip
NAMES = (
    "a_setting a_permission a_thing a_field a_choice an_option an_attribute a_lookup an_inverse a_set a_validation "
    "a_view a_type a_shared a_role a_menu a_calendar a_team a_queue a_rule a_report"
).split()
BAD = ("Big", "a-b", "1a", "__import__", "a b", "名", "x" * 41)
RESERVED = ("this", "old", "and", "empty", "user")


def _with(old: str, new: str) -> dict[str, str]:
    word = re.compile(rf"\b{old}\b")
    quoted = new if new.isascii() and new.isidentifier() else json.dumps(new, ensure_ascii=False)
    return {path: word.sub(new if path.endswith((".rules", ".md")) else quoted, text) for path, text in FILES.items()}


def _told(sources: Mapping[str, str]) -> list[str]:
    _, problems = load_sources(sources)
    return [line_of(problem) for problem in problems if problem.severity == "error"]


def test_the_folder_itself_has_no_mistake() -> None:
    assert _told(FILES) == []


@pytest.mark.promise("APP-07")
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "a_rule"])
def test_a_name_that_is_none_is_refused_with_its_place(name: str, bad: str) -> None:
    sources = _with(name, bad)
    places = {
        (path, number)
        for path, text in sources.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if bad in line
    }
    told = [line for line in _told(sources) if bad in line or "at most 40 characters" in line]
    assert told, _told(sources)
    file, line = told[0].split(":")[:2]
    assert (file, int(line)) in places, told


@pytest.mark.promise("APP-07")
@pytest.mark.parametrize("bad", RESERVED)
@pytest.mark.parametrize(("name", "place"), [("a_thing", "1:9"), ("a_field", "3:3")])
def test_a_reserved_word_is_no_name_of_an_object_or_field(name: str, place: str, bad: str) -> None:
    wanted = f"shop/objects/a_thing.yaml:{place} OBJ111 '{bad}' is a reserved word"
    told = _told(_with(name, bad))
    assert [line for line in told if line.startswith(wanted)], told


TWICE = {
    "field": ("objects/a_thing.yaml", "  a_field: {type: text}\n", "  a_field: {type: text}\n  a_field: {}\n"),
    "option": ("objects/a_thing.yaml", "[an_option, other]", "[an_option, an_option]"),
    "view": ("objects/a_thing.yaml", "  a_view: {columns: [a_field]}\n", "  a_view: {}\n  a_view: {}\n"),
    "validation": (
        "objects/a_thing.yaml",
        "  - {name: a_validation, check: a_field is not empty, message: m}\n",
        "  - {name: a_validation, check: a_field is not empty, message: m}\n" * 2,
    ),
    "object": ("objects/again.yaml", "", "object: a_thing\nfields:\n  x: {type: text}\n"),
    "role": ("roles/again.yaml", "", "role: a_role\nobjects:\n  a_thing: {read: no}\n"),
    "option set": ("option_sets/again.yaml", "", "option_set: shared\noptions: [x]\n"),
    "calendar": ("calendars/again.yaml", "", "calendar: a_calendar\nhours: {monday: \"09:00-18:00\"}\n"),
    "menu": ("menus.yaml", "menus:\n", "menus:\n  a_menu: {label: N, items: [{object: a_thing}]}\n"),
    "shared option": ("option_sets/shared.yaml", "  b: {}\n", "  a_shared: {}\n"),
    "option of a set": ("option_sets/shared.yaml", "\n  a_shared: {}\n  b: {}\n", " [x, y, x]\n"),
}  # fmt: skip


@pytest.mark.promise("APP-07")
@pytest.mark.parametrize("kind", sorted(TWICE))
def test_a_name_used_twice_in_its_scope_is_refused(kind: str) -> None:
    path, old, new = TWICE[kind]
    before = FILES.get(f"shop/{path}", "")
    sources = {**FILES, f"shop/{path}": before.replace(old, new, 1) if old else before + new}
    told = _told(sources)
    assert told, "nothing was refused"
    assert re.match(r"shop/\S+:\d+:\d+ [A-Z]{3}\d{3} ", told[0])
    assert "twice" in told[0] or "already" in told[0] or "duplicate" in told[0] or "second" in told[0], told


@pytest.mark.promise("APP-07")
def test_a_rule_s_name_is_used_once(tmp_path: Path) -> None:
    app = small_app(tmp_path, {path.removeprefix("shop/"): text for path, text in FILES.items()})
    assert check_app_folders([app]).is_sound
    (app / "rules" / "again.rules").write_text('rule a_rule when a_thing is deleted then log "y"\n', encoding="utf-8")
    (told,) = [line_of(problem) for problem in check_app_folders([app]).problems if problem.severity == "error"]
    assert told.startswith("shop/rules/all.rules:1:6 RUL206")
    assert "at shop/rules/again.rules:1:1" in told


@pytest.mark.promise("APP-07")
def test_a_bare_name_that_two_apps_share_is_refused_with_the_qualified_ones() -> None:
    other = {
        "other/app.yaml": "app: other\nversion: 1.0.0\ndepends: {shop: '>=1.0'}\n",
        "other/objects/a_thing.yaml": "object: a_thing\nfields:\n  a_field: {type: text}\n",
        "other/objects/user_of.yaml": "object: user_of\nfields:\n  what: {type: lookup, to: a_thing}\n",
    }
    (told,) = [line for line in _told({**FILES, **other}) if "OBJ202" in line]
    assert told.startswith("other/objects/user_of.yaml:3:28 OBJ202 'a_thing' names an object of several apps")
    assert "'other.a_thing' or 'shop.a_thing'" in told
    fine = {**other, "other/objects/user_of.yaml": other["other/objects/user_of.yaml"].replace("to: a", "to: other.a")}
    assert _told({**FILES, **fine}) == []


HOSTILE = (
    "'; DROP TABLE shop_deal; --",
    '<script>alert("x")</script>',
    "{{ 7 * 7 }}{% raw %}{0.__class__} %(title)s %s {name}",
    "../../etc/passwd\u202e",
    '__import__("os")',
    "名" * 200,
    "a: b, c\\n\"'`$(id)",
)
MARK = "q7z"


def _texts() -> Iterator[str]:
    number = 0
    while True:
        yield f"{MARK}{number} {HOSTILE[number % len(HOSTILE)]}"
        number += 1


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    texts = _texts()

    def label() -> str:
        return f"{{en: {json.dumps(next(texts), ensure_ascii=False)}, zh: {json.dumps(next(texts))}}}"

    files = {
        "objects/deal.yaml": (
            f'object: deal\nlabel: {label()}\nplural: {label()}\nhelp: {label()}\ntitle: "{{name}}"\nfields:\n'
            f"  name: {{type: text, required: true, label: {label()}, help: {label()}}}\n"
            f"  stage:\n    type: choice\n    label: {label()}\n    options:\n"
            f"      open: {{label: {label()}, tip: {label()}}}\n      won: {{label: {label()}}}\n"
            f"  kinds: {{type: multi_choice, label: {label()}, options: {{a: {{label: {label()}}}, b: {{}}}}}}\n"
            f"  firm: {{type: lookup, to: deal, label: {label()}, inverse: deals}}\n"
            f"  shown: {{type: text, formula: label(stage), label: {label()}}}\n"
            f'validations:\n  - {{name: long, check: name != "no", message: {label()}}}\n'
            f"layout:\n  path: stage\n  highlights: [stage]\n"
            f"  sections: [{{label: {label()}, fields: [name, stage, kinds, firm, shown]}}]\n"
            f"views:\n  all: {{label: {label()}, columns: [name, stage, kinds, firm, shown]}}\n"
            f"  board: {{label: {label()}, type: board, by: stage, card: [name]}}\n"
        ),
        "roles/rep.yaml": f"role: rep\nlabel: {label()}\nobjects:\n  deal: {{read: all, create: yes, update: all, "
        "export: all}\n  user: {read: all}\nsystem: [export]\nmenus: [m]\n",
        "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
        "menus.yaml": f"menus:\n  m: {{label: {label()}, items: [{{object: deal, view: all, label: {label()}}}]}}\n",
    }
    folder = tmp_path_factory.mktemp("labels")
    app = small_app(folder, files, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


@pytest.mark.promise("APP-07")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_label_of_any_text_is_shown_as_text_and_stands_in_no_statement(served: Served, language: str) -> None:
    with served.platform.database.statements.recording() as statements:
        made = served.platform.records.create(
            system_actor(), "deal", {"name": f"D {language}", "stage": "open", "kinds": ["a"]}
        )
        record_id = made.record.id
        client = served.sign_in("ann")
        client.set_cookie("fieldstone_language", language)
        seen = ""
        lists = ("/o/deal", "/o/deal?view=board", '/o/deal?filter=shown+contains+"q7z"', "/o/deal?sort=shown")
        for path in ("/", *lists, "/o/deal/new", f"/o/deal/{record_id}", f"/o/deal/{record_id}/edit"):
            answer = client.get(path)
            assert answer.status_code == 200, path
            seen += answer.get_data(as_text=True)
        client.post(f"/o/deal/{record_id}/move", data={"stage": "won"})
        for path in ("/objects/deal", "/openapi.json", "/records/deal?filter=label(stage)+!%3D+%22x%22"):
            answer = served.get("ann", path, headers={"Accept-Language": language})
            assert answer.status_code == 200, path
        exported = client.get("/o/deal/export")
        assert exported.status_code == 200
        assert exported.headers["Content-Disposition"] == 'attachment; filename="deal.csv"'
        assert MARK in exported.get_data(as_text=True)
        asked = {"Accept-Language": language}
        refused = served.call("ann", "POST", "/records/deal", json={"name": "no"}, headers=asked)
        assert MARK in refused.get_json()["errors"][0]["message"]
    assert [text for text in statements if MARK in text] == []
    assert seen.count(MARK) > 30
    assert "<script>alert" not in seen
    assert "49" not in re.findall(rf"{MARK}\d+ (\S+)", seen)
    assert "{{ 7 * 7 }}" in seen
    assert "{0.__class__}" in seen
