"""Random typed expressions over any metamodel, as texts: what checks without an error, of a wanted kind.

`ExpressionMaker(metamodel, "deal").of_kind("boolean")` is a hypothesis strategy, `drawn()` the bare rule for thousands.
With `sql_only` nothing is made that only memory can run; what is not wanted is left out with `without`: division,
money, datetime, period, aggregates, durations, or names of functions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis.strategies import SearchStrategy

from metamodel.apps import Metamodel
from metamodel.trees import tree_field
from tests.support import drawing as st
from tests.support.expression_leaves import KIND_NAMES, Leaf, leaves_of
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.types import Kind

Texts = st.Drawn[str]
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

    def of_kind(self, kind: str) -> SearchStrategy[str]:
        """Give expressions of a kind: number, money, text, boolean, date, datetime."""
        return st.as_strategy(_Grammar(self, self.object_key).of(kind, self.depth))

    def conditions(self) -> SearchStrategy[str]:
        """Give conditions."""
        return self.of_kind("boolean")

    def drawn_conditions(self) -> Texts:
        """Give conditions, to be drawn by the thousand."""
        return _Grammar(self, self.object_key).of("boolean", self.depth)

    def any(self) -> SearchStrategy[str]:
        """Give expressions of any kind."""
        return st.as_strategy(self.drawn())

    def drawn(self) -> Texts:
        """Give expressions of any kind, to be drawn by the thousand."""
        kinds = [
            kind
            for kind in ("number", "money", "text", "boolean", "date", "datetime", "time", "duration", "list")
            if kind not in self.without
        ]
        grammar = _Grammar(self, self.object_key)
        return st.one_of(*(grammar.of(kind, self.depth) for kind in kinds))


def _expression(grammar: _Grammar, kind: str, depth: int) -> Texts:
    # Which ones there are is found out when it is drawn: written out at once they would be without end.
    return st.Drawn(lambda chance: chance.choice(grammar.choices(kind, depth)).draw(chance))


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
        """Give what an expression of a kind may be made of; made once."""
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
            "time": st.sampled_from(("09:00", "23:59", "00:00")),
            "duration": st.sampled_from((*_SPANS, "5 hours", "2 business days")),
            "list": st.sampled_from(('["a", "Acme"]', '["阀门"]')),
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

    def ordered(self, function: str, kind: str, depth: int) -> list[Texts]:
        """Give `first`, `last` and `join` over the lists, in an order."""
        found: list[Texts] = []
        for name, row_object in self.lists():
            rows = _Grammar(self.maker, row_object, inner=True)
            fields = [leaf.path for leaf in rows.leaves.get(kind, ()) if "." not in leaf.path]
            keys = [
                leaf.path for each in ("number", "money", "text", "date", "datetime")
                for leaf in rows.leaves.get(each, ()) if "." not in leaf.path
            ]  # fmt: skip
            if fields and self.allows(function):
                parts = st.tuples(st.sampled_from(fields), st.sampled_from(("", "-")), st.sampled_from(keys))
                found.append(parts.map(lambda p, name=name: f"{function}({name}.{p[0]} sorted by {p[1]}{p[2]})"))  # type: ignore[misc]
        return found


def _binary(left: Texts, operators: Sequence[str], right: Texts) -> Texts:
    return st.tuples(left, st.sampled_from(operators), right).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})")


def _wholes(grammar: _Grammar) -> Texts:
    """Give whole numbers: literals, and fields of whole numbers."""
    paths = [leaf.path for leaf in grammar.leaves.get("number", ()) if leaf.type.kind is Kind.INTEGER]
    literals = st.sampled_from(("0", "1", "2", "3", "-1", "7", "30"))
    return st.one_of(literals, st.sampled_from(paths)) if paths else literals


def _moment(grammar: _Grammar, depth: int) -> Texts:
    return st.one_of(grammar.of("date", depth), grammar.of("datetime", depth))


def _more_numbers(grammar: _Grammar, depth: int) -> list[Texts]:
    number, text = grammar.of("number", depth), grammar.of("text", depth)
    moment, whole, duration = _moment(grammar, depth), _wholes(grammar), grammar.of("duration", 0)
    exponents = st.sampled_from(("2", "3", "-1", "0.5", "1.5"))
    return [
        *grammar.call("power", number, exponents),
        *grammar.call("sqrt", number),
        *grammar.call("log", number),
        *grammar.call("log", number, st.sampled_from(("2", "7.5"))),
        *grammar.call("mod", number, number),
        *grammar.call("min", number, number),
        *grammar.call("max", number, number, number),
        *grammar.call("number", text),
        *grammar.call("number", grammar.of("money", depth)),
        *grammar.call("find", text, text, whole),
        *(grammar.call(name, moment)[0] for name in ("year", "quarter", "month", "day", "weekday")),
        *grammar.call("hour", grammar.of("datetime", depth)),
        *grammar.call("minute", grammar.of("time", depth)),
        *grammar.call("months_between", moment, moment),
        *grammar.call("business_days_between", moment, moment),
        *grammar.call("filled", grammar.of("list", 0), grammar.of("money", depth)),
        st.tuples(grammar.of("money", depth), grammar.of("money", depth)).map(lambda p: f"({p[0]} / {p[1]})"),
        st.tuples(duration, duration).map(lambda p: f"({p[0]} / {p[1]})"),
        *_cases(grammar, number),
        *(grammar.aggregate("avg", "number", depth) if grammar.allows("avg") else []),
        *(grammar.aggregate("min", "number", depth) if grammar.allows("min") else []),
        *grammar.ordered("first", "number", depth),
    ]


def _cases(grammar: _Grammar, value: Texts) -> list[Texts]:
    """Give `case` over a number."""
    subject = grammar.of("number", 0)
    keys = st.sampled_from(("0", "7", "0.5", "empty"))
    return grammar.call("case", subject, keys, value, keys, value, value)


def _more_texts(grammar: _Grammar, depth: int) -> list[Texts]:
    text, number, whole = grammar.of("text", depth), grammar.of("number", depth), _wholes(grammar)
    moment, items = _moment(grammar, depth), grammar.of("list", depth)
    anything = st.one_of(
        number, text, moment, grammar.of("money", depth), grammar.of("boolean", 0), grammar.of("time", 0),
        grammar.of("duration", 0), items, *grammar._paths("record"),
    )  # fmt: skip
    labelled = [leaf.path for leaf in grammar.leaves.get("choice", ())]
    return [
        *grammar.call("title", text),
        *grammar.call("replace", text, text, text),
        *grammar.call("pad", text, whole, st.sampled_from(('"0"', '"零"'))),
        *grammar.call("mid", text, whole, whole),
        *grammar.call("join", items, st.sampled_from(('", "', '"|"', '""'))),
        *grammar.call("format", number, st.sampled_from(('"0"', '"00.00"', '"#,##0.00"', '"0%"'))),
        *grammar.call("format", grammar.of("money", depth), st.just('"#,##0.00"')),
        *grammar.call("format", moment, st.sampled_from(('"YYYY-MM-DD"', '"DD.MM. hh:mm"', '"ss"'))),
        *grammar.call("format", grammar.of("time", 0), st.just('"hh.mm"')),
        *grammar.call("format_phone", st.one_of(text, st.sampled_from(_PHONES)), st.sampled_from(('"CN"', '"US"'))),
        *grammar.call("text", anything),
        *grammar.call("url", st.one_of(st.just("this"), *grammar._paths("record"))),
        *grammar.call("min", text, text),
        *(grammar.call("label", st.sampled_from(labelled)) if labelled else []),
        st.lists(anything, min_size=1, max_size=2).map(_in_braces).filter(lambda made: made != ""),
        *grammar.ordered("last", "text", depth),
        *grammar.ordered("join", "text", depth),
        *_cases(grammar, text),
    ]


def _in_braces(parts: Sequence[str]) -> str:
    """Give a text with the parts in it; texts inside are written with the other quotes."""
    if any("'" in part for part in parts):
        return ""
    return '"<' + "/".join("{" + part.replace('"', "'") + "}" for part in parts) + '>"'


def _times(grammar: _Grammar, depth: int) -> list[Texts]:
    return [
        *grammar.call("time", grammar.of("datetime", depth)),
        *grammar.call("time", st.sampled_from(('"08:15"', '"noon"', '"23:59:59"'))),
        _binary(grammar.of("time", depth), ("+", "-"), st.sampled_from(("5 hours", "90 minutes"))),
    ]


def _durations(grammar: _Grammar, depth: int) -> list[Texts]:
    duration, date = grammar.of("duration", depth), grammar.of("date", depth)
    moment, time = grammar.of("datetime", depth), grammar.of("time", 0)
    return [
        _binary(date, ("-",), date),
        _binary(moment, ("-",), moment),
        _binary(time, ("-",), time),
        _binary(duration, ("+", "-"), duration),
        _binary(duration, ("*", "/"), st.sampled_from(("2", "0.5", "3", "-1"))),
        _wholes(grammar).map(lambda count: f"({count} * 1 day)"),
        duration.map(lambda inner: f"(-({inner}))"),
        *grammar.call("max", duration, duration),
    ]


def _lists_of_texts(grammar: _Grammar, depth: int) -> list[Texts]:
    return [*grammar.call("split", grammar.of("text", depth), st.sampled_from(('" "', '","', '"a"')))]


def _more_dates(grammar: _Grammar, depth: int) -> list[Texts]:
    date, moment, whole = grammar.of("date", depth), _moment(grammar, depth), _wholes(grammar)
    units = st.sampled_from(('"day"', '"week"', '"month"', '"quarter"', '"year"'))
    return [
        *grammar.call("add_days", date, whole),
        *grammar.call("add_months", date, whole),
        *grammar.call("start_of", moment, units),
        *grammar.call("end_of", moment, units),
        *grammar.call("date", st.sampled_from(("2024", "2026")), whole, whole),
        *grammar.call("date", st.one_of(grammar.of("text", 0), st.just('"2026-02-30"'), st.just('"2026-03-01"'))),
        *grammar.call("max", date, date),
        _binary(date, ("+", "-"), st.sampled_from(("2 business days", "1 business day"))),
        _binary(date, ("+", "-"), grammar.of("duration", 0).filter(lambda made: "hour" not in made)),
        *grammar.ordered("first", "date", depth),
    ]


def _more_datetimes(grammar: _Grammar, depth: int) -> list[Texts]:
    moment = grammar.of("datetime", depth)
    return [
        *grammar.call("datetime", grammar.of("date", depth)),
        *grammar.call("datetime", grammar.of("date", depth), grammar.of("time", depth)),
        *grammar.call("datetime", st.sampled_from(('"2026-03-01T08:00"', '"2026-03-01T08:00+02:00"', '"soon"'))),
        *grammar.call("add_days", moment, _wholes(grammar)),
        *grammar.call("add_months", moment, _wholes(grammar)),
        *grammar.call("min", moment, moment),
        _binary(moment, ("+", "-"), grammar.of("duration", depth)),
        _binary(moment, ("+", "-"), st.sampled_from(("3 business days", "5 business hours"))),
    ]


def _is_no_literal(text: str) -> bool:
    return not text.lstrip("( ").startswith('"')


def _more_conditions(grammar: _Grammar, depth: int) -> list[Texts]:
    text, items = grammar.of("text", depth), grammar.of("list", depth)
    found: list[Texts] = [
        *grammar.call("is_number", text),
        *grammar.call("has_permission", st.one_of(text.filter(_is_no_literal), st.just('"import"'))),
        *grammar.call("in_team", st.sampled_from(('"east"', "name"))),
        _binary(items, ("contains",), text),
        _binary(text, ("in", "not in"), items),
        st.tuples(items, st.sampled_from(("is empty", "is not empty"))).map(lambda p: f"({p[0]} {p[1]})"),
    ]
    for kind in ("time", "duration"):
        value = grammar.of(kind, depth)
        found.append(_binary(value, _ORDER, value))
    users = [leaf.path for leaf in grammar.leaves.get("record", ()) if "user" in leaf.type.objects]
    if users:
        found += grammar.call("is_subordinate", st.sampled_from(users))
        found.append(st.sampled_from(users).map(lambda path: f"({path} is a user)"))
    for key, object_def in grammar.maker.metamodel.objects.items():
        nodes = [leaf.path for leaf in grammar.leaves.get("record", ()) if leaf.type.objects == (key,)]
        if nodes and tree_field(object_def) is not None:
            found += grammar.call("in_subtree", st.sampled_from(nodes), st.sampled_from(nodes))
    roles = sorted(grammar.maker.metamodel.roles)
    if users and roles:
        pairs = st.tuples(st.sampled_from(users), st.sampled_from(roles))
        found.append(pairs.map(lambda p: f'({p[0]} has role "{p[1]}")'))
    return found


_PHONES = ('"138 0013 8000"', '"+1 650-253-0000"', '"0049 30 123456"', '"(650) 253 0000"', '"１３８００１３８０００"')


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
        *_more_numbers(grammar, depth),
    ]


def _money(grammar: _Grammar, depth: int) -> list[Texts]:
    money = grammar.of("money", depth)
    factor = st.sampled_from(("2", "0.5", "10%", "-1"))
    return [
        _binary(money, ("+", "-"), money),
        _binary(money, ("*", "/"), factor),
        money.map(lambda inner: f"(-{inner})"),
        *(grammar.call(name, money)[0] for name in ("abs", "round", "floor", "ceil") if grammar.allows(name)),
        *grammar.call("round", money, st.sampled_from(("1", "2"))),
        *grammar.call("max", money, money),
        *(grammar.aggregate("max", "money", depth) if grammar.allows("max") else []),
        *(grammar.aggregate("avg", "money", depth) if grammar.allows("avg") else []),
        *grammar.ordered("last", "money", depth),
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
        *_more_texts(grammar, depth),
    ]


_SPANS = ("1 day", "3 days", "2 weeks", "1 month", "1 year", "5 quarters")


def _dates(grammar: _Grammar, depth: int) -> list[Texts]:
    if "durations" in grammar.maker.without:
        return []
    moments = [*grammar.call("date", grammar.of("datetime", 0))] if "datetime" not in grammar.maker.without else []
    spans = _binary(grammar.of("date", depth), ("+", "-"), st.sampled_from(_SPANS))
    return [spans, *moments, *_more_dates(grammar, depth)]


def _datetimes(grammar: _Grammar, depth: int) -> list[Texts]:
    if "durations" in grammar.maker.without:
        return []
    spans = st.sampled_from((*_SPANS, "5 hours", "90 minutes"))
    return [_binary(grammar.of("datetime", depth), ("+", "-"), spans), *_more_datetimes(grammar, depth)]


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
    return [*found, *_more_conditions(grammar, depth)]


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
    "time": _times,
    "duration": _durations,
    "list": _lists_of_texts,
}
