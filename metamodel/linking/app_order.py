"""Brings apps into dependency order and checks what they depend on: missing apps, versions, cycles."""

from __future__ import annotations

import re
from collections.abc import Mapping

from metamodel.names import did_you_mean
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar, Sequence

CORE = "core"
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}\Z", re.ASCII)
_CONSTRAINT = re.compile(r"(>=|<=|==|!=|>|<|=)?\s*([0-9]{1,6}(?:\.[0-9]{1,6}){0,3})\Z", re.ASCII)


def order_apps(nodes: Mapping[str, MappingNode], problems: Problems) -> tuple[str, ...]:
    """Give the app names so that each stands after those it depends on: core first, else as given.

    A circle is reported and cut.
    nodes: app name → node of its app.yaml.
    Problems: APP311, APP312, APP313, APP314.
    """
    depends = {name: _known_dependencies(name, nodes, problems) for name in nodes}
    ordered: list[str] = []
    state: dict[str, bool] = {}

    def visit(name: str, chain: tuple[str, ...]) -> None:
        if state.get(name):
            return
        if name in chain:
            cycle = (*chain[chain.index(name) :], name)
            at = nodes[cycle[0]].key("depends") or nodes[cycle[0]]
            problems.report("APP313", f"apps depend on each other in a circle: {' → '.join(cycle)}", at.at)
            return
        for other in depends[name]:
            visit(other, (*chain, name))
        if not state.get(name):
            state[name] = True
            ordered.append(name)

    for name in sorted(nodes, key=lambda app: app != CORE):
        visit(name, ())
    return tuple(ordered)


def visible_apps(name: str, nodes: Mapping[str, MappingNode]) -> frozenset[str]:
    """Give the app itself and all it depends on, directly or through others; core always."""
    seen = {CORE}
    waiting = [name]
    while waiting:
        app = waiting.pop()
        if app in nodes and (app not in seen or app == name):
            if app in seen and app != CORE:
                continue
            seen.add(app)
            waiting += [entry for entry in _written(nodes[app]) if entry not in seen]
    return frozenset(seen)


def is_version(text: str) -> bool:
    """Tell whether a text is a version: one to four numbers with dots."""
    return bool(_VERSION.match(text))


def meets(version: str, constraint: str) -> bool | None:
    """Tell whether a version meets `>=1.0, <2`; None where the constraint can't be read."""
    have = _numbers(version)
    for part in filter(None, (piece.strip() for piece in constraint.split(","))):
        matched = _CONSTRAINT.match(part)
        if matched is None:
            return None
        want = _numbers(matched.group(2))
        comparisons = {
            ">=": have >= want, "<=": have <= want, ">": have > want, "<": have < want, "!=": have != want,
        }  # fmt: skip
        if not comparisons.get(matched.group(1) or "==", have == want):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")] if is_version(version) else [0]
    return tuple(numbers + [0] * (4 - len(numbers)))


def _written(node: MappingNode) -> dict[str, tuple[Scalar, Node | None]]:
    depends = node.get("depends")
    if isinstance(depends, MappingNode):
        return {entry.key.text: (entry.key, entry.value) for entry in depends.entries}
    if isinstance(depends, Sequence):
        return {item.text: (item, None) for item in depends.items if isinstance(item, Scalar)}
    return {}


def _known_dependencies(name: str, nodes: Mapping[str, MappingNode], problems: Problems) -> tuple[str, ...]:
    known = [] if name == CORE else [CORE]
    for other, (key, constraint) in _written(nodes[name]).items():
        if other not in nodes:
            hint = did_you_mean(other, nodes) or "give its folder too"
            message = f"the app '{other}', which '{name}' depends on, is missing"
            problems.report("APP311", message, key.at, hint=hint, length=key.length)
            continue
        if other != CORE:
            known.append(other)
        if isinstance(constraint, Scalar) and constraint.value is not None:
            _check_version(name, other, constraint, nodes[other], problems)
    return tuple(known)


def _check_version(name: str, other: str, constraint: Scalar, node: MappingNode, problems: Problems) -> None:
    version_node = node.get("version")
    version = version_node.text if isinstance(version_node, Scalar) else "0"
    met = meets(version, constraint.text)
    if met is None:
        message = f"'{constraint.text}' is not a version constraint"
        hint = "write one such as '>=1.0' or '>=1.0, <2'"
        problems.report("APP314", message, constraint.at, hint=hint, length=constraint.length)
    elif not met:
        message = f"'{name}' needs '{other}' {constraint.text}, but version {version} is here"
        problems.report("APP312", message, constraint.at, length=constraint.length)
