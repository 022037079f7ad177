"""Circles in directed graphs: the parts in which everything reaches everything, and the shortest way round."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def circles(nodes: Iterable[Node], after: Callable[[Node], Iterable[Node]]) -> Iterator[list[Node]]:
    """Give the strongly connected parts that have a way round: several nodes, or one that leads to itself.

    Source: R. Tarjan, Depth-first search and linear graph algorithms, 1972; without recursion, since graphs are long.
    """
    order: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    on_path: dict[Node, None] = {}
    for start in nodes:
        if start in order:
            continue
        walks: list[tuple[Node, Iterator[Node]]] = [_enter(start, after, order, lowest, on_path)]
        while walks:
            node, rest = walks[-1]
            for following in rest:
                if following not in order:
                    walks.append(_enter(following, after, order, lowest, on_path))
                    break
                if following in on_path:
                    lowest[node] = min(lowest[node], order[following])
            else:
                walks.pop()
                if walks:
                    above = walks[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == order[node]:
                    part = _leave(node, on_path)
                    if len(part) > 1 or node in after(node):
                        yield part


def _enter(
    node: Node,
    after: Callable[[Node], Iterable[Node]],
    order: dict[Node, int],
    lowest: dict[Node, int],
    on_path: dict[Node, None],
) -> tuple[Node, Iterator[Node]]:
    order[node] = lowest[node] = len(order)
    on_path[node] = None
    return node, iter(after(node))


def _leave(first: Node, on_path: dict[Node, None]) -> list[Node]:
    part = []
    while True:
        node, _ = on_path.popitem()
        part.append(node)
        if node == first:
            return part[::-1]


def shortest_way_round(start: Node, after: Callable[[Node], Iterable[Node]]) -> Sequence[Node]:
    """Give the nodes of the shortest way from a node back to it, the node itself first; nothing where there is none."""
    came_from: dict[Node, Node] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for following in after(node):
            if following == start:
                way = [node]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if following not in came_from:
                came_from[following] = node
                waiting.append(following)
    return ()
