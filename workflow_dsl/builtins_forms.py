"""The functions that are forms of the checker (lazy arguments, lists, look-ups) and those about people and records.

Forms have no implementation here: the compiler and the SQL back end know them as nodes of the typed tree.
"""

from __future__ import annotations

from metamodel.values import Ref
from workflow_dsl.builtins_number import MAX_OF_VALUES, MIN_OF_VALUES
from workflow_dsl.builtins_text import JOIN_OF_LIST
from workflow_dsl.context import Context
from workflow_dsl.functions import Example, Function, signature
from workflow_dsl.types import BOOLEAN, TEXT


def _in_team(context: Context, team: str) -> bool:
    return context.user is not None and context.in_team(context.user, team)


def _is_subordinate(context: Context, person: Ref) -> bool:
    if person.object != "user" or context.user is None:
        return False
    return context.is_subordinate(person.id, context.user)


def _has_permission(context: Context, permission: str) -> bool:
    return context.has_permission(permission)


def _in_subtree(context: Context, record: Ref, root: Ref) -> bool:
    return record.object == root.object and context.in_subtree(root.object, record.id, root.id)


def _url(context: Context, record: Ref) -> str:
    return context.url(record.object, record.id)


def _token(context: Context, record: Ref) -> str:
    return context.token(record.object, record.id)


def form_functions() -> tuple[Function, ...]:
    """Make the functions that the checker knows as forms."""
    return (*_logic(), *_aggregates())


def _logic() -> tuple[Function, ...]:
    return (
        Function(name="if", group="logic", sql=True, form=True, usage="if(condition, then, [otherwise])",
                 doc="One of two values; without the second, empty.",
                 example=Example(expression='if(2 > 1, "yes", "no")', value='"yes"')),
        Function(name="case", group="logic", sql=True, form=True, usage="case(value, a, then, b, then, …, [otherwise])",
                 doc="The value beside the first key that equals the first argument.",
                 example=Example(expression='case("b", "a", 1, "b", 2, 0)', value="2")),
        Function(name="coalesce", group="logic", sql=True, form=True, usage="coalesce(a, b, …)",
                 doc="The first value that is not empty.",
                 example=Example(expression="coalesce(empty, 7)", value="7")),
        Function(name="filled", group="logic", sql=True, form=True, usage="filled(a, b, …)",
                 doc="How many values are not empty.",
                 example=Example(expression='filled("a", empty, 3)', value="2")),
        Function(name="is_new", group="logic", form=True, usage="is_new()",
                 doc="Whether the record is being created; where a change is at hand.",
                 example=Example(expression="is_new()", value="true")),
        Function(name="label", group="conversion", sql=True, form=True, usage="label(value: choice)",
                 doc="The label of a choice in the reader's language.",
                 example=Example(expression="label(stage)", value='"Won"')),
        Function(name="lookup", group="look-ups", sql=True, form=True, usage="lookup(object, field, value)",
                 doc="The one record of an object whose field has a value; empty where there is none or several.",
                 example=Example(expression='lookup(user, email, "li@example.com")', value="empty")),
        Function(name="decide", group="look-ups", sql=True, form=True,
                 usage="decide(table, input, …) or decide(table.output, input, …)",
                 doc="What a decision table of tables/ gives for its inputs, in order; empty where no row matches.",
                 example=Example(expression='decide(rebate, "gold", 5)', value="10%")),
    )  # fmt: skip


def _aggregate(name: str, doc: str, usage: str, expression: str, value: str) -> Function:
    signatures = {"min": MIN_OF_VALUES, "max": MAX_OF_VALUES, "join": (JOIN_OF_LIST,)}.get(name, ())
    written = usage if not signatures else f"{usage} or {name}({'list, separator' if name == 'join' else 'a, b, …'})"
    return Function(
        name=name,
        group="aggregates",
        sql=True,
        form=not signatures,
        usage=written,
        doc=doc,
        signatures=signatures,
        example=Example(expression=expression, value=value),
    )


def _aggregates() -> tuple[Function, ...]:
    return (
        _aggregate("count", "How many rows a list has.", "count(list where …)", "count(lines)", "2"),
        _aggregate("sum", "The sum over a list's rows; 0 over none.", "sum(list.field where …)",
                   "sum(lines.quantity)", "5"),
        _aggregate("avg", "The mean over a list's rows; empty over none.", "avg(list.field where …)",
                   "avg(lines.quantity)", "2.5"),
        _aggregate("min", "The least, over a list's rows or of values; empties are passed over.",
                   "min(list.field where …)", "min(3, 1, empty)", "1"),
        _aggregate("max", "The greatest, over a list's rows or of values; empties are passed over.",
                   "max(list.field where …)", "max(3, 1, empty)", "3"),
        _aggregate("exists", "Whether a list has a row.", "exists(list where …)",
                   "exists(lines where quantity > 2)", "true"),
        _aggregate("first", "The first row, or its field, in an order.", "first(list.field where … sorted by field)",
                   "first(lines.quantity sorted by quantity)", "2"),
        _aggregate("last", "The last row, or its field, in an order.", "last(list.field where … sorted by field)",
                   "last(lines.quantity sorted by quantity)", "3"),
        _aggregate("join", "Texts joined with a separator: of a list's rows in an order, or of a list of texts.",
                   'join(list.field where … sorted by field, ", ")', 'join(["a", "b"], "-")', '"a-b"'),
    )  # fmt: skip


def people_functions() -> tuple[Function, ...]:
    """Make the functions about people and records."""
    return (
        Function(name="has_role", group="people", sql=True, form=True, usage="has_role([user], role)",
                 doc="Whether who acts, or a user, holds a role.",
                 example=Example(expression='has_role("manager")', value="true")),
        Function(name="in_team", group="people", sql=True, doc="Whether who acts is in a team.",
                 example=Example(expression='in_team("east")', value="true"),
                 signatures=(signature("team: text", BOOLEAN, _in_team, needs_context=True),)),
        Function(name="is_subordinate", group="people", sql=True,
                 doc="Whether a user reports to who acts, over any number of managers.",
                 example=Example(expression="is_subordinate(owner)", value="true"),
                 signatures=(signature("person: record", BOOLEAN, _is_subordinate, needs_context=True),)),
        Function(name="has_permission", group="people", sql=True, form=True,
                 doc="Whether who acts has a permission by name.",
                 example=Example(expression='has_permission("waive_review")', value="false"),
                 signatures=(signature("permission: text", BOOLEAN, _has_permission, needs_context=True),)),
        Function(name="in_subtree", group="look-ups", sql=True, form=True,
                 doc="Whether a record of a tree is another one of it, or stands anywhere below.",
                 example=Example(expression="in_subtree(account, account.parent)", value="true"),
                 signatures=(signature("record: record, root: record", BOOLEAN, _in_subtree, needs_context=True),)),
        Function(name="url", group="other", sql=True, doc="The address of a record's page.",
                 example=Example(expression="url(this)", value='"/o/order/o1"'),
                 signatures=(signature("record: record", TEXT, _url, needs_context=True),)),
        Function(name="token", group="other", sql=True,
                 doc="An unguessable text that stands for a record in a public link.",
                 example=Example(expression="token(this)", value='"e8cea9bfac2f2e4ab22631fcfadd7b08"'),
                 signatures=(signature("record: record", TEXT, _token, needs_context=True),)),
    )  # fmt: skip
