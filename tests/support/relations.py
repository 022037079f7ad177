"""An app of relations for tests: orders with lines, a tree of places, lookups of several objects limited by `where`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.access.actor import Actor, system_actor
from engine.platform import Platform
from engine.records.service import Records
from tests.support.platforms import applied_platform

FILES = {
    "objects/place.yaml": """
        object: place
        label: {en: Place, zh: 地点}
        plural: {en: Places, zh: 地点}
        fields:
          name: {type: text, required: true}
          code: {type: text, external_id: true}
          above: {type: lookup, to: place, tree: true, inverse: below}
          closed: {type: boolean}
          region: {type: text}
    """,
    "objects/firm.yaml": """
        object: firm
        label: {en: Firm, zh: 公司}
        plural: {en: Firms, zh: 公司}
        fields:
          name: {type: text, required: true}
          code: {type: text, external_id: true}
          closed: {type: boolean}
          region: {type: text}
    """,
    "objects/order.yaml": """
        object: order
        label: {en: Order, zh: 订单}
        plural: {en: Orders, zh: 订单}
        title: "{name}"
        search: [name, lines.product, lines.serial]
        fields:
          name: {type: text, required: true, max_length: 40, label: {en: Name, zh: 名称}}
          region: {type: text, label: {en: Region, zh: 地区}}
          place: {type: lookup, to: place, inverse: orders, on_delete: restrict, label: {en: Place, zh: 地点}}
          partner:
            type: lookup
            to: [firm, place]
            inverse: bought
            where: not closed and region = this.region
            label: {en: Partner, zh: 伙伴}
          code: {type: text, unique: true}
          total: {type: rollup, of: lines.amount, function: sum, label: {en: Total, zh: 合计}}
          pieces: {type: rollup, of: lines.quantity, function: sum}
        validations:
          - {name: not_too_much, check: total is empty or total < 100000, field: total, message: Too much}
        layout:
          sections:
            - {label: {en: Order, zh: 订单}, fields: [name, region, place, partner, total]}
          related: [lines]
    """,
    "objects/line.yaml": """
        object: line
        label: {en: Line, zh: 明细}
        plural: {en: Lines, zh: 明细}
        title: "{product}"
        fields:
          order: {type: child_of, to: order, inverse: lines, required: true}
          product: {type: text, required: true, max_length: 20, label: {en: Product, zh: 产品}}
          quantity: {type: integer, default: 1, min: 1, label: {en: Quantity, zh: 数量}}
          price: {type: money, min: 0, label: {en: Price, zh: 单价}}
          amount: {type: money, formula: quantity * price, label: {en: Amount, zh: 金额}}
          region: {type: text, default: = order.region}
          serial: {type: text, unique: true, label: {en: Serial, zh: 序列号}}
        layout:
          sections:
            - fields: [product, quantity, price, amount]
        validations:
          - {name: cheap_in_bulk, check: quantity < 100 or price < 10, field: price, message: Too dear for so many}
          - {name: unlucky, check: quantity != 13, field: quantity, severity: warning, message: Thirteen?}
    """,
    "objects/note.yaml": """
        object: note
        label: {en: Note, zh: 便条}
        plural: {en: Notes, zh: 便条}
        title: "{text}"
        fields:
          line: {type: child_of, to: line, inverse: notes, required: true}
          text: {type: text, required: true}
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        menus: [shop]
        objects:
          place: {read: 'name != "Hidden"', create: yes, update: all, delete: all}
          firm: {read: all}
          order: {read: own, create: yes, update: own, delete: own}
          line: {read: all, create: yes, update: all, delete: all}
          note: {read: all, create: yes, update: all, delete: all}
        fields:
          line.serial: {update: no}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        menus: [shop]
        objects:
          place: {read: all}
          firm: {read: all}
          order: {read: all, create: yes, update: all, delete: all}
          line: {read: order.region = "West"}
    """,
    "menus.yaml": """
        menus:
          shop: {label: Shop, items: [{object: order}, {object: place}]}
    """,
    "rules/order.rules": """
        rule partner when order.name changes if name starts with "Rule " then
          set partner = lookup(firm, name, name)
    """,
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Relations:
    """The opened app; ann is a rep, bob another one."""

    platform: Platform
    records: Records
    system: Actor
    ann: Actor
    bob: Actor

    def make(self, object_key: str, **values: object) -> str:
        """Make a record and give its id."""
        return self.records.create(self.system, object_key, values, confirm=None).record.id


@contextmanager
def relations_app(database_url: str, folder: Path) -> Iterator[Relations]:
    """Open the app over an empty database."""
    with applied_platform(database_url, folder, FILES) as platform:
        people = []
        for name in ("ann", "bob"):
            values = {"name": name.title(), "email": f"{name}@example.com"}
            made = platform.records.create(system_actor(), "user", values).record.id
            people.append(Actor(user_id=made, login=name, name=name.title(), roles=frozenset({"rep"})))
        yield Relations(
            platform=platform, records=platform.records, system=system_actor(), ann=people[0], bob=people[1]
        )
