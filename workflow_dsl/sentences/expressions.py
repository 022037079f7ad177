"""Expressions as words: conditions, values and texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from metamodel.fields import FieldDef
from workflow_dsl.printer import print_expression, print_number
from workflow_dsl.sentences.place import Place, option_words
from workflow_dsl.syntax import (
    And,
    Arg,
    Between,
    Binary,
    BinaryOp,
    BooleanLiteral,
    Call,
    DateLiteral,
    DateTimeLiteral,
    Direction,
    DurationLiteral,
    EmptyLiteral,
    Expr,
    InPeriod,
    IsA,
    IsChanged,
    IsEmpty,
    Join,
    ListLiteral,
    MoneyLiteral,
    NamedKind,
    NamedRef,
    Negate,
    Not,
    NumberLiteral,
    Or,
    Path,
    PatternLiteral,
    PercentLiteral,
    Period,
    TextLiteral,
    TextTemplate,
    TimeLiteral,
)

_TESTS: Mapping[BinaryOp, tuple[str, str]] = MappingProxyType(
    {
        BinaryOp.EQ: ("{} is {}", "{}为{}"),
        BinaryOp.NE: ("{} is not {}", "{}不为{}"),
        BinaryOp.LT: ("{} is less than {}", "{}小于{}"),
        BinaryOp.LE: ("{} is at most {}", "{}不超过{}"),
        BinaryOp.GT: ("{} is more than {}", "{}大于{}"),
        BinaryOp.GE: ("{} is at least {}", "{}不少于{}"),
        BinaryOp.IN: ("{} is one of {}", "{}是{}之一"),
        BinaryOp.NOT_IN: ("{} is none of {}", "{}不是{}之一"),
        BinaryOp.CONTAINS: ("{} contains {}", "{}包含{}"),
        BinaryOp.STARTS_WITH: ("{} starts with {}", "{}以{}开头"),
        BinaryOp.ENDS_WITH: ("{} ends with {}", "{}以{}结尾"),
        BinaryOp.MATCHES: ("{} matches the pattern {}", "{}符合格式{}"),
        BinaryOp.HAS_ROLE: ("{} has the role {}", "{}拥有角色{}"),
    }
)
_MOMENT_TESTS: Mapping[BinaryOp, tuple[str, str]] = MappingProxyType(
    {
        BinaryOp.LT: ("{} is before {}", "{}早于{}"),
        BinaryOp.LE: ("{} is {} or earlier", "{}不晚于{}"),
        BinaryOp.GT: ("{} is after {}", "{}晚于{}"),
        BinaryOp.GE: ("{} is {} or later", "{}不早于{}"),
    }
)
_AGGREGATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "count": ("the number of {}", "{}的数量"),
        "sum": ("the sum of {}", "{}的合计"),
        "avg": ("the average of {}", "{}的平均值"),
        "min": ("the least of {}", "{}的最小值"),
        "max": ("the greatest of {}", "{}的最大值"),
        "exists": ("there are {}", "存在{}"),
        "first": ("the first of {}", "{}中的第一个"),
        "last": ("the last of {}", "{}中的最后一个"),
        "join": ("{} joined", "{}的列举"),
    }
)
_UNITS = {
    "second": "秒",
    "minute": "分钟",
    "hour": "小时",
    "day": "天",
    "week": "周",
    "month": "个月",
    "quarter": "个季度",
    "year": "年",
}
_PERIODS = {"day": "今天", "week": "本周", "month": "本月", "quarter": "本季度", "year": "今年"}
_NAMED: Mapping[NamedKind, tuple[str, str]] = MappingProxyType(
    {
        NamedKind.QUEUE: ("the queue “{}”", "队列“{}”"),
        NamedKind.ROLE: ("the role “{}”", "角色“{}”"),
        NamedKind.TEAM: ("the team “{}”", "团队“{}”"),
    }
)
_SHOWN_MOMENTS = frozenset(("date", "datetime", "time"))


def condition_words(place: Place, expression: Expr) -> str:
    """Say a condition."""
    if isinstance(expression, Path):
        return place.say("{} is true", "{}为是").format(value_words(place, expression))
    if isinstance(expression, Not):
        if isinstance(expression.operand, Path):
            return place.say("{} is not true", "{}不为是").format(value_words(place, expression.operand))
        if _is_existence(expression.operand):
            return _negated_existence(place, condition_words(place, expression.operand))
        return place.say("not ({})", "不满足（{}）").format(condition_words(place, expression.operand))
    if isinstance(expression, And | Or):
        return _chain(place, expression)
    return value_words(place, expression)


def _is_existence(expression: Expr) -> bool:
    return isinstance(expression, Call) and expression.function.text == "exists"


def _negated_existence(place: Place, words: str) -> str:
    return f"there are no {words.removeprefix('there are ')}" if not place.is_chinese else f"不{words}"


def _chain(place: Place, expression: And | Or) -> str:
    parts = []
    for operand in expression.operands:
        words = condition_words(place, operand)
        is_mixed = isinstance(operand, And | Or) and type(operand) is not type(expression)
        parts.append(place.say("({})", "（{}）").format(words) if is_mixed else words)
    word = place.say(" and ", "且") if isinstance(expression, And) else place.say(" or ", "或")
    return word.join(parts)


def value_words(place: Place, expression: Expr, field: FieldDef | None = None) -> str:
    """Say a value; `field`: what it is for or compared with, so that an option has its label."""
    if isinstance(expression, TextLiteral):
        return option_words(place, field, expression.value)
    if isinstance(expression, ListLiteral):
        return list_words(place, [value_words(place, item, field) for item in expression.items])
    if isinstance(expression, And | Or | Not):
        return condition_words(place, expression)
    say = _WORDS.get(type(expression))
    return say(place, expression) if say is not None else print_expression(expression)


def list_words(place: Place, words: Sequence[str]) -> str:
    """Join words by commas."""
    return place.say(", ", "、").join(words)


def _binary(place: Place, node: Binary) -> str:
    if node.op not in _TESTS:
        return f"{_inner(place, node.left)} {node.op} {_inner(place, node.right)}"
    field = place.find(node.left).field if isinstance(node.left, Path) else None
    is_moment = field is not None and field.value_type in _SHOWN_MOMENTS
    english, chinese = (_MOMENT_TESTS if is_moment else _TESTS).get(node.op) or _TESTS[node.op]
    return place.say(english, chinese).format(_inner(place, node.left), _inner(place, node.right, field))


def _inner(place: Place, expression: Expr, field: FieldDef | None = None) -> str:
    words = value_words(place, expression, field)
    is_sum = isinstance(expression, Binary) and expression.op in (BinaryOp.ADD, BinaryOp.SUB)
    return place.say("({})", "（{}）").format(words) if is_sum and field is None else words


def _path(place: Place, node: Path) -> str:
    word = _WORDS_OF_LANGUAGE.get(node.dotted)
    return place.say(*word) if word is not None else place.find(node).words


_WORDS_OF_LANGUAGE = MappingProxyType({"now": ("now", "现在"), "today": ("today", "今天")})


def _call(place: Place, node: Call) -> str:
    name = node.function.text
    if name in _AGGREGATES and node.args:
        return place.say(*_AGGREGATES[name]).format(rows_words(place, node.args[0]))
    words = [value_words(place, arg.value) for arg in node.args]
    if name == "coalesce":
        return place.say("({})", "（{}）").format(place.say(" or else ", "，为空时取").join(words))
    if name == "if" and len(words) == 3:
        condition = condition_words(place, node.args[0].value)
        return place.say("({1} if {0}, else {2})", "（若{0}则为{1}，否则为{2}）").format(condition, words[1], words[2])
    return f"{name}({list_words(place, words)})"


def rows_words(place: Place, arg: Arg) -> str:
    """Say which rows are meant: a list or an object, with its condition and order."""
    words, row = value_words(place, arg.value), None
    if isinstance(arg.value, Path):
        names = tuple(name.text for name in arg.value.names)
        starts = [place.find_names(names[:count]).object for count in range(len(names), 0, -1)]
        row = next((found for found in starts if found is not None), None)
    if arg.where is not None:
        condition = condition_words(place.over(row), arg.where)
        words = place.say("{} where {}", "满足“{1}”的{0}").format(words, condition)
    if arg.sorted_by is not None:
        way = place.say("descending", "降序") if arg.sorted_by.descending else place.say("ascending", "升序")
        order = place.over(row).find(arg.sorted_by.path).words
        words = place.say("{} (by {}, {})", "{}（按{}{}）").format(words, order, way)
    return words


def _between(place: Place, node: Between) -> str:
    parts = (value_words(place, each) for each in (node.value, node.low, node.high))
    return place.say("{} is between {} and {}", "{}在{}与{}之间").format(*parts)


def _in_period(place: Place, node: InPeriod) -> str:
    english, chinese = ("{} is not in {}", "{}不在{}内") if node.negated else ("{} is in {}", "{}在{}内")
    return place.say(english, chinese).format(value_words(place, node.value), _period(place, node.period))


def _period(place: Place, period: Period) -> str:
    if not place.is_chinese:
        count = "" if period.count is None else f"{period.count} "
        plural = "s" if period.count not in (None, 1) else ""
        article = "" if period.direction is Direction.THIS else "the "
        business = "business " if period.business else ""
        return f"{article}{period.direction} {count}{business}{period.unit}{plural}"
    if period.direction is Direction.THIS:
        return _PERIODS[period.unit.value]
    way = "最近" if period.direction is Direction.LAST else "未来"
    unit = "个工作日" if period.business and period.unit.value == "day" else _UNITS[period.unit.value]
    return f"{way}{period.count or 1}{unit}"


def duration_words(place: Place, node: DurationLiteral) -> str:
    """Say a length of time: `3 days`, `2个工作日`."""
    number = print_number(node.amount)
    if not place.is_chinese:
        plural = "" if node.amount == 1 else "s"
        return f"{number} {'business ' if node.business else ''}{node.unit}{plural}"
    unit = _UNITS[node.unit.value]
    if node.business:
        unit = "个工作日" if node.unit.value == "day" else f"个工作{unit.removeprefix('个')}"
    return f"{number}{unit}"


def text_words(place: Place, expression: Expr) -> str:
    """Say a text with what is filled in, in brackets."""
    if isinstance(expression, TextTemplate):
        parts = (part if isinstance(part, str) else f"[{value_words(place, part)}]" for part in expression.parts)
        return f"“{''.join(parts)}”"
    return value_words(place, expression)


_EMPTY = {False: ("{} is empty", "{}为空"), True: ("{} is not empty", "{}不为空")}
_CHANGED = {False: ("{} has changed", "{}有变化"), True: ("{} has not changed", "{}没有变化")}

_WORDS: Mapping[type[Expr], Callable[[Place, Any], str]] = MappingProxyType(
    {
        Between: _between,
        Binary: _binary,
        BooleanLiteral: lambda place, node: place.say("yes", "是") if node.value else place.say("no", "否"),
        Call: _call,
        DateLiteral: lambda place, node: node.value.isoformat(),
        DateTimeLiteral: lambda place, node: node.value.isoformat(sep=" ", timespec="minutes"),
        DurationLiteral: duration_words,
        EmptyLiteral: lambda place, node: place.say("empty", "空"),
        InPeriod: _in_period,
        IsA: lambda place, node: place.say("{} is {}", "{}是{}").format(
            value_words(place, node.value), place.one_of(node.object.dotted)
        ),
        IsChanged: lambda place, node: place.say(*_CHANGED[node.negated]).format(value_words(place, node.value)),
        IsEmpty: lambda place, node: place.say(*_EMPTY[node.negated]).format(value_words(place, node.value)),
        Join: lambda place, node: " & ".join(value_words(place, each) for each in node.operands),
        MoneyLiteral: lambda place, node: f"{print_number(node.amount)} {node.currency}",
        NamedRef: lambda place, node: place.say(*_NAMED[node.kind]).format(place.called(node.kind, node.name)),
        Negate: lambda place, node: f"-{_inner(place, node.operand)}",
        NumberLiteral: lambda place, node: print_number(node.value),
        Path: _path,
        PatternLiteral: lambda place, node: f"“{node.value}”",
        PercentLiteral: lambda place, node: f"{print_number(node.points)}%",
        TextTemplate: text_words,
        TimeLiteral: lambda place, node: node.value.isoformat(timespec="minutes"),
    }
)  # fmt: skip
