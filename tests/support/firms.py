"""The app `firms` for tests of merging: firms, and people, links, files and lookups that point at them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

NUMBERS = itertools.count(1)
FILES = {
    "objects/fair.yaml": """
        object: fair
        label: Fair
        plural: Fairs
        title: "{name}"
        fields:
          name: {type: text, required: true}
    """,
    "objects/firm.yaml": """
        object: firm
        label: {en: Firm, zh: 公司}
        plural: {en: Firms, zh: 公司}
        title: "{name}"
        search: [name]
        fields:
          number: {type: autonumber, format: "F-{0000}", label: {en: Number, zh: 编号}}
          name: {type: text, required: true, label: {en: Name, zh: 名称}}
          code: {type: text, unique: true, label: {en: Code, zh: 编码}}
          phone: {type: phone, label: {en: Phone, zh: 电话}}
          city: {type: text, label: {en: City, zh: 城市}}
          notes: {type: long_text, label: {en: Notes, zh: 备注}}
          secret: {type: text}
          tax_number: {type: text, encrypted: true}
          bank_number: {type: text, encrypted: true}
          terms: {type: text, unique: true}
          labels: {type: tags, label: {en: Labels, zh: 标签}}
          logo: {type: image}
          papers: {type: files}
          parent: {type: lookup, to: firm, tree: true, inverse: branches}
          main_person: {type: lookup, to: person, where: firm = this, inverse: main_of}
          turnover: {type: money, min: 0, label: {en: Turnover, zh: 营业额}}
          level:
            type: choice
            default: new
            options: {new: {}, known: {}, lost: {}}
            transitions: {new: [known], known: [lost]}
          fairs: {type: links, to: fair, attributes: {stand: text}}
          heads: {type: rollup, of: people, function: count}
          worth: {type: rollup, of: orders.amount, function: sum}
        validations:
          - {name: small, check: turnover is empty or turnover >= 10, severity: warning, message: S, field: turnover}
        duplicates:
          - match: [{field: name, how: fuzzy, threshold: 0.85}, {field: city, how: normalised}]
          - match: [{field: phone}]
            action: block
          - match: [{field: secret}]
    """,
    "objects/person.yaml": """
        object: person
        label: {en: Person, zh: 人员}
        plural: {en: People, zh: 人员}
        title: "{name}"
        fields:
          firm: {type: child_of, to: firm, inverse: people, required: true}
          name: {type: text, required: true}
        unique: [[firm, name]]
    """,
    "objects/order.yaml": """
        object: order
        label: {en: Order, zh: 订单}
        plural: {en: Orders, zh: 订单}
        title: "{name}"
        fields:
          name: {type: text, required: true}
          firm: {type: lookup, to: firm, inverse: orders, on_delete: restrict, readonly_if: not (firm is empty)}
          payer: {type: lookup, to: firm, inverse: paid_orders}
          person: {type: lookup, to: person, where: firm = this.firm, inverse: orders}
          place: {type: text, copy_from: payer.city}
          amount: {type: money}
          touched: {type: boolean}
    """,
    "rules/merging.rules": """
        rule note_merges
          when firm is merged
          then update this { notes: coalesce(this.notes, "") & " merged" }
        rule never_lost
          before firm is merged
          if this.level = "lost"
          then reject "A lost firm stays alone."
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          firm: {read: own or not secret = "hide", create: yes, update: own, delete: own}
          person: {read: all, create: yes, update: own, delete: own}
          order: {read: own, create: yes, update: own, delete: own}
          fair: {read: all}
          comment: {read: all, create: yes}
          user: {read: all}
        fields:
          firm.secret: {read: no}
          firm.notes: {update: no}
          firm.terms: {read: level = "new"}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          firm: {read: all, create: yes, update: all, delete: all}
          person: {read: all, create: yes, update: all, delete: all}
          order: {read: all, create: yes, update: all, delete: all}
          fair: {read: all, create: yes, update: all, delete: all}
          comment: {read: all, create: yes}
          attachment: {read: all, create: yes}
          activity: {read: all, create: yes}
          task: {read: all, create: yes}
          tag: {read: all, create: yes}
          tagging: {read: all, create: yes, delete: all}
          user: {read: all}
        fields:
          firm.tax_number: {read: yes, update: yes}
          firm.bank_number: {read: yes, update: yes}
    """,
}


@contextmanager
def serve_firms(database_url: str, folder: Path) -> Iterator[Served]:
    """Serve the app on a database."""
    app = small_app(folder, FILES, settings="languages: [en, zh]\ncountry: CN\n")
    with serve_deals(database_url, folder, app_folder=app) as found:
        yield found


def merged(served: Served, into: str, *gone: str, who: str = "boss", object_name: str = "firm", **body: Any) -> Any:
    """Ask the API for a merge and give its answer."""
    values = {"from": list(gone), **body}
    return served.call(who, "POST", f"/records/{object_name}/{into}/merge", json=values)


def stored(served: Served, object_name: str, record_id: str) -> dict[str, Any] | None:
    """Give a record as the boss reads it; None where it is not there."""
    answer = served.get("boss", f"/records/{object_name}/{record_id}")
    found: dict[str, Any] | None = answer.get_json() if answer.status_code == 200 else None
    return found


def firm(served: Served, who: str = "boss", **values: Any) -> str:
    """Make a firm like no other and give its id."""
    number = next(NUMBERS)
    given = {"name": f"Firm {number:04} {number * 7919}", **values}
    return str(served.make(who, "firm", **given)["id"])


def made(served: Served, object_name: str, who: str = "boss", **values: Any) -> str:
    """Make a record by the API and give its id."""
    return str(served.make(who, object_name, **values)["id"])


def read(served: Served, object_name: str, record_id: str) -> dict[str, Any]:
    """Give a record that is there, as the boss reads it."""
    found = stored(served, object_name, record_id)
    assert found is not None
    return found


def ids(value: Any) -> Any:
    """Give the id of a lookup's value."""
    return value["id"] if isinstance(value, dict) else value
