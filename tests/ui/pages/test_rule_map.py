"""The map of rules: as page, as SVG and as JSON, each rule and each edge with its file and line."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.served import DEALS, PASSWORD, Served, serve_deals
from ui.cli import main

RULES = """rule praised "A won deal <b>is praised</b>"
  when deal.stage changes to "won"
  then set name = name & "!"
rule noted "Names are noted"
  when deal.name changes
  then create task { subject: "Look at {name}", about: this }
rule logged
  when task is created
  then log "x"
"""
EDGES = {("praised", "noted", "more.rules:3"), ("noted", "logged", "more.rules:6")}


def app_with_rules(folder: Path) -> Path:
    app = folder / "deals"
    shutil.copytree(DEALS, app)
    (app / "rules" / "more.rules").write_text(RULES, "utf-8")
    return app


def page(served: Served, who: str, address: str) -> tuple[int, str]:
    client = served.app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").get_data(as_text=True))
    assert token is not None
    form = {"csrf_token": token[1], "login": f"{who}@example.com", "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 303
    answer = client.get(address)
    return answer.status_code, answer.get_data(as_text=True)


@pytest.mark.promise("RUL-26")
def test_the_write_graph_is_a_page_an_svg_and_json_and_each_edge_leads_to_file_and_line(
    sqlite_url: str, tmp_path: Path
) -> None:
    app = app_with_rules(tmp_path)
    runner = CliRunner()
    told = json.loads(runner.invoke(main, ["rules", "map", str(app), "--json"]).stdout)
    found = {(edge["from"], edge["to"], Path(edge["at"]).name.rsplit(":", 1)[0]) for edge in told["edges"]}
    assert found >= EDGES
    noted = next(rule for rule in told["rules"] if rule["rule"] == "noted")
    assert noted["reads"] == ["deal.name"]
    assert [write["object"] for write in noted["writes"]] == ["task"]
    assert re.search(r"rules/more\.rules:4:\d+$", noted["at"])

    drawn = runner.invoke(main, ["rules", "map", str(app), "--svg"]).stdout
    titles = {unescape(title) for title in re.findall("<title>(.*?)</title>", drawn)}
    for source, target, at in EDGES:
        assert any(title.startswith(f"{source} → {target}:") and f"{at})" in title for title in titles)
    assert "<b>" not in drawn

    with serve_deals(sqlite_url, tmp_path, app_folder=app) as served:
        status, html = page(served, "admin", "/rule-map")
        assert status == 200
        for source, target, at in EDGES:
            row = next(each for each in html.split("<li>") if f"/rules/{source}" in each and f"/rules/{target}" in each)
            assert at in row
        assert '<svg xmlns="http://www.w3.org/2000/svg" class="rule-map"' in html
        assert "<b>is praised" not in html
        assert "There are too many rules" not in html
        narrowed = page(served, "admin", "/rule-map?object=task")[1]
        assert "/rules/logged" in narrowed
        assert "/rules/praised" not in narrowed
        # Who may not look at runs sees no map.
        assert page(served, "ann", "/rule-map")[0] == 403


def test_an_unknown_object_of_the_map_is_told_with_the_nearest(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["rules", "map", str(app_with_rules(tmp_path)), "--object", "dael"])
    assert told.exit_code == 1
    assert "'dael' is not an object; did you mean 'deal'?" in told.output


def test_each_rule_is_told_as_a_sentence_by_the_command_and_on_its_page(sqlite_url: str, tmp_path: Path) -> None:
    app = app_with_rules(tmp_path)
    told = json.loads(CliRunner().invoke(main, ["rules", "sentences", str(app), "--language", "zh", "--json"]).stdout)
    sentence = next(each["sentence"] for each in told if each["rule"] == "logged")
    assert sentence.endswith("新建后，记录“x”。")
    with serve_deals(sqlite_url, tmp_path, app_folder=app) as served:
        assert "When a Task is created, note “x”." in page(served, "admin", "/rules/logged")[1]
