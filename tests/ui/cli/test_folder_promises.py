"""What authors are promised of the files they write: schemas for their editor, problems that say all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from metamodel.folder import FileKind, file_kind
from metamodel.yaml_nodes import Mapping
from tests.conftest import REPOSITORY
from tests.support.lsp_client import LspClient
from tests.support.platforms import write_files
from tests.ui.cli.conftest import Call
from tests.ui.cli.test_every_kind import node_of, place_of

SAMPLES = sorted((REPOSITORY / "sample_apps").glob("*/**/*.yaml"))

DEAL = """object: deal
label: Deal
title: "{name}"
fields:
  name: {type: text, required: true}
  amount: {type: money}
  customer: {type: lookup, to: account}
"""
APP = "app: demo\nversion: 1.0.0\n"


@pytest.mark.promise("APP-03")
def test_the_printed_schemas_hold_all_sample_files_and_a_misspelt_key_is_marked_where_it_stands(
    call: Call, tmp_path: Path
) -> None:
    validators = {}
    for name in call("schema").output.split():
        schema = json.loads(call("schema", name).output)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator.check_schema(schema)
        validators[name] = Draft202012Validator(schema)
    assert validators.keys() == {kind.value for kind in FileKind} - {"rules", "data_csv", "table_csv", "access"}
    assert SAMPLES
    for path in SAMPLES:
        app = path.relative_to(REPOSITORY / "sample_apps").parts[0]
        kind = file_kind(path.relative_to(REPOSITORY / "sample_apps" / app).as_posix())
        assert kind is not None
        text = path.read_text("utf-8")
        assert list(validators[kind.value].iter_errors(node_of(text).plain)) == [], path
        broken = f"{text.rstrip()}\nlabbel: x\n"
        node, line = node_of(broken), broken.count("\n")
        assert isinstance(node, Mapping)
        marked = [
            place_of(error.absolute_path, node, error) for error in validators[kind.value].iter_errors(node.plain)
        ]
        assert (line, 1) in {(place.line, place.column) for place in marked if place is not None}, path
    editor, path = LspClient(tmp_path), SAMPLES[-1]
    text = path.read_text("utf-8")
    editor.open(path, f"{text.rstrip()}\nlabbel: x\n")
    starts = [problem["range"]["start"] for problem in editor.problems_of(path)]
    assert {"line": text.rstrip().count("\n") + 1, "character": 0} in starts
    editor.close()


MISTAKES = {
    "an unknown key": ("objects/deal.yaml", DEAL + "vews: {}\n", "vews", "did you mean 'views'?"),
    "a lookup": ("objects/deal.yaml", DEAL.replace("account", "acount"), "acount", "did you mean 'account'?"),
    "a plain scalar": (
        "objects/deal.yaml", DEAL + "  twice: {type: money, formula: ammount * 2}\n",
        "ammount", "did you mean 'amount'?",
    ),
    "a quoted scalar": (
        "objects/deal.yaml", DEAL + '  twice: {type: money, formula: "if(name = \\"\\u4e2d\\", ammount, amount)"}\n',
        "ammount", "did you mean 'amount'?",
    ),
    "a scalar in single quotes": (
        "objects/deal.yaml", DEAL + "  twice: {type: boolean, formula: 'name = ''x'' and ammount > 2'}\n",
        "ammount", "did you mean 'amount'?",
    ),
    "a literal block": (
        "objects/deal.yaml", DEAL + "  twice:\n    type: money\n    formula: |\n      amount\n      + ammount\n",
        "ammount", "did you mean 'amount'?",
    ),
    "a folded block": (
        "objects/deal.yaml", DEAL + "  twice:\n    type: money\n    formula: >-\n      amount +\n      ammount\n",
        "ammount", "did you mean 'amount'?",
    ),
    "a rule": (
        "rules/a.rules", 'rule one\n  when deal is created\n  if ammount > 2\n  then log "x"\n',
        "ammount", "did you mean 'amount'?",
    ),
    "the object of a rule": (
        "rules/a.rules", 'rule one when opportunty is created then log "x"\n', "opportunty", "opportunity",
    ),
}  # fmt: skip


@pytest.mark.promise("APP-04")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_problem_says_place_value_line_caret_and_the_nearest_name(call: Call, tmp_path: Path, name: str) -> None:
    file, text, value, near = MISTAKES[name]
    line, column = text[: text.index(value)].count("\n"), len(text[: text.index(value)].rpartition("\n")[2])
    opportunity = DEAL.replace("object: deal", "object: opportunity").replace("label: Deal", "label: Chance")
    write_files(
        tmp_path / "demo",
        {"app.yaml": APP, "objects/deal.yaml": DEAL, "objects/opportunity.yaml": opportunity, file: text},
    )
    result = call("check", "demo")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    (first,) = (index for index, line in enumerate(lines) if line.startswith(f"demo/{file}:"))
    assert lines[first].startswith(f"demo/{file}:{line + 1}:{column + 1} ")
    assert f"'{value}'" in lines[first]
    assert near in lines[first]
    source, caret = lines[first + 1], lines[first + 2]
    assert text.splitlines()[line].strip() in source
    assert set(caret.strip()) == {"^"}
    assert len(caret.strip()) == len(value)


@pytest.mark.promise("APP-04")
def test_a_problem_says_what_was_expected(call: Call, tmp_path: Path) -> None:
    broken = {
        DEAL.replace("required: true", "required: maybe"): ("5:32", "'maybe'", "true or false"),
        DEAL.replace("type: money", "type: [money]"): ("6:18", "'type'", "expected a text"),
        DEAL + "  twice: {type: money, formula: amount +}\n": ("8:40", "", "should follow"),
        DEAL + "  twice: {type: money, formula: name}\n": ("8:33", "twice", "money"),
    }
    for number, (text, (place, value, expected)) in enumerate(broken.items()):
        write_files(tmp_path / f"demo{number}", {"app.yaml": APP, "objects/deal.yaml": text})
        lines = call("check", f"demo{number}").output.splitlines()
        told = [line for line in lines if line.startswith(f"demo{number}/objects/deal.yaml:{place} ")]
        assert told, lines
        assert value in told[0]
        assert expected in told[0]
