"""Reports names that mean nothing where they stand, with the nearest name that does."""

from __future__ import annotations

from metamodel.names import did_you_mean
from workflow_dsl.checking.state import Checking
from workflow_dsl.syntax import Name


def known_names(checking: Checking, objects: tuple[str, ...]) -> list[str]:
    """Give the fields and lists that may be named on any of these objects."""
    names: list[str] = []
    for object_def in checking.scope.objects(objects):
        names += [name for name in object_def.fields if checking.scope.may_read(object_def.key, name)]
        names += object_def.inverses
    return names


def report_no_field(checking: Checking, objects: tuple[str, ...], name: Name) -> None:
    """Report a name that none of these objects has as a field."""
    owner = " or ".join(objects) if objects else "any object"
    hint = did_you_mean(name.text, known_names(checking, objects))
    checking.refuse("EXP201", f"'{name.text}' is not a field of {owner}", name.at, hint)


_FOREIGN_WORDS = {"null": "empty", "none": "empty", "nil": "empty", "blank": "empty", "yes": "true", "no": "false"}


def _as_option(checking: Checking, objects: tuple[str, ...], name: str) -> str:
    """Give the hint for an option of a choice that is written without quotes."""
    fields = (field for object_def in checking.scope.objects(objects) for field in object_def.fields.values())
    found = next((field for field in fields if field.choice is not None and name in field.choice.names), None)
    return f'an option stands in quotes: {found.name} = "{name}"' if found is not None else ""


def report_unknown(checking: Checking, name: Name) -> None:
    """Report a name that nothing in sight has."""
    scope = checking.scope
    own = tuple(checking.rows[::-1]) + ((scope.object,) if scope.object else ())
    if name.text in _FOREIGN_WORDS:
        hint = f"write '{_FOREIGN_WORDS[name.text]}'"
    else:
        known = [*(known_names(checking, own) if own else ()), *scope.given, "this", "user", "now", "today"]
        hint = _as_option(checking, own, name.text) or did_you_mean(name.text, known)
    if name.text == "input" and not any(each.startswith("input.") for each in scope.given):
        hint = "a rule has it that a button starts, with what it asks for: 'asking reason: text'"
    if name.text in ("this", "old"):
        checking.refuse("EXP201", f"'{name.text}' names nothing: no record is at hand in {scope.place}", name.at)
        return
    given = [each for each in scope.given if each.startswith(f"{name.text}.")]
    if given:
        checking.refuse("EXP201", f"'{name.text}' gives no such value", name.at, f"there is {', '.join(given)}")
        return
    owner = " or ".join(dict.fromkeys(own))
    message = f"'{name.text}' is not a field of {owner}" if owner else f"'{name.text}' is not a known name"
    checking.refuse("EXP201", message, name.at, hint)
