"""The rules of an installation seen together: what each reads and sets, who starts whom, and what follows from that.

`build_write_graph(metamodel, rules, functions) -> WriteGraph` for the map; `check_together(…)` for loops, fields
with two writers, results that depend on order and conditions that never hold. Pure: no database, no clock.
"""

from __future__ import annotations

from workflow_dsl.write_graph.checks import check_together
from workflow_dsl.write_graph.graph import GraphEdge, GraphRule, WriteGraph, build_write_graph

__all__ = ["GraphEdge", "GraphRule", "WriteGraph", "build_write_graph", "check_together"]
