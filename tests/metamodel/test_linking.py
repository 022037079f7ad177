"""Apps are linked in order; extensions, translations, inverse lists, roles and menus come together in one metamodel."""

from __future__ import annotations

import pytest

from metamodel import Metamodel, load_sources
from metamodel.fields import OnDelete
from metamodel.linking.app_order import meets
from metamodel.texts import Label, label_text
from tests.support.metadata_corpus import DEAL, demo_sources, told


def load(**files: str) -> Metamodel:
    metamodel, problems = load_sources(demo_sources(files))
    assert [str(problem) for problem in problems.errors] == []
    assert metamodel is not None
    return metamodel


def app(name: str, *depends: str) -> str:
    wanted = "".join(f"  {other}: '>=1.0'\n" for other in depends)
    return f"app: {name}\nversion: 1.2.0\n" + (f"depends:\n{wanted}" if depends else "")


@pytest.mark.promise("APP-09")
def test_apps_load_in_the_order_of_what_they_depend_on_and_faults_name_them() -> None:
    order = ["top", "left", "right", "base"]
    depends = {"top": ("left", "right"), "left": ("base",), "right": ("base",), "base": ()}
    metamodel, problems = load_sources({f"{name}/app.yaml": app(name, *depends[name]) for name in order})
    assert list(problems) == []
    assert metamodel is not None
    assert [found.name for found in metamodel.apps] == ["core", "base", "left", "right", "top"]
    assert metamodel.main.name == "top"
    missing = told({"top/app.yaml": app("top", "left")})
    assert missing == (
        "top/app.yaml:4:3 APP311 the app 'left', which 'top' depends on, is missing; give its folder too",
    )
    old = told({"top/app.yaml": app("top").replace("1.2.0", "1.0.0") + "depends: {core: '>=1.5'}\n"})
    assert old == ("top/app.yaml:3:17 APP312 'top' needs 'core' >=1.5, but version 1.0.0 is here",)
    circle = told({"a/app.yaml": app("a", "b"), "b/app.yaml": app("b", "c"), "c/app.yaml": app("c", "a")})
    assert circle == ("a/app.yaml:3:1 APP313 apps depend on each other in a circle: a → b → c → a",)


@pytest.mark.parametrize(
    ("version", "constraint", "met"),
    [
        ("1.2.0", ">=1.0", True), ("1.2", ">=1.2.0", True), ("1.2.0", ">=1.0, <2", True), ("2.0", ">=1.0, <2", False),
        ("1.10", ">1.9", True), ("1.2", "1.2.0", True), ("1.2", "=1.3", False), ("1.2", "!=1.2", False),
        ("1.2", "", True), ("1.2", "~1.2", None), ("1.2", ">=one", None),
    ],
)  # fmt: skip
def test_version_constraints(version: str, constraint: str, met: bool | None) -> None:
    assert meets(version, constraint) is met


def test_an_extension_adds_to_an_object_of_another_app() -> None:
    found = load(
        **{
            "extensions/account.yaml": """extends: account
fields:
  tier: {type: choice, options: [gold, silver]}
  website: {label: Home page, required: true}
  status: {options: {lead: {label: Lead}}}
validations:
  - {name: gold_has_phone, check: tier != "gold" or phone is not empty, message: Give a phone}
unique: [[name, billing_city]]
layout:
  highlights: [tier, owner]
  sections: [{label: Terms, fields: [tier]}]
views:
  gold: {columns: [name], where: tier = "gold"}
  all: {columns: [name, tier]}
"""
        }
    )
    account = found.objects["account"]
    assert (account.app, account.fields["tier"].app, account.fields["website"].app) == ("core", "demo", "core")
    assert account.fields["website"].required
    assert label_text(account.fields["website"].label, "en", "") == "Home page"
    assert account.fields["website"].type == "url"
    choice = account.fields["status"].choice
    assert choice is not None
    assert choice.names == ("prospect", "active", "customer", "inactive", "lead")
    assert [v.app for v in account.validations if v.name == "gold_has_phone"] == ["demo"]
    assert account.unique[-1].fields == ("name", "billing_city")
    assert account.layout.highlights[-1] == "tier"
    assert account.layout.highlights.count("owner") == 1
    assert account.layout.sections[-1].fields == ("tier",)
    assert account.views["gold"].app == "demo"
    assert [text.text for text in account.views["all"].columns] == ["name", "tier"]
    assert label_text(account.views["all"].label, "zh", "") == "全部客户"


