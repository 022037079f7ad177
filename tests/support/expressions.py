"""Random typed expressions over any metamodel, as texts: what checks without an error, of a wanted kind.

`ExpressionMaker(metamodel, "deal").of_kind("boolean")` is a hypothesis strategy. With `sql_only` nothing is made that
only memory can run; what a back end does not do (yet) is left out with `without`: division, money, datetime, period,
aggregates, durations, or names of functions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from metamodel.apps import Metamodel
from tests.support.expression_leaves import KIND_NAMES, Leaf, leaves_of
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.standard_functions import standard_functions

Texts = st.SearchStrategy[str]
_WORDS = ("Acme", "acme", "ＡＣＭＥ", "阀门", "Größe", "", "a", "100%", "o'k", "x_y")
_DATES = ("2026-01-31", "2026-02-28", "2026-11-21", "2024-02-29", "2025-12-31")
_MOMENTS = ("2026-11-20T23:30", "2026-11-21T00:00", "2026-03-01T08:15Z")
_PERIODS = (
    "last 30 days", "next 7 days", "this quarter", "last month", "next year", "this week", "last 2 quarters",
    "last day",
)  # fmt: skip


@dataclass(slots=True)
class ExpressionMaker:
    """Makes expressions over the records of one object.

    row: object of a row in sight (inside `where`). depth: how deep expressions nest.
    """

    metamodel: Metamodel
    object_key: str
    sql_only: bool = True
    without: frozenset[str] = frozenset()
    depth: int = 3
    lookups: int = 2
    functions: FunctionRegistry = field(default_factory=standard_functions)

    def of_kind(self, kind: str) -> Texts:
        """Give expressions of a kind: number, money, text, boolean, date, datetime."""
        return _Grammar(self, self.object_key).of(kind, self.depth)

    def conditions(self) -> Texts:
        """Give conditions."""
        return self.of_kind("boolean")

    def any(self) -> Texts:
        """Give expressions of any kind."""
        kinds = [
            kind for kind in ("number", "money", "text", "boolean", "date", "datetime") if kind not in self.without
        ]
        return st.sampled_from(kinds).flatmap(self.of_kind)


@st.composite
def _expression(draw: st.DrawFn, grammar: _Grammar, kind: str, depth: int) -> str:
    choices = grammar.choices(kind, depth)
    # Drawn by number: strategies inside strategies would be written out by hypothesis, which grows without bound.
    index = draw(st.integers(0, len(choices) - 1)) if len(choices) > 1 else 0
    return draw(choices[index])


class _Grammar:
    """The expressions over one object; `inner` ones are about a row and have no lists of their own."""

    def __init__(self, maker: ExpressionMaker, object_key: str, *, inner: bool = False) -> None:
        self.maker = maker
        self.object_def = maker.metamodel.objects[object_key]
        self.inner = inner
        by_kind: dict[str, list[Leaf]] = defaultdict(list)
        for leaf in leaves_of(maker.metamodel, object_key, maker.lookups):
            name = KIND_NAMES.get(leaf.type.kind)
            if name is not None:
                by_kind[name].append(leaf)
        self.leaves: Mapping[str, Sequence[Leaf]] = by_kind
        self._choices: dict[tuple[str, int], list[Texts]] = {}

    def of(self, kind: str, depth: int) -> Texts:
        """Give expressions of a kind."""
        return _expression(self, kind, depth)

    def choices(self, kind: str, depth: int) -> list[Texts]:
        """Give what an expression of a kind may be made of; made once, since hypothesis asks for it at every draw."""
        key = (kind, depth)
        if key not in self._choices:
            compound = self._compound(kind, depth - 1) if depth > 0 else []
            self._choices[key] = [self._simple(kind), *compound]
        return self._choices[key]

    def _paths(self, kind: str) -> list[Texts]:
        paths = [leaf.path for leaf in self.leaves.get(kind, ())]
        return [st.sampled_from(paths)] if paths else []

    def _simple(self, kind: str) -> Texts:
        literals: dict[str, Texts] = {
            "number": st.one_of(st.integers(0, 50).map(str), st.sampled_from(("0.5", "12.25", "20%", "1_000"))),
            "money": st.integers(0, 100_000).map(lambda amount: f"{amount} CNY"),
            "text": st.sampled_from(_WORDS).map(lambda word: '"' + word + '"'),
            "boolean": st.sampled_from(("true", "false")),
            "date": st.sampled_from((*_DATES, "today")),
            "datetime": st.sampled_from((*_MOMENTS, "now")),
        }
        # A path is drawn more often than a literal: constants alone prove little.
        return st.one_of(*self._paths(kind), *self._paths(kind), literals[kind])

    def _compound(self, kind: str, depth: int) -> list[Texts]:
        return [*self._branches(kind, depth), *_MAKERS[kind](self, depth)]

    def allows(self, what: str) -> bool:
        """Say whether a feature or function may be used."""
        if what in self.maker.without:
            return False
        function = self.maker.functions.find(what)
        return function is None or function.sql or not self.maker.sql_only

    def call(self, name: str, *args: Texts) -> list[Texts]:
        """Give calls of a function, if it may be used."""
        if not self.allows(name):
            return []
        return [st.tuples(*args).map(lambda parts: f"{name}({', '.join(parts)})")]

    def _branches(self, kind: str, depth: int) -> list[Texts]:
        value, condition = self.of(kind, depth), self.of("boolean", depth)
        return [*self.call("if", condition, value, value), *self.call("coalesce", value, value)]

    def lists(self) -> list[tuple[str, str]]:
        """Give (list path, object of its rows)."""
        if "aggregates" in self.maker.without or self.inner:
            return []
        return [(name, inverse.object) for name, inverse in self.object_def.inverses.items()]

    def aggregate(self, function: str, kind: str | None, depth: int) -> list[Texts]:
        """Give aggregates over the lists, with and without `where`."""
        found: list[Texts] = []
        for name, row_object in self.lists():
            rows = _Grammar(self.maker, row_object, inner=True)
            fields = [leaf.path for leaf in rows.leaves.get(kind, ())] if kind is not None else []
            if kind is not None and not fields:
                continue
            source = st.sampled_from([f"{name}.{path}" for path in fields]) if kind is not None else st.just(name)
            where = st.one_of(st.just(""), rows.of("boolean", min(depth, 1)).map(lambda text: f" where {text}"))
            found.append(st.tuples(source, where).map(lambda pair: f"{function}({pair[0]}{pair[1]})"))
        return found


def _binary(left: Texts, operators: Sequence[str], right: Texts) -> Texts:
    return st.tuples(left, st.sampled_from(operators), right).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})")


def _numbers(grammar: _Grammar, depth: int) -> list[Texts]:
    number, text, date = grammar.of("number", depth), grammar.of("text", depth), grammar.of("date", depth)
    operators = ("+", "-", "*") if "division" in grammar.maker.without else ("+", "-", "*", "/")
    return [
        _binary(number, operators, number),
        number.map(lambda inner: f"-({inner})"),
        *grammar.call("abs", number),
        *grammar.call("round", number),
        *grammar.call("floor", number),
        *grammar.call("ceil", number),
        *grammar.call("round", number, st.sampled_from(("0", "1", "2"))),
        *grammar.call("mod", number, st.sampled_from(("2", "7"))),
        *grammar.call("len", text),
        *grammar.call("year", date),
        *grammar.call("month", date),
        *grammar.call("weekday", date),
        *grammar.call("days_between", date, date),
        *grammar.call("filled", text, number),
        *grammar.call("find", text, text),
        *(grammar.aggregate("count", None, depth) if grammar.allows("count") else []),
        *(grammar.aggregate("sum", "number", depth) if grammar.allows("sum") else []),
        *(grammar.aggregate("max", "number", depth) if grammar.allows("max") else []),
    ]


def _money(grammar: _Grammar, depth: int) -> list[Texts]:
    money = grammar.of("money", depth)
    factor = st.sampled_from(("2", "0.5", "10%", "-1"))
    return [
        _binary(money, ("+", "-"), money),
        _binary(money, ("*",), factor),
        *(grammar.aggregate("sum", "money", depth) if grammar.allows("sum") else []),
    ]


def _texts(grammar: _Grammar, depth: int) -> list[Texts]:
    text, number = grammar.of("text", depth), st.sampled_from(("0", "1", "3"))
    return [
        _binary(text, ("&",), text),
        *grammar.call("left", text, number),
        *grammar.call("right", text, number),
        *grammar.call("mid", text, st.just("2"), number),
        *grammar.call("lower", text),
        *grammar.call("upper", text),
        *grammar.call("trim", text),
    ]


_SPANS = ("1 day", "3 days", "2 weeks", "1 month", "1 year", "5 quarters")


def _dates(grammar: _Grammar, depth: int) -> list[Texts]:
    if "durations" in grammar.maker.without:
        return []
    moments = [*grammar.call("date", grammar.of("datetime", 0))] if "datetime" not in grammar.maker.without else []
    return [_binary(grammar.of("date", depth), ("+", "-"), st.sampled_from(_SPANS)), *moments]


def _datetimes(grammar: _Grammar, depth: int) -> list[Texts]:
    if "durations" in grammar.maker.without:
        return []
    return [_binary(grammar.of("datetime", depth), ("+", "-"), st.sampled_from((*_SPANS, "5 hours", "90 minutes")))]


_ORDER = ("=", "!=", "<", "<=", ">", ">=")


def _conditions(grammar: _Grammar, depth: int) -> list[Texts]:
    condition = grammar.of("boolean", depth)
    found: list[Texts] = [
        _binary(condition, ("and", "or"), condition),
        condition.map(lambda inner: f"(not {inner})"),
        _text_tests(grammar, depth),
    ]
    for kind in ("number", "money", "text", "date", "datetime"):
        if kind in grammar.maker.without:
            continue
        value = grammar.of(kind, depth)
        found += [
            _binary(value, _ORDER, value),
            st.tuples(value, value, value).map(lambda p: f"({p[0]} between {p[1]} and {p[2]})"),
            st.tuples(value, st.sampled_from(("is empty", "is not empty"))).map(lambda p: f"({p[0]} {p[1]})"),
            st.tuples(value, st.sampled_from(("in", "not in")), st.lists(value, min_size=1, max_size=3)).map(
                lambda p: f"({p[0]} {p[1]} [{', '.join(p[2])}])"
            ),
        ]
    found += [*_choice_tests(grammar), *_record_tests(grammar), *_period_tests(grammar)]
    if grammar.allows("exists"):
        found += grammar.aggregate("exists", None, depth)
    return found


def _text_tests(grammar: _Grammar, depth: int) -> Texts:
    text = grammar.of("text", depth)
    return _binary(text, ("contains", "starts with", "ends with"), text)


def _choice_tests(grammar: _Grammar) -> list[Texts]:
    found: list[Texts] = []
    for leaf in grammar.leaves.get("choice", ()):
        if leaf.type.options:
            option = st.sampled_from([f'"{option}"' for option in leaf.type.options])
            path = st.just(leaf.path)
            found.append(_binary(path, ("=", "!="), st.one_of(option, st.just("empty"))))
            found.append(
                st.tuples(path, st.sampled_from(("in", "not in")), st.lists(option, min_size=1, max_size=3)).map(
                    lambda p: f"({p[0]} {p[1]} [{', '.join(p[2])}])"
                )
            )
    return found


def _record_tests(grammar: _Grammar) -> list[Texts]:
    leaves = grammar.leaves.get("record", ())
    if not leaves:
        return []
    path = st.sampled_from([leaf.path for leaf in leaves])
    users = [leaf.path for leaf in leaves if not leaf.type.objects or "user" in leaf.type.objects]
    empties = st.tuples(path, st.sampled_from(("is empty", "is not empty"))).map(lambda p: f"({p[0]} {p[1]})")
    return [empties, *([_binary(st.sampled_from(users), ("=", "!="), st.just("user"))] if users else [])]


def _period_tests(grammar: _Grammar) -> list[Texts]:
    if "period" in grammar.maker.without:
        return []
    kinds = [kind for kind in ("date", "datetime") if kind not in grammar.maker.without]
    words, period = st.sampled_from(("in", "not in")), st.sampled_from(_PERIODS)
    return [st.tuples(grammar.of(kind, 0), words, period).map(lambda parts: f"({' '.join(parts)})") for kind in kinds]


_MAKERS: Mapping[str, Callable[[_Grammar, int], list[Texts]]] = {
    "number": _numbers,
    "money": _money,
    "text": _texts,
    "boolean": _conditions,
    "date": _dates,
    "datetime": _datetimes,
}
