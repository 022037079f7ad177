"""Answers of surveys: a link is good for one answer until its time is over; the answer knows whom it is of.

Using a link up, the record of the answer and the rules it starts are one transaction: an answer that is refused can be
sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.automation.surveys import SurveyLink, SurveyLinks
from engine.intake.errors import LinkState, SurveyClosed
from engine.intake.forms import Filled, FormIntake, form_actor
from engine.intake.limits import IntakeLimits
from engine.records.hooks import Placed
from engine.records.saving.relations import find_targets
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from metamodel.definitions.intake import FormDef
from metamodel.fields import FieldDef
from metamodel.values import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswers:
    """Takes answers in."""

    forms: FormIntake
    records: Records
    links: SurveyLinks
    limits: IntakeLimits

    def open(self, token: str) -> FormDef:
        """Give the form that a link is for; nothing is used up by looking. Raises: SurveyClosed."""
        return self._find(self.forms.current(), token)[0]

    def answer(self, token: str, filled: Filled) -> FormDef:
        """Take an answer in, once; give the form.

        Raises: SurveyClosed, TooManySubmissions, ValidationFailed, AccessDenied (its role may not make the record).
        """
        release = self.forms.current()
        form, link = self._find(release, token)
        self.limits.count(form.name, filled.address)
        if filled.trap:
            return form
        actor = form_actor(release, form, filled.language)
        with self.records.transaction(actor, release=release) as transaction:
            if not self.links.use(transaction.connection, link, transaction.now):
                raise SurveyClosed(LinkState.USED)
            record = self.forms.take_in(transaction, form, filled.values, _placed(transaction, form, link))
            self.links.note_answer(transaction.connection, link, record.id)
        return form

    def _find(self, release: Release, token: str) -> tuple[FormDef, SurveyLink]:
        link = self.links.find(token)
        if link is not None and link.used_at is not None:
            raise SurveyClosed(LinkState.USED)
        form = release.metamodel.forms.get(link.form) if link is not None else None
        if link is None or form is None or not form.is_survey or form.object is None:
            raise SurveyClosed(LinkState.DEAD)
        return form, link


def _placed(transaction: Transaction, form: FormDef, link: SurveyLink) -> Placed:
    """Give the fields that say who answered, and what about, as far as they can point there and it is there still."""
    assert form.object is not None
    fields = transaction.parts.metamodel.objects[form.object].fields
    values: dict[str, Any] = {}
    for name, target in ((form.asked, link.asked), (form.about, link.about)):
        value = _pointing(fields, name, target) if name is not None and target is not None else None
        if value is not None and target is not None and find_targets(transaction, {target.object: [target.id]}):
            values[name or ""] = value
    return Placed(object=form.object, values=values)


def _pointing(fields: Mapping[str, FieldDef], name: str, target: Ref) -> Ref | str | None:
    relation = fields[name].relation
    if relation is None or (relation.targets and target.object not in relation.targets):
        return None
    return target.id if relation.single_target is not None else target
