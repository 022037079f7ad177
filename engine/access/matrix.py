"""The matrix of access of an app: role by object by action and field as lines of text, one fact a line.

Made from the roles as they are compiled, includes followed and denials taken out, so that a change of any of them shows
in it. An app that keeps it as `access.txt` is told by every check where it is another one now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from engine.access.grants import ALWAYS, Alternatives, OfParent, RoleGrants
from metamodel.access import OBJECT_ACTIONS, RoleDef
from metamodel.apps import AppDef, Metamodel
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText, Location, Problem

FILE = "access.txt"
_CORE = "core"
_HEAD = "# Who may do what. Written by `fieldstone explain access --matrix --write`; `fieldstone check` compares it."


def matrix_text(metamodel: Metamodel, app: AppDef) -> str:
    """Give the whole file of an app."""
    return "\n".join((_HEAD, *matrix_lines(metamodel, app))) + "\n"


def matrix_lines(metamodel: Metamodel, app: AppDef) -> Iterator[str]:
    """Give one line a fact: `role object action: scope`, `role object.field read: scope`, `role system: rights`."""
    seen = _seen_by(metamodel, app)
    objects = [each for each in metamodel.objects.values() if each.app in seen]
    for role in sorted(metamodel.roles.values(), key=lambda each: each.name):
        if role.app == app.name:
            yield from _of_role(metamodel, role, objects)


def check_matrices(metamodel: Metamodel) -> Iterator[Problem]:
    """Compare the matrices that apps keep with what their roles grant now.

    Problems: APP435.
    """
    for app in metamodel.apps:
        file = matrix_file(app)
        text = metamodel.sources.get(file)
        if text is not None:
            yield from _differences(file, text, tuple(matrix_lines(metamodel, app)))


def matrix_file(app: AppDef) -> str:
    """Give where an app keeps its matrix, as places name it."""
    return f"{app.at.file.rpartition('/')[0]}/{FILE}"


def _differences(file: str, text: str, now: tuple[str, ...]) -> Iterator[Problem]:
    kept = {line.strip(): number for number, line in enumerate(text.splitlines(), 1) if _says_something(line)}
    missing = [line for line in now if line not in kept]
    by_fact = {_fact(line): line for line in missing}
    hint = "if it is meant, write the file anew: `fieldstone explain access --matrix --write`"
    told: set[str] = set()
    for line, number in kept.items():
        if line in now:
            continue
        at = Location(file=file, line=number, column=1)
        other = by_fact.get(_fact(line))
        if other is None:
            near = get_close_matches(line, [each for each in missing if each not in told], n=1, cutoff=0.75)
            other = near[0] if near else None
        if other is None:
            yield Problem(code="APP435", message=f"access has changed: '{line}' holds no more", at=at, hint=hint)
        else:
            told.add(other)
            message = f"access has changed: it is '{other}' now, not '{line}'"
            yield Problem(code="APP435", message=message, at=at, hint=hint)
    end = Location(file=file, line=max(len(text.splitlines()), 1), column=1)
    for line in missing:
        if line not in told:
            yield Problem(code="APP435", message=f"access has changed: '{line}' is new", at=end, hint=hint)


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _fact(line: str) -> str:
    return line.partition(": ")[0]


def _seen_by(metamodel: Metamodel, app: AppDef) -> frozenset[str]:
    apps = {each.name: each for each in metamodel.apps}
    found, waiting = {_CORE}, [app.name]
    while waiting:
        name = waiting.pop()
        if name in apps and (name not in found or name == _CORE):
            found.add(name)
            waiting += [each for each in apps[name].depends if each not in found]
    return frozenset(found)


def _of_role(metamodel: Metamodel, role: RoleDef, objects: Iterable[ObjectDef]) -> Iterator[str]:
    grants = RoleGrants(metamodel, (role.name,))
    if grants.system:
        yield f"{role.name} system: {', '.join(sorted(grants.system))}"
    for object_def in objects:
        yield from _of_object(grants, role.name, object_def)


def _of_object(grants: RoleGrants, role: str, object_def: ObjectDef) -> Iterator[str]:
    key = object_def.key
    scopes = {action: grants.scopes(key, action) for action in OBJECT_ACTIONS}
    if not any(scopes.values()):
        if grants.names_object(key) or any(grants.denials(key, action) for action in OBJECT_ACTIONS):
            yield f"{role} {key}: closed"
        return
    for action in OBJECT_ACTIONS:
        yield f"{role} {key} {action}: {_scope(scopes[action], denied=grants.denies(key, action))}"
    for name, field_def in object_def.fields.items():
        guarded = field_def.sensitive or field_def.encrypted
        if not guarded and not grants.names_field(key, name):
            continue
        rights = grants.field_rights(key, field_def)
        read = _scope(rights.read)
        if rights.masked:
            read = f"masked: {_scope(rights.masked)}" if not rights.read else f"{read}; masked: {_scope(rights.masked)}"
        yield f"{role} {key}.{name} read: {read}"
        if not field_def.is_computed:
            yield f"{role} {key}.{name} update: {_scope(rights.update)}"


def _scope(alternatives: Alternatives, *, denied: bool = False) -> str:
    if denied:
        return "denied"
    if alternatives == ALWAYS:
        return "all"
    if not alternatives:
        return "no"
    parts = [_joined([_text(each) for each in conjunction]) for conjunction in alternatives]
    return parts[0] if len(parts) == 1 else " or ".join(sorted(_bracketed(part) for part in parts))


def _joined(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else " and ".join(_bracketed(text) for text in texts)


def _text(condition: LocatedText | OfParent) -> str:
    if isinstance(condition, OfParent):
        return f"of its parent {_text(condition.condition)}"
    return " ".join(condition.text.split())


def _bracketed(text: str) -> str:
    return f"({text})" if " or " in text or " and " in text else text
