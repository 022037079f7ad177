"""Syntax nodes of the actions that change records: set, create, update, delete, assign, tag, convert, merge, share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflow_dsl.syntax.actions import Action, Pair
from workflow_dsl.syntax.base import Expr, Name, SyntaxNode
from workflow_dsl.syntax.expressions import NamedRef, Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(SyntaxNode):
    """`path = value` inside `set`."""

    target: Path
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Action):
    """`set a = 1, b = 2`."""

    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Action):
    """`create task { … } as review`."""

    object: Path
    values: tuple[Pair, ...]
    given_name: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Action):
    """`update opportunity { … }` along a path, or `update product where … { … }` over an object."""

    target: Path
    values: tuple[Pair, ...]
    where: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Action):
    """`delete path` or `delete object where …`."""

    target: Path
    where: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Action):
    """`restore path`."""

    target: Path


class AssignMethod(StrEnum):
    """How `assign to next of queue` chooses."""

    ROUND_ROBIN = "round robin"
    LOAD = "load"
    SKILL = "skill"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignTo(Action):
    """`assign to owner.manager`."""

    assignee: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignNext(Action):
    """`assign to next of queue "x" by load where …`."""

    source: NamedRef
    method: AssignMethod | None = None
    where: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Action):
    """`add tag "vip" on account`, `remove tag …`."""

    add: bool
    tag: Expr
    target: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Action):
    """`add follower owner.manager`, `remove follower …`."""

    add: bool
    people: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertTarget(SyntaxNode):
    """One object that `convert to` makes."""

    object: Path
    values: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertTo(Action):
    """`convert to account { … }, contact { … } as x`."""

    targets: tuple[ConvertTarget, ...]
    given_name: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertUsing(Action):
    """`convert using lead_standard as x`."""

    conversion: Name
    given_name: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Action):
    """`merge duplicate into this`."""

    source: Path
    into: Path


class Access(StrEnum):
    """What `share with` gives."""

    READ = "read"
    EDIT = "edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareWith(Action):
    """`share with owner.manager for read until …`."""

    people: tuple[Expr, ...]
    access: Access
    until: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitForApproval(Action):
    """`submit for approval discount by owner`."""

    approval: Name | None = None
    by: Path | None = None