def test_of_two_extensions_the_one_with_the_higher_priority_wins() -> None:
    def extension(label: str, priority: int) -> str:
        return f"extends: account\npriority: {priority}\nfields:\n  website: {{label: {label}}}\n"

    found = load(**{"extensions/a.yaml": extension("First", 200), "extensions/b.yaml": extension("Second", 50)})
    assert label_text(found.objects["account"].fields["website"].label, "en", "") == "First"


def test_every_relation_has_its_list_on_the_other_object() -> None:
    found = load(
        **{
            "objects/line.yaml": """object: line
plural: {en: Order lines}
fields:
  deal: {type: child_of, to: deal}
  checker: {type: user}
  payer: {type: user}
  about: {type: lookup, to: [contact, team], inverse: lines_about}
"""
        }
    )
    deal, user = found.objects["deal"], found.objects["user"]
    assert deal.inverses["order_lines"].object == "line"
    assert deal.inverses["order_lines"].owned
    assert deal.inverses["tasks"].field == "about"
    assert (user.inverses["order_lines"].field, user.inverses["order_lines_as_payer"].field) == ("checker", "payer")
    assert found.objects["contact"].inverses["lines_about"].object == "line"
    assert found.objects["team"].inverses["lines_about"].object == "line"
    assert "deals_created" not in user.inverses
    assert found.objects["line"].parent_field is found.objects["line"].fields["deal"]


def test_a_required_lookup_restricts_deletion_unless_it_says_otherwise() -> None:
    found = load(
        **{
            "objects/deal.yaml": DEAL
            + "  a1: {type: lookup, to: contact, required: true}\n  b1: {type: lookup, to: team}\n"
        }
    )
    rules = {name: field.relation.on_delete for name, field in found.objects["deal"].fields.items() if field.relation}
    assert (rules["a1"], rules["b1"]) == (OnDelete.RESTRICT, OnDelete.CLEAR)


def test_every_object_ends_with_the_system_fields() -> None:
    for object_def in load().objects.values():
        assert list(object_def.fields)[-8:] == [
            "id", "owner", "created_at", "created_by", "modified_at", "modified_by", "version", "deleted_at",
        ]  # fmt: skip
        owner = object_def.fields["owner"].relation
        assert owner is not None
        assert owner.targets == ("user", "queue")


def test_a_roll_up_has_the_type_of_what_it_reads_over_roll_ups_too() -> None:
    found = load(
        **{
            "objects/deal.yaml": DEAL + "  total: {type: rollup, of: lines.price, function: sum}\n"
            "  parts: {type: rollup, of: lines}\n",
            "objects/line.yaml": "object: line\nfields:\n  deal: {type: child_of, to: deal}\n  price: {type: money}\n",
            "extensions/account.yaml": "extends: account\nfields:\n"
            "  volume: {type: rollup, of: deals.total, function: sum}\n",
        }
    )
    assert found.objects["deal"].fields["total"].value_type == "money"
    assert found.objects["deal"].fields["parts"].value_type == "integer"
    assert found.objects["account"].fields["volume"].value_type == "money"


def test_an_object_of_a_later_app_with_a_taken_name_is_called_by_both() -> None:
    sources = demo_sources({"objects/account.yaml": "object: account\nfields:\n  name: {type: text}\n"})
    sources["demo/objects/deal.yaml"] = DEAL.replace("to: account", "to: demo.account")
    found, problems = load_sources(sources)
    assert [str(problem) for problem in problems] == []
    assert found is not None
    assert found.objects["demo.account"].app == "demo"
    assert found.objects["account"].app == "core"
    assert found.find_object("demo.account") is found.objects["demo.account"]
    assert found.find_object("core.account") is found.objects["account"]
    relation = found.objects["deal"].fields["account"].relation
    assert relation is not None
    assert relation.targets == ("demo.account",)


def test_an_option_set_gives_its_options_to_every_field_that_uses_it() -> None:
    option_set = "option_set: tiers\nattributes: {discount: percent}\noptions: {gold: {discount: 15%}, silver: {}}\n"
    found = load(
        **{
            "option_sets/tiers.yaml": option_set,
            "objects/deal.yaml": DEAL + "  tier: {type: choice, options: tiers, default: gold}\n",
            "extensions/account.yaml": "extends: account\nfields:\n  tier: {type: choice, options: tiers}\n",
        }
    )
    choices = [found.objects[key].fields["tier"].choice for key in ("deal", "account")]
    assert choices[0] == choices[1]
    assert choices[0] is not None
    assert choices[0].names == ("gold", "silver")
    assert choices[0].option_set == "tiers"


