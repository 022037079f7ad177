"""Links, multi_choice and tags by record, list, file and rule, and filters by any, all and none; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access.actor import system_actor
from engine.records.mass_edit import FieldChange, How, edit_many
from engine.records.types import SaveRow
from tests.support.automation import do_runs
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

SYSTEM = system_actor()
FILES = {
    "objects/topic.yaml": """
        object: topic
        label: Topic
        title: "{name}"
        fields:
          name: {type: text, required: true, external_id: true}
          secret: {type: boolean}
    """,
    "objects/note.yaml": """
        object: note
        label: Note
        plural: Notes
        title: "{name}"
        fields:
          name: {type: text, required: true, external_id: true}
          state: {type: text, readonly_if: state = "closed"}
          colors: {type: multi_choice, options: [red, green, blue]}
          words: {type: tags, label: {en: Words, zh: 词语}}
          topics: {type: links, to: topic, label: {en: Topics, zh: 主题}}
        validations:
          - name: no_ghosts
            check: not (words contains "ghost" and state = "closed")
            field: words
            message: No ghosts.
        layout:
          sections: [{fields: [name, state, colors, words]}]
          related: [topics]
    """,
    "rules/notes.rules": """
        rule fill
          when note.state changes to "filled"
          then
            set colors = ["red", "green"], words = ["a", "b"]
            create note_topics { note: this, topic: lookup(topic, name, "one") }
        rule drain
          when note.state changes to "drained"
          then
            set colors = empty, words = empty
            delete note_topics where note = this
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          note: {read: all, create: yes, update: own, delete: all}
          topic: {read: not secret}
          user: {read: all}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          note: {read: all, create: yes, update: all, delete: all}
          topic: {read: all, create: yes, update: all, delete: all}
          user: {read: all}
    """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: note}]}}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("several")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        for name in ("one", "two", "三"):
            found.make("boss", "topic", name=name)
        yield found


def topic(served: Served, name: str) -> str:
    condition = quote(f'name = "{name}"')
    (found,) = served.get("boss", f"/records/topic?filter={condition}").get_json()["items"]
    return str(found["id"])


def note(served: Served, name: str, *topics: str, who: str = "ann", **values: Any) -> str:
    rows = [{"topic": topic(served, each)} for each in topics]
    return str(served.make(who, "note", name=name, topics=rows, **values)["id"])


def values_of(served: Served, record_id: str) -> tuple[list[str], list[str], set[str]]:
    found = served.get("ann", f"/records/note/{record_id}").get_json()
    condition = quote(f'note.id = "{record_id}"')
    links = served.get("boss", f"/records/note_topics?filter={condition}").get_json()["items"]
    return found["colors"] or [], found["words"] or [], {each["topic"]["title"] for each in links}


def found(served: Served, condition: str) -> set[str]:
    answer = served.get("ann", f"/records/note?filter={quote(condition)}&limit=200")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {item["name"] for item in answer.get_json()["items"]}


def change(client: FlaskClient, where: str, **values: Any) -> TestResponse:
    """Change many records of the list that a filter gives."""
    page = f"/o/note/edit-many?{where}&fs-field={values['fs-field']}" if where else "/o/note/edit-many"
    return client.post("/o/note/edit-many", data={**values, "csrf_token": csrf_token(client, page)})


@pytest.mark.promise("OBJ-13")
def test_several_values_are_edited_from_record_list_file_and_rule_and_found_by_any_all_and_none(
    served: Served, tmp_path: Path
) -> None:
    client = served.sign_in("ann")
    # From the record: by API and by its form.
    api = note(served, "api", "one", "two", colors=["red", "blue"], words=["a", "重要"])
    assert values_of(served, api) == (["red", "blue"], ["a", "重要"], {"one", "two"})
    form = note(served, "form")
    page = f"/o/note/{form}/edit"
    typed = {"name": "form", "colors": "green", "words": "a, b", "topics.0.topic": topic(served, "三")}
    assert client.post(page, data={**typed, "csrf_token": csrf_token(client, page)}).status_code == 303
    assert values_of(served, form) == (["green"], ["a", "b"], {"三"})
    # From the list: added, taken away and set for many at once.
    chosen = {"fs-record": [api, form]}
    for field, how, control in (
        ("colors", "add", {"colors": "blue"}), ("words", "remove", {"words": "a"}),
        ("topics", "add", {"topic": topic(served, "one")}),
    ):  # fmt: skip
        answer = change(client, "view=", **{"fs-field": field, "fs-how": how, **control, **chosen})
        assert answer.status_code == 303, answer.get_data(as_text=True)
    assert values_of(served, api) == (["red", "blue"], ["重要"], {"one", "two"})
    assert values_of(served, form) == (["green", "blue"], ["b"], {"三", "one"})
    removed = {"fs-field": "topics", "fs-how": "remove", "topic": topic(served, "one")}
    answer = change(client, "view=", **removed, **chosen)
    assert answer.status_code == 303
    assert (values_of(served, api)[2], values_of(served, form)[2]) == ({"two"}, {"三"})
    answer = change(client, "view=", **{"fs-field": "words", "fs-how": "set", "words": "x, y", **chosen})
    assert answer.status_code == 303
    assert values_of(served, api)[1] == values_of(served, form)[1] == ["x", "y"]
    # From files.
    notes, links = tmp_path / "notes.csv", tmp_path / "links.csv"
    notes.write_text('name,colors,words\nfile,"red; green","b; c"\n', "utf-8")
    links.write_text("note,topic\nfile,one\nfile,三\n", "utf-8")
    assert served.platform.imports.import_csv(SYSTEM, "note", notes).created == 1
    assert served.platform.imports.import_csv(SYSTEM, "note_topics", links).created == 2
    condition = quote('name = "file"')
    (imported,) = served.get("ann", f"/records/note?filter={condition}").get_json()["items"]
    assert values_of(served, imported["id"]) == (["red", "green"], ["b", "c"], {"one", "三"})
    # From rules.
    ruled = note(served, "ruled")
    for state, expected in (("filled", (["red", "green"], ["a", "b"], {"one"})), ("drained", ([], [], set()))):
        assert served.call("ann", "PATCH", f"/records/note/{ruled}", json={"state": state}).status_code == 200
        do_runs(served.platform)
        assert values_of(served, ruled) == expected, state
    # Found by any, all and none of several values.
    one, three = 'topics contains lookup(topic, name, "one")', 'topics contains lookup(topic, name, "三")'
    cases = {
        'colors contains "red" or colors contains "green"': {"api", "form", "file"},
        'colors contains "red" and colors contains "green"': {"file"},
        'not (colors contains "red") and not (colors contains "green")': {"ruled"},
        'words contains "x" or words contains "c"': {"api", "form", "file"},
        'words contains "b" and words contains "c"': {"file"},
        'not (words contains "x") and not (words contains "c")': {"ruled"},
        f"{one} or {three}": {"form", "file"},
        f"{one} and {three}": {"file"},
        f"not ({one}) and not ({three})": {"api", "ruled"},
        "topics is empty and words is empty": {"ruled"},
    }
    for condition, names in cases.items():
        assert found(served, f'name in ["api", "form", "file", "ruled"] and ({condition})') == names, condition


def test_what_people_add_at_the_same_time_is_there_in_the_end(served: Served) -> None:
    both = [note(served, f"shared {at}") for at in range(2)]
    words = [f"word {at}" for at in range(12)]

    def add(word: str) -> None:
        with served.platform.records.transaction(SYSTEM) as transaction:
            edit_many(transaction, "note", both, FieldChange(field="words", how=How.ADD, value=[word]))

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(add, words))
    for each in both:
        assert values_of(served, each)[1] == sorted(words)


@pytest.mark.promise("UIX-05")
def test_changing_many_says_what_is_refused_and_changes_the_rest(served: Served) -> None:
    client = served.sign_in("ann")
    mine, closed = note(served, "m1"), note(served, "closed", state="closed")
    bosses = note(served, "of the boss", who="boss")
    assert 'name="fs-field" value="words"' in client.get("/o/note").get_data(as_text=True)
    page = client.get('/o/note/edit-many?filter=name+starts+with+"m1"&fs-field=words').get_data(as_text=True)
    assert 'name="words"' in page
    assert ">m1<" in page
    values = {"fs-field": "words", "fs-how": "add", "words": "ghost", "fs-record": [mine, closed, bosses]}
    answer = change(client, "view=", **values)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Changed: 1. Refused: 2." in text
    assert "No ghosts." in text
    assert "of the boss" in text
    assert values_of(served, mine)[1] == ["ghost"]
    # The next try begins with what this one was: the value, the way, and what was left out of it.
    assert '<option value="add" selected>' in text
    assert 'value="ghost"' in text
    assert f'value="{closed}" checked' in text
    left_out = change(client, "view=", **{**values, "fs-how": "remove", "words": "x", "fs-record": [closed, bosses]})
    assert '<option value="remove" selected>' in left_out.get_data(as_text=True)
    assert f'value="{closed}" checked' in left_out.get_data(as_text=True)
    assert f'value="{mine}" checked' not in left_out.get_data(as_text=True)
    assert values_of(served, closed)[1] == values_of(served, bosses)[1] == []


def test_all_that_match_are_changed_and_links_to_hidden_records_are_no_choice(served: Served) -> None:
    records = served.platform.records
    rows = [SaveRow(values={"name": f"many {at}"}) for at in range(450)]
    assert records.save_many(SYSTEM, "note", rows, all_or_nothing=True).written
    client = served.sign_in("boss")
    where = 'filter=name+starts+with+"many"'
    values = {"filter": 'name starts with "many"', "fs-all": "1", "fs-field": "topics", "fs-how": "add"}
    page = client.get(f"/o/note/edit-many?{where}&fs-field=topics").get_data(as_text=True)
    assert "All 450 that match" in page
    with served.platform.database.statements.recording() as statements:
        answer = change(client, where, **values, topic=topic(served, "two"))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert len(statements) < 40
    assert len(found(served, 'name starts with "many" and topics contains lookup(topic, name, "two")')) == 200
    hidden = str(served.make("boss", "topic", name="Verborgen", secret=True)["id"])
    note(served, "linked to it", "Verborgen", who="boss")
    mine = note(served, "mine alone")
    ann = served.sign_in("ann")
    for target in (hidden, "01a00000-0000-7000-8000-000000000000"):
        answer = change(ann, "view=", **{"fs-field": "topics", "fs-how": "add", "topic": target, "fs-record": [mine]})
        assert answer.status_code == 422
        told = answer.get_data(as_text=True).split("<main")[1].split("</main")[0]
        assert "Verborgen" not in told
    assert ann.get("/o/topic/edit-many").status_code == 403


def test_a_field_is_emptied_only_when_that_is_said(served: Served) -> None:
    client = served.sign_in("ann")
    kept = note(served, "kept", words=["a"])
    values = {"fs-field": "words", "fs-how": "set", "words": "", "fs-record": [kept]}
    answer = change(client, "view=", **values)
    assert answer.status_code == 422
    assert 'name="fs-empty"' in answer.get_data(as_text=True)
    assert values_of(served, kept)[1] == ["a"]
    assert change(client, "view=", **values, **{"fs-empty": "1"}).status_code == 303
    assert not values_of(served, kept)[1]


def test_the_page_speaks_chinese_and_forgives_what_makes_no_sense(served: Served) -> None:
    client = served.sign_in("ann")
    for query in ("fs-field=nothing", "fs-field=id", "filter=(((", "fs-field=topics&view=none", "q=%F0%9F%98%80"):
        assert client.get(f"/o/note/edit-many?{query}").status_code in (200, 400), query
    answer = change(client, "view=", **{"fs-field": "nothing", "fs-how": "set", "nothing": "x"})
    assert answer.status_code == 403
    wrong = {"fs-field": "colors", "fs-how": "add", "colors": "pink", "fs-record": ["x", "y"]}
    answer = change(client, "view=", **wrong)
    assert answer.status_code == 422
    client.post("/preferences", data={"language": "zh", "next": "/", "csrf_token": csrf_token(client, "/o/note")})
    page = client.get("/o/note/edit-many?fs-field=topics").get_data(as_text=True)
    assert "批量修改" in page
    assert "主题" in page
