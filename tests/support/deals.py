"""A small sales app for tests of the door: deals with lines over core's accounts, two people and a role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.access.actor import Actor, system_actor
from engine.clock import Clock
from engine.platform import Platform
from engine.records.service import Records
from tests.support.platforms import applied_platform

FILES = {
    "objects/deal.yaml": """
        object: deal
        label: Deal
        title: "{name}"
        search: [name, account.name]
        fields:
          number: {type: autonumber, format: "D-{YYYY}-{0000}"}
          name: {type: text, required: true, max_length: 50}
          code: {type: text, unique: true, max_length: 20}
          account: {type: lookup, to: account, inverse: deals, on_delete: restrict}
          backer: {type: lookup, to: account, inverse: backed}
          rival: {type: lookup, to: account, inverse: fought}
          contact: {type: lookup, to: contact, where: account = this.account, inverse: deals}
          amount: {type: money, min: 0}
          discount: {type: percent, min: 0, max: 1}
          factor: {type: decimal}
          count: {type: integer, max: 1000}
          net: {type: money, formula: "amount * (1 - coalesce(discount, 0))"}
          industry: {type: text, formula: account.industry}
          stage:
            type: choice
            default: open
            attributes: {closed: boolean, probability: percent}
            options:
              open: {label: {en: Open, zh: 进行中}, probability: 20%}
              sent: {label: {en: Sent, zh: 已发送}, probability: 50%, requires: [amount]}
              won: {closed: true, probability: 100%}
              lost: {label: {en: Lost, zh: 丢单}, closed: true}
              dead: {closed: true, active: false}
            transitions: {open: [sent, won, lost], sent: [won, lost], lost: [open]}
          close: {type: date, required_if: stage = "won"}
          opened: {type: date, default: = today}
          seen_at: {type: datetime}
          hot: {type: boolean}
          secret: {type: text, sensitive: true}
          locked: {type: text, readonly_if: stage = "won"}
          total: {type: rollup, of: lines.amount, function: sum}
          cheap: {type: rollup, of: lines, function: count, where: "amount < 50"}
          parts: {type: rollup, of: lines, function: count}
        validations:
          - {name: not_tiny, check: amount >= 10 or amount is empty, severity: warning, message: Small, field: amount}
          - name: order
            when: close is not empty
            check: close >= opened
            field: close
            message: {en: Closes before it opens., zh: 日期颠倒。}
          - name: huge_factor
            check: factor <= 9000 or factor is empty
            field: factor
            message:
              en: "{name} ({stage}, {account}) of {amount} less {discount} has {factor} {{much}}{code}."
              zh: "{name}（{stage}，{account}）{amount}，折扣 {discount}：{factor}。"
        views:
          open:
            columns: [name, account, account.owner, amount, stage]
            where: not stage.closed
            sort: [close, -amount]
    """,
    "objects/line.yaml": """
        object: line
        label: Line
        title: "{product} × {quantity}"
        fields:
          deal: {type: child_of, to: deal, inverse: lines, required: true}
          product: {type: text, required: true}
          quantity: {type: integer, default: 1, min: 1}
          price: {type: money, min: 0}
          amount: {type: money, formula: quantity * price}
    """,
    "organization.yaml": """
        territories:
          world: {members: [cara@example.com]}
          hot: {parent: world, members: [Ann@example.com], objects: {deal: hot or amount > 100 CNY}}
          open: {members: [bob@example.com, ann@example.com], objects: {deal: stage = "open"}}
          empty: {objects: {deal: hot}}
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          deal: {read: own or team, create: yes, update: own and stage != "lost", delete: own}
          line: {read: all, create: yes, update: all, delete: all}
          account: {read: own or team, create: yes, update: own, delete: own}
          contact: {read: all, create: yes, update: own}
          user: {read: all}
          team: {read: all}
        fields:
          deal.factor: {update: 'stage = "open"'}
          deal.hot: {read: no}
          deal.backer: {read: stage = "won"}
          deal.rival: {read: no}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        includes: [rep]
        objects:
          deal: {read: own or subordinates, update: own or subordinates}
        fields:
          deal.secret: {read: yes, update: yes}
    """,
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Deals:
    """The opened app and who works with it; ann and bob are reps of two teams, cara is ann's boss."""

    platform: Platform
    records: Records
    system: Actor
    ann: Actor
    bob: Actor
    cara: Actor

    def deal(self, **values: object) -> str:
        """Make a deal of ann's and give its id."""
        return self.records.create(self.ann, "deal", {"name": "Pumps", **values}, confirm=None).record.id


@contextmanager
def deals_app(database_url: str, folder: Path, *, clock: Clock | None = None) -> Iterator[Deals]:
    """Open the app over an empty database."""
    with applied_platform(database_url, folder, FILES, clock=clock) as platform:
        records, system = platform.records, system_actor()
        teams = [
            records.create(system, "team", {"name": name, "key": name.lower()}).record.id for name in ("East", "West")
        ]
        cara = _user(records, "cara", "boss", None, None)
        ann = _user(records, "ann", "rep", teams[0], cara.user_id)
        bob = _user(records, "bob", "rep", teams[1], None)
        yield Deals(platform=platform, records=records, system=system, ann=ann, bob=bob, cara=cara)


def _user(records: Records, name: str, role: str, team: str | None, manager: str | None) -> Actor:
    values = {"name": name.title(), "email": f"{name}@example.com", "team": team, "manager": manager}
    made = records.create(system_actor(), "user", values).record.id
    return Actor(user_id=made, login=name, name=name.title(), roles=frozenset({role}), team_id=team, manager_id=manager)
