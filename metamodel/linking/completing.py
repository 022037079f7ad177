"""Adds what an author may leave out: system fields, a title, a layout, a list view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from metamodel.fields import FieldDef, OnDelete, RelationDef, RelationKind
from metamodel.layouts import LayoutDef, SectionDef
from metamodel.names import name_fault
from metamodel.objects import InverseDef
from metamodel.pools import CLAIMED_AT, claimed_field
from metamodel.quality import QUALITY, quality_field
from metamodel.reading.object_file import ObjectDraft
from metamodel.source import LocatedText, Location
from metamodel.texts import Label
from metamodel.views import SortKey, ViewDef, ViewType

DEFAULT_VIEW = "all"
_COLUMNS = 6
_SYSTEM_LABELS = {
    "id": ("ID", "编号"),
    "owner": ("Owner", "负责人"),
    "created_at": ("Created at", "创建时间"),
    "created_by": ("Created by", "创建人"),
    "modified_at": ("Modified at", "修改时间"),
    "modified_by": ("Modified by", "修改人"),
    "version": ("Version", "版本"),
    "deleted_at": ("Deleted at", "删除时间"),
}
_SYSTEM_TYPES = {
    "id": "text",
    "owner": "lookup",
    "created_at": "datetime",
    "created_by": "user",
    "modified_at": "datetime",
    "modified_by": "user",
    "version": "integer",
    "deleted_at": "datetime",
}


def bilingual(english: str, chinese: str, at: Location, first: str) -> Label:
    """Make a label of the product's own, the installation's first language first."""
    texts = (("en", LocatedText(text=english, at=at)), ("zh", LocatedText(text=chinese, at=at)))
    return Label(texts=texts[::-1] if first == "zh" else texts)


def add_system_fields(draft: ObjectDraft, first: str) -> ObjectDraft:
    """Give the draft with its completeness, id, owner and the others every object has, after its own fields."""
    fields = dict(draft.fields)
    if QUALITY not in fields and draft.source is None:
        label = bilingual("Completeness", "完整度", draft.at, first)
        fields[QUALITY] = quality_field(fields, draft.app, draft.at, label)
    if draft.pool is not None and CLAIMED_AT not in fields:
        label = bilingual("Claimed at", "领取时间", draft.at, first)
        fields[CLAIMED_AT] = claimed_field(draft.app, draft.at, label)
    for name, type_name in _SYSTEM_TYPES.items():
        if draft.source is None or name == "id" or name in draft.source.columns:
            fields[name] = _system_field(name, type_name, draft, first)
    return replace(draft, fields=fields)


def _system_field(name: str, type_name: str, draft: ObjectDraft, first: str) -> FieldDef:
    relation = None
    if name == "owner":
        relation = RelationDef(
            kind=RelationKind.LOOKUP, targets=("user", "queue"), at=draft.at, on_delete=OnDelete.RESTRICT
        )
    elif type_name == "user":
        relation = RelationDef(kind=RelationKind.USER, targets=("user",), at=draft.at, on_delete=OnDelete.RESTRICT)
    return FieldDef(
        name=name,
        type=type_name,
        app=draft.app,
        at=draft.at,
        label=bilingual(*_SYSTEM_LABELS[name], draft.at, first),
        system=True,
        required=name in ("id", "version", "created_at", "modified_at"),
        history=name == "owner",
        max_length=36 if name == "id" and draft.source is None else None,
        relation=relation,
    )


def default_title(draft: ObjectDraft) -> LocatedText:
    """Give the title of an object that has none: its `name`, else its first text or number, else its id."""
    own = [field for field in draft.fields.values() if not field.system]
    if "name" in draft.fields:
        best = "name"
    else:
        # A wrong name is told where it stands; here it would be taken for an expression that is wrong too.
        fit = (f.name for f in own if f.type in ("text", "autonumber", "email", "phone") and name_fault(f.name) is None)
        best = next(fit, "id")
    return LocatedText(text="{" + best + "}", at=draft.at)


def default_layout(draft: ObjectDraft, inverses: Mapping[str, InverseDef], first: str) -> LayoutDef:
    """Give a layout of all fields: short ones in two columns, long texts below, then all related lists."""
    own = [field for field in draft.fields.values() if not field.system]
    short = tuple(field.name for field in own if field.type != "long_text")
    long = tuple(field.name for field in own if field.type == "long_text")
    details = bilingual("Details", "详细信息", draft.at, first)
    sections = [SectionDef(fields=(*short, *_owner(draft)), at=draft.at, label=details)]
    if long:
        notes = bilingual("Notes", "备注", draft.at, first)
        sections.append(SectionDef(fields=long, at=draft.at, label=notes, columns=1))
    return LayoutDef(at=draft.at, sections=tuple(sections), related=tuple(inverses))


def complete_views(draft: ObjectDraft, first: str) -> dict[str, ViewDef]:
    """Give the object's views: lists without columns get the default ones, and one of all records stands first
    where the author wrote no list.
    """
    written = {
        name: replace(view, columns=default_columns(draft)) if view.type is ViewType.LIST and not view.columns else view
        for name, view in draft.views.items()
    }
    if any(view.type is ViewType.LIST for view in written.values()):
        return written
    made = ViewDef(
        name=DEFAULT_VIEW,
        type=ViewType.LIST,
        at=draft.at,
        app=draft.app,
        label=bilingual("All", "全部", draft.at, first),
        columns=default_columns(draft),
        sort=(SortKey(path="modified_at", descending=True),) if "modified_at" in draft.fields else (),
    )
    return {DEFAULT_VIEW: made, **written}


def default_columns(draft: ObjectDraft) -> tuple[LocatedText, ...]:
    """Give the first fields of an object as columns; long texts are left out."""
    own = [field for field in draft.fields.values() if not field.system and field.type != "long_text"]
    names = [field.name for field in own][:_COLUMNS] or ["id"]
    return tuple(LocatedText(text=name, at=draft.fields[name].at) for name in (*names, *_owner(draft)))


def _owner(draft: ObjectDraft) -> tuple[str, ...]:
    return ("owner",) if "owner" in draft.fields else ()
