"""Reads a text into the tree of grammar.lark: the parser's stored tables, run by a loop that builds what is needed.

Lark computes the tables and says what a text lacks; this loop runs for every text that is right. The tree is the one
that Lark would build (a test holds them to each other), with the places of its nodes in the text and how deep each is.
It belongs to the text alone, never to a file: the same text read again costs nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Any

from lark import Token
from lark.parsers.lalr_analysis import Shift

from workflow_dsl.parsing.grammar import Start, grammar

FLAT = frozenset(("and_", "or_", "join"))
"""Rules whose left-nested chain becomes one node."""

LEAVES = frozenset((
    "expression", "path", "arg", "sort_key", "named",
    "rules_file", "rule", "head", "when", "before", "actions", "action", "people", "recipients", "block", "pair",
    "assignment", "else_part", "approval", "step", "blueprint", "assign", "params", "param", "each",
))  # fmt: skip
"""Rules that add no depth (lists of names, arguments)."""

_KEPT_TEXTS = 8_192
_KEPT_LENGTH = 400


class Node:
    """A node of the tree. number: its place among all nodes, children first."""

    __slots__ = ("children", "data", "depth", "end", "number", "start")
    depth: int

    def __init__(self, data: str, children: Sequence[Node | Token | None], start: int, end: int, number: int) -> None:
        self.data = data
        self.children = children
        self.start = start
        self.end = end
        self.number = number
        deepest = 0
        for child in children:
            if type(child) is Node:
                depth = child.depth - (child.data == data and data in FLAT)
                if depth > deepest:
                    deepest = depth
        self.depth = deepest if data in LEAVES else deepest + 1


def read(text: str, start: Start) -> tuple[Node, ...] | None:
    """Give the nodes of a text, children before parents and the root last; None where it does not parse."""
    if start == "expression" and len(text) <= _KEPT_LENGTH:
        return _read_expression(text)
    return _reader().read(text, start)


def accepted(states: Sequence[int], start: Start) -> set[str]:
    """Give the kinds of token that may follow where a parser of these tables stands, given its stack of states."""
    return _reader().accepted(states, start)


@functools.lru_cache(maxsize=_KEPT_TEXTS)
def _read_expression(text: str) -> tuple[Node, ...] | None:
    return _reader().read(text, "expression")


@functools.cache
def _reader() -> _Reader:
    frontend: Any = grammar().parser
    return _Reader(frontend.parser._parse_table, frontend.lexer.lexers)


@dataclass(frozen=True, slots=True, eq=False)
class _Reduction:
    """What a rule of the grammar makes of its parts. include: part, whether its children stand in its place, empties.

    hands_on: it is made of one part and gives that (most are: a number is an atom is a product is a sum …).
    """

    size: int
    origin: str
    data: str
    expands_one: bool
    inlined: bool
    include: tuple[tuple[int, bool, int], ...]
    empties_after: int
    takes_all: bool
    hands_on: bool

    @staticmethod
    def of(rule: Any) -> _Reduction:
        """Take over a rule of Lark's, with what its options say of tokens and absent parts."""
        marks = "".join(str(int(absent)) for absent in rule.options.empty_indices)
        empties = [len(ones) for ones in marks.split("0")] if marks else [0] * (len(rule.expansion) + 1)
        include, waiting = [], 0
        for position, symbol in enumerate(rule.expansion):
            waiting += empties[position]
            if rule.options.keep_all_tokens or not (symbol.is_term and symbol.filter_out):
                include.append((position, not symbol.is_term and symbol.name.startswith("_"), waiting))
                waiting = 0
        after = waiting + empties[-1]
        plain = len(include) == len(rule.expansion) and not after and not any(i[1] or i[2] for i in include)
        expands_one = bool(rule.options.expand1) and not rule.alias
        return _Reduction(
            size=len(rule.expansion), origin=str(rule.origin.name), data=str(rule.alias or rule.origin.name),
            expands_one=expands_one, hands_on=expands_one and plain and len(include) == 1,
            inlined=not rule.alias and rule.origin.name.startswith("_"),
            include=tuple(include), empties_after=after, takes_all=plain,
        )  # fmt: skip

    def children(self, parts: list[Any]) -> list[Any]:
        """Choose the children among the parts that were read."""
        if self.takes_all:
            return parts
        chosen: list[Any] = []
        for position, expanded, empties in self.include:
            if empties:
                chosen += [None] * empties
            if expanded:
                chosen += parts[position].children
            else:
                chosen.append(parts[position])
        return chosen + [None] * self.empties_after


@dataclass(slots=True)
class _Scanner:
    """What may stand next in some states of the parser."""

    patterns: tuple[Pattern[str], ...]
    keywords: Mapping[str, Any]
    ignored: frozenset[str]

    def token(self, text: str, position: int) -> Token | None:
        """Read the next token; None where nothing fits. White space and comments have the type ''."""
        for pattern in self.patterns:
            found = pattern.match(text, position)
            if found is not None:
                break
        else:
            return None
        kind, value = str(found.lastgroup), found.group()
        if kind in self.ignored:
            return Token("", value, position, None, None, None, None, found.end())
        keywords = self.keywords.get(kind)
        if keywords is not None:
            kind = keywords.scanner.fullmatch(value) or kind
        return Token(kind, value, position, None, None, None, None, found.end())


