"""What the picker of a lookup asks: the records that fit the text typed and the form's other values, as JSON."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.pages.form_values import form_fields, read_posted
from ui.pages.rights import readable_object, user_formats

blueprint = Blueprint("choices", __name__)


@blueprint.get("/o/<object_name>/choices/<field_name>")
def offer_choices(object_name: str, field_name: str) -> ResponseReturnValue:
    """Answer what a lookup's picker offers for the text typed."""
    object_def = readable_object(object_name)
    field = object_def.fields.get(field_name)
    given = read_posted(form_fields(object_def), request.args, user_formats()).values
    found = platform().records.choices(
        actor(), object_def.key, field_name, request.args.get("q", "")[:200], values=given
    )
    single = field is not None and field.relation is not None and field.relation.single_target is not None
    bare = single or "bare" in request.args
    several = len({each.object for each in found}) > 1
    return {
        "options": [
            {
                "value": each.id if bare else f"{each.object}:{each.id}",
                "text": each.title,
                "hint": _object_label(each.object) if several else "",
            }
            for each in found
        ]
    }


def _object_label(object_key: str) -> str:
    found = release().metamodel.objects[object_key]
    return label_text(found.label, language(), found.name)
