"""Generates an app of any size: objects with fields of many types, lookups between them, formulas, lists, a role.

One field in ten is a formula, and one formula in two reaches across a lookup. The same sizes give the same texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PLAIN = (
    "text, required: true, max_length: 80",
    "long_text",
    "integer, min: 0",
    "decimal, digits: 2",
    "money, min: 0",
    "percent",
    "date",
    "datetime",
    "boolean",
    "email",
    "phone",
    "url",
    "choice, options: {open: {label: {en: Open, zh: 进行中}, color: blue}, done: {label: {en: Done, zh: 完成}}}",
    "text, visible_if: is_open",
    "integer, readonly_if: 'count_2 > 10'",
    "date, required_if: is_open and when is empty",
)
APP = """app: big
version: 1.0.0
label: {en: Big, zh: 大应用}
languages: [en, zh]
currency: CNY
timezone: Asia/Shanghai
"""
ROLE = """role: rep
label: {en: Worker, zh: 员工}
objects: {"*": {read: all, create: yes, update: all, delete: all, export: yes}}
menus: ["*"]
"""
BOSS = """role: boss
label: {en: Boss, zh: 主管}
includes: [rep]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many objects and fields there are; each object after the first looks up an earlier one."""

    objects: int = 300
    fields: int = 7_000


def generated_sources(sizes: Sizes) -> dict[str, str]:
    """Give the files of the app by their paths inside the folder."""
    files = {"app.yaml": APP, "roles/rep.yaml": ROLE, "roles/boss.yaml": BOSS}
    for number in range(sizes.objects):
        count = sizes.fields // sizes.objects + (number < sizes.fields % sizes.objects)
        files[f"objects/{name_of(number)}.yaml"] = _object(number, max(6, count))
    return files


def write_generated(folder: Path, sizes: Sizes) -> Path:
    """Write the app into a folder and give the folder."""
    for path, text in generated_sources(sizes).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder


def name_of(number: int) -> str:
    """Name an object."""
    return f"thing_{number:03}"


def _object(number: int, count: int) -> str:
    own = name_of(number)
    lines = [
        f"object: {own}",
        f"label: {{en: Thing {number}, zh: 事物{number}}}",
        f"plural: {{en: Things {number}, zh: 事物{number}}}",
        'title: "{name}"',
        "search: [name]",
        "fields:",
        "  name: {type: text, required: true, max_length: 120, label: {en: Name, zh: 名称}}",
        "  is_open: {type: boolean, label: {en: Open, zh: 进行中}}",
        "  when: {type: date, label: {en: When, zh: 日期}}",
        "  amount: {type: money, min: 0, label: {en: Amount, zh: 金额}}",
        "  count_2: {type: integer, label: {en: Count, zh: 数量}}",
    ]
    names = ["name", "is_open", "when", "amount", "count_2"]
    if number:
        lines.append(
            f"  parent: {{type: lookup, to: {name_of((number - 1) // 2)}, inverse: {own}_items, "
            "label: {en: Parent, zh: 上级}}"
        )
        names.append("parent")
    for index in range(len(names), count):
        name = f"field_{index}"
        lines.append(f"  {name}: {{type: {_type(index, number)}, label: {{en: Field {index}, zh: 字段{index}}}}}")
        names.append(name)
    return "\n".join([*lines, *_pages(names, number)]) + "\n"


def _type(index: int, number: int) -> str:
    if index % 10 == 9:
        across = bool(number) and (index // 10) % 2 == number % 2
        formula = "amount * 2 + parent.amount" if across else "if(is_open, amount * 3, amount)"
        return f"money, formula: '{formula}'"
    return _PLAIN[(index + number) % len(_PLAIN)]


def _pages(names: list[str], number: int) -> list[str]:
    columns = [*names[:5], *(["parent.name"] if number else [])]
    return [
        "validations:",
        "  - name: in_time",
        "    when: when is not empty",
        "    check: when >= 2000-01-01 and amount >= 0",
        "    field: when",
        '    message: {en: "{name} is too early.", zh: "{name} 太早了。"}',
        "layout:",
        f"  highlights: [{', '.join(names[1:4])}]",
        "  sections:",
        f"    - {{label: {{en: Main, zh: 基本}}, columns: 2, fields: [{', '.join(names)}]}}",
        "views:",
        "  open_ones:",
        "    label: {en: Open, zh: 进行中}",
        f"    columns: [{', '.join(columns)}]",
        "    where: is_open and amount > 100",
        "    sort: [-amount, name]",
    ]


def joined(sources: Mapping[str, str], folder: str = "big") -> dict[str, str]:
    """Give the texts by `folder/path`."""
    return {f"{folder}/{path}": text for path, text in sources.items()}
