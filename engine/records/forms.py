"""What a form shows for the values typed so far, and the records its lookups offer; judged as the save would.

Nothing is written: a form's draft is filled and computed like a save's and then only looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, literal, literal_column, select

from engine.access.compiler import AccessEyes
from engine.access.predicates import EVERYONE, NOBODY
from engine.errors import AccessDenied, QueryProblem
from engine.expressions.sql.bound import BoundRecord
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.texts import folded_test
from engine.records.hooks import SaveKind
from engine.records.query import problem
from engine.records.reading import search_words
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.loading import load_for_change
from engine.records.saving.relations import check_relations
from engine.records.saving.steps import new_draft, prepare_new, reader
from engine.records.types import Choice, FieldState, FormState
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_OFFERED = 20


def form_state(
    transaction: Transaction, object_def: ObjectDef, record_id: str | None, raw: Mapping[str, object]
) -> FormState:
    """Judge a form: a new record's with `record_id` None.

    Raises: RecordNotFound, AccessDenied.
    """
    draft, errors = _draft(transaction, object_def, record_id, raw)
    draft.compute()
    check_relations([draft], transaction)
    access = transaction.access.of(object_def.key)
    context = draft.context
    readable = [
        name
        for name in object_def.fields
        if name in access.readable and (access.fields[name].read is EVERYONE or access.fields[name].read.test(context))
    ]
    fields = {name: _state(transaction, draft, object_def.fields[name]) for name in readable}
    sections = tuple(
        section.visible_if is None or _holds(draft, transaction.parts.condition(object_def.key, section.visible_if))
        for section in object_def.layout.sections
    )
    return FormState(
        fields=fields,
        sections=sections,
        values={name: context.this.get(name) for name in readable},
        titles={name: title for name, title in draft.titles.items() if name in fields},
        errors=errors,
    )


def _draft(
    transaction: Transaction, object_def: ObjectDef, record_id: str | None, raw: Mapping[str, object]
) -> tuple[RecordDraft, Any]:
    if record_id is None:
        if not transaction.access.of(object_def.key).may("create"):
            raise AccessDenied("create", object_def.key, "your roles do not allow it")
        given, errors = reader(transaction, object_def, SaveKind.CREATED).try_read(raw)
        draft = new_draft(transaction, object_def.key, given, None)
        prepare_new(draft, transaction)
        return draft, errors
    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.UPDATED, None)
    given, errors = reader(transaction, object_def, SaveKind.UPDATED).try_read(raw)
    for name, value in given.items():
        draft.put(name, draft.plan.keep[name](value))
        draft.given.add(name)
    return draft, errors


def _state(transaction: Transaction, draft: RecordDraft, definition: FieldDef) -> FieldState:
    plan, name = draft.plan, definition.name
    visible = name not in plan.visible_if or _holds(draft, plan.visible_if[name])
    required = visible and (
        name in plan.required or (name in plan.required_if and _holds(draft, plan.required_if[name]))
    )
    return FieldState(
        visible=visible,
        required=required,
        readonly=name not in plan.settable or not _may_set(transaction, draft, name),
        options=_options(draft, definition),
    )


def _may_set(transaction: Transaction, draft: RecordDraft, name: str) -> bool:
    rights = transaction.access.of(draft.object_key).fields[name]
    if draft.kind is SaveKind.CREATED:
        return rights.create is not NOBODY and rights.create.test(draft.context)
    stored = RecordDraft(draft.plan, draft.around, draft.kind, draft.record_id, draft.stored, None)
    if rights.update is NOBODY or not rights.update.test(stored.context):
        return False
    condition = draft.plan.readonly_if.get(name)
    return condition is None or not _holds(stored, condition)


def _options(draft: RecordDraft, definition: FieldDef) -> tuple[str, ...] | None:
    choice = definition.choice
    if choice is None or definition.formula is not None:
        return None
    stored = draft.old.get(definition.name)
    allowed = choice.allowed_next(stored) if isinstance(stored, str) else None
    other = draft.values.get(choice.depends_on) if choice.depends_on is not None else None
    return tuple(
        option.name
        for option in choice.options
        if option.name == stored
        or (
            option.active
            and (allowed is None or option.name in allowed)
            and (choice.depends_on is None or not option.only_for or other in option.only_for)
        )
    )


def _holds(draft: RecordDraft, condition: Any) -> bool:
    try:
        return bool(condition(draft.context))
    except EvaluationError:
        return False


def choices(
    transaction: Transaction, object_def: ObjectDef, name: str, text: str, raw: Mapping[str, object]
) -> Sequence[Choice]:
    """Give records that a lookup may be set to: readable, fitting its `where`, their titles holding the text's words.

    raw: the form's other values. Raises: QueryProblem where there is no such lookup.
    """
    access = transaction.access.of(object_def.key)
    definition = object_def.fields.get(name)
    settable = access.updatable | access.creatable
    if definition is None or definition.relation is None or name not in access.readable & settable:
        raise problem("EXP903", f"'{name}' is not a lookup of {object_def.key}")
    given, _ = reader(transaction, object_def, SaveKind.CREATED).try_read(
        {key: value for key, value in raw.items() if key in object_def.fields}
    )
    targets = definition.relation.targets or tuple(transaction.parts.metamodel.objects)
    found: list[Choice] = []
    for target in targets:
        if transaction.access.of(target).visible and len(found) < _OFFERED:
            found.extend(_offered(transaction, definition, target, text, {**given}, object_def.key))
    return found[:_OFFERED]


def _offered(
    transaction: Transaction,
    definition: FieldDef,
    target: str,
    text: str,
    given: Mapping[str, Any],
    object_key: str,
) -> Sequence[Choice]:
    parts = transaction.parts
    builder = parts.builder(transaction.access, transaction.actor.language)
    alias = parts.tables.of(target).table.alias()
    eyes = None if transaction.access.full else AccessEyes(transaction.access)
    scope = RowScope(builder, Frame(alias), target, alias, False, eyes)
    title = cast(scope.title(), Text())
    conditions: list[Any] = [alias.c["deleted_at"].is_(None)]
    if eyes is not None and (readable := eyes.record_condition(scope)) is not None:
        conditions.append(readable)
    if "active" in parts.metamodel.objects[target].fields and target == "user":
        conditions.append(alias.c["active"].is_(True))
    conditions += [folded_test(builder, BinaryOp.CONTAINS, title, literal(word, Text())) for word in search_words(text)]
    relation = definition.relation
    if relation is not None and relation.where is not None and relation.single_target == target:
        node = parts.language.condition(relation.where, object_key, row_object=target)
        bound = BoundRecord(builder, scope.frame, object_key, given)
        try:
            plain = scope.with_eyes(None)
            conditions.append(builder.condition(node, Environment(scope.frame, bound, (plain,)), loose=True))
        except NotInSql as fault:
            raise QueryProblem([fault.problem]) from fault
    query = select(alias.c["id"], title).select_from(scope.frame.source).where(*conditions)
    rows = transaction.execute(query.order_by(title, alias.c["id"]).limit(literal_column(str(_OFFERED))))
    return [Choice(object=target, id=str(row[0]), title=row[1] or "") for row in rows]
