"""Builders of actions: one function a rule of the grammar, from built children to a syntax node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lark import Token

from workflow_dsl.parsing.build_expressions import after, nodes, tokens
from workflow_dsl.parsing.building import Builder, Building, Built
from workflow_dsl.syntax import (
    Access,
    Assignment,
    AssignMethod,
    AssignNext,
    AssignTo,
    CallAction,
    CallWebhook,
    ConvertTarget,
    ConvertTo,
    ConvertUsing,
    Create,
    Delete,
    Follow,
    ForEach,
    GenerateDocument,
    If,
    Log,
    Merge,
    MessageKind,
    Name,
    Notify,
    OpenRecord,
    Pair,
    PostComment,
    Refuse,
    Restore,
    RunRule,
    Send,
    Set,
    ShareWith,
    Show,
    Span,
    Stop,
    SubmitForApproval,
    Tag,
    Update,
    Wait,
    WaitUntil,
)


def names(building: Building, children: Sequence[Built]) -> tuple[Name, ...]:
    """Give the NAME tokens among children as names."""
    return tuple(building.name(token) for token in tokens(children, "NAME"))


def name_after(building: Building, children: Sequence[Built], keyword: str) -> Name | None:
    """Give the name after a keyword such as `as`, or None."""
    token = after(children, keyword)
    return building.name(token) if token is not None else None


def words(token: Token) -> list[str]:
    """Split a terminal of several words."""
    return str(token).split()


def _action(building: Building, at: Span, children: Sequence[Built]) -> Built:
    condition = after(children, "UNLESS")
    return children[0] if condition is None else replace(children[0], unless=condition)


def _actions(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return tuple(children)


def _set(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Set(assignments=tuple(nodes(children)), at=at)


def _assignment(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Assignment(target=children[0], value=children[2], at=at)


def _pair(building: Building, at: Span, children: Sequence[Built]) -> Built:
    token = children[0]
    quoted = token.type == "STRING"
    name = Name(text=building.plain_text(token), at=building.span_of(token)) if quoted else building.name(token)
    return Pair(name=name, value=children[1], quoted=quoted, at=at)


def _block(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return tuple(nodes(children))


def _create(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Create(object=children[1], values=children[2], given_name=name_after(building, children, "AS"), at=at)


def _update(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Update(target=children[1], where=after(children, "WHERE"), values=children[-1], at=at)


def _delete(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Delete(target=children[1], where=after(children, "WHERE"), at=at)


def _restore(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Restore(target=children[1], at=at)


def _assign(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return replace(children[1], at=at)


def _to_one(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return AssignTo(assignee=children[0], at=at)


def _next_of(building: Building, at: Span, children: Sequence[Built]) -> Built:
    method = tokens(children, "BY_METHOD")
    return AssignNext(
        source=children[1],
        method=AssignMethod(" ".join(words(method[0])[1:])) if method else None,
        where=after(children, "WHERE"),
        at=at,
    )


def _tag(building: Building, at: Span, children: Sequence[Built]) -> Built:
    add = children[0].type in ("ADD_TAG", "ADD_FOLLOWER")
    if children[0].type in ("ADD_FOLLOWER", "REMOVE_FOLLOWER"):
        return Follow(add=add, people=children[1], at=at)
    return Tag(add=add, tag=building.text(children[1]), target=after(children, "ON"), at=at)


def _notify(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Notify(people=children[1], message=building.text(children[2]), at=at)


def _people(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return tuple(building.text(child) if isinstance(child, Token) else child for child in children if child is not None)


def _send(kind: MessageKind) -> Builder:
    def build_send(building: Building, at: Span, children: Sequence[Built]) -> Built:
        template, *documents = names(building, children)
        return Send(kind=kind, template=template, documents=tuple(documents), recipients=children[-1], at=at)

    return build_send


def _comment(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return PostComment(message=building.text(children[1]), target=after(children, "ON"), at=at)


def _webhook(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return CallWebhook(
        webhook=building.name(children[1]),
        values=children[2],
        given_name=name_after(building, children, "AS"),
        at=at,
    )


def _call_action(building: Building, at: Span, children: Sequence[Built]) -> Built:
    given_name = name_after(building, children, "AS")
    return CallAction(action=children[1], values=children[2], given_name=given_name, at=at)


def _document(building: Building, at: Span, children: Sequence[Built]) -> Built:
    given_name = name_after(building, children, "AS")
    return GenerateDocument(template=building.name(children[1]), given_name=given_name, at=at)


def _submit(building: Building, at: Span, children: Sequence[Built]) -> Built:
    approval = building.name(children[1]) if children[1] is not None else None
    return SubmitForApproval(approval=approval, by=after(children, "BY"), at=at)


def _convert(building: Building, at: Span, children: Sequence[Built]) -> Built:
    given_name = name_after(building, children, "AS")
    if children[0].type == "CONVERT_USING":
        return ConvertUsing(conversion=building.name(children[1]), given_name=given_name, at=at)
    parts = nodes(children)
    targets = tuple(
        ConvertTarget(object=path, values=values, at=path.at)
        for path, values in zip(parts[::2], parts[1::2], strict=True)
    )
    return ConvertTo(targets=targets, given_name=given_name, at=at)


def _merge(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Merge(source=children[1], into=children[3], at=at)


def _share(building: Building, at: Span, children: Sequence[Built]) -> Built:
    access = Access(words(children[2])[1])
    return ShareWith(people=children[1], access=access, until=after(children, "UNTIL"), at=at)


def _reject(building: Building, at: Span, children: Sequence[Built]) -> Built:
    warning = children[0].type == "WARN"
    return Refuse(field=children[1], message=building.text(children[2]), warning=warning, at=at)


def _wait(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Wait(duration=children[1], at=at)


def _wait_until(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return WaitUntil(
        condition=children[1], at_most=after(children, "AT_MOST"), on_timeout=after(children, "ON_TIMEOUT"), at=at
    )


def _else_part(building: Building, at: Span, children: Sequence[Built]) -> Built:
    if children[0].type == "ELSE":
        return children[1]
    parts = nodes(children)
    return (If(condition=parts[0], then=parts[1], otherwise=parts[2] if len(parts) > 2 else (), at=at),)


def _if_block(building: Building, at: Span, children: Sequence[Built]) -> Built:
    parts = nodes(children)
    return If(condition=parts[0], then=parts[1], otherwise=parts[2] if len(parts) > 2 else (), at=at)


def _loop(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return ForEach(
        variable=building.name(children[1]),
        source=after(children, "IN"),
        where=after(children, "WHERE"),
        sorted_by=after(children, "SORTED_BY"),
        actions=after(children, "DO"),
        at=at,
    )


def _run_rule(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return RunRule(rule=building.name(children[1]), target=after(children, "ON"), at=at)


ACTION_BUILDERS: dict[str, Builder] = {
    "action": _action,
    "actions": _actions,
    "set": _set,
    "assignment": _assignment,
    "pair": _pair,
    "block": _block,
    "create": _create,
    "update": _update,
    "delete": _delete,
    "restore": _restore,
    "assign": _assign,
    "to_one": _to_one,
    "next_of": _next_of,
    "tag": _tag,
    "notify": _notify,
    "people": _people,
    "recipients": _people,
    "send_email": _send(MessageKind.EMAIL),
    "send_sms": _send(MessageKind.SMS),
    "send_survey": _send(MessageKind.SURVEY),
    "comment": _comment,
    "webhook": _webhook,
    "call_action": _call_action,
    "document": _document,
    "submit": _submit,
    "convert": _convert,
    "merge": _merge,
    "share": _share,
    "reject": _reject,
    "wait": _wait,
    "wait_until": _wait_until,
    "else_part": _else_part,
    "if_block": _if_block,
    "loop": _loop,
    "run_rule": _run_rule,
    "stop": lambda building, at, children: Stop(at=at),
    "log": lambda building, at, children: Log(message=building.text(children[1]), at=at),
    "show": lambda building, at, children: Show(message=building.text(children[1]), at=at),
    "open": lambda building, at, children: OpenRecord(target=children[1], at=at),
}
