"""The app and the cases of the keys common to all fields: what is given, what it is refused for, what is kept.

A case knows no entrance; tests/support/entrances.py gives its values through each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

THING = """
    object: thing
    title: "{name}"
    search: [name, mails]
    fields:
      name: {type: text, required: true, max_length: 10}
      mark: {type: text}
      code: {type: text, unique: true, pattern: "[A-Z]{2}[0-9]+"}
      size: {type: integer, min: 1, max: 9, default: 3}
      twice: {type: integer, default: = size * 2}
      same: {type: integer, default: size}
      rate: {type: percent, min: 0, max: 1}
      price: {type: money, min: 0, max: 100}
      day: {type: date, min: 2026-01-01, max: 2026-12-31}
      hour: {type: time, min: "08:00", max: "18:00"}
      kind: {type: choice, options: [a, b], default: a}
      word: {type: text, default: fine}
      named: {type: text, default: name}
      said: {type: text, default: = name & "!"}
      picked: {type: choice, options: [name, other], default: name}
      chosen: {type: choice, options: [a, b], default: = kind}
      reason: {type: text, required_if: kind = "b"}
      unseen: {type: text, required: true, visible_if: kind = "b"}
      unseen_if: {type: text, required_if: size > 1, visible_if: kind = "b"}
      locked: {type: text, readonly_if: kind = "b"}
      lines: {type: long_text, max_length: 6}
      mails: {type: email, multiple: true}
      pair_a: {type: text, label: Pair A}
      pair_b: {type: text, label: Pair B}
      slug: {type: text, unique: true, normalise: lower}
      digits: {type: text, unique: true, normalise: digits, max_length: 6}
      serial: {type: text, normalise: upper}
      contact: {type: lookup, to: person, inverse: things}
      mail: {type: email, copy_from: contact.email}
      town: {type: text, copy_from: contact.town, max_length: 6}
      score: {type: integer, empty_as: 0}
      after_score: {type: integer, formula: score + 1}
      fee: {type: money, empty_as: 0}
      flag: {type: boolean}
      sure: {type: boolean, required: true}
      plain: {type: boolean, formula: not flag}
    unique: [[pair_a, pair_b]]
    duplicates:
      - {match: [{field: mails}], action: block}
      - {match: [{field: serial}], action: block}
"""
PERSON = """
    object: person
    title: "{name}"
    fields:
      name: {type: text, required: true}
      key: {type: text, external_id: true}
      email: {type: email}
      town: {type: text}
"""
POKE = """
    object: poke
    fields:
      number: {type: integer}
      target: {type: lookup, to: thing}
