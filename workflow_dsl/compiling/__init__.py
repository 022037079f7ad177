"""The Python back end: from the typed tree to a code object, one module a topic (values, tests, aggregates).

Code is built from `ast` nodes that are made here from checked nodes only: no text of an author becomes source, names in
the code are ours, constants and functions come in by reference, and there are no builtins. Other packages use
`workflow_dsl.compiler`.
"""