def test_labels_come_inline_and_from_translations_first_language_first() -> None:
    found = load(
        **{
            "app.yaml": "app: demo\nversion: 1.0.0\nlanguages: [zh, en]\n"
            "settings: {limit: {type: integer, label: 上限}}\n",
            "objects/deal.yaml": """object: deal
label: 商机
fields:
  name: {type: text, label: {en: Name, zh: 名称}}
  stage: {type: choice, options: [open, won]}
  kind: {type: choice, options: {a1: 甲}}
validations:
  - {name: filled, check: name is not empty, message: 请填写名称}
""",
            "translations/en.yaml": """settings: {limit: Limit}
objects:
  deal:
    label: Deal
    fields:
      stage: {label: Stage, options: {won: Won}}
      kind: {options: {a1: First}}
    validations: {filled: Give a name}
""",
        }
    )
    deal = found.objects["deal"]
    assert texts(deal.label) == {"zh": "商机", "en": "Deal"}
    assert next(iter(texts(deal.fields["name"].label))) == "zh"
    assert texts(deal.validations[0].message) == {"zh": "请填写名称", "en": "Give a name"}
    stage, kind = deal.fields["stage"].choice, deal.fields["kind"].choice
    assert stage is not None
    assert kind is not None
    assert [label_text(option.label, "en", option.name) for option in stage.options] == ["Open", "Won"]
    assert texts(kind.options[0].label) == {"zh": "甲", "en": "First"}
    assert texts(found.settings["limit"].label) == {"zh": "上限", "en": "Limit"}
    assert label_text(deal.fields["name"].label, "fr", "name") == "名称"
    assert label_text(None, "fr", "close_date") == "Close date"


def texts(label: Label | None) -> dict[str, str]:
    return {} if label is None else {code: text.text for code, text in label.texts}


def test_a_role_may_grant_every_object_and_show_every_menu() -> None:
    found = load(**{"menus.yaml": "menus:\n  selling: {items: [{object: deal}]}\n"})
    administrator = found.roles["administrator"]
    assert set(administrator.objects) == set(found.objects)
    assert "selling" in administrator.menus
    assert administrator.objects["deal"].scopes["delete"].text == "all"


def test_templates_connections_and_organization_are_read() -> None:
    found = load(
        **{
            "templates/welcome.md": "---\nobject: deal\nlanguage: en\nsubject: 'Welcome {name}'\n"
            "cc: [a@example.com]\n---\nDear {{ record.name }},\n",
            "connections/finance.yaml": "connection: finance\nkind: webhook_out\n"
            "url: https://example.com\nsecret: FINANCE\n",
            "organization.yaml": "teams: {east: {label: East}}\nqueues: {inside_sales: {members: [ann@example.com]}}\n",
        }
    )
    template = found.templates["welcome"]
    assert (template.object, template.language, template.cc) == ("deal", "en", ("a@example.com",))
    assert str(template.body.locate(5)) == "demo/templates/welcome.md:7:6"
    assert found.connections["finance"].options == {"url": "https://example.com", "secret": "FINANCE"}
    assert found.teams["east"].label is not None
    assert found.queues["inside_sales"].members == ("ann@example.com",)


def test_defaults_are_texts_values_or_expressions() -> None:
    fields = """  word: {type: text, default: today}
  told: {type: text, default: = upper(name)}
  day: {type: date, default: today}
  fixed: {type: date, default: 2026-11-21}
  share: {type: percent, default: 20%}
  boss: {type: user, default: owner.manager}
  yes_no: {type: boolean, default: true}
"""
    found = load(**{"objects/deal.yaml": DEAL + fields}).objects["deal"].fields
    shown = {
        name: (field.default.constant, field.default.expression.text if field.default.expression else None)
        for name, field in found.items()
        if field.default is not None
    }
    assert str(shown["fixed"][0]) == "2026-11-21"
    assert str(shown["share"][0]) == "0.2"
    assert {name: value for name, value in shown.items() if name not in ("fixed", "share")} == {
        "word": ("today", None),
        "told": (None, "upper(name)"),
        "day": (None, "today"),
        "boss": (None, "owner.manager"),
        "yes_no": (True, None),
    }
    expression = found["told"].default
    assert expression is not None
    assert expression.expression is not None
    assert str(expression.expression.at) == "demo/objects/deal.yaml:9:33"
