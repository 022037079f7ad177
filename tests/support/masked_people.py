"""An app whose people have fields of every kind that a role reads masked, values of them, and what stands for these."""

from __future__ import annotations

FILES = {
    "objects/person.yaml": """
        object: person
        label: {en: Person, zh: 人员}
        title: "{name}"
        search: [name, phone, code]
        fields:
          name: {type: text, required: true}
          phone: {type: phone, label: {en: Phone, zh: 电话}}
          mail: {type: email}
          code: {type: text, required: true, default: = "START" & "CODE99"}
          id_number: {type: text, encrypted: true, label: {en: Id number, zh: 证件号}}
          salary: {type: money, sensitive: true}
          nick: {type: text}
          notes: {type: long_text}
          born: {type: date}
          level: {type: choice, options: [secretlow, secrethigh]}
          stage: {type: choice, options: [open, done], default: open}
          boss: {type: lookup, to: person, inverse: team}
          loud: {type: text, formula: upper(code), label: Loud}
        views:
          all: {columns: [name, phone, mail, code, id_number, salary, boss, boss.phone, level], sort: [code]}
          flow: {type: board, by: stage, card: [name, phone, level, boss.phone]}
        """,
    "objects/line.yaml": """
        object: line
        label: Line
        title: "{text}"
        fields:
          person: {type: child_of, to: person, inverse: lines}
          text: {type: text}
          rate: {type: text}
        """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          person: {read: all, create: yes, update: all, delete: all, export: all}
          line: {read: all, create: yes, update: all, delete: all}
          user: {read: all}
        fields:
          person.id_number: {read: yes, update: yes}
          person.salary: {read: yes, update: yes}
        system: [import, export]
        """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        includes: [keeper]
        objects:
          person: {read: all, create: yes, update: all, delete: no, export: all}
          line: {read: all, create: yes, update: all, delete: no}
          user: {read: all}
        fields:
          person.phone: {read: masked}
          person.nick: {read: masked}
          person.mail: {read: masked}
          person.code: {read: masked}
          person.id_number: {read: masked, update: yes}
          person.salary: {read: masked}
          person.notes: {read: masked}
          person.born: {read: masked, update: no}
          person.level: {read: masked}
          person.boss: {read: masked}
          person.loud: {read: masked}
          line.rate: {read: masked}
        system: [import, export]
        """,
    "roles/looker.yaml": """
        role: looker
        label: Looks behind masks
        system: [reveal]
        """,
    "roles/keeper.yaml": """
        role: keeper
        label: Sees nicknames of its own
        objects: {person: {read: own}}
        fields:
          person.nick: {read: yes}
          person.phone: {read: no}
          person.mail: {read: no}
          person.code: {read: no}
          person.notes: {read: no}
          person.born: {read: no}
          person.level: {read: no}
          person.boss: {read: no}
          person.loud: {read: no}
        """,
    "reports/people.yaml": """
        report: people
        object: person
        columns: [name, phone, salary, boss.phone]
        """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: person}]}}\n",
}
CLEAR = {
    "phone": "+8613800138765",
    "mail": "geheim@example.com",
    "code": "SECRETCODE7777",
    "id_number": "110101199003074711",
    "salary": "9876543210 CNY",
    "notes": "SECRETNOTES of a person",
    "born": "1990-03-07",
    "level": "secrethigh",
}
MASKS = {
    "phone": "••••8765",
    "mail": "g••••@example.com",
    "code": "••••7777",
    "id_number": "••••4711",
    "salary": "••••",
    "notes": "••••",
    "born": "••••",
    "level": "••••",
}
# What must stand in no answer to whoever sees it masked; long enough that no id and no token holds one by chance.
WORDS = ("13800138765", "138 0013 8765", "geheim", "SECRETCODE", "1101011990", "9876543210", "9,876,543,210",
         "SECRETNOTES", "1990-03-07", "Mar 7, 1990", "secrethigh\" selected", "STARTCODE")  # fmt: skip
