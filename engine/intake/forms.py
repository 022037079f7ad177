"""Takes in what a public form brings: its own fields only, with the rights of its role, through the one door.

The record, and the runs of the rules that wait for the form, are committed together. What comes is told of its own
mistakes and of no other record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from engine.access.actor import Actor, Origin
from engine.automation.calls.others import OtherCalls, Submitted
from engine.errors import AccessDenied, FieldError, UnknownObject, ValidationFailed
from engine.intake.errors import NoSuchForm
from engine.intake.limits import IntakeLimits
from engine.records.hooks import Placed
from engine.records.saving.messages import say
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from metamodel.definitions.intake import FormDef
from metamodel.texts import label_text
from metamodel.values import Ref

TRAP = "fs-homepage"
"""What no person sees and programs fill in; no field can have this name."""
_TOLD_OF_OTHERS = frozenset(("not_unique", "duplicate", "duplicate_of", "no_record", "not_a_choice"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What somebody sends. address: where it comes from. language: theirs. trap: what TRAP was filled with."""

    values: Mapping[str, object]
    address: str
    language: str
    trap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormIntake:
    """The public forms of an installation."""

    records: Records
    current: Callable[[], Release]
    others: OtherCalls
    limits: IntakeLimits

    def require(self, name: str, release: Release | None = None) -> FormDef:
        """Give a form that everybody may fill in. Raises: NoSuchForm."""
        found = (release or self.current()).metamodel.forms.get(name)
        if found is None or found.is_survey or found.object is None:
            raise NoSuchForm(name)
        return found

    def submit(self, name: str, filled: Filled) -> None:
        """Take a form in; what fills the trap is dropped, and told nothing of it.

        Raises: NoSuchForm, TooManySubmissions, ValidationFailed, AccessDenied (its role may not make the record).
        """
        release = self.current()
        form = self.require(name, release)
        self.limits.count(form.name, filled.address)
        if filled.trap:
            return
        actor = form_actor(release, form, filled.language)
        with self.records.transaction(actor, release=release) as transaction:
            self.take_in(transaction, form, filled.values)

    def take_in(
        self, transaction: Transaction, form: FormDef, values: Mapping[str, object], placed: Placed | None = None
    ) -> Ref:
        """Make the record of a form within a transaction of its actor, and start the rules that wait for it.

        placed: what the product itself gives the record. Raises: ValidationFailed, AccessDenied.
        """
        assert form.object is not None
        if placed is not None:
            transaction.cause = replace(transaction.cause, placed=placed)
        language = transaction.actor.language
        faults = _own_faults(form, values, language)
        asked = {each.field: values[each.field] for each in form.fields if each.field in values}
        try:
            # Nobody is there who could judge a warning; who works on the record sees what it was.
            made = transaction.create(form.object, {**form.values, **asked}, confirm=None)
        except UnknownObject:
            raise AccessDenied("create", form.object, "the role of the form does not allow it") from None
        except ValidationFailed as refused:
            raise ValidationFailed(_told(form, (*faults, *refused.errors), language)) from None
        if faults:
            # What was made goes with the transaction: whoever fills the form in learns of all mistakes at once.
            raise ValidationFailed(faults)
        record = Ref(form.object, made.record.id)
        self._start(transaction, form, record)
        return record

    def _start(self, transaction: Transaction, form: FormDef, record: Ref) -> None:
        fields = transaction.parts.metamodel.objects[record.object].fields
        stored = transaction.cache.related(record.object, record.id) or {}
        asked = (fields[each.field] for each in form.fields)
        names = {each.name: stored.get(each.name) for each in asked if not (each.encrypted or each.sensitive)}
        title = transaction.cache.title(record.object, transaction.context(record.object, stored))
        self.others.submitted(transaction, Submitted(form=form.name, record=record, title=title, values=names))


def form_actor(release: Release, form: FormDef, language: str) -> Actor:
    """Give who makes the records of a form: nobody, with the rights of the role that it names."""
    return Actor(
        user_id=None,
        login=f"form {form.name}",
        name=label_text(form.label, release.metamodel.main.languages[0], form.name),
        roles=frozenset((form.role,)),
        language=language,
        timezone=release.metamodel.main.timezone,
        origin=Origin.FORM,
    )


def _own_faults(form: FormDef, values: Mapping[str, object], language: str) -> list[FieldError]:
    """Give what the form itself refuses: what it does not ask, and what is empty though it must be filled in."""
    asked = {each.field for each in form.fields}
    faults = [
        FieldError(code="unknown_field", message=say("no_input", language), field=name)
        for name in values
        if name not in asked
    ]
    faults += [
        FieldError(code="required", message=say("required", language), field=each.field)
        for each in form.fields
        if each.required and _is_empty(values.get(each.field))
    ]
    return faults


def _is_empty(value: object) -> bool:
    return value is None or value is False or value in ("", [], {}) or (isinstance(value, str) and not value.strip())


def _told(form: FormDef, errors: Iterable[FieldError], language: str) -> list[FieldError]:
    """Say what is wrong without a word of other records, or of fields that the form does not ask."""
    asked = {each.field for each in form.fields}
    found: dict[tuple[str | None, str], FieldError] = {}
    for each in errors:
        known = each.field in asked or each.code == "unknown_field"
        told = replace(each, field=each.field if known else None)
        if each.code in _TOLD_OF_OTHERS:
            told = replace(told, code="not_unique", message=say("not_unique", language))
        found.setdefault((told.field, told.message), told)
    return list(found.values())
