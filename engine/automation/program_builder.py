"""Builds the program of a rule from its checked form: the same tree, expressions compiled, sets in a row made one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.automation import program as built
from metamodel.apps import Metamodel
from metamodel.source import LocatedText
from workflow_dsl import checked_rules as checked
from workflow_dsl.compiler import compile_expression
from workflow_dsl.typed import FieldPath, InverseSource, Typed


class ProgramBuilder:
    """Builds programs of one release."""

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel
        self._files = {text.at.file: text for app in metamodel.apps for text in app.rule_files}
        self._labels = {(app.name, name): label for app in metamodel.apps for name, label in app.rule_labels.items()}

    def build(self, rule: checked.CheckedRule) -> built.Program:
        """Build one rule."""
        place = _Place(self._metamodel, self._files.get(rule.at.file), rule.object)
        return built.Program(
            name=rule.key,
            label=rule.label,
            labels=self._labels_of(rule),
            text=rule.text,
            at=str(rule.at),
            app=rule.app,
            is_before=rule.is_before,
            object=rule.object,
            condition=place.optional(rule.condition),
            actions=place.actions(rule.actions),
            otherwise=place.actions(rule.otherwise),
            on_record=tuple(_on_record(place, trigger) for trigger in rule.on_record),
            on_moment=tuple(
                built.OnMoment(object=each.object, field=each.field, moment=each.moment, text=each.text)
                for each in rule.on_moment
            ),
            on_schedule=tuple(built.OnSchedule(schedule=each.schedule, text=each.text) for each in rule.on_time),
            each=place.rows(rule.each) if rule.each is not None else None,
            each_name=rule.each_name,
            priority=rule.priority,
            runs_as=rule.run_as.value,
            retries=rule.retries,
            loop_limit=rule.loop_limit,
            bulk=rule.bulk,
            missed=rule.missed,
            active=rule.active,
        )

    def _labels_of(self, rule: checked.CheckedRule) -> Mapping[str, str]:
        found = self._labels.get((rule.app, rule.name))
        return {code: text.text for code, text in found.texts} if found is not None else {}


def _on_record(place: _Place, trigger: checked.RecordTrigger) -> built.OnRecord:
    return built.OnRecord(
        object=trigger.object,
        kinds=frozenset(kind.value for kind in trigger.kinds),
        text=trigger.text,
        field=trigger.field,
        before=place.optional(trigger.before),
        after=place.optional(trigger.after),
        match=place.optional(trigger.match),
        watched=trigger.watched,
    )


class _Place:
    """Compiles what stands in one rule."""

    def __init__(self, metamodel: Metamodel, source: LocatedText | None, object_key: str | None) -> None:
        self.metamodel = metamodel
        self._source = source
        self.object = object_key

    def compiled(self, typed: Typed, text: str = "") -> built.Value:
        """Compile a typed tree."""
        return built.Value(evaluator=compile_expression(typed, self._source), text=text)

    def value(self, value: checked.CheckedValue) -> built.Value:
        """Compile a value."""
        return self.compiled(value.typed, value.text)

    def optional(self, value: checked.CheckedValue | None) -> built.Value | None:
        """Compile a value where there is one."""
        return None if value is None else self.value(value)

    def fields(
        self, object_key: str | None, fields: Iterable[checked.FieldValue]
    ) -> tuple[tuple[str, built.Value], ...]:
        """Compile the values of fields of an object."""
        return tuple((each.field, self._field_value(object_key, each)) for each in fields)

    def _field_value(self, object_key: str | None, given: checked.FieldValue) -> built.Value:
        value = self.value(given.value)
        definition = self.metamodel.objects[object_key].fields.get(given.field) if object_key is not None else None
        relation = definition.relation if definition is not None else None
        objects = given.value.typed.type.objects
        if relation is None or relation.single_target is not None or len(objects) != 1:
            return value
        return replace(value, reference=objects[0])

    def inputs(self, inputs: Iterable[checked.NamedInput]) -> tuple[tuple[str, built.Value], ...]:
        """Compile what is sent along."""
        return tuple((each.name, self.value(each.value)) for each in inputs)

    def rows(self, rows: checked.CheckedRows) -> built.Rows:
        """Take apart which records are meant."""
        if rows.one is not None or rows.many is None:
            return built.Rows(object=rows.object, one=self.optional(rows.one))
        many = rows.many
        base: built.Value | None = None
        base_object = list_name = None
        if isinstance(many.source, InverseSource):
            base, list_name = self.compiled(many.source.base), many.source.inverse.name
            base_object = _object_at_end(many.source.base)
        order = many.sorted_by
        return built.Rows(
            object=many.source.object,
            base=base,
            base_object=base_object,
            list_name=list_name,
            where=self.compiled(many.where) if many.where is not None else None,
            sorted_by=self.compiled(order.path) if order is not None else None,
            descending=order is not None and order.descending,
        )

    def actions(self, actions: Iterable[checked.CheckedAction]) -> tuple[built.Action, ...]:
        """Build a block."""
        found: list[built.Action] = []
        for action in actions:
            common = {
                "index": action.path.rsplit("/", 1)[-1],
                "text": action.text,
                "unless": self.optional(action.unless),
            }
            made = _BUILDERS[type(action)](self, action, common)
            previous = found[-1] if found else None
            if isinstance(made, built.SetFields) and isinstance(previous, built.SetFields) and _plain(made, previous):
                text = f"{previous.text} {made.text}"
                found[-1] = replace(previous, text=text, fields=(*previous.fields, *made.fields))
            else:
                found.append(made)
        return tuple(found)


def _plain(*actions: built.Action) -> bool:
    return all(action.unless is None for action in actions)


def _object_at_end(base: FieldPath) -> str | None:
    objects = base.type.objects
    return objects[0] if len(objects) == 1 else None


_Common = Mapping[str, Any]


def _email(place: _Place, action: checked.CheckedSendEmail, common: _Common) -> built.Action:
    template = place.metamodel.templates[action.template]
    return built.SendEmail(template=template, recipients=tuple(map(place.value, action.recipients)), **common)


def _webhook(place: _Place, action: checked.CheckedCallWebhook, common: _Common) -> built.Action:
    connection = place.metamodel.connections[action.webhook]
    fields = place.inputs(action.inputs)
    return built.CallWebhook(connection=connection, fields=fields, given_name=action.given_name, **common)


def _plugin_action(place: _Place, action: checked.CheckedCallAction, common: _Common) -> built.Action:
    fields = place.inputs(action.inputs)
    return built.CallPlugin(action=action.action, fields=fields, given_name=action.given_name, **common)


def _branch(place: _Place, action: checked.CheckedIf, common: _Common) -> built.Action:
    then, otherwise = place.actions(action.then), place.actions(action.otherwise)
    return built.Branch(condition=place.value(action.condition), then=then, otherwise=otherwise, **common)


def _loop(place: _Place, action: checked.CheckedForEach, common: _Common) -> built.Action:
    inner = place.actions(action.actions)
    return built.Loop(variable=action.variable, rows=place.rows(action.rows), actions=inner, **common)


def _create(place: _Place, action: checked.CheckedCreate, common: _Common) -> built.Action:
    fields = place.fields(action.object, action.fields)
    return built.CreateRecord(object=action.object, fields=fields, given_name=action.given_name, **common)


def _notify(place: _Place, action: checked.CheckedNotify, common: _Common) -> built.Action:
    people = tuple(map(place.value, action.people))
    return built.NotifyPeople(people=people, message=place.value(action.message), **common)


def _tag(place: _Place, action: checked.CheckedTag, common: _Common) -> built.Action:
    rows = place.rows(action.rows) if action.rows is not None else None
    return built.ChangeTag(add=action.add, tag=place.value(action.tag), rows=rows, **common)


def _comment(place: _Place, action: checked.CheckedPostComment, common: _Common) -> built.Action:
    rows = place.rows(action.rows) if action.rows is not None else None
    return built.PostComment(message=place.value(action.message), rows=rows, **common)


def _refuse(place: _Place, action: checked.CheckedRefuse, common: _Common) -> built.Action:
    message = place.value(action.message)
    return built.RefuseSave(message=message, field=action.field, warning=action.warning, **common)


_BUILDERS: Mapping[type[checked.CheckedAction], Callable[[_Place, Any, _Common], built.Action]] = {
    checked.CheckedSet: lambda place, action, common: built.SetFields(
        fields=place.fields(place.object, action.fields), **common
    ),
    checked.CheckedCreate: _create,
    checked.CheckedUpdate: lambda place, action, common: built.UpdateRecords(
        rows=place.rows(action.rows), fields=place.fields(action.rows.object, action.fields), **common
    ),
    checked.CheckedDelete: lambda place, action, common: built.DeleteRecords(rows=place.rows(action.rows), **common),
    checked.CheckedRestore: lambda place, action, common: built.RestoreRecord(rows=place.rows(action.rows), **common),
    checked.CheckedTag: _tag,
    checked.CheckedPostComment: _comment,
    checked.CheckedNotify: _notify,
    checked.CheckedSendEmail: _email,
    checked.CheckedCallWebhook: _webhook,
    checked.CheckedCallAction: _plugin_action,
    checked.CheckedWait: lambda place, action, common: built.Pause(duration=place.value(action.duration), **common),
    checked.CheckedIf: _branch,
    checked.CheckedForEach: _loop,
    checked.CheckedRefuse: _refuse,
    checked.CheckedLog: lambda place, action, common: built.WriteLog(message=place.value(action.message), **common),
    checked.CheckedStop: lambda place, action, common: built.StopRule(**common),
}
