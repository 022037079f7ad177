"""Checks what people and other systems start rules by (buttons, forms, webhooks, log-ins, events), and its answers.

What such a trigger gives has a name in the rule: `input.reason` of a button that asks, `form.email` of a form,
`mail.subject` of a mail, `payload` of a webhook or event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from metamodel.definitions.intake import FormDef
from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef
from metamodel.source import Problems
from workflow_dsl.checked_rules import (
    ButtonInput,
    ButtonTrigger,
    CallTrigger,
    CheckedAction,
    CheckedOpen,
    CheckedRule,
    CheckedShow,
    FormTrigger,
    LoginTrigger,
    PluginTrigger,
    WebhookTrigger,
)
from workflow_dsl.rule_checking.mails import MAIL, check_mail
from workflow_dsl.rule_checking.people import check_people
from workflow_dsl.rule_checking.rows import check_rows
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.values import message_of
from workflow_dsl.syntax import (
    Action,
    ButtonPressed,
    EmailReceived,
    Event,
    EventTrigger,
    FormSubmitted,
    Name,
    OpenRecord,
    Param,
    Path,
    PluginEvent,
    Rule,
    Show,
    UserLogsIn,
    WebhookReceived,
)
from workflow_dsl.types import UNKNOWN, Type, record_of, type_of_field, type_of_name

CALLS = (ButtonPressed, FormSubmitted, WebhookReceived, EmailReceived, UserLogsIn, PluginEvent)
WEBHOOK_IN = "webhook_in"
PAYLOAD, INPUT, FORM = "payload", "input", "form"
ASKED_TYPES = (
    "text", "long_text", "integer", "decimal", "percent", "money", "boolean", "date", "datetime", "time", "duration",
    "email", "phone", "url",
)  # fmt: skip
_WITHOUT_RECORD = (WebhookReceived, EmailReceived, PluginEvent)


def given_by(checking: RuleChecking, rule: Rule) -> Mapping[str, Type]:
    """Give the names that a rule's triggers of these kinds give, with their types; wrong inputs are left out."""
    given: dict[str, Type] = {}
    for event in _events(rule):
        if isinstance(event, EmailReceived):
            given |= MAIL
        elif isinstance(event, _WITHOUT_RECORD):
            given[PAYLOAD] = UNKNOWN
        elif isinstance(event, ButtonPressed):
            for param in event.asking:
                found = _type_asked(checking, param)
                if found is not None:
                    given[f"{INPUT}.{param.name.text}"] = found[1]
        elif isinstance(event, FormSubmitted):
            given |= _filled_in(checking, checking.scope.metamodel.forms.get(event.form.text))
    return given


def form_object(checking: RuleChecking, event: FormSubmitted) -> ObjectDef | None:
    """Give the object of the records that a form makes."""
    form = checking.scope.metamodel.forms.get(event.form.text)
    return checking.scope.metamodel.objects.get(form.object or "") if form is not None else None


def _filled_in(checking: RuleChecking, form: FormDef | None) -> Mapping[str, Type]:
    """Give what a form asks by the names rules know it by; secrets are read in the record alone, by who may."""
    object_def = checking.scope.metamodel.objects.get(form.object or "") if form is not None else None
    if form is None or object_def is None:
        return {}
    asked = (object_def.fields[each.field] for each in form.fields if each.field in object_def.fields)
    return {f"{FORM}.{each.name}": type_of_field(each) for each in asked if not (each.encrypted or each.sensitive)}


def check_call(checking: RuleChecking, event: Event) -> Iterator[CallTrigger]:
    """Check a trigger of these kinds; the rule's scope knows its object already."""
    if checking.is_before:
        hint = "write it with 'when'; 'before' is for saves of records"
        checking.refuse("RUL401", "nothing is saved here that a rule could run before", event.at, hint)
    elif isinstance(event, _WITHOUT_RECORD) and checking.scope.object is not None:
        message = f"this trigger brings no record, and another one of the rule is about {checking.scope.object}"
        checking.refuse("RUL401", message, event.at, "make two rules of it")
    else:
        found = _CALLS[type(event)](checking, event)
        if found is not None:
            yield found


def _events(rule: Rule) -> Iterable[Event]:
    return (trigger.event for trigger in rule.triggers if isinstance(trigger, EventTrigger))


def _button(checking: RuleChecking, event: ButtonPressed) -> CallTrigger | None:
    object_def = checking.find_object(event.object)
    if object_def is None:
        return None
    unseen = "a run can't lock them, so there are no buttons"
    if checking.refuses_source(object_def, event.object.at, unseen):
        return None
    before = replace(checking, scope=replace(checking.scope, given=_without_inputs(checking), place="a button's 'by'"))
    by = check_people(before, event.by, addresses=False)
    inputs, names = [], set[str]()
    for param in event.asking:
        if param.name.text in names:
            checking.refuse("RUL472", f"'{param.name.text}' is asked for twice", param.name.at)
        names.add(param.name.text)
        asked = _input(before, param)
        if asked is not None:
            inputs.append(asked)
    if len(by) != len(event.by):
        return None
    return ButtonTrigger(
        object=object_def.key,
        button=event.button.text,
        text=checking.text_of(event.at),
        by=by,
        inputs=tuple(inputs),
    )


def _without_inputs(checking: RuleChecking) -> Mapping[str, Type]:
    return {name: type_ for name, type_ in checking.scope.given.items() if not name.startswith(f"{INPUT}.")}


