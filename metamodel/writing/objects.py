"""Writes objects back as plain data: the object's own file, and what each other app adds to it as an extension."""

from __future__ import annotations

import json
from decimal import Decimal

from metamodel.behaviour import BehaviourDef
from metamodel.duplicates import DuplicateDef, MatchHow
from metamodel.fields import ChoiceDef, DefaultDef, FieldDef, RelationKind
from metamodel.layouts import LayoutDef
from metamodel.objects import ObjectDef, ValidationDef, ValidationSeverity
from metamodel.pools import PoolDef
from metamodel.privacy import PrivacyDef
from metamodel.record_types import RECORD_TYPE, RecordTypeDef
from metamodel.source import LocatedText
from metamodel.sources import SourceDef
from metamodel.views import ViewDef
from metamodel.writing.values import Plain, label, plain_value, trimmed


def dump_object(object_def: ObjectDef) -> dict[str, Plain]:
    """Write an object's own file; its layout is whole, also where it shows fields of extensions."""
    parts = _parts_of_app(object_def, object_def.app)
    return trimmed(
        object=object_def.name,
        label=label(object_def.label),
        plural=label(object_def.plural),
        help=label(object_def.help),
        icon=object_def.icon,
        title=object_def.title.text,
        search=[path.text for path in object_def.search] or None,
        history=None if object_def.history or object_def.source is not None else False,
        was=object_def.was,
        fields=parts.pop("fields", {}),
        unique=[list(unique.fields) for unique in object_def.unique] or None,
        duplicates=[_duplicate(rule) for rule in object_def.duplicates] or None,
        reveal_duplicates="owner" if object_def.reveal_duplicates else None,
        rate_date=object_def.rate_date,
        pool=_pool(object_def.pool),
        **_privacy(object_def.privacy),
        events=_behaviour(object_def.behaviour),
        source=_source(object_def.source),
        quality={field.name: field.quality for field in object_def.fields.values() if field.quality} or None,
        record_types={kind.name: _record_type(kind) for kind in object_def.record_types} or None,
        layout=_layout(object_def.layout),
        layouts={layout.name: _layout(layout) for layout in object_def.layouts} or None,
        **parts,
    )


def dump_extension(object_def: ObjectDef, app: str) -> dict[str, Plain] | None:
    """Write what an app adds to another app's object; None where it adds nothing."""
    parts = _parts_of_app(object_def, app)
    return {"extends": object_def.key, **parts} if parts else None


def _parts_of_app(object_def: ObjectDef, app: str) -> dict[str, Plain]:
    fields: dict[str, Plain] = {
        field.name: _field(field, object_def)
        for field in object_def.fields.values()
        if field.app == app and not field.system and not (object_def.record_types and field.name == RECORD_TYPE)
    }
    views: dict[str, Plain] = {view.name: _view(view) for view in object_def.views.values() if view.app == app}
    validations: list[Plain] = [_validation(v) for v in object_def.validations if v.app == app]
    return trimmed(fields=fields or None, validations=validations or None, views=views or None)


def _text(text: LocatedText | None) -> str | None:
    return text.text if text is not None else None


def _field(field: FieldDef, object_def: ObjectDef) -> Plain:
    keys = trimmed(
        type=field.type,
        label=label(field.label),
        help=label(field.help),
        required=field.required or None,
        required_if=_text(field.required_if),
        visible_if=_text(field.visible_if),
        readonly_if=_text(field.readonly_if),
        default=_default(field.default),
        unique=field.unique or None,
        index=field.index or None,
        external_id=field.external_id or None,
        history=None if field.history == object_def.history else field.history,
        sensitive=field.sensitive or None,
        encrypted=field.encrypted or None,
        personal=field.personal or None,
        multiple=field.multiple or None,
        min=plain_value(field.minimum),
        max=plain_value(field.maximum),
        pattern=_text(field.pattern),
        max_length=field.max_length,
        digits=field.digits,
        normalise=field.normalise,
        empty_as=plain_value(field.empty_as),
        copy_from=_text(field.copy_from),
        was=field.was,
        formula=_text(field.formula),
        format=field.number_format,
        schema=json.loads(field.json_schema, parse_float=Decimal) if field.json_schema is not None else None,
    )
    choice = _choice(field.choice) if field.choice is not None else {}
    return {**keys, **_files(field), **_relation(field), **_rollup(field), **choice}


def _files(field: FieldDef) -> dict[str, Plain]:
    if field.files is None:
        return {}
    return trimmed(
        accept=list(field.files.accept) or None,
        max_size=field.files.max_size,
        max_files=field.files.max_files,
        camera=field.files.camera or None,
    )


def _default(default: DefaultDef | None) -> Plain:
    if default is None:
        return None
    return plain_value(default.constant) if default.expression is None else f"= {default.expression.text}"


