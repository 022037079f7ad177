"""Does the record make sense: required fields, bounds, options and their transitions, validations.

All findings are collected. Nothing here asks the database but through the context.
"""

from __future__ import annotations

from typing import Any

from engine.access.compiler import Access
from engine.access.eyes import Sight, sight_of
from engine.errors import FieldError
from engine.expressions.context import RecordContext, option_label
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.messages import say
from engine.records.saving.narrowing import Narrowed
from engine.records.saving.plan import Evaluate, Validation
from metamodel.currency_rates import rate_day
from metamodel.field_types import FieldTypeRegistry, FieldValueError, message
from metamodel.fields import ChoiceDef, FieldDef
from metamodel.objects import ValidationSeverity
from metamodel.record_types import RECORD_TYPE, fitting_options, standing_against
from metamodel.texts import label_text
from metamodel.values import ForeignMoney
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import EvaluationError


class Checker:
    """Checks drafts in one language. access: of who is told; messages leave empty what it does not let them read."""

    def __init__(self, types: FieldTypeRegistry, language: str, currency: str, access: Access | None = None) -> None:
        self._access = access
        self._types = types
        self._language = language
        self._currency = currency

    def check(self, draft: RecordDraft) -> None:
        """Check everything about one record but its relations and uniqueness."""
        changed = draft.written if draft.plan.rated else draft.changed
        self.check_readonly(draft, changed)
        self._bounds(draft, changed)
        self._required(draft)
        for narrowed in draft.plan.narrowed:
            self._fit(draft, narrowed, changed)
        for definition in draft.plan.choices:
            if definition.name in changed:
                self._choice(draft, definition)
        for validation in draft.plan.validations:
            self._validate(draft, validation)

    def holds(self, draft: RecordDraft, condition: Evaluate, field: str | None) -> bool:
        """Say whether a condition holds; one that can't be evaluated refuses the save."""
        try:
            return bool(condition(draft.context))
        except EvaluationError as fault:
            draft.reject(say("not_computable", self._language, reason=fault), field=field, code="not_computable")
            return False

    def _refuse(self, draft: RecordDraft, code: str, field: str, **parts: object) -> None:
        draft.errors.append(FieldError(code=code, message=say(code, self._language, **parts), field=field))

    def check_readonly(self, draft: RecordDraft, changed: frozenset[str]) -> None:
        """Refuse what was given for fields that the stored values make read-only."""
        if draft.kind is not SaveKind.UPDATED or draft.stored is None:
            return
        judged = draft.given & changed & draft.plan.readonly_if.keys()
        if not judged:
            return
        # Read-only is judged by what is stored, not by what the form would make of it.
        before = RecordDraft(draft.plan, draft.around, draft.kind, draft.record_id, draft.stored, None)
        for name in sorted(judged):
            if self.holds(before, draft.plan.readonly_if[name], name):
                self._refuse(draft, "readonly", name)
        draft.errors.extend(before.errors)

    def _bounds(self, draft: RecordDraft, changed: frozenset[str]) -> None:
        fields = draft.plan.object.fields
        for name in changed:
            value, definition = draft.values[name], fields[name]
            if value is None or definition.system or definition.type in ("autonumber", "rollup"):
                continue
            try:
                if name not in draft.given or definition.formula is not None or isinstance(value, ForeignMoney):
                    self._types.of(definition).check(value, definition)
            except FieldValueError as fault:
                text = message(fault.code, self._language, **fault.params)
                draft.errors.append(FieldError(code=fault.code, message=text, field=name))
            if isinstance(value, ForeignMoney) and value.base is None and definition.formula is None:
                around = draft.around
                day = rate_day(draft.plan.object, draft.values, around.today, around.zone)
                self._refuse(draft, "currency", name, currency=self._currency, other=value.currency, day=day)

    def _required(self, draft: RecordDraft) -> None:
        plan = draft.plan
        told = {error.field for error in draft.errors}
        for name in plan.required:
            if draft.values[name] is None and name not in told and self._is_visible(draft, name):
                self._refuse(draft, "required", name)
        for name in plan.required_by_type.get(draft.values.get(RECORD_TYPE) or "", ()):
            if draft.values[name] is None and name not in told | {*plan.required} and self._is_visible(draft, name):
                self._refuse(draft, "required", name)
                told.add(name)
        for name, condition in plan.required_if.items():
            if draft.values[name] is not None or name in told or name in plan.required:
                continue
            if self.holds(draft, condition, name) and self._is_visible(draft, name):
                self._refuse(draft, "required", name)

    def _is_visible(self, draft: RecordDraft, name: str) -> bool:
        condition = draft.plan.visible_if.get(name)
        return condition is None or self.holds(draft, condition, name)

    def _choice(self, draft: RecordDraft, definition: FieldDef) -> None:
        value, before = draft.values[definition.name], draft.old.get(definition.name)
        if not isinstance(value, tuple):
            self._option(draft, definition, value)
            return
        for name in value:
            if not isinstance(before, tuple) or name not in before:
                self._option(draft, definition, name)

    def _option(self, draft: RecordDraft, definition: FieldDef, value: Any) -> None:
        """Judge an option that is newly chosen."""
        choice = definition.choice
        option = choice.option(value) if choice is not None and value is not None else None
        if choice is None or option is None:
            return
        if not option.active:
            self._refuse(draft, "inactive_option", definition.name, value=self._label(draft, definition, value))
        self._transition(draft, definition, choice, value)
        for name in option.requires:
            if draft.values.get(name) is None and not any(error.field == name for error in draft.errors):
                self._refuse(draft, "option_requires", name, option=self._label(draft, definition, value))

    def _fit(self, draft: RecordDraft, narrowed: Narrowed, changed: frozenset[str]) -> None:
        """Judge whether options go with the record's other values; a change on either side is judged."""
        definition = narrowed.definition
        name, value = definition.name, draft.values[definition.name]
        if value is None or definition.choice is None:
            return
        by_others = bool(narrowed.deciding & changed)
        before = draft.old.get(name)
        kept = () if by_others else before if isinstance(before, tuple) else (before,)
        for each in value if isinstance(value, tuple) else (value,):
            option = definition.choice.option(each)
            if option is None or each in kept:
                continue
            against = standing_against(draft.plan.object, definition, option, draft.values)
            if against is not None:
                shown, other = self._label(draft, definition, each), self._shown_other(draft, against)
                self._refuse(draft, "wrong_option", name, value=shown, other=other)

    def _shown_other(self, draft: RecordDraft, name: str) -> str:
        definition, value = draft.plan.object.fields[name], draft.values.get(name)
        if value is None:
            return "–"
        if definition.choice is None:
            return label_text(definition.label, self._language, name)
        values = value if isinstance(value, tuple) else (value,)
        return ", ".join(self._label(draft, definition, each) for each in values)

    def _transition(self, draft: RecordDraft, definition: FieldDef, choice: ChoiceDef, value: str) -> None:
        before = draft.old.get(definition.name)
        # Transitions bind changes, not creation; what was empty may become anything.
        if draft.kind is not SaveKind.UPDATED or not isinstance(before, str):
            return
        allowed = choice.allowed_next(before)
        if allowed is None or value in allowed or _is_told(draft, definition):
            return
        fitting = {option.name for option in fitting_options(draft.plan.object, definition, draft.values)}
        labels = [self._label(draft, definition, name) for name in (before, value)]
        comma = "、" if self._language.startswith("zh") else ", "
        possible = comma.join(self._label(draft, definition, name) for name in allowed if name in fitting) or "–"
        self._refuse(draft, "transition", definition.name, old=labels[0], new=labels[1], allowed=possible)

    def _label(self, draft: RecordDraft, definition: FieldDef, option: Any) -> str:
        return option_label(draft.plan.object, definition.name, str(option), self._language)

    def _validate(self, draft: RecordDraft, validation: Validation) -> None:
        for condition in (validation.active, validation.when):
            if condition is not None and not self.holds(draft, condition, validation.field):
                return
        errors = len(draft.errors)
        if self.holds(draft, validation.check, validation.field) or len(draft.errors) > errors:
            return
        finding = FieldError(
            code=validation.name,
            message=validation.message(self._as_read(draft), self._language),
            field=validation.field,
            severity=validation.severity,
        )
        (draft.errors if validation.severity is ValidationSeverity.ERROR else draft.notices).append(finding)

    def _as_read(self, draft: RecordDraft) -> Context:
        """Give the record as who is told may read it: what is masked or hidden is empty."""
        context = draft.context
        if self._access is None or self._access.full or not isinstance(context, RecordContext):
            return context
        rights = self._access.of(draft.object_key).fields
        hidden = [name for name, right in rights.items() if sight_of(right, context) is not Sight.CLEAR]
        return context.without(hidden)


def _is_told(draft: RecordDraft, definition: FieldDef) -> bool:
    """Say whether an option was refused for what stands elsewhere: where it leads is no matter then."""
    return any(error.field == definition.name and error.code == "wrong_option" for error in draft.errors)