def _input(checking: RuleChecking, param: Param) -> ButtonInput | None:
    found = _type_asked(checking, param)
    if found is None:
        name = param.type_name or param.name
        objects = checking.scope.metamodel.objects
        hint = did_you_mean(name.text, [*ASKED_TYPES, *objects])
        hint = hint or f"there are {', '.join(ASKED_TYPES)}, and every object"
        checking.refuse("RUL472", f"a button can't ask for '{name.text}'", name.at, hint)
        return None
    type_name, type_ = found
    default = None
    if param.default is not None:
        default = checking.value(param.default, type_, f"the input '{param.name.text}'")
        if default is None:
            return None
    target = type_.objects[0] if type_.objects else None
    return ButtonInput(name=param.name.text, type=type_name, object=target, default=default)


def _type_asked(checking: RuleChecking, param: Param) -> tuple[str, Type] | None:
    name = param.type_name.text if param.type_name is not None else "text"
    if name in ASKED_TYPES:
        return name, type_of_name(name)
    target = checking.scope.metamodel.find_object(name)
    if target is None or target.source is not None:
        return None
    return "lookup", record_of(target.key)


def _webhook(checking: RuleChecking, event: WebhookReceived) -> CallTrigger | None:
    name, connections = event.webhook, checking.scope.metamodel.connections
    known = [each.name for each in connections.values() if each.kind == WEBHOOK_IN]
    if name.text not in known:
        hint = did_you_mean(name.text, known) or f"write connections/{name.text}.yaml with kind: {WEBHOOK_IN}"
        checking.refuse("RUL221", f"there is no webhook '{name.text}' to be received", name.at, hint)
        return None
    return WebhookTrigger(webhook=name.text, text=checking.text_of(event.at))


def _form(checking: RuleChecking, event: FormSubmitted) -> CallTrigger | None:
    name, forms = event.form, checking.scope.metamodel.forms
    if name.text not in forms:
        hint = did_you_mean(name.text, forms) or f"write forms/{name.text}.yaml"
        checking.refuse("RUL223", f"there is no form '{name.text}' to be submitted", name.at, hint)
        return None
    return FormTrigger(form=name.text, text=checking.text_of(event.at))


def _login(checking: RuleChecking, event: UserLogsIn) -> CallTrigger:
    return LoginTrigger(text=checking.text_of(event.at))


def _plugin_event(checking: RuleChecking, event: PluginEvent) -> CallTrigger | None:
    name = event.event.dotted
    if name not in checking.events:
        hint = did_you_mean(name, checking.events)
        checking.refuse("RUL222", f"no plugin tells of the event '{name}'", event.event.at, hint)
        return None
    return PluginTrigger(event=name, text=checking.text_of(event.at))


_CALLS: Mapping[type[Event], Callable[[RuleChecking, Any], CallTrigger | None]] = MappingProxyType(
    {
        ButtonPressed: _button,
        FormSubmitted: _form,
        EmailReceived: check_mail,
        WebhookReceived: _webhook,
        UserLogsIn: _login,
        PluginEvent: _plugin_event,
    }
)


def check_buttons(rules: Sequence[CheckedRule], problems: Problems) -> None:
    """Make sure that rules of one button ask for the same: one form is shown for all of them."""
    first: dict[tuple[str, str], tuple[CheckedRule, dict[str, tuple[str, str | None]]]] = {}
    for rule in rules:
        for trigger in rule.on_call:
            if not isinstance(trigger, ButtonTrigger) or not trigger.inputs:
                continue
            asked = {each.name: (each.type, each.object) for each in trigger.inputs}
            other, wanted = first.setdefault((trigger.object, trigger.button), (rule, asked))
            if wanted != asked:
                message = f"the button '{trigger.button}' asks for something else in the rule '{other.name}'"
                problems.report("RUL472", message, rule.at, hint="rules of one button ask for the same")


# ------------------------------------------------------------------ what the person who pressed is answered
def _answers(checking: RuleChecking, action: Action, word: str) -> bool:
    if checking.has_button:
        return True
    message = f"'{word}' answers the person who pressed a button, and no button starts this rule"
    checking.refuse("RUL471", message, action.at, "tell people with 'notify'")
    return False


def _show(checking: RuleChecking, action: Show, path: str) -> CheckedAction | None:
    message = message_of(checking, action.message)
    if not _answers(checking, action, "show") or message is None:
        return None
    return CheckedShow(path=path, text=checking.text_of(action.at), at=action.at.location, message=message)


def _open(checking: RuleChecking, action: OpenRecord, path: str) -> CheckedAction | None:
    rows = check_rows(checking, _opened(checking, action.target), None, action="open", chooses=False)
    if not _answers(checking, action, "open") or rows is None:
        return None
    if rows.one is None:
        hint = "open takes one record: this, a lookup, or one with a name"
        checking.refuse("RUL405", f"'{action.target.dotted}' is a list, and one page can be opened", action.at, hint)
        return None
    return CheckedOpen(path=path, text=checking.text_of(action.at), at=action.at.location, rows=rows)


def _opened(checking: RuleChecking, target: Path) -> Path:
    """Give what is opened: `open record` is the rule's own, unless something else here has that name."""
    own = checking.scope.metamodel.objects.get(checking.scope.object or "")
    if target.dotted != "record" or own is None or "record" in own.fields or "record" in checking.scope.given:
        return target
    return replace(target, names=(Name(text="this", at=target.names[0].at),))


ANSWER_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {Show: _show, OpenRecord: _open}
)