"""
PERSONS: Mapping[str, Mapping[str, str]] = {
    "ada": {"name": "Ada", "email": "ada@example.com", "town": "Paris"},
    "far": {"name": "Far", "email": "far@example.com", "town": "Llanfair"},
    "bare": {"name": "Bare"},
}

SPEAKERS: Mapping[str, str] = {"ann": "en", "bob": "zh"}
"""Who gives the values, and what they speak."""
_ASKED = (
    "name, mark, code, size, twice, same, rate, price, day, hour, kind, word, named, said, picked, chosen, reason,"
    " unseen, unseen_if, locked, lines, mails, pair_a, pair_b, slug, digits, serial, mail, town, score, fee, flag, sure"
)
WHOLE_B = {"kind": "b", "reason": "r", "unseen": "u", "unseen_if": "v"}


@dataclass(frozen=True, slots=True)
class Person:
    """A record of `person`, by its external id."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Values that are given to a new record, or to a stored one; the errors or the values that follow.

    beside: another record that is there. searched: words that find the record afterwards.
    """

    name: str
    given: Mapping[str, Any]
    stored: Mapping[str, Any] | None = None
    beside: Mapping[str, Any] | None = None
    refused: tuple[str, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)
    searched: tuple[str, ...] = ()


LIMITS = (
    Case(name="required and empty", given={"name": None, "mark": "m"}, refused=("name",)),
    Case(name="required and not given", given={"size": 2}, refused=("name",)),
    Case(name="required and blank", given={"name": "   ", "mark": "m"}, refused=("name",)),
    Case(name="required emptied later", stored={"name": "old"}, given={"name": None}, refused=("name",)),
    Case(name="too long", given={"name": "12345678901"}, refused=("name",)),
    Case(name="too long on a change", stored={"name": "old"}, given={"name": "12345678901"}, refused=("name",)),
    Case(name="just long enough", given={"name": "一二三四五六七八九十"}, kept={"name": "一二三四五六七八九十"}),
    Case(name="a long text too long", given={"name": "x", "lines": "1234567"}, refused=("lines",)),
    Case(name="pattern", given={"name": "x", "code": "ab1"}, refused=("code",)),
    Case(name="pattern on a change", stored={"name": "x"}, given={"code": "ab1"}, refused=("code",)),
    Case(name="pattern not of the whole", given={"name": "x", "code": "AB1x"}, refused=("code",)),
    Case(name="below min", given={"name": "x", "size": 0}, refused=("size",)),
    Case(name="above max", given={"name": "x", "size": 10}, refused=("size",)),
    Case(name="above max on a change", stored={"name": "x"}, given={"size": 10}, refused=("size",)),
    Case(name="share above max", given={"name": "x", "rate": "1.5"}, refused=("rate",)),
    Case(name="share above max on a change", stored={"name": "x"}, given={"rate": "1.5"}, refused=("rate",)),
    Case(name="money below min", given={"name": "x", "price": "-0.01"}, refused=("price",)),
    Case(name="money above max", given={"name": "x", "price": "100.01"}, refused=("price",)),
    Case(name="money above max on a change", stored={"name": "x"}, given={"price": "100.01"}, refused=("price",)),
    Case(name="day before min", given={"name": "x", "day": "2025-12-31"}, refused=("day",)),
    Case(name="day after max", stored={"name": "x"}, given={"day": "2027-01-01"}, refused=("day",)),
    Case(name="hour after max", given={"name": "x", "hour": "18:01"}, refused=("hour",)),
    Case(name="several mistakes in the fields' order", given={"size": 0, "name": "12345678901", "code": "x"},
         refused=("name", "code", "size")),
    Case(name="unique", beside={"name": "y", "code": "AA1"}, given={"name": "x", "code": "AA1"}, refused=("code",)),
    Case(name="a unique pair", beside={"name": "y", "pair_a": "1", "pair_b": "2"},
         given={"name": "x", "pair_a": "1", "pair_b": "2"}, refused=("pair_a", "pair_b")),
    Case(name="a unique pair on a change", beside={"name": "y", "pair_a": "1", "pair_b": "2"},
         stored={"name": "x", "pair_a": "1"}, given={"pair_b": "2"}, refused=("pair_a", "pair_b")),
    Case(name="unique on a change", beside={"name": "y", "code": "AA2"}, stored={"name": "x", "code": "AA3"},
         given={"code": "AA2"}, refused=("code",)),
)  # fmt: skip

CONDITIONS = (
    Case(name="required_if", given={"name": "x", **WHOLE_B, "reason": None}, refused=("reason",)),
    Case(name="required_if on a change", stored={"name": "x"}, given={"kind": "b", "unseen": "u", "unseen_if": "u"},
         refused=("reason",)),
    Case(name="required by a change of one field", stored={"name": "x"}, given={"kind": "b"},
         refused=("unseen", "reason", "unseen_if")),
    Case(name="required_if that does not hold", given={"name": "x", "kind": "a", "reason": None}, kept={"kind": "a"}),
    Case(name="hidden is never required", given={"name": "x", "kind": "a", "size": 5}, kept={"size": 5}),
    Case(name="hidden is never required on a change", stored={"name": "x"}, given={"size": 5}, kept={"size": 5}),
    Case(name="shown is required again", given={"name": "x", "kind": "b", "reason": "r"},
         refused=("unseen", "unseen_if")),
    Case(name="readonly_if", stored={"name": "x", **WHOLE_B, "locked": "old"}, given={"locked": "new"},
         refused=("locked",)),
    Case(name="readonly_if reads what is stored", stored={"name": "x", **WHOLE_B, "locked": "old"},
         given={"locked": "new", "kind": "a"}, refused=("locked",)),
    Case(name="readonly_if does not read what is given", stored={"name": "x", "locked": "old"},
         given={"locked": "new", **WHOLE_B}, kept={"locked": "new", "kind": "b"}),
    Case(name="readonly_if that does not hold", stored={"name": "x", "locked": "old"}, given={"locked": "new"},
         kept={"locked": "new"}),
    Case(name="readonly_if binds no creation", given={"name": "x", **WHOLE_B, "locked": "set"}, kept={"locked": "set"}),
    Case(name="read-only and the same", stored={"name": "x", **WHOLE_B, "locked": "old"},
         given={"locked": "old", "name": "z"}, kept={"locked": "old", "name": "z"}),
)  # fmt: skip

FILLED = (
    Case(name="defaults", given={"name": "x"}, kept={"size": 3, "twice": 6, "same": 3, "kind": "a", "word": "fine"}),
    Case(name="a bare default is text on texts and choices, an expression after =", given={"name": "x"},
         kept={"named": "name", "said": "x!", "picked": "name", "chosen": "a"}),
    Case(name="a default expression follows what was given", given={"name": "x", "size": 4, **WHOLE_B},
         kept={"size": 4, "twice": 8, "chosen": "b"}),
    Case(name="given wins over default", given={"name": "x", "twice": 1, "word": "w", "picked": "other"},
         kept={"twice": 1, "word": "w", "picked": "other"}),
    Case(name="no default for what is emptied later", stored={"name": "x"}, given={"word": None, "twice": None},
         kept={"word": None, "twice": None}),
    Case(name="emptied alone", stored={"name": "x"}, given={"word": None}, kept={"word": None, "named": "name"}),
    Case(name="copies fill what is empty", given={"name": "x", "contact": Person("ada")},
         kept={"mail": "ada@example.com", "town": "Paris"}),
    Case(name="copies fill what is empty on a change", stored={"name": "x"}, given={"contact": Person("ada")},
         kept={"mail": "ada@example.com", "town": "Paris"}),
    Case(name="copies leave what is given", given={"name": "x", "contact": Person("ada"), "town": "Rome"},
         kept={"mail": "ada@example.com", "town": "Rome"}),
    Case(name="copies leave what is stored", stored={"name": "x", "town": "Rome"}, given={"contact": Person("ada")},
         kept={"mail": "ada@example.com", "town": "Rome"}),
    Case(name="copies are for lookups that are set", stored={"name": "x", "contact": Person("ada")},
         given={"town": None}, kept={"mail": "ada@example.com", "town": None}),
    Case(name="copies of nothing", given={"name": "x", "contact": Person("bare")}, kept={"mail": None, "town": None}),
    Case(name="copies are judged", stored={"name": "x"}, given={"contact": Person("far")}, refused=("town",)),
    Case(name="an empty number is 0", given={"name": "x"}, kept={"score": 0, "after_score": 1}),
    Case(name="an emptied number is 0", stored={"name": "x", "score": 5}, given={"score": None},
         kept={"score": 0, "after_score": 1}),
    Case(name="an emptied amount is 0", stored={"name": "x", "fee": "5 CNY"}, given={"fee": None},
         kept={"fee": {"amount": "0.00", "currency": "CNY"}}),
    Case(name="a number given empty is 0", given={"name": "x", "score": None, "fee": None},
         kept={"score": 0, "fee": {"amount": "0.00", "currency": "CNY"}}),
    Case(name="a boolean is never empty", given={"name": "x"}, kept={"flag": False, "sure": False, "plain": True}),
    Case(name="a boolean given empty is false", given={"name": "x", "flag": None, "sure": None},
         kept={"flag": False, "sure": False, "plain": True}),
    Case(name="a boolean emptied is false", stored={"name": "x", "flag": True}, given={"flag": None},
         kept={"flag": False, "plain": True}),
    Case(name="a required boolean may be false", stored={"name": "x", "sure": True}, given={"sure": False},
         kept={"sure": False}),
)  # fmt: skip

BROUGHT = (
    Case(name="normalised", given={"name": "x", "slug": "Ab", "digits": "1-2 3", "serial": "xy"},
         kept={"slug": "ab", "digits": "123", "serial": "XY"}),
    Case(name="normalised on a change", stored={"name": "x"}, given={"digits": "(1) 2-3"}, kept={"digits": "123"}),
    Case(name="normalised before unique", beside={"name": "y", "slug": "abc"}, given={"name": "x", "slug": "ABC"},
         refused=("slug",)),
    Case(name="normalised before unique on a change", beside={"name": "y", "digits": "123"}, stored={"name": "x"},
         given={"digits": "1.2.3"}, refused=("digits",)),
    Case(name="normalised before duplicates", beside={"name": "y", "serial": "QX1"},
         given={"name": "x", "serial": "qx1"}, refused=("serial",)),
    Case(name="normalised before duplicates on a change", beside={"name": "y", "serial": "QX1"}, stored={"name": "x"},
         given={"serial": "qx1"}, refused=("serial",)),
    Case(name="several values are found by each", given={"name": "x", "mails": ["a@one.example", "b@two.example"]},
         kept={"mails": ["a@one.example", "b@two.example"]}, searched=("a@one.example", "b@two.example")),
    Case(name="several values of a change are found by each", stored={"name": "x", "mails": ["old@one.example"]},
         given={"mails": ["c@one.example", "d@two.example"]}, searched=("c@one.example", "d@two.example")),
    Case(name="each of several values is a duplicate", beside={"name": "y", "mails": ["a@x.example", "b@x.example"]},
         given={"name": "x", "mails": ["c@x.example", "b@x.example"]}, refused=("mails",)),
    Case(name="each of several values is a duplicate on a change", stored={"name": "x"},
         beside={"name": "y", "mails": ["a@x.example", "b@x.example"]}, given={"mails": ["c@x.example", "a@x.example"]},
         refused=("mails",)),
    Case(name="each of several values is judged", stored={"name": "x"}, given={"mails": ["a@x.example", "b@"]},
         refused=("mails",)),
)  # fmt: skip

CASES = (*LIMITS, *CONDITIONS, *FILLED, *BROUGHT)
"""LIMITS and CONDITIONS refuse (OBJ-19); FILLED and BROUGHT are about values that are kept otherwise than given."""


def app_files() -> dict[str, str]:
    """Give the app: its objects, one rule a case that gives its values, and roles that may do it."""
    rules = [_rule(number, case) for number, case in enumerate(CASES)]
    return {
        "objects/thing.yaml": THING,
        "objects/person.yaml": PERSON,
        "objects/poke.yaml": POKE,
        "rules/all.rules": "\n\n".join(rules) + "\n",
        "roles/rep.yaml": "role: rep\nobjects:\n  thing: {read: all, create: yes, update: all}\n"
        "  person: {read: all}\n  poke: {read: all, create: yes}\n  user: {read: all}\n",
        "forms/ask.yaml": f"form: ask\nobject: thing\nrole: web_form\nfields: [{_ASKED}]\n",
        "roles/web_form.yaml": "role: web_form\nobjects: {thing: {read: own, create: yes}}\n",
        "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
    }


def _rule(number: int, case: Case) -> str:
    # A rule that leaves a required field out is refused before it runs.
    given = {**({"name": None} if case.stored is None else {}), **case.given}
    values = ", ".join(f"{name}: {_literal(name, value)}" for name, value in given.items())
    act = f"create thing {{ {values} }}" if case.stored is None else f"update target {{ {values} }}"
    return f"rule case_{number}\n  when poke is created\n  if number = {number}\n  then {act}"


def _literal(name: str, value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case Person():
            return f'lookup(person, key, "{value.key}")'
        case list():
            return "[" + ", ".join(_literal(name, each) for each in value) + "]"
        case int():
            return str(value)
    if name in ("price", "fee"):
        return f"{str(value).removesuffix(' CNY')} CNY"
    return str(value) if name in ("rate", "day", "hour") else f'"{value}"'
