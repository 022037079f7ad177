"""The figures of a record that a request is decided by: what its page puts first, and what the conditions read.

Which fields they are is found out once a release and approval; who may read what of them is the door's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.approvals.program import ApprovalProgram
from engine.automation.program import Value
from engine.releases.release import Release
from metamodel.objects import ObjectDef
from workflow_dsl.typed import FieldPath, RootKind
from workflow_dsl.typed_walk import walk

_NAMED = re.compile(r"\{\s*([a-z_][a-z0-9_]*)")


def figures_of(release: Release, program: ApprovalProgram | None, object_def: ObjectDef) -> tuple[str, ...]:
    """Give the fields: highlights of the layout, those that conditions read, else those of the title."""
    key = ("approvals.figures", object_def.key, program.key if program is not None else None)
    return release.part(key, lambda _: _figures(program, object_def))


def _figures(program: ApprovalProgram | None, object_def: ObjectDef) -> tuple[str, ...]:
    names = [*object_def.layout.highlights, *(_read(program) if program is not None else ())]
    if not names and object_def.title is not None:
        names = _NAMED.findall(object_def.title.text)
    return tuple(dict.fromkeys(name for name in names if name in object_def.fields))


def _read(program: ApprovalProgram) -> Iterator[str]:
    conditions: list[Value] = [program.condition] if program.condition is not None else []
    conditions += [step.entry.condition for step in program.steps if step.entry is not None]
    for condition in conditions:
        for node in walk(condition.typed):
            if isinstance(node, FieldPath) and node.root.kind is RootKind.THIS:
                if node.steps:
                    yield node.steps[0].field.name
                elif node.field is not None:
                    yield node.field.name
