"""A small app of choices that depend on each other, record types with pipelines of their own, and several layouts.

Beside it: making and reading its deals, and what a refused save says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.access.actor import Actor, Origin, system_actor
from engine.errors import ValidationFailed
from tests.support.served import Served

SYSTEM = system_actor()

FILES = {
    "app.yaml": """
        app: shop
        version: 1.0.0
        label: {en: Shop, zh: 商店}
        currency: CNY
        timezone: Asia/Shanghai
        languages: [en, zh]
    """,
    "option_sets/sources.yaml": """
        option_set: sources
        label: Sources
        attributes: {paid: boolean}
        options:
          fair: {label: {en: Fair, zh: 展会}, color: blue}
          web: {label: {en: Web, zh: 网站}, color: green, order: -1}
          fax: {active: false}
          advert: {paid: true}
    """,
    "objects/deal.yaml": """
        object: deal
        label: {en: Deal, zh: 商机}
        plural: {en: Deals, zh: 商机}
        title: "{name}"
        fields:
          name: {type: text, required: true, label: {en: Name, zh: 名称}}
          source: {type: choice, options: sources}
          first_source: {type: choice, options: sources}
          is_paid: {type: boolean, formula: source.paid}
          country:
            type: choice
            label: {en: Country, zh: 国家}
            options: {cn: {label: {en: China, zh: 中国}}, us: {label: {en: USA, zh: 美国}}}
          province:
            type: choice
            label: {en: Province, zh: 省份}
            depends_on: country
            options:
              zhejiang: {label: {en: Zhejiang, zh: 浙江}, for: [cn]}
              sichuan: {label: {en: Sichuan, zh: 四川}, for: [cn]}
              texas: {label: {en: Texas, zh: 得克萨斯}, for: [us]}
              other: {label: {en: Other, zh: 其他}}
          city:
            type: choice
            label: {en: City, zh: 城市}
            depends_on: province
            options:
              hangzhou: {label: {en: Hangzhou, zh: 杭州}, for: [zhejiang]}
              ningbo: {label: {en: Ningbo, zh: 宁波}, for: [zhejiang]}
              chengdu: {label: {en: Chengdu, zh: 成都}, for: [sichuan]}
              austin: {label: {en: Austin, zh: 奥斯汀}, for: [texas]}
          areas:
            type: multi_choice
            depends_on: country
            options: {east: {for: [cn]}, west: {for: [cn, us]}, south: {for: [us]}}
          amount: {type: money, min: 0, label: {en: Amount, zh: 金额}}
          close: {type: date, label: {en: Close date, zh: 成交日期}}
          credit: {type: integer, label: {en: Credit days, zh: 账期（天）}}
          stage:
            type: choice
            label: {en: Stage, zh: 阶段}
            default: new
            attributes: {closed: boolean}
            options:
              new: {label: {en: New, zh: 新建}, color: blue, tip: {en: Find who decides., zh: 先找到决策人。}}
              sample: {label: {en: Sample, zh: 样品}, color: purple}
              offer: {label: {en: Offer, zh: 报价}, color: amber, requires: [amount, close]}
              won: {label: {en: Won, zh: 赢单}, color: green, closed: true}
              lost: {label: {en: Lost, zh: 输单}, color: gray, closed: true}
            transitions: {new: [offer, won, lost], sample: [offer, lost], offer: [won, lost, sample]}
          was_retail: {type: boolean}
        validations:
          - name: type_is_kept
            when: old.record_type = "project"
            check: record_type = old.record_type
            field: record_type
            message: {en: A project stays a project., zh: 项目不能改为其他类型。}
        record_types:
          retail:
            label: {en: Retail, zh: 零售}
            options: {stage: [new, offer, won, lost]}
          wholesale:
            label: {en: Wholesale, zh: 批发}
            required: [credit]
            options: {stage: [sample, offer, won, lost], source: [fair, advert]}
            layout: bulk
          project: {label: {en: Project, zh: 项目}}
        layout:
          highlights: [amount, stage]
          path: stage
          sections:
            - {label: {en: Deal, zh: 基本信息}, fields: [name, country, province, city, amount, close, stage]}
            - {label: {en: More, zh: 更多}, fields: [source, areas, credit, owner]}
        layouts:
          bulk:
            label: {en: Wholesale deal, zh: 批发商机}
            path: stage
            sections:
              - {label: {en: Terms, zh: 条款}, fields: [record_type, name, credit, amount, close, stage, source]}
          large:
            label: {en: Large deal, zh: 大额商机}
            when: amount >= 1000000
            path: stage
            sections: [{fields: [amount, name, stage, close]}]
          chief:
            roles: [boss]
            sections: [{fields: [name]}]
          pocket:
            label: {en: Pocket, zh: 手机}
            device: phone
            path: stage
            sections: [{columns: 1, fields: [name, stage, amount, close]}]
        views:
          all: {columns: [name, record_type, stage, amount]}
          pipeline: {type: board, by: stage, card: [name, amount], sum: amount}
    """,
    "rules/deal.rules": """
        rule texas "Some deals go to Texas" before deal is saved if name = "Moved" then set province = "texas"
    """,
    "roles/rep.yaml": """
        role: rep
        label: {en: Seller, zh: 销售}
        objects: {deal: {read: all, create: yes, update: all, delete: all}, user: {read: all}}
    """,
    "roles/boss.yaml": """
        role: boss
        label: {en: Boss, zh: 主管}
        objects: {deal: {read: all, create: yes, update: all}, user: {read: all}}
    """,
}


def make(served: Served, **values: Any) -> str:
    return served.platform.records.create(SYSTEM, "deal", {"name": "Pumps", **values}).record.id


def read(served: Served, record_id: str) -> Mapping[str, Any]:
    return served.platform.records.get(SYSTEM, "deal", record_id).values


def faults(served: Served, record_id: str | None, values: Mapping[str, Any]) -> list[tuple[str | None, str, str]]:
    records = served.platform.records
    given = {"name": "Pumps", **values} if record_id is None else dict(values)
    with pytest.raises(ValidationFailed) as refused:
        records.create(SYSTEM, "deal", given) if record_id is None else records.update(SYSTEM, "deal", record_id, given)
    return [(error.field, error.code, error.message) for error in refused.value.errors]


def person(served: Served, who: str, role: str) -> Actor:
    return Actor(user_id=served.user_ids[who], login=who, roles=frozenset({role}), origin=Origin.PAGE)
