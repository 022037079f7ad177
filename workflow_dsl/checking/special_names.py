"""Resolves the names that stand for no record: now, today, and settings of the app."""

from __future__ import annotations

from metamodel.names import did_you_mean
from workflow_dsl.checking.state import Checking
from workflow_dsl.syntax import Path
from workflow_dsl.typed import ContextName, ContextValue, SettingValue, Typed
from workflow_dsl.types import DATE, DATETIME, type_of_name


def find_special(checking: Checking, path: Path) -> Typed | None:
    """Resolve a path that begins with now, today or app; None where it names nothing, which is reported."""
    first, rest = path.names[0], path.names[1:]
    if first.text == "app":
        return _setting(checking, path)
    checking.uses.add(first.text)
    if rest:
        checking.refuse("EXP204", f"'{first.text}' has no '{rest[0].text}'", rest[0].at)
        return None
    type_ = DATETIME if first.text == "now" else DATE
    return ContextValue(type=type_, at=path.at, name=ContextName(first.text))


def _setting(checking: Checking, path: Path) -> Typed | None:
    settings = checking.scope.metamodel.settings
    if len(path.names) == 1:
        checking.refuse("EXP207", "'app' is followed by the name of a setting", path.at, "such as app.review_limit")
        return None
    name = path.names[1]
    setting = settings.get(name.text)
    if setting is None or len(path.names) > 2:
        checking.refuse("EXP207", f"'{path.dotted}' is not a setting", name.at, did_you_mean(name.text, settings))
        return None
    checking.uses.add(f"app.{name.text}")
    return SettingValue(type=type_of_name(setting.type), at=path.at, name=name.text)
