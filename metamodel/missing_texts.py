"""Finds the texts for people that lack a language which their app declares.

A definition without any label is called by its name in every language, so it lacks them all; helps, tips and the like
are looked at where they are written.
"""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.access import MenuItemDef
from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from metamodel.layouts import LayoutDef
from metamodel.linking.app_order import CORE
from metamodel.objects import ObjectDef
from metamodel.source import Location, Problem, Severity
from metamodel.texts import Label

Text = tuple[str, Location, Label | None, str]
"""What it is the text of, its place, the text, the app whose languages count."""


def missing_texts(metamodel: Metamodel) -> Iterator[Problem]:
    """Give a problem for each text and each language that it lacks; the app core is left out.

    Problems: APP462.
    """
    languages = {app.name: app.languages for app in metamodel.apps if app.name != CORE}
    folders = {app.at.file.split("/", 1)[0]: app.name for app in metamodel.apps}
    for what, at, label, app in _texts(metamodel):
        owner = app or folders.get(at.file.split("/", 1)[0], "")
        written = {code for code, _ in label.texts} if label is not None else set()
        for language in languages.get(owner, ()):
            if language not in written:
                place = label.texts[0][1].at if label is not None and label.texts else at
                message = f"{what} has no text in '{language}'"
                yield Problem(code="APP462", message=message, at=place, severity=Severity.WARNING)


def language_of(problem: Problem) -> str:
    """Give the language that a problem of `missing_texts` is about."""
    return problem.message.rsplit("'", 2)[1]


def _texts(metamodel: Metamodel) -> Iterator[Text]:
    for app in metamodel.apps:
        yield f"the app '{app.name}'", app.at, app.label, app.name
        for setting in app.settings.values():
            yield f"the setting '{setting.name}'", setting.at, setting.label, app.name
    for object_def in metamodel.objects.values():
        yield from _of_object(object_def)
    for role in metamodel.roles.values():
        yield f"the role '{role.name}'", role.at, role.label, role.app
    for menu in metamodel.menus.values():
        if not menu.at.file.endswith("/app.yaml"):
            yield f"the menu '{menu.name}'", menu.at, menu.label, menu.app
            yield from _of_items(menu.items, menu.app)
    for what, found in (
        ("team", metamodel.teams),
        ("queue", metamodel.queues),
        ("territory", metamodel.territories),
        ("report", metamodel.reports),
        ("dashboard", metamodel.dashboards),
        ("form", metamodel.forms),
    ):
        for item in found.values():
            yield f"the {what} '{item.name}'", item.at, item.label, ""


def _of_object(object_def: ObjectDef) -> Iterator[Text]:
    key, app = object_def.key, object_def.app
    yield f"the object '{key}'", object_def.at, object_def.label, app
    if object_def.plural is not None:
        yield f"the plural of '{key}'", object_def.at, object_def.plural, app
    for field in object_def.fields.values():
        if not field.system:
            yield from _of_field(key, field)
    for validation in object_def.validations:
        yield f"the message of '{key}.{validation.name}'", validation.at, validation.message, validation.app
    # What the product adds (a layout, a list) stands at the object itself and is in the product's languages.
    for layout in object_def.all_layouts:
        yield from _of_layout(object_def, layout)
    for view in object_def.views.values():
        if view.at != object_def.at:
            yield f"the view '{key}.{view.name}'", view.at, view.label, view.app


def _of_layout(object_def: ObjectDef, layout: LayoutDef) -> Iterator[Text]:
    if layout.label is not None:
        yield f"the layout '{object_def.key}.{layout.name}'", layout.at, layout.label, ""
    for section in layout.sections:
        if section.label is not None and section.at != object_def.at:
            yield f"a section of '{object_def.key}'", section.at, section.label, ""


def _of_field(key: str, field: FieldDef) -> Iterator[Text]:
    yield f"the field '{key}.{field.name}'", field.at, field.label, field.app
    if field.help is not None:
        yield f"the help of '{key}.{field.name}'", field.at, field.help, field.app
    for option in field.choice.options if field.choice is not None else ():
        yield f"the option '{key}.{field.name}.{option.name}'", option.at, option.label, ""
        if option.tip is not None:
            yield f"the tip of '{key}.{field.name}.{option.name}'", option.at, option.tip, ""


def _of_items(items: tuple[MenuItemDef, ...], app: str) -> Iterator[Text]:
    for item in items:
        if item.label is not None or item.items:
            yield "a menu entry", item.at, item.label, app
        yield from _of_items(item.items, app)
