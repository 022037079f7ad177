"""The functions of a registry as a table for people; docs/dsl.md holds the one of the standard functions."""

from __future__ import annotations

from itertools import groupby

from workflow_dsl.functions import Function, FunctionRegistry

_GROUPS = ("text", "number", "date", "logic", "conversion", "aggregates", "look-ups", "people", "other")


def function_table(registry: FunctionRegistry) -> str:
    """Write one table a group: how it is called, what it does, an example, and where it can run."""
    known = {name: index for index, name in enumerate(_GROUPS)}
    functions = sorted(registry, key=lambda function: (known.get(function.group, len(known)), function.group))
    return "\n".join(_group(name, list(members)) for name, members in groupby(functions, lambda each: each.group))


def _group(name: str, functions: list[Function]) -> str:
    lines = [
        f"### {name.capitalize()}",
        "| function | what it gives | example | lists and filters |",
        "| --- | --- | --- | --- |",
    ]
    lines += [_row(function) for function in functions]
    return "\n".join(lines) + "\n"


def _row(function: Function) -> str:
    written = "<br>".join(f"`{each}`" for each in function.written).replace("|", "\\|")
    example = f"`{function.example.expression}` → `{function.example.value}`"
    return f"| {written} | {function.doc} | {example} | {'yes' if function.sql else 'in memory only'} |"
