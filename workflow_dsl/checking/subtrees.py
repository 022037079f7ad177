"""Checks `in_subtree(record, root)`: both are records of one object whose records stand in a tree."""

from __future__ import annotations

from metamodel.trees import tree_field
from workflow_dsl.checking.state import Checking, shown
from workflow_dsl.reads import Read
from workflow_dsl.syntax import Call
from workflow_dsl.typed import FunctionCall, Typed
from workflow_dsl.types import Kind


def check_trees_of(checking: Checking, node: Call, call: Typed) -> Typed:
    """Check the objects of a call whose arguments are known to be records."""
    if not isinstance(call, FunctionCall) or any(arg.type.kind is not Kind.RECORD for arg in call.args):
        return call
    record, root = call.args
    if not _is_tree(checking, node, 1, root):
        return call
    key = root.type.objects[0]
    if record.type.objects and key not in record.type.objects:
        message = (
            f"'in_subtree' takes two records of one object, and '{shown(node.args[0].value)}' is "
            f"{record.type.with_article}, not of {key}"
        )
        checking.refuse("EXP302", message, record.at)
    return call


def _is_tree(checking: Checking, node: Call, index: int, arg: Typed) -> bool:
    objects = arg.type.objects
    found = checking.scope.metamodel.objects.get(objects[0]) if len(objects) == 1 else None
    tree = tree_field(found) if found is not None else None
    if found is not None and tree is not None and checking.scope.may_read(found.key, tree.name):
        checking.reads.add(Read(found.key, tree.name))
        # What stands above other records is no matter of the record alone.
        checking.uses.add(f"list {found.key} ")
        return True
    message = f"'in_subtree' takes a record of a tree, and '{shown(node.args[index].value)}' is {arg.type.with_article}"
    hint = "an object is a tree by a lookup to itself with tree: true"
    checking.refuse("EXP302", message, arg.at, hint)
    return False
