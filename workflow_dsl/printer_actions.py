"""Actions back to text: one line an action, blocks indented, each closed by `end`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from workflow_dsl.printer import WIDTH, print_expression, print_sort_key, print_text, quote
from workflow_dsl.syntax import (
    Action,
    AssignNext,
    AssignTo,
    CallAction,
    CallWebhook,
    ConvertTo,
    ConvertUsing,
    Create,
    Delete,
    Expr,
    Follow,
    ForEach,
    GenerateDocument,
    If,
    Log,
    Merge,
    Name,
    Notify,
    OpenRecord,
    Pair,
    Path,
    PostComment,
    Refuse,
    Restore,
    RunRule,
    Send,
    Set,
    ShareWith,
    Show,
    Stop,
    SubmitForApproval,
    Tag,
    Update,
    Wait,
    WaitUntil,
)

INDENT = "  "


def print_actions(actions: Iterable[Action], level: int) -> list[str]:
    """Print a block as lines, `level` deep."""
    lines: list[str] = []
    for action in actions:
        printed = _action(action)
        if action.unless is not None:
            _add_unless(printed, f"unless {print_expression(action.unless)}", level)
        lines += [INDENT * level + line for line in printed]
    return lines


def _add_unless(printed: list[str], unless: str, level: int) -> None:
    if len(INDENT * level) + len(printed[-1]) + 1 + len(unless) > WIDTH:
        printed.append(INDENT * 2 + unless)
    else:
        printed[-1] += f" {unless}"


def _action(action: Action) -> list[str]:
    if isinstance(action, If):
        return [*_if("if", action), "end"]
    if isinstance(action, ForEach):
        order = f" sorted by {print_sort_key(action.sorted_by)}" if action.sorted_by is not None else ""
        opening = f"for each {action.variable.text} in {action.source.dotted}{_where(action.where)}{order} do"
        return [opening, *print_actions(action.actions, 1), "end"]
    if isinstance(action, WaitUntil):
        return _wait_until(action)
    return [_PRINTERS[type(action)](action)]


def _if(word: str, action: If) -> list[str]:
    lines = [f"{word} {print_expression(action.condition)} then", *print_actions(action.then, 1)]
    if len(action.otherwise) == 1 and isinstance(action.otherwise[0], If) and action.otherwise[0].unless is None:
        return [*lines, *_if("else if", action.otherwise[0])]
    return [*lines, "else", *print_actions(action.otherwise, 1)] if action.otherwise else lines


def _wait_until(action: WaitUntil) -> list[str]:
    text = f"wait until {print_expression(action.condition)}"
    if action.at_most is not None:
        text += f" at most {print_expression(action.at_most)}"
    if action.on_timeout is None:
        return [text]
    return [text, "on timeout", *print_actions(action.on_timeout, 1), "end"]


def _where(where: Expr | None) -> str:
    return f" where {print_expression(where)}" if where is not None else ""


def _as(name: Name | None) -> str:
    return f" as {name.text}" if name is not None else ""


def _on(target: Path | None) -> str:
    return f" on {target.dotted}" if target is not None else ""


def print_pairs(pairs: Iterable[Pair]) -> str:
    """Print `name: value, …`."""
    return ", ".join(
        f"{quote(pair.name.text) if pair.quoted else pair.name.text}: {print_expression(pair.value)}" for pair in pairs
    )


def _block(pairs: Sequence[Pair] | None) -> str:
    if pairs is None:
        return ""
    return f" {{ {print_pairs(pairs)} }}" if pairs else " { }"


def print_people(people: Iterable[Expr]) -> str:
    """Print a list of people or recipients."""
    return ", ".join(print_expression(person) for person in people)


def _assign_next(action: AssignNext) -> str:
    by = f" by {action.method}" if action.method is not None else ""
    return f"assign to next of {print_expression(action.source)}{by}{_where(action.where)}"


def _send(action: Send) -> str:
    documents = f" with document {', '.join(name.text for name in action.documents)}" if action.documents else ""
    return f"send {action.kind} {action.template.text}{documents} to {print_people(action.recipients)}"


def _submit(action: SubmitForApproval) -> str:
    approval = f" {action.approval.text}" if action.approval is not None else ""
    return f"submit for approval{approval}" + (f" by {action.by.dotted}" if action.by is not None else "")


def _convert(action: ConvertTo) -> str:
    targets = ", ".join(f"{target.object.dotted}{_block(target.values)}" for target in action.targets)
    return f"convert to {targets}{_as(action.given_name)}"


def _share(action: ShareWith) -> str:
    until = f" until {print_expression(action.until)}" if action.until is not None else ""
    return f"share with {print_people(action.people)} for {action.access}{until}"


def _refuse(action: Refuse) -> str:
    field = f" {action.field.dotted}" if action.field is not None else ""
    return f"{'warn' if action.warning else 'reject'}{field} {print_text(action.message)}"


def _set(action: Set) -> str:
    return "set " + ", ".join(f"{each.target.dotted} = {print_expression(each.value)}" for each in action.assignments)


_PRINTERS: Mapping[type[Action], Callable[[Any], str]] = MappingProxyType(
    {
        Set: _set,
        Create: lambda a: f"create {a.object.dotted}{_block(a.values)}{_as(a.given_name)}",
        Update: lambda a: f"update {a.target.dotted}{_where(a.where)}{_block(a.values)}",
        Delete: lambda a: f"delete {a.target.dotted}{_where(a.where)}",
        Restore: lambda a: f"restore {a.target.dotted}",
        AssignTo: lambda a: f"assign to {print_expression(a.assignee)}",
        AssignNext: _assign_next,
        Tag: lambda a: f"{'add' if a.add else 'remove'} tag {print_text(a.tag)}{_on(a.target)}",
        Follow: lambda a: f"{'add' if a.add else 'remove'} follower {print_people(a.people)}",
        Notify: lambda a: f"notify {print_people(a.people)} {print_text(a.message)}",
        Send: _send,
        PostComment: lambda a: f"post comment {print_text(a.message)}{_on(a.target)}",
        CallWebhook: lambda a: f"call webhook {a.webhook.text}{_block(a.values)}{_as(a.given_name)}",
        CallAction: lambda a: f"call {a.action.dotted}{_block(a.values)}{_as(a.given_name)}",
        GenerateDocument: lambda a: f"generate document {a.template.text}{_as(a.given_name)}",
        SubmitForApproval: _submit,
        ConvertTo: _convert,
        ConvertUsing: lambda a: f"convert using {a.conversion.text}{_as(a.given_name)}",
        Merge: lambda a: f"merge {a.source.dotted} into {a.into.dotted}",
        ShareWith: _share,
        Refuse: _refuse,
        Wait: lambda a: f"wait {print_expression(a.duration)}",
        RunRule: lambda a: f"run rule {a.rule.text}{_on(a.target)}",
        Stop: lambda a: "stop",
        Log: lambda a: f"log {print_text(a.message)}",
        Show: lambda a: f"show {print_text(a.message)}",
        OpenRecord: lambda a: f"open {a.target.dotted}",
    }
)