class _Stack:
    """The parser's stack: states, what was read, and where each part starts and ends (-1: nothing was written)."""

    __slots__ = ("ends", "nodes", "parts", "starts", "states")

    def __init__(self, state: int) -> None:
        self.states = [state]
        self.parts: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.nodes: list[Node] = []

    def shift(self, state: int, token: Token) -> None:
        """Put a token on the stack."""
        self.states.append(state)
        self.parts.append(token)
        self.starts.append(token.start_pos or 0)
        self.ends.append(token.end_pos or 0)

    def reduce(self, rule: _Reduction, actions: Mapping[int, Mapping[str, Any]]) -> None:
        """Put one part in the place of those a rule is made of."""
        states = self.states
        if rule.hands_on:
            states[-1] = actions[states[-2]][rule.origin]
            return
        first = len(self.parts) - rule.size
        parts = self.parts[first:]
        start = next((place for place in self.starts[first:] if place >= 0), -1)
        end = next((place for place in reversed(self.ends[first:]) if place >= 0), -1)
        del states[first + 1 :], self.parts[first:], self.starts[first:], self.ends[first:]
        children = rule.children(parts)
        part = children[0] if rule.expands_one and len(children) == 1 else self._node(rule, children, start, end)
        states.append(actions[states[-1]][rule.origin])
        self.parts.append(part)
        self.starts.append(start)
        self.ends.append(end)

    def _node(self, rule: _Reduction, children: list[Any], start: int, end: int) -> Node:
        node = Node(rule.data, children, max(start, 0), max(end, 0), len(self.nodes))
        if rule.inlined:
            return node
        if rule.data == "matches" and isinstance(children[2], Node) and children[2].data == "text":
            # What stands right of `matches` is a pattern: no braces to fill, backslashes kept.
            children[2].data = "pattern"
        self.nodes.append(node)
        return node


class _Reader:
    """The tables in the form the loop wants: a state's actions by token, an int to shift or go to, or a reduction."""

    def __init__(self, table: Any, lexers: Mapping[int, Any]) -> None:
        reductions: dict[int, _Reduction] = {}
        self._starts: Mapping[str, int] = table.start_states
        self._ends: Mapping[str, int] = table.end_states
        self._lexers = lexers
        self._scanners: dict[int, _Scanner] = {}
        self._actions: dict[int, dict[str, int | _Reduction]] = {}
        for state, actions in table.states.items():
            known = self._actions[state] = {}
            for name, (action, target) in actions.items():
                if action is Shift:
                    known[name] = target
                else:
                    known[name] = reductions.setdefault(id(target), _Reduction.of(target))

    def read(self, text: str, start: Start) -> tuple[Node, ...] | None:
        """Parse a text."""
        stack, position, length = _Stack(self._starts[start]), 0, len(text)
        while position < length:
            token = self._scanner(stack.states[-1]).token(text, position)
            if token is None:
                return None
            position = token.end_pos or length
            if token.type and not self._take(stack, token):
                return None
        return self._end(stack, self._ends[start])

    def accepted(self, states: Sequence[int], start: Start) -> set[str]:
        """Follow all kinds of token at once: most wait for the same reductions, of which there may be thousands."""
        actions, end = self._actions, self._ends[start]
        found: set[str] = set()
        # How much of the stack is left, what lies on top of it, and the kinds that led there.
        waiting: list[tuple[int, tuple[int, ...], list[str]]] = [
            (len(states), (), [kind for kind in actions[states[-1]] if kind.isupper()])
        ]
        while waiting:
            left, above, kinds = waiting.pop()
            state = above[-1] if above else states[left - 1]
            together: dict[_Reduction, list[str]] = {}
            for kind in kinds:
                action = actions[state].get(kind)
                if isinstance(action, int) or (kind == "$END" and state == end):
                    found.add(kind)
                elif action is not None:
                    together.setdefault(action, []).append(kind)
            for rule, led in together.items():
                rest = above[: max(0, len(above) - rule.size)]
                under = left - max(0, rule.size - len(above))
                after = actions[rest[-1] if rest else states[under - 1]][rule.origin]
                assert isinstance(after, int)
                waiting.append((under, (*rest, after), led))
        return found

    def _take(self, stack: _Stack, token: Token) -> bool:
        actions, kind, states = self._actions, token.type, stack.states
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                return False
            if isinstance(action, int):
                stack.shift(action, token)
                return True
            stack.reduce(action, actions)

    def _end(self, stack: _Stack, end: int) -> tuple[Node, ...] | None:
        while stack.states[-1] != end:
            action = self._actions[stack.states[-1]].get("$END")
            if not isinstance(action, _Reduction):
                return None
            stack.reduce(action, self._actions)
        return tuple(stack.nodes)

    def _scanner(self, state: int) -> _Scanner:
        found = self._scanners.get(state)
        if found is None:
            lexer = self._lexers[state]
            patterns = tuple(lexer.scanner._mres)
            found = self._scanners[state] = _Scanner(patterns, dict(lexer.callback), frozenset(lexer.ignore_types))
        return found
