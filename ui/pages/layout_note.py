"""Says in a line which layout a page or form uses and why, where an object has several."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext as _
from markupsafe import Markup

from engine.records.types import ChosenLayout
from metamodel.layouts import Device, LayoutDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import language, release
from ui.pages.rights import access_of
from ui.written import html_text, written


def layout_note(object_def: ObjectDef, chosen: ChosenLayout) -> str:
    """Give the line, or nothing where there is no other layout."""
    if chosen.is_only:
        return ""
    layout = chosen.layout
    if not layout.name:
        return str(_("Standard layout: no other fits."))
    name = label_text(layout.label, language(), layout.name)
    return str(_("Layout “%(name)s”: %(reasons)s.", name=name, reasons=_comma().join(_reasons(object_def, layout))))


def layout_note_html(object_def: ObjectDef, chosen: ChosenLayout) -> Markup:
    """Give the line as it stands at the foot of a form."""
    text = layout_note(object_def, chosen)
    return written(('<p class="soft small layout-note">', html_text(text), "</p>") if text else ())


def _reasons(object_def: ObjectDef, layout: LayoutDef) -> Iterator[str]:
    tongue, metamodel = language(), release().metamodel
    if layout.roles:
        fitting = [metamodel.roles[name] for name in layout.roles if name in access_of().roles]
        names = _comma().join(label_text(role.label, tongue, role.name) for role in fitting)
        yield str(_("your role is %(roles)s", roles=names))
    if layout.record_types:
        kinds = [kind for name in layout.record_types if (kind := object_def.record_type(name)) is not None]
        names = _comma().join(label_text(kind.label, tongue, kind.name) for kind in kinds)
        yield str(_("the record type is %(types)s", types=names))
    if layout.devices:
        words = {Device.PHONE: _("phone"), Device.TABLET: _("tablet"), Device.DESKTOP: _("desktop computer")}
        yield str(_("the device is %(devices)s", devices=_comma().join(str(words[each]) for each in layout.devices)))
    if layout.when is not None:
        yield str(_("%(condition)s holds", condition=layout.when.text))
    if not (layout.roles or layout.record_types or layout.devices or layout.when):
        yield str(_("it is for everybody"))


def _comma() -> str:
    return "、" if language().startswith("zh") else ", "
