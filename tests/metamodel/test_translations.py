"""Every label of an app's files has its text in a translation file, under the keys of those files."""

from __future__ import annotations

import pytest

from metamodel import Metamodel, load_sources
from metamodel.dump import dump_metamodel
from metamodel.texts import Label, label_text
from tests.metamodel.test_dump import check_round_trip
from tests.support.metadata_corpus import demo_sources, told

FILES = {
    "objects/deal.yaml": """object: deal
label: Deal
fields:
  name: {type: text, help: Short}
  stage: {type: choice, options: [open, won]}
  source: {type: choice, options: sources}
validations: [{name: named, check: name is not empty, message: Name it}]
layout: {sections: [{label: Main, fields: [name]}, {label: {en: More}, fields: [created_at]}]}
views: {all: {label: All, columns: [name]}}
record_types: {retail: {label: Retail}, whole: {}}
""",
    "menus.yaml": """menus:
  m: {label: Menu, items: [{object: deal, label: Deals}, {label: Group, items: [{object: deal, label: Inner}]}]}
""",
    "roles/rep.yaml": "role: rep\nlabel: Rep\nobjects: {deal: {read: all}}\n",
    "option_sets/sources.yaml": "option_set: sources\noptions: {web: {label: Web}}\n",
    "organization.yaml": """teams: {east: {label: East}}
queues: {inside: {label: Inside}}
territories: {asia: {label: Asia}}
""",
    "calendars/office.yaml": "calendar: office\nlabel: Office\nhours: {monday: 09:00-18:00}\n",
    "currencies.yaml": "currencies: {EUR: {label: Euro, rates: {2026-01-01: 7.8}}}\n",
    "sla/answer.yaml": "sla: answer\nlabel: Answer\nobject: deal\nstart: 'true'\nstop: 'false'\ntarget: 2 hours\n",
    "conversions/again.yaml": """conversion: again
label: Again
from: deal
to: {deal: {object: deal, fields: {name: name}}}
""",
    "reports/all.yaml": """report: all
label: Report
object: deal
columns: [name]
measures: [{function: count, label: How many}]
""",
}
ZH = """
app: {label: 演示}
objects:
  deal:
    label: 商机
    fields: {name: {label: 名称, help: 简短}, stage: {label: 阶段, options: {won: 赢单}}}
    validations: {named: 请填名称}
    layout: {sections: {Main: 基本, More: 更多}}
    views: {all: 全部}
    record_types: {retail: 零售}
menus: {m: {label: 菜单, items: {Deals: 商机们, Group: {label: 组, items: {Inner: 里面}}}}}
roles: {rep: 代表}
option_sets: {sources: {options: {web: 网站}}}
teams: {east: 华东}
queues: {inside: 内部}
territories: {asia: 亚洲}
calendars: {office: 办公室}
currencies: {EUR: 欧元}
sla: {answer: 响应}
conversions: {again: 再来}
reports: {all: {label: 报表, measures: {How many: 多少}}}
rules: {assign: 分配}
"""


@pytest.fixture(scope="module")
def loaded() -> Metamodel:
    metamodel, problems = load_sources(demo_sources({**FILES, "translations/zh.yaml": ZH}))
    assert [str(problem) for problem in problems.errors] == []
    assert metamodel is not None
    return metamodel


def test_every_kind_of_label_is_translated(loaded: Metamodel) -> None:
    deal, menu = loaded.objects["deal"], loaded.menus["m"]
    stage, source = deal.fields["stage"].choice, deal.fields["source"].choice
    assert stage is not None
    assert source is not None
    labels: dict[str, Label | None] = {
        "演示": loaded.main.label, "商机": deal.label, "名称": deal.fields["name"].label,
        "简短": deal.fields["name"].help, "赢单": stage.options[1].label, "网站": source.options[0].label,
        "请填名称": deal.validations[0].message,
        "基本": deal.layout.sections[0].label, "更多": deal.layout.sections[1].label, "全部": deal.views["all"].label,
        "零售": deal.record_types[0].label, "菜单": menu.label, "商机们": menu.items[0].label,
        "组": menu.items[1].label, "里面": menu.items[1].items[0].label, "代表": loaded.roles["rep"].label,
        "华东": loaded.teams["east"].label, "内部": loaded.queues["inside"].label,
        "亚洲": loaded.territories["asia"].label, "办公室": loaded.calendars["office"].label,
        "欧元": loaded.currencies["EUR"].label, "响应": loaded.service_clocks["answer"].label,
        "再来": loaded.conversions["again"].label, "报表": loaded.reports["all"].label,
        "多少": loaded.reports["all"].measures[0].label, "分配": loaded.main.rule_labels["assign"],
    }  # fmt: skip
    assert [text for text, label in labels.items() if label_text(label, "zh", "") != text] == []


def test_translations_are_the_same_after_writing_and_loading(loaded: Metamodel) -> None:
    assert "demo/translations/zh.yaml" in dump_metamodel(loaded)
    check_round_trip(loaded)


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ("menus: {m: {items: {Dels: x}}}\n", "1:21 APP461 there is no 'Dels' here to translate; did you mean 'Deals'?"),
        ("sla: {anser: x}\n", "1:7 APP461 'anser' is not one of the app's service clocks; did you mean 'answer'?"),
        ("queues: {outside: x}\n", "1:10 APP461 there is no 'outside' here to translate; did you mean 'inside'?"),
    ],
)
def test_a_text_of_nothing_is_refused(texts: str, problem: str) -> None:
    found = told(demo_sources({**FILES, "translations/zh.yaml": texts}))
    assert [line for line in found if "APP461" in line] == [f"demo/translations/zh.yaml:{problem}"]
