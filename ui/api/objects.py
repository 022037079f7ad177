"""GET /objects and /objects/{object}: the part of the metamodel a caller may see, in the language asked for."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.errors import UnknownObject
from metamodel.fields import FieldDef, OptionDef
from metamodel.record_types import RECORD_TYPE
from metamodel.texts import label_text
from ui.api.answers import json_answer
from ui.api.button_paths import known_buttons
from ui.api.parameters import read_parameters
from ui.api.pressing import button_json
from ui.api.records import object_key
from ui.api.visible import VisibleObject, visible_object, visible_objects
from ui.context import actor, language, release


def list_objects() -> Response:
    """GET /objects: the objects the caller may read."""
    read_parameters(())
    return json_answer({"items": [_summary(each, language()) for each in visible_objects(release(), actor())]})


def get_object(object_name: str) -> Response:
    """GET /objects/{object}: fields, options, views and actions the caller may use."""
    read_parameters(())
    found = visible_object(release(), actor(), object_key(object_name))
    if found is None:
        raise UnknownObject(object_name)
    return json_answer(_whole(found, language()))


def _summary(found: VisibleObject, lang: str) -> dict[str, Any]:
    object_def = found.object
    label = label_text(object_def.label, lang, object_def.name)
    return {
        "name": object_def.key,
        "app": object_def.app,
        "label": label,
        "plural": label_text(object_def.plural, lang, label),
        "icon": object_def.icon,
        "actions": sorted(found.actions),
    }


def _whole(found: VisibleObject, lang: str) -> dict[str, Any]:
    return {
        **_summary(found, lang),
        "help": label_text(found.object.help, lang, "") if found.object.help else None,
        "fields": [_field(found, field, lang) for field in found.fields.values()],
        **_record_types(found, lang),
        "views": [
            {"name": view.name, "type": view.type.value, "label": label_text(view.label, lang, view.name)}
            for view in found.views
        ],
        "buttons": [button_json(found.object, each) for each in known_buttons(release(), actor(), found.object.key)],
        "lists": [
            {"name": inverse.name, "object": inverse.object, "field": inverse.field}
            for inverse in found.object.inverses.values()
            if _list_is_visible(inverse.object, inverse.field)
        ],
    }


def _list_is_visible(object_name: str, field: str) -> bool:
    other = visible_object(release(), actor(), object_name)
    return other is not None and field in other.fields


def _field(found: VisibleObject, field: FieldDef, lang: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": field.name,
        "type": field.value_type,
        "label": label_text(field.label, lang, field.name),
        "required": field.required,
        "computed": field.is_computed,
        "create": field.name in found.creatable,
        "update": field.name in found.updatable,
        "masked": field.name in found.masked,
    }
    if field.help is not None:
        described["help"] = label_text(field.help, lang, "")
    if field.max_length is not None:
        described["max_length"] = field.max_length
    if field.relation is not None:
        described["to"] = [target for target in field.relation.targets if _is_visible(target)]
    if field.choice is not None:
        described["options"] = [_option(found, option, lang) for option in field.choice.options]
        if field.choice.depends_on in found.fields:
            described["depends_on"] = field.choice.depends_on
    return described


def _option(found: VisibleObject, option: OptionDef, lang: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": option.name,
        "label": label_text(option.label, lang, option.name),
        "color": option.color,
        "active": option.active,
    }
    if option.only_for:
        described["for"] = list(option.only_for)
    if needed := [name for name in option.requires if name in found.fields]:
        described["requires"] = needed
    if option.tip is not None:
        described["tip"] = option.tip.in_language(lang)
    if option.attributes:
        described["attributes"] = dict(option.attributes)
    return described


def _record_types(found: VisibleObject, lang: str) -> dict[str, Any]:
    if not found.object.record_types or RECORD_TYPE not in found.fields:
        return {}
    kinds = [
        {
            "name": kind.name,
            "label": label_text(kind.label, lang, kind.name),
            "required": [name for name in kind.required if name in found.fields],
            "options": {field: list(names) for field, names in kind.options if field in found.fields},
        }
        for kind in found.object.record_types
    ]
    return {"record_types": kinds}


def _is_visible(key: str) -> bool:
    return visible_object(release(), actor(), key) is not None