def _relation(field: FieldDef) -> dict[str, Plain]:
    relation = field.relation
    if relation is None:
        return {}
    targets: list[Plain] = list(relation.targets)
    to: Plain = "any" if not targets else targets[0] if len(targets) == 1 else targets
    is_lookup = relation.kind is not RelationKind.CHILD_OF
    return trimmed(
        to=to if relation.kind is not RelationKind.USER else None,
        inverse=relation.inverse,
        on_delete=relation.on_delete.value if is_lookup else None,
        where=_text(relation.where),
        tree=relation.tree or None,
    )


def _rollup(field: FieldDef) -> dict[str, Plain]:
    if field.rollup is None:
        return {}
    return trimmed(
        of=field.rollup.of.text,
        function=field.rollup.function.value,
        where=_text(field.rollup.where),
        sorted_by=_text(field.rollup.sorted_by),
    )


def _choice(choice: ChoiceDef) -> dict[str, Plain]:
    shared = choice.option_set
    return trimmed(
        attributes=(dict(choice.attribute_types) or None) if shared is None else None,
        options=_options(choice) if shared is None else shared,
        transitions={name: list(following) for name, following in choice.transitions} or None,
        depends_on=choice.depends_on,
    )


def dump_option_set(choice: ChoiceDef) -> dict[str, Plain]:
    """Write the shared option set that a choice takes its options from."""
    return trimmed(
        option_set=choice.option_set,
        attributes=dict(choice.attribute_types) or None,
        options=_options(choice),
    )


def _options(choice: ChoiceDef) -> dict[str, Plain]:
    options: dict[str, Plain] = {}
    for option in choice.options:
        keys = trimmed(
            label=label(option.label),
            color=option.color,
            order=option.order,
            active=None if option.active else False,
            tip=label(option.tip),
            requires=list(option.requires) or None,
            was=option.was,
        )
        if option.only_for:
            keys["for"] = list(option.only_for)
        options[option.name] = {**keys, **{name: plain_value(value) for name, value in option.attributes}}
    return options


def _validation(validation: ValidationDef) -> Plain:
    severity = validation.severity
    return trimmed(
        name=validation.name,
        when=_text(validation.when),
        check=validation.check.text,
        field=validation.field,
        message=label(validation.message),
        severity=None if severity is ValidationSeverity.ERROR else severity.value,
        active=_text(validation.active),
    )


def _pool(pool: PoolDef | None) -> Plain:
    if pool is None:
        return None
    claim: list[Plain] = list(pool.claim)
    return trimmed(claim=claim, quota=pool.quota, protect=_text(pool.protect), fall_back=_text(pool.fall_back))


def _privacy(privacy: PrivacyDef | None) -> dict[str, Plain]:
    if privacy is None:
        return {}
    kept = privacy.retention
    retention = trimmed(where=_text(kept.where), after=kept.after.text, do=kept.do.value) if kept is not None else None
    return trimmed(purpose=label(privacy.purpose), consent=_text(privacy.consent), retention=retention)


def _behaviour(behaviour: BehaviourDef | None) -> Plain:
    if behaviour is None:
        return None
    found_by: dict[str, Plain] = dict(behaviour.found_by)
    return trimmed(person=behaviour.person, at=behaviour.happened, found_by=found_by)


def _source(source: SourceDef | None) -> Plain:
    if source is None:
        return None
    return trimmed(table=source.called, key=source.key, fields=dict(source.columns) or None)


def _duplicate(rule: DuplicateDef) -> Plain:
    match: list[Plain] = [
        trimmed(
            field=each.field,
            how=each.how.value,
            threshold=float(each.threshold) if each.how is MatchHow.FUZZY else None,
        )
        for each in rule.match
    ]
    return {"match": match, "action": rule.action.value}


def _record_type(kind: RecordTypeDef) -> Plain:
    return trimmed(
        label=label(kind.label),
        required=list(kind.required) or None,
        options={field: list(names) for field, names in kind.options} or None,
        layout=kind.layout,
    )


def _layout(layout: LayoutDef) -> Plain:
    return trimmed(
        label=label(layout.label),
        when=_text(layout.when),
        roles=list(layout.roles) or None,
        record_types=list(layout.record_types) or None,
        device=[device.value for device in layout.devices] or None,
        highlights=list(layout.highlights) or None,
        path=layout.path,
        sections=[
            trimmed(
                label=label(section.label),
                columns=section.columns,
                fields=list(section.fields),
                visible_if=_text(section.visible_if),
            )
            for section in layout.sections
        ],
        related=list(layout.related) or None,
        actions=list(layout.actions) or None,
    )


def _view(view: ViewDef) -> Plain:
    beside: dict[str, Plain] = {"with": [path.text for path in view.beside]} if view.beside else {}
    return trimmed(
        label=label(view.label),
        type=view.type.value,
        columns=[path.text for path in view.columns] or None,
        where=_text(view.where),
        sort=[("-" if key.descending else "") + key.path for key in view.sort] or None,
        by=view.by,
        card=[path.text for path in view.card] or None,
        sum=view.sum,
        roles=list(view.roles) or None,
        **beside,
    )
