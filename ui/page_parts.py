"""The plain values that templates and macros take: menus, crumbs, controls, shown values, trace nodes.

View functions fill these; templates only read them. Nothing here knows records, rights or requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

if TYPE_CHECKING:
    from ui.frame import Frame

Theme = Literal["auto", "light", "dark"]
Verdict = Literal["true", "false", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuNode:
    """One entry of the side menu: a group, a branch or a link, at most three levels deep."""

    name: str
    label: str
    href: str = ""
    icon: str = ""
    current: bool = False
    open: bool = True
    children: tuple["MenuNode", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user as pages show one."""

    id: str
    name: str
    email: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrome:
    """What base.html and bare.html need besides the page itself; the template variable `chrome`.

    acting: who is logged in as the user, else empty. frame: the frame made of everything here but `here` and `toasts`,
    where it is kept; else base.html makes one.
    """

    product: str
    language: str
    theme: Theme
    home_url: str
    login_url: str
    logout_url: str
    preferences_url: str
    here: str
    user: Person | None = None
    menus: tuple[MenuNode, ...] = ()
    toasts: tuple["Toast", ...] = ()
    release: str = ""
    acting: str = ""
    frame: "Frame | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """A message that shows for some seconds; errors stay until closed."""

    text: str
    kind: Literal["success", "error", "warning", "info"] = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crumb:
    """One step of the breadcrumb; the last one has no href."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A saved view or a part of a page."""

    label: str
    href: str
    current: bool = False
    icon: str = ""
    count: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One part of a filter: field, operator, value, and the address of the list without it.

    count: how many records there would be without it, where that was asked. word, parts: of a group, what joins it and
    what it joins. into_url: where a condition is put beside it or into it; into_word: what joins that one.
    """

    label: str
    operator: str
    value: str
    drop_url: str
    edit_url: str = ""
    count: str = ""
    word: str = ""
    parts: "tuple[Chip, ...]" = ()
    into_url: str = ""
    into_word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice of a control."""

    value: str
    label: str
    selected: bool = False
    color: str = ""
    hint: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field of a form with everything its widget shows."""

    id: str
    name: str
    label: str
    widget: str = "text"
    value: str = ""
    checked: bool = False
    options: tuple[Option, ...] = ()
    required: bool = False
    readonly: bool = False
    help: str = ""
    error: str = ""
    placeholder: str = ""
    minimum: str = ""
    maximum: str = ""
    max_length: int | None = None
    currency: str = ""
    currency_name: str = ""
    currencies: tuple[Option, ...] = ()
    lookup_url: str = ""
    multiple: bool = False
    full: bool = False
    autocomplete: str = "off"
    keep_no_draft: bool = False
    upload_url: str = ""
    accept: str = ""
    camera: bool = False
    draws: bool = False
    shown: "Shown | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One value as text in the user's language, with what its kind needs to look right.

    markup: what is shown in place of the text, made safe where it was made.
    """

    kind: str
    text: str = ""
    href: str = ""
    color: str = ""
    iso: str = ""
    markup: Markup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A labelled value on a record page.

    edit_url: where it is changed by itself, "" where it is not. blame_url: where it says what set it, "" where nothing.
    reveal_url: where a masked one is shown in clear, "" where it is not masked or the reader may not.
    """

    label: str
    shown: Shown
    help: str = ""
    full: bool = False
    edit_url: str = ""
    blame_url: str = ""
    reveal_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One head cell of a list. edited: its cells can be changed in place. width: narrow … widest, "" = as needed."""

    label: str
    name: str = ""
    sort_url: str = ""
    sorted: Literal["", "ascending", "descending"] = ""
    end: bool = False
    title: bool = False
    edited: bool = False
    width: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One stage on top of a record page; with `allowed` it can be pressed."""

    value: str
    label: str
    state: Literal["done", "current", "ahead"] = "ahead"
    tone: Literal["", "won", "lost"] = ""
    allowed: bool = False
    tip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field's old and new value in a history entry."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One entry of a record's timeline. revert_url: the page that takes its changes back, "" where there is none."""

    id: str
    icon: str
    title: str
    iso: str
    when: str
    who: str = ""
    href: str = ""
    color: str = "gray"
    body: str = ""
    changes: tuple[Change, ...] = ()
    revert_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceNode:
    """One part of a condition with what it came to and the values it read."""

    text: str
    verdict: Verdict
    values: str = ""
    children: tuple["TraceNode", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A record that a step touched, or somebody it told: what was done, what it is called, its page if there is one."""

    word: str
    text: str
    href: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """One step of a run."""

    id: str
    title: str
    status: Literal["done", "failed", "skipped", "waiting", "running"]
    where: str = ""
    when: str = ""
    iso: str = ""
    took: str = ""
    note: str = ""
    error: str = ""
    condition: TraceNode | None = None
    touched: tuple[Touched, ...] = ()
    changes: tuple[Change, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRow:
    """One field that another person changed meanwhile: mine, theirs and the original."""

    name: str
    label: str
    mine: str
    theirs: str
    original: str
