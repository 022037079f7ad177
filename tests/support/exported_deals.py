"""An app of deals whose lists are exported: its files, its records, and what a file of CSV holds."""

from __future__ import annotations

import csv
import io
from typing import Any

from engine.access.actor import system_actor
from engine.records.types import SaveRow
from tests.support.served import Served

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: {en: Firm, zh: 公司}
        fields:
          name: {type: text, required: true, label: {en: Name, zh: 名称}}
          region: {type: text, label: {en: Region, zh: 地区}}
    """,
    "objects/deal.yaml": """
        object: deal
        label: {en: Deal, zh: 商机}
        search: [name]
        fields:
          name: {type: text, required: true, label: {en: Name, zh: 名称}}
          remark: {type: long_text, label: {en: Remark, zh: 备注}}
          firm: {type: lookup, to: firm, label: {en: Firm, zh: 公司}}
          about: {type: lookup, to: any, inverse: mentions, label: {en: About, zh: 关于}}
          amount: {type: money, label: {en: Amount, zh: 金额}}
          stage:
            type: choice
            label: {en: Stage, zh: 阶段}
            options: {open: {label: {en: "=Open", zh: 进行中}}, won: {label: {en: Won, zh: 赢单}}}
          kinds: {type: multi_choice, label: {en: Kinds, zh: 类型},
                  options: {a: {label: {en: "New, big", zh: 新}}, b: {label: {en: Old, zh: 旧}}}}
          done: {type: boolean, label: {en: Done, zh: 完成}}
          at: {type: datetime, label: {en: At, zh: 时间}}
          margin: {type: decimal, label: {en: Margin, zh: 毛利}}
          doubled: {type: money, formula: amount * 2, label: {en: Doubled, zh: 加倍}}
          remark_2: {type: text, label: {en: Remark, zh: 备注}}
        views:
          all: {label: {en: All, zh: 全部}, columns: [name, firm, firm.region, amount, stage, doubled], sort: [name]}
    """,
    "roles/rep.yaml": """
        role: rep
        objects:
          deal: {read: own, create: yes, update: own, export: 'stage = "won"'}
          firm: {read: 'region != "hidden"'}
          user: {read: all}
        fields:
          deal.margin: {read: no}
        system: [export]
    """,
    "roles/boss.yaml": """
        role: boss
        objects:
          deal: {read: all, create: yes, update: all, export: all}
          firm: {read: all, create: yes, update: all}
          user: {read: all}
    """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: deal}]}}\n",
}


def save(served: Served, object_key: str, *rows: dict[str, Any]) -> list[str]:
    done = served.platform.records.save_many(
        system_actor(), object_key, [SaveRow(values=row) for row in rows], all_or_nothing=True
    )
    assert done.written, done.rows
    return [str(row.id) for row in done.rows]


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
