"""Labels in the reader's language on pages, in exports, mails and the API; else the first language, then the name."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.testing.sample_shop import do_runs
from plugins.manager import PluginManager
from tests.plugins.test_email import _Sink
from tests.support.mail_server import mail_server
from tests.support.platforms import applied_platform, small_app
from tests.support.served import Served, serve_deals

FILES = {
    "objects/deal.yaml": """
        object: deal
        label: {zh: 商机}
        title: "{name}"
        fields:
          name: {type: text, required: true, label: {en: Name, zh: 名称}}
          stage:
            type: choice
            label: {en: Stage, zh: 阶段}
            options: {open: {label: {en: In hand, zh: 进行中}}, won: {}, lost: {label: {en: Lost}}}
          filed: {type: choice, options: {by_hand: {}, by_mail: {}}}
          only_english: {type: text, label: {en: Only English}}
          no_label: {type: text}
          kinds: {type: multi_choice, options: {a: {label: {en: First, zh: 甲}}, b: {label: {en: Second, zh: 乙}}}}
        views:
          all: {label: {en: All deals, zh: 全部商机}, columns: [name, stage, filed, only_english, no_label, kinds]}
        """,
    "translations/zh.yaml": """
        objects:
          deal:
            fields:
              filed: {label: 来源, options: {by_hand: 手工}}
        menus: {sales: 销售菜单}
        rules: {marks: 标记}
        """,
    "rules/marks.rules": 'rule marks "Marks it" when deal is created then set no_label = "marked"\n',
    "menus.yaml": "menus: {sales: {label: Sales menu, items: [{object: deal, view: all}]}}\n",
    "roles/rep.yaml": "role: rep\nobjects:\n  deal: {read: all, create: yes, update: all, export: all}\n"
    "  user: {read: all}\nsystem: [export]\nmenus: [sales]\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}
MAILS = {
    "rules/all.rules": (
        'rule tell when deal is created then send email hello to "x@example.com" send email hallo to "x@example.com"\n'
    ),
    "templates/hello.md": "---\nobject: deal\nsubject: About {{ record.stage }}\nlanguage: zh\nfrom: a@x.com\n---\n"
    "{{ record.filed }}/{{ record.kinds }}/{% if record.stage == 'open' %}yes{% endif %}\n",
    "templates/hallo.md": "---\nobject: deal\nsubject: About {{ record.stage }}\nfrom: a@example.com\n---\n"
    "{{ record.filed }}/{{ record.kinds | join(' + ') }}\n",
}
SETTINGS = "languages: [en, zh]\n"
VALUES = {"name": "D", "stage": "open", "filed": "by_hand", "kinds": ["a", "b"]}
WORDS = {
    "en": ["Deals", "All deals", "Name", "Stage", "In hand", "Filed", "By hand", "Only English", "No label",
           "First", "Sales menu"],
    "zh": ["商机", "全部商机", "名称", "阶段", "进行中", "来源", "手工", "Only English", "No label", "甲", "销售菜单"],
}  # fmt: skip


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("languages")
    app = small_app(folder, FILES, settings=SETTINGS)
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        found.platform.records.create(system_actor(), "deal", VALUES)
        found.platform.records.create(system_actor(), "deal", {"name": "E", "stage": "lost", "filed": "by_mail"})
        yield found


@pytest.mark.promise("APP-10")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_exports_and_the_api_speak_the_user_s_language(served: Served, language: str) -> None:
    client = served.sign_in("ann")
    client.set_cookie("fieldstone_language", language)
    words = [word for word in WORDS[language] if word != "Deals"]
    page = client.get("/o/deal?view=all").get_data(as_text=True)
    assert [word for word in words if word not in page] == []
    assert "By mail" in page, "an option without a label is its name"
    assert "Lost" in page, "and one without a Chinese label is in the first language"
    form = client.get("/o/deal/new").get_data(as_text=True)
    shown = [word for word in words if word not in ("All deals", "全部商机")]
    assert [word for word in shown if word not in form] == []
    exported = client.get("/o/deal/export?view=all").get_data(as_text=True).removeprefix("\ufeff")
    table = list(csv.reader(io.StringIO(exported)))
    if language == "en":
        assert table[0][1:] == ["Name", "Stage", "Filed", "Only English", "No label", "Kinds"]
        assert table[2][2:4] == ["In hand", "By hand"]
        assert table[2][6] == "First; Second"
    else:
        assert table[0][1:] == ["名称", "阶段", "来源", "Only English", "No label", "Kinds"]
        assert table[2][2:4] == ["进行中", "手工"]
        assert table[1][2:4] == ["Lost", "By mail"]
        assert table[2][6] == "甲; 乙"
    described = served.get("ann", "/objects/deal", headers={"Accept-Language": language}).get_data(as_text=True)
    told = ["Name", "Stage", "In hand"] if language == "en" else ["名称", "阶段", "进行中", "来源", "手工"]
    assert [word for word in (*told, "Only English", "No label", "By mail") if word not in described] == []


@pytest.mark.promise("APP-10")
@pytest.mark.parametrize(("language", "label"), [("en", "Marks it"), ("zh", "标记")])
def test_a_rule_is_called_by_its_label_in_the_reader_s_language(served: Served, language: str, label: str) -> None:
    served.platform.records.create(system_actor(), "deal", VALUES)
    do_runs(served.platform)
    client = served.sign_in("admin")
    client.set_cookie("fieldstone_language", language)
    page = client.get("/runs").get_data(as_text=True)
    assert label in page
    assert {"Marks it": "标记", "标记": "Marks it"}[label] not in page


@pytest.mark.promise("APP-10")
def test_mails_speak_the_language_of_their_template_or_of_who_caused_them(database_url: str, tmp_path: Path) -> None:
    sink = _Sink()
    with mail_server(sink) as port:
        plugins = PluginManager.load(
            environment={
                "FIELDSTONE_PLUGIN_EMAIL_HOST": "127.0.0.1",
                "FIELDSTONE_PLUGIN_EMAIL_PORT": str(port),
                "FIELDSTONE_PLUGIN_EMAIL_SECURITY": "none",
            }
        )
        clock = FixedClock(dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
        with applied_platform(
            database_url, tmp_path, {**FILES, **MAILS}, settings=SETTINGS, plugins=plugins, clock=clock
        ) as platform:
            platform.records.create(system_actor(language="en"), "deal", VALUES)
            do_runs(platform)
    found = sorted((str(mail["Subject"]), _body(mail)) for _, mail in sink.mails)
    assert found == [("About In hand", "By hand/First + Second"), ("About 进行中", "手工/甲, 乙/yes")]


def _body(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).strip()
