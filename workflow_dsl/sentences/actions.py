"""Actions as words: each as a command; blocks are joined, and branches stand in brackets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from workflow_dsl.sentences.expressions import (
    condition_words,
    list_words,
    rows_words,
    text_words,
    value_words,
)
from workflow_dsl.sentences.parts import named_words, on_words, pairs_words, people_words
from workflow_dsl.sentences.place import Place
from workflow_dsl.syntax import (
    Access,
    Action,
    Arg,
    AssignMethod,
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
    MessageKind,
    Notify,
    OpenRecord,
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

_METHODS = {
    AssignMethod.ROUND_ROBIN: ("in turn", "轮流"),
    AssignMethod.LOAD: ("by load", "按工作量"),
    AssignMethod.SKILL: ("by skill", "按技能"),
}
_SENT = {MessageKind.EMAIL: ("mail", "邮件"), MessageKind.SMS: ("SMS", "短信"), MessageKind.SURVEY: ("survey", "问卷")}


def block_words(place: Place, actions: Sequence[Action]) -> str:
    """Say the actions of a block one after the other; names that they give hold from there on."""
    parts = []
    for action in actions:
        words = _ACTIONS[type(action)](place, action)
        if action.unless is not None:
            condition = condition_words(place, action.unless)
            words += place.say(" unless {}", "（除非{}）").format(condition)
        parts.append(words)
        name = getattr(action, "given_name", None)
        if name is not None:
            made = action.object.dotted if isinstance(action, Create) else None
            place = place.giving(name.text, made)
    return place.say("; ", "；").join(parts)


def _set(place: Place, action: Set) -> str:
    said = []
    for each in action.assignments:
        found = place.find(each.target)
        value = value_words(place, each.value, found.field)
        said.append(place.say("set {} to {}", "将{}设为{}").format(found.words, value))
    return place.say(", ", "，").join(said)


def _create(place: Place, action: Create) -> str:
    key = action.object.dotted
    pairs = pairs_words(place, key, action.values)
    said = place.say("create {} with {}", "新建{}（{}）").format(place.one_of(key), pairs)
    return named_words(place, said, action.given_name)


def _rows(place: Place, target: Path, where: Expr | None) -> tuple[str, str | None]:
    return rows_words(place, Arg(value=target, where=where)), place.find(target).object


def _update(place: Place, action: Update) -> str:
    rows, key = _rows(place, action.target, action.where)
    pairs = pairs_words(place.giving("it", key), key, action.values)
    return place.say("update {} with {}", "更新{}（{}）").format(rows, pairs)


def _delete(place: Place, action: Delete) -> str:
    return place.say("delete {}", "删除{}").format(_rows(place, action.target, action.where)[0])


def _assign_next(place: Place, action: AssignNext) -> str:
    words = place.say("assign it to the next of {}", "分配给{}的下一位成员").format(value_words(place, action.source))
    if action.method is not None:
        english, chinese = _METHODS[action.method]
        words += place.say(f" {english}", f"（{chinese}）")
    if action.where is not None:
        condition = condition_words(place.over("user"), action.where)
        words += place.say(" of whom {} holds", "（成员须满足“{}”）").format(condition)
    return words


def _tag(place: Place, action: Tag) -> str:
    english, chinese = ("add the tag {}", "添加标签{}") if action.add else ("remove the tag {}", "移除标签{}")
    return on_words(place, place.say(english, chinese).format(value_words(place, action.tag)), action.target)


def _comment(place: Place, action: PostComment) -> str:
    words = place.say("post the comment {}", "发表评论{}").format(text_words(place, action.message))
    return on_words(place, words, action.target)


def _follow(place: Place, action: Follow) -> str:
    english, chinese = ("let {} follow it", "让{}关注") if action.add else ("let {} follow it no more", "取消{}的关注")
    return place.say(english, chinese).format(people_words(place, action.people))


def _notify(place: Place, action: Notify) -> str:
    parts = (people_words(place, action.people), text_words(place, action.message))
    return place.say("tell {}: {}", "通知{}：{}").format(*parts)


def _send(place: Place, action: Send) -> str:
    kind = place.say(*_SENT[action.kind])
    words = place.say("send the {1} “{2}” to {0}", "向{0}发送{1}“{2}”").format(
        people_words(place, action.recipients), kind, action.template.text
    )
    documents = list_words(place, [f"“{name.text}”" for name in action.documents])
    return words + (place.say(f" with the document {documents}", f"，附文件{documents}") if documents else "")


def _call(place: Place, what: str, action: CallWebhook | CallAction) -> str:
    pairs = pairs_words(place, None, action.values or ())
    words = what + (place.say(f" with {pairs}", f"（{pairs}）") if pairs else "")
    return named_words(place, words, action.given_name)


def _webhook(place: Place, action: CallWebhook) -> str:
    return _call(place, place.say("call the webhook “{}”", "调用 webhook“{}”").format(action.webhook.text), action)


def _plugin(place: Place, action: CallAction) -> str:
    return _call(place, place.say("call “{}”", "调用“{}”").format(action.action.dotted), action)


def _document(place: Place, action: GenerateDocument) -> str:
    words = place.say("make the document “{}”", "生成文件“{}”").format(action.template.text)
    return named_words(place, words, action.given_name)


def _submit(place: Place, action: SubmitForApproval) -> str:
    name = f"“{action.approval.text}”" if action.approval is not None else ""
    words = place.say("submit it for approval", "提交审批") + (f" {name}" if name and not place.is_chinese else name)
    by = place.find(action.by).words if action.by is not None else ""
    return words + (place.say(f" by {by}", f"（由{by}提交）") if by else "")


def _convert(place: Place, action: ConvertTo) -> str:
    said = []
    for target in action.targets:
        pairs = pairs_words(place, target.object.dotted, target.values)
        said.append(place.say("{} with {}", "{}（{}）").format(place.one_of(target.object.dotted), pairs))
    words = place.say("convert it to {}", "转换为{}").format(list_words(place, said))
    return named_words(place, words, action.given_name)


def _convert_using(place: Place, action: ConvertUsing) -> str:
    words = place.say("convert it by “{}”", "按“{}”转换").format(action.conversion.text)
    return named_words(place, words, action.given_name)


def _merge(place: Place, action: Merge) -> str:
    parts = (place.find(action.source).words, place.find(action.into).words)
    return place.say("merge {} into {}", "将{}合并到{}").format(*parts)


def _share(place: Place, action: ShareWith) -> str:
    right = place.say("to edit", "编辑") if action.access is Access.EDIT else place.say("to read", "查看")
    words = place.say("share it with {} {}", "共享给{}{}").format(people_words(place, action.people), right)
    until = value_words(place, action.until) if action.until is not None else ""
    return words + (place.say(f" until {until}", f"，直到{until}") if until else "")


def _refuse(place: Place, action: Refuse) -> str:
    english, chinese = ("warn", "警告") if action.warning else ("refuse", "拒绝保存")
    field = place.find(action.field).words if action.field is not None else ""
    at = place.say(f" at {field}", f"（{field}）") if field else ""
    return place.say("{}{}: {}", "{}{}：{}").format(place.say(english, chinese), at, text_words(place, action.message))


def _wait(place: Place, action: Wait) -> str:
    return place.say("wait {}", "等待{}").format(value_words(place, action.duration))


def _wait_until(place: Place, action: WaitUntil) -> str:
    words = place.say("wait until {}", "等到{}").format(condition_words(place, action.condition))
    if action.at_most is not None:
        words += place.say(" for at most {}", "，最多{}").format(value_words(place, action.at_most))
    if action.on_timeout is not None:
        words += place.say(" (else {})", "（超时则{}）").format(block_words(place, action.on_timeout))
    return words


def _if(place: Place, action: If) -> str:
    words = place.say("if {}, {}", "如果{}则{}").format(
        condition_words(place, action.condition), block_words(place, action.then)
    )
    if action.otherwise:
        words += place.say("; otherwise {}", "；否则{}").format(block_words(place, action.otherwise))
    return place.say("({})", "（{}）").format(words)


def _for_each(place: Place, action: ForEach) -> str:
    rows = rows_words(place, Arg(value=action.source, where=action.where, sorted_by=action.sorted_by))
    inside = place.giving(action.variable.text, place.find(action.source).object)
    return place.say("for each {1} of the {0} ({2})", "对每条{0}（记作 {1}）：（{2}）").format(
        rows, action.variable.text, block_words(inside, action.actions)
    )


def _run_rule(place: Place, action: RunRule) -> str:
    return on_words(place, place.say("run the rule “{}”", "运行规则“{}”").format(action.rule.text), action.target)


def _plain(english: str, chinese: str, of: Callable[[Place, Any], str]) -> Callable[[Place, Any], str]:
    return lambda place, action: place.say(english, chinese).format(of(place, action))


_ACTIONS: Mapping[type[Action], Callable[[Place, Any], str]] = MappingProxyType(
    {
        AssignNext: _assign_next,
        AssignTo: _plain("assign it to {}", "分配给{}", lambda place, action: value_words(place, action.assignee)),
        CallAction: _plugin,
        CallWebhook: _webhook,
        ConvertTo: _convert,
        ConvertUsing: _convert_using,
        Create: _create,
        Delete: _delete,
        Follow: _follow,
        ForEach: _for_each,
        GenerateDocument: _document,
        If: _if,
        Log: _plain("note {}", "记录{}", lambda place, action: text_words(place, action.message)),
        Merge: _merge,
        Notify: _notify,
        OpenRecord: _plain("open {}", "打开{}", lambda place, action: place.find(action.target).words),
        PostComment: _comment,
        Refuse: _refuse,
        Restore: _plain("restore {}", "恢复{}", lambda place, action: place.find(action.target).words),
        RunRule: _run_rule,
        Send: _send,
        Set: _set,
        ShareWith: _share,
        Show: _plain("show {}", "显示{}", lambda place, action: text_words(place, action.message)),
        Stop: lambda place, action: place.say("stop", "结束"),
        SubmitForApproval: _submit,
        Tag: _tag,
        Update: _update,
        Wait: _wait,
        WaitUntil: _wait_until,
    }
)
