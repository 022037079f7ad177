"""The type checker: from the syntax tree to the typed tree, one module a topic (names, operators, calls, aggregates).

Other packages use `workflow_dsl.checker`.
"""
