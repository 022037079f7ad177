"""Checks what an object's pages name: layout, views, search, title-less parts, unique keys, validations."""

from __future__ import annotations

from collections.abc import Mapping

from metamodel.access import RoleDef
from metamodel.child_paths import child_path
from metamodel.fields import FieldDef
from metamodel.link_lists import links_at
from metamodel.objects import ObjectDef
from metamodel.paths import PathEnd
from metamodel.reading.node_values import child, entries, items, scalars, word
from metamodel.reading.object_file import ObjectDraft
from metamodel.references.duplicates import check_duplicates
from metamodel.references.telling import check_path, tell_unknown
from metamodel.source import Problems
from metamodel.views import ViewType
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar

_NUMBERS = frozenset(("integer", "rating", "decimal", "percent", "money"))
_DRAWN_ONLY = ("by", "card")
_DAYS = frozenset(("date", "datetime"))
_NEEDED = {"board": "the choice field of its columns", "calendar": "the date or moment of its entries"}
_TEXTS = frozenset(
    ("text", "long_text", "rich_text", "email", "phone", "url", "color", "barcode", "autonumber", "tags")
)


class PageCheck:
    """Checks the pages of one object."""

    def __init__(
        self,
        object_def: ObjectDef,
        objects: Mapping[str, ObjectDef],
        drafts: Mapping[str, ObjectDraft],
        roles: Mapping[str, RoleDef],
        problems: Problems,
    ) -> None:
        self._object = object_def
        self._objects = objects
        self._draft = drafts[object_def.key]
        self._drafts = drafts
        self._roles = roles
        self._problems = problems

    def run(self) -> None:
        """Check everything.

        Problems: OBJ113, OBJ227, OBJ301 – OBJ322, OBJ331, OBJ341 – OBJ343.
        """
        node = self._draft.node
        self._check_layout(node.get("layout"))
        for entry in entries(node.get("layouts")):
            self._check_layout(entry.value)
        for entry in entries(node.get("views")):
            if isinstance(entry.value, MappingNode):
                self._check_view(entry.key, entry.value)
        for scalar in scalars(node.get("search")):
            end = self._searched(scalar)
            if end is not None and end.value_type not in _TEXTS:
                message = f"'{scalar.text}' is {end.value_type}; search reads texts"
                self._problems.report("OBJ317", message, scalar.at, length=scalar.length)
        for key in items(node.get("unique")):
            for scalar in scalars(key):
                self._check_unique(scalar)
        check_duplicates(node.get("duplicates"), self._draft.fields, self._part_fields, self._problems)
        self._check_validations(node.get("validations"))

    def _path(self, code: str, scalar: Scalar, *, skip: int = 0) -> PathEnd | None:
        return check_path(self._problems, code, scalar, self._drafts, self._object.key, skip=skip)

    def _part_fields(self, scalar: Scalar) -> tuple[Mapping[str, FieldDef], str] | None:
        rows = child_path(self._object, scalar.located)
        return None if rows is None else (self._drafts[rows[0].object].fields, rows[1].text.strip())

    def _searched(self, scalar: Scalar) -> PathEnd | None:
        rows = child_path(self._object, scalar.located)
        if rows is None:
            return self._path("OBJ317", scalar)
        inverse, rest = rows
        skip = len(scalar.text) - len(rest.text)
        return check_path(self._problems, "OBJ317", scalar, self._drafts, inverse.object, skip=skip)

    def _field(self, code: str, node: Node | None) -> None:
        for scalar in scalars(node):
            if scalar.text not in self._draft.fields:
                tell_unknown(self._problems, code, scalar, f"a field of {self._object.key}", self._draft.fields)

    def _check_layout(self, layout: Node | None) -> None:
        self._field("OBJ301", child(layout, "highlights"))
        for section in items(child(layout, "sections")):
            self._field("OBJ301", child(section, "fields"))
        self._check_choice("OBJ303", child(layout, "path"), "a stage path")
        for scalar in scalars(child(layout, "related")):
            if scalar.text not in self._object.inverses:
                what = f"a related list of {self._object.key}"
                tell_unknown(self._problems, "OBJ304", scalar, what, self._object.inverses)

    def _check_choice(self, code: str, node: Node | None, what: str) -> None:
        if not isinstance(node, Scalar):
            return
        field = self._draft.fields.get(node.text)
        if field is None:
            self._field(code, node)
        elif field.value_type != "choice":
            message = f"{what} needs a choice field; '{node.text}' is {field.value_type}"
            self._problems.report(code, message, node.at, length=node.length)

    def _check_view(self, key: Scalar, view: MappingNode) -> None:
        for name in ("columns", "card"):
            for scalar in scalars(view.get(name)):
                if links_at(self._objects, self._object.key, scalar.text) is None:
                    self._path("OBJ311", scalar)
        for scalar in scalars(view.get("sort")):
            self._check_sort(scalar)
        self._check_type(key, view)
        self._check_sum(view.get("sum"))
        for role in scalars(view.get("roles")):
            if role.text not in self._roles:
                tell_unknown(self._problems, "OBJ315", role, "a role", self._roles)

    def _check_type(self, key: Scalar, view: MappingNode) -> None:
        """Check the keys that depend on the type of a view."""
        kind = word(view.get("type")) or "list"
        if kind in _NEEDED and view.get("by") is None:
            message = f"the {kind} '{key.text}' needs 'by', {_NEEDED[kind]}"
            self._problems.report("OBJ314", message, key.at, length=key.length)
        if kind not in _NEEDED:
            for name in _DRAWN_ONLY:
                hint = "add 'type: board' or 'type: calendar', or take it out"
                self._refuse_key(view, name, f"'{name}' is for boards and calendars", hint)
        if kind == "calendar":
            self._check_day(view.get("by"))
            self._refuse_key(view, "sum", "'sum' is for lists and boards", "take it out")
            for scalar in scalars(view.get("with")):
                self._check_beside(scalar)
        else:
            self._check_choice("OBJ312", view.get("by"), "a board")
            self._refuse_key(view, "with", "'with' is for calendars", "add 'type: calendar', or take it out")

    def _refuse_key(self, view: MappingNode, name: str, message: str, hint: str) -> None:
        written = view.key(name)
        if written is not None:
            self._problems.report("OBJ316", message, written.at, hint=hint, length=written.length)

    def _check_day(self, node: Node | None) -> None:
        if not isinstance(node, Scalar):
            return
        field = self._draft.fields.get(node.text)
        if field is None:
            self._field("OBJ321", node)
        elif field.value_type not in _DAYS or field.encrypted:
            what = "encrypted" if field.encrypted else field.value_type
            message = f"a calendar needs a date or datetime field; '{node.text}' is {what}"
            self._problems.report("OBJ321", message, node.at, length=node.length)

    def _check_beside(self, scalar: Scalar) -> None:
        """Check `object.view`: a calendar of any object."""
        known = [
            f"{key}.{view.name}"
            for key, draft in self._drafts.items()
            for view in draft.views.values()
            if view.type is ViewType.CALENDAR
        ]
        if scalar.text not in known:
            tell_unknown(self._problems, "OBJ322", scalar, "a calendar (object.view)", known)

    def _check_sort(self, scalar: Scalar) -> None:
        skip = 1 if scalar.text.startswith("-") else 0
        if links_at(self._objects, self._object.key, scalar.text[skip:]) is None:
            self._path("OBJ311", scalar, skip=skip)
            return
        message = f"'{scalar.text[skip:]}' holds several linked records, so no list is sorted by it"
        hint = "sort by a roll-up that counts it"
        self._problems.report("OBJ320", message, scalar.at, hint=hint, length=scalar.length)

    def _check_sum(self, total: Node | None) -> None:
        if isinstance(total, Scalar):
            end = self._path("OBJ313", total)
            if end is not None and end.value_type not in _NUMBERS:
                message = f"'{total.text}' is {end.value_type}; a sum needs a number or money"
                self._problems.report("OBJ313", message, total.at, length=total.length)

    def _check_unique(self, scalar: Scalar) -> None:
        field = self._draft.fields.get(scalar.text)
        if field is None:
            self._field("OBJ227", scalar)
        elif field.type == "rollup" or field.formula is not None:
            message = f"'{scalar.text}' is computed and can't be part of a unique key"
            self._problems.report("OBJ227", message, scalar.at, length=scalar.length)

    def _check_validations(self, node: Node | None) -> None:
        seen: dict[str, Scalar] = {}
        for validation in items(node):
            self._field("OBJ331", child(validation, "field"))
            name = child(validation, "name")
            if not isinstance(name, Scalar):
                continue
            if name.text in seen:
                hint = f"it stands in {seen[name.text].at} already"
                message = f"the validation '{name.text}' is written twice"
                self._problems.report("OBJ113", message, name.at, hint=hint, length=name.length)
            seen.setdefault(name.text, name)
