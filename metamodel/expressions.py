"""Lists every expression of a metamodel, and every text with `{expression}` parts, with what reading it needs.

The expression language lies in a higher layer; this is the one list of where its texts stand, so that none is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from metamodel.access import RoleDef
from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText
from metamodel.texts import Label


class ExpressionKind(StrEnum):
    """What an expression is for, which says what it may use."""

    CONDITION = "condition"
    """True or false of one record, in memory (visible_if, required_if, validations …)."""
    FORMULA = "formula"
    """The value of a formula field."""
    DEFAULT = "default"
    """The value of a field on creation."""
    FILTER = "filter"
    """True or false of each of many records, in SQL (views, choices of a lookup, children of a roll-up)."""
    SCOPE = "scope"
    """Which records a grant covers: a filter with the words `all yes own team subordinates territory shared no`."""
    FIELD_SCOPE = "field_scope"
    """When a field may be read or updated: `yes`, `no`, `masked`, or a condition."""
    SETTING_CONDITION = "setting_condition"
    """True or false by settings only (`active:` of a validation)."""
    TEXT = "text"
    """A text for people with `{expression}` parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionSite:
    """One expression.

    object: key of the object whose fields are bare names. outer: key of the record with the lookup or roll-up, `this`
    in a filter. expected: field type name of the result (a formula's, a default's); `boolean` for conditions.
    owner: what it belongs to, for messages (`opportunity.weighted`, `role sales_rep`).
    """

    text: LocatedText
    kind: ExpressionKind
    object: str | None
    expected: str
    owner: str
    outer: str | None = None
    field: FieldDef | None = None


def expressions_of(metamodel: Metamodel) -> Iterator[ExpressionSite]:
    """Go through all expressions of a metamodel; rule files and the bodies of templates are not among them."""
    for object_def in metamodel.objects.values():
        yield from _of_object(object_def)
        for field in object_def.fields.values():
            yield from _of_field(object_def, field, metamodel)
    for role in metamodel.roles.values():
        yield from _of_role(role)
    for template in metamodel.templates.values():
        if template.subject.text:
            yield _text(template.subject, template.object, f"template {template.name}")


def _of_object(object_def: ObjectDef) -> Iterator[ExpressionSite]:
    key = object_def.key
    yield _text(object_def.title, key, key)
    for validation in object_def.validations:
        owner = f"{key}.{validation.name}"
        for condition in (validation.when, validation.check):
            if condition is not None:
                yield _condition(condition, key, owner)
        if validation.active is not None:
            kind = ExpressionKind.SETTING_CONDITION
            yield ExpressionSite(text=validation.active, kind=kind, object=None, expected="boolean", owner=owner)
        yield from _label(validation.message, key, owner)
    for layout in object_def.all_layouts:
        for written in (layout.when, *(section.visible_if for section in layout.sections)):
            if written is not None:
                yield _condition(written, key, f"{key} layout")
    for view in object_def.views.values():
        if view.where is not None:
            yield _filter(view.where, key, f"{key}.{view.name}")


def _of_field(object_def: ObjectDef, field: FieldDef, metamodel: Metamodel) -> Iterator[ExpressionSite]:
    key, owner = object_def.key, f"{object_def.key}.{field.name}"
    for condition in (field.required_if, field.visible_if, field.readonly_if):
        if condition is not None:
            yield _condition(condition, key, owner, field)
    if field.formula is not None:
        yield ExpressionSite(
            text=field.formula, kind=ExpressionKind.FORMULA, object=key, expected=field.type, owner=owner, field=field
        )
    if field.default is not None and field.default.expression is not None:
        yield ExpressionSite(
            text=field.default.expression,
            kind=ExpressionKind.DEFAULT,
            object=key,
            expected=field.type,
            owner=owner,
            field=field,
        )
    if field.relation is not None and field.relation.where is not None:
        for target in field.relation.targets:
            yield _filter(field.relation.where, target, owner, outer=key, field=field)
    if field.rollup is not None and field.rollup.where is not None:
        inverse = object_def.inverses.get(field.rollup.list_name)
        if inverse is not None and inverse.object in metamodel.objects:
            yield _filter(field.rollup.where, inverse.object, owner, outer=key, field=field)


def _of_role(role: RoleDef) -> Iterator[ExpressionSite]:
    owner = f"role {role.name}"
    for grant in role.objects.values():
        for scope in grant.scopes.values():
            yield ExpressionSite(
                text=scope, kind=ExpressionKind.SCOPE, object=grant.object, expected="boolean", owner=owner
            )
    for field_grant in role.fields:
        for written in (field_grant.read, field_grant.update):
            if written is not None:
                yield ExpressionSite(
                    text=written,
                    kind=ExpressionKind.FIELD_SCOPE,
                    object=field_grant.object,
                    expected="boolean",
                    owner=owner,
                )


def _condition(text: LocatedText, key: str, owner: str, field: FieldDef | None = None) -> ExpressionSite:
    return ExpressionSite(
        text=text, kind=ExpressionKind.CONDITION, object=key, expected="boolean", owner=owner, field=field
    )


def _filter(
    text: LocatedText, key: str, owner: str, *, outer: str | None = None, field: FieldDef | None = None
) -> ExpressionSite:
    return ExpressionSite(
        text=text, kind=ExpressionKind.FILTER, object=key, expected="boolean", owner=owner, outer=outer, field=field
    )


def _text(text: LocatedText, key: str | None, owner: str) -> ExpressionSite:
    return ExpressionSite(text=text, kind=ExpressionKind.TEXT, object=key, expected="text", owner=owner)


def _label(label: Label, key: str, owner: str) -> Iterator[ExpressionSite]:
    for _, text in label.texts:
        yield _text(text, key, owner)
