"""Expressions made to cost much end in a problem, wherever they stand, and the next request is served."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.platform import check_app_folders
from engine.testing.sample_deals import sample_context, sample_scope
from metamodel.source import LocatedText, Problem
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals
from workflow_dsl.checker import check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.evaluation_errors import EvaluationError

# Refused when they are checked, before anything runs.
REFUSED = {
    "levels of not": "not " * 200 + "true",
    "levels of if": "if(true, " * 80 + "true" + ", false)" * 80,
    "levels of lists": "true in " + "[" * 80 + "true" + "]" * 80,
    "levels of calls": "upper(" * 90 + "name" + ")" * 90 + ' = "x"',
    "levels of minus": "-" * 9000 + "1 > 0",
    "open brackets": "(" * 9000,
    "a sum too long": "1 + " * 4000 + "1 > 0",
    "a text too long": '"' + "a" * 10_001 + '" = name',
    "a join too long": "name " + "& name " * 3000 + '= "x"',
    "a list too long": "1 in [" + ", ".join("1" for _ in range(6000)) + "]",
    "a case too long": "case(1, " + ", ".join(f"{n}, true" for n in range(2000)) + ", false)",
    "too many digits": "9" * 29 + " > 1",
    "a period too long": "today in last 1000000000 days",
    "a path too long": "up." * 9 + 'name = "x"',
    "quotes without end": '"' * 5001,
}
# Refused when they run, by the budget of what a value may be.
SPENT = {
    "a text of a thousand million": 'pad("a", 1000000000) = "x"',
    "its length": 'len(pad("a", 1000000000)) > 1',
    "texts in a text": 'replace(pad("a", 60000), "a", pad("b", 60000)) = "x"',
    "a text that doubles": 'upper(replace(pad("a", 60000), " ", "bb")) = "x"',
    "a power": "power(10, 1000000000) > 1",
    "a year far off": "2026-11-21 + 1000000000 years > 2026-11-21",
    "days far off": "add_days(2026-11-21, 1000000000) > 2026-11-21",
    "many business days": "2026-11-21 + 1000000000 business days > 2026-11-21",
    "business days of all times": "business_days_between(0001-01-01, 9999-12-31) > 1",
    "many digits": "round(1.5, 1000000000) > 1",
}
BOMBS = {**REFUSED, **SPENT}
PLACES = ("formula", "rule", "filter", "default", "template")
_ROLE = """
    role: {name}
    objects: {{"*": {{read: all, create: yes, update: all, delete: all}}}}
    """


def folder_with(folder: Path, bombs: dict[str, str], *, places: tuple[str, ...] = PLACES) -> Path:
    """Write an app whose objects each hold one bomb in one place."""
    files = {f"roles/{name}.yaml": _ROLE.format(name=name) for name in ("rep", "boss")}
    files["objects/calm.yaml"] = _object("calm", {"label": "Calm"})
    for number, text in enumerate(bombs.values()):
        for place in places:
            name = f"{place}_{number}"
            files[f"objects/{name}.yaml"] = _object(name, _bomb(place, text))
            if place == "rule":
                files[f"rules/{name}.rules"] = f'rule {name} before {name} is saved if {text} then log "{{name}}"\n'
    return small_app(folder, files)


def _object(name: str, more: dict[str, object]) -> str:
    fields: dict[str, object] = {"name": {"type": "text"}, "up": {"type": "lookup", "to": name, "inverse": "downs"}}
    own = more.pop("fields", {})
    assert isinstance(own, dict)
    return json.dumps({"object": name, "label": name, "title": "{name}", "fields": fields | own, **more})


def _bomb(place: str, text: str) -> dict[str, object]:
    if place == "formula":
        return {"fields": {"boom": {"type": "boolean", "formula": text}}}
    if place == "default":
        return {"fields": {"boom": {"type": "boolean", "default": f"= {text}"}}}
    if place == "filter":
        return {"views": {"all": {"columns": ["name"], "where": text}}}
    if place == "template":
        return {"title": "{name} {" + text.replace('"', "'") + "}"}
    return {}


@pytest.mark.promise("EXP-12")
def test_there_are_25_and_every_one_ends_in_a_problem_within_little_memory() -> None:
    assert len(BOMBS) == 25
    sample = {
        name: text.replace("up.", "account.").replace("account.name", "parent.name") for name, text in BOMBS.items()
    }
    for name, text in sample.items():
        tracemalloc.start()
        checked = check_text(LocatedText.plain(text), sample_scope())
        if name in REFUSED:
            assert checked.typed is None, name
        else:
            assert checked.typed is not None, (name, list(checked.problems))
            with pytest.raises(EvaluationError):
                compile_expression(checked.typed).evaluate(sample_context())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 24 * 1024 * 1024, (name, peak)


@pytest.mark.promise("EXP-12")
def test_what_a_check_can_refuse_is_a_problem_in_every_place(tmp_path: Path) -> None:
    app = folder_with(tmp_path, REFUSED)
    found = check_app_folders([app]).problems.errors
    files: dict[str, list[Problem]] = {}
    for problem in found:
        files.setdefault(Path(problem.at.file).stem, []).append(problem)
    assert [
        (place, name)
        for number, name in enumerate(REFUSED)
        for place in PLACES
        if not any(problem.code.startswith(("EXP", "RUL")) for problem in files.get(f"{place}_{number}", ()))
    ] == []


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("bombs")
    with serve_deals(module_database_url, folder, app_folder=folder_with(folder, SPENT)) as found:
        yield found


@pytest.mark.parametrize("number", range(len(SPENT)), ids=list(SPENT))
@pytest.mark.promise("EXP-12")
def test_what_is_spent_at_run_time_is_told_and_the_next_request_is_served(served: Served, number: int) -> None:
    for place in ("formula", "rule", "default", "template"):
        answer = served.call("ann", "POST", f"/records/{place}_{number}", json={"name": "A"})
        assert answer.status_code == 422, (place, answer.get_data(as_text=True))
        assert answer.get_json()["code"] in ("not_computable", "validation_failed"), place
        if place != "formula":
            assert served.get("ann", f"/records/{place}_{number}").get_json()["items"] == [], place
    text = list(SPENT.values())[number]
    assert served.make("ann", f"filter_{number}", name="A")
    for question in (f"filter_{number}?view=all", f"calm?filter={quote(text)}"):
        answer = served.get("ann", f"/records/{question}")
        assert answer.status_code == 400, (question, answer.get_data(as_text=True))
        assert answer.get_json()["code"] == "query_problem", question
    assert served.make("ann", "calm", name="next")["name"] == "next"


@pytest.mark.parametrize("name", list(REFUSED))
@pytest.mark.promise("EXP-12")
def test_what_is_refused_unread_is_a_problem_of_the_question_and_the_next_one_is_answered(
    served: Served, name: str
) -> None:
    answer = served.get("ann", f"/records/calm?filter={quote(REFUSED[name])}")
    assert answer.status_code == 400, answer.get_data(as_text=True)
    assert answer.get_json()["code"] in ("query_problem", "bad_parameter")
    assert served.get("ann", "/records/calm").status_code == 200
