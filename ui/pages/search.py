"""`/search`: records of all objects by what is typed, the records opened last, and where else one may go from here.

The palette of `/` and Ctrl-K is this page without its frame; without a script the page is a form as others are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.records.global_search.service import Hit, HitGroup, search
from engine.records.index_words import SearchText, index_words, read_search
from engine.records.recent_records import RecentRecord
from engine.releases.release import Release
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb
from ui.pages.chrome import menu_views
from ui.pages.fragments import is_htmx, render_block
from ui.pages.rights import access_of, readable_object
from ui.value_markup import phone_text

blueprint = Blueprint("search", __name__)

FOUND = "search-found"
_TEMPLATE = "pages/search.html"
_PLACES = 6
_LONGEST = 200
_PHONE = re.compile(r"\+[0-9]{6,15}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line that leads somewhere. sub: what else is said of it; side: what kind of thing it is."""

    title: str
    href: str
    icon: str
    sub: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryGroup:
    """Lines under a heading; more_url: where the rest is."""

    label: str
    entries: tuple[Entry, ...]
    more_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """The context `page` of templates/pages/search.html. only: key of the one object searched; all_url: all again."""

    crumbs: tuple[Crumb, ...]
    text: str
    only: str
    all_url: str
    groups: tuple[EntryGroup, ...]
    found: str


@blueprint.get("/search")
def show_search() -> ResponseReturnValue:
    """Show what is found, whole or as the palette asks for it."""
    text = request.args.get("q", "")[:_LONGEST]
    only = request.args.get("object", "")
    page = _page(text, only)
    if not is_htmx():
        return render_template(_TEMPLATE, page=page)
    return render_block(_TEMPLATE, "found" if request.headers.get("HX-Target") == FOUND else "palette", page=page)


def _page(text: str, only: str) -> SearchPage:
    who, asked = actor(), read_search(text)
    only = readable_object(only).key if only else ""
    with platform().records.reading(who, release=release()) as transaction:
        hits = search(transaction, text, only=only or None)
        recent = () if asked.terms else platform().recent.list(transaction)
    groups = [_hits(group, text, only) for group in hits]
    if recent:
        groups.append(EntryGroup(label=str(_("Opened lately")), entries=tuple(_opened(each) for each in recent)))
    places = () if only else _places(asked)
    if places:
        groups.append(EntryGroup(label=str(_("Go to")), entries=places))
    count = sum(len(group.hits) for group in hits)
    return SearchPage(
        crumbs=(Crumb(label=str(_("Search"))),),
        text=text,
        only=only,
        all_url=f"/search?{urlencode({'q': text})}" if only else "",
        groups=tuple(groups),
        found=_found(asked, count, more=any(group.goes_on for group in hits)),
    )


def _found(asked: SearchText, count: int, *, more: bool) -> str:
    if not asked.terms:
        return ""
    if not count:
        return str(_("No record has these words, or none that you may read."))
    said = _("The nearest records: %(count)s", count=count) if more else _("Records found: %(count)s", count=count)
    return str(said)


def _hits(group: HitGroup, text: str, only: str) -> EntryGroup:
    object_def = group.object
    label = label_text(object_def.plural or object_def.label, language(), object_def.name)
    goes_on = group.goes_on and not only
    return EntryGroup(
        label=label,
        entries=tuple(_hit(hit, object_def.icon or "box") for hit in group.hits),
        more_url=f"/search?{urlencode({'q': text, 'object': object_def.key})}" if goes_on else "",
    )


def _hit(hit: Hit, icon: str) -> Entry:
    lines = (line for _path, text in hit.texts for line in text.splitlines()[:2] if line != hit.title)
    others = dict.fromkeys(phone_text(line) if _PHONE.match(line) else line for line in lines)
    return Entry(
        title=hit.title or str(_("Without a name")),
        href=f"/o/{quote(hit.object)}/{quote(hit.id)}",
        icon=icon,
        sub=" · ".join(others),
    )


def _opened(recent: RecentRecord) -> Entry:
    found = recent.object
    return Entry(
        title=recent.title or str(_("Without a name")),
        href=f"/o/{quote(found.key)}/{quote(recent.id)}",
        icon=found.icon or "box",
        side=label_text(found.label, language(), found.name),
    )


def _places(asked: SearchText) -> tuple[Entry, ...]:
    """Give places and acts whose names have the words typed; those of the menu where nothing is typed."""
    who, tongue = actor(), language()
    key = ("ui.places", who.roles, who.is_system, tongue, platform().delegation.is_for(who))
    known: Sequence[tuple[Entry, frozenset[str]]] = release().part(key, lambda made: tuple(_known(made)))
    if not asked.terms:
        return tuple(entry for entry, _words in known)[:_PLACES]
    return tuple(entry for entry, words in known if _has(words, asked))[:_PLACES]


def _known(made: Release) -> Iterable[tuple[Entry, frozenset[str]]]:
    """Give the menu's links and the new records that the person may make, each with its words."""
    who, tongue = actor(), language()
    nodes = menu_views(who)
    for node in nodes:
        yield Entry(title=node.label, href=node.href, icon=node.icon or "list"), _words(node.label)
    named = {node.href.partition("?")[0] for node in nodes}
    for object_def in made.metamodel.objects.values():
        if f"/o/{quote(object_def.key)}" in named and access_of(who).of(object_def.key).may("create"):
            name = label_text(object_def.label, tongue, object_def.name)
            title = str(_("New %(name)s", name=name))
            yield Entry(title=title, href=f"/o/{quote(object_def.key)}/new", icon="plus"), _words(title)


def _words(text: str) -> frozenset[str]:
    return frozenset((index_words(text, "text") or "").split())


def _has(words: frozenset[str], asked: SearchText) -> bool:
    return all(
        any(word.startswith(term.text) for word in words) if term.begins else term.text in words for term in asked.terms
    )
