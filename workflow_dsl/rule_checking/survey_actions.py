"""Checks `send survey`: it is one, its mail is about the rule's object, its answer can point at the rule's record."""

from __future__ import annotations

from metamodel.definitions.intake import FormDef
from metamodel.names import did_you_mean
from workflow_dsl.checked_rules import CheckedAction, CheckedSendSurvey
from workflow_dsl.rule_checking.people import check_people
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Send


def check_survey(checking: RuleChecking, action: Send, path: str) -> CheckedAction | None:
    """Check one action."""
    name, forms = action.template, checking.scope.metamodel.forms
    recipients = check_people(checking, action.recipients, addresses=True)
    form = forms.get(name.text)
    if form is None or not form.is_survey:
        surveys = [each.name for each in forms.values() if each.is_survey]
        hint = did_you_mean(name.text, surveys) or f"write forms/{name.text}.yaml with kind: survey"
        hint = hint if form is None else "everybody may fill it in; add 'kind: survey' to its file"
        checking.refuse("RUL209", f"there is no survey '{name.text}'", name.at, hint)
        return None
    _check_about(checking, action, form)
    _check_template(checking, action, form)
    if not recipients:
        return None
    return CheckedSendSurvey(
        path=path,
        text=checking.text_of(action.at),
        at=action.at.location,
        form=form.name,
        recipients=recipients,
    )


def _check_about(checking: RuleChecking, action: Send, form: FormDef) -> None:
    made = checking.scope.metamodel.objects.get(form.object or "")
    field = made.fields.get(form.about or "") if made is not None else None
    own = checking.scope.object
    if field is None or field.relation is None or not field.relation.targets or own is None:
        return
    if own not in field.relation.targets:
        targets = " and ".join(field.relation.targets)
        message = f"the answers of '{form.name}' are about {targets} (its field '{field.name}'), this rule about {own}"
        checking.refuse("RUL209", message, action.template.at)


def _check_template(checking: RuleChecking, action: Send, form: FormDef) -> None:
    template = checking.scope.metamodel.templates.get(form.template or "")
    wanted, own = template.object if template is not None else None, checking.scope.object
    found = checking.scope.metamodel.find_object(wanted) if wanted is not None else None
    if found is not None and own is not None and found.key != own:
        message = f"the mail of '{form.name}' ('{form.template}') is about {wanted}, and this rule is about {own}"
        checking.refuse("RUL209", message, action.template.at)
