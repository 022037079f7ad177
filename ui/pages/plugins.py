"""`/admin/plugins`: how the installed plugins stand; `/plugins/{plugin}/{page}`: the pages that they add.

Who lacks the right that a page names is told what one is told of a page that does not exist.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied
from plugins.pages import PageContent, PageContext, PluginPage
from ui.context import actor, language, platform
from ui.pages.rights import access_of

blueprint = Blueprint("plugins", __name__)

ADDRESS = "/admin/plugins"
RIGHT = "configure"
_LOG = logging.getLogger("fieldstone.plugins")
_FAILED = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLink:
    """A page of a plugin that the person may open."""

    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRow:
    """One plugin. reason: why it is off. hosts, objects: what its plugin.yaml says it reaches."""

    name: str
    version: str
    summary: str
    active: bool
    reason: str
    hosts: str
    objects: str
    pages: tuple[PageLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPage:
    """The context `page` of templates/pages/plugin_page.html. failed: its plugin could not make it."""

    title: str
    plugin: str
    content: PageContent
    failed: bool


@blueprint.get(ADDRESS)
def show_plugins() -> ResponseReturnValue:
    """Show all plugins, with why some are switched off."""
    if not access_of().has_right(RIGHT):
        raise AccessDenied("read", "plugins", str(_("your roles do not allow it for this record")))
    return render_template("pages/plugins.html", page=tuple(_rows()))


@blueprint.get("/plugins/<plugin>/<page>")
def show_page(plugin: str, page: str) -> ResponseReturnValue:
    """Show a page that a plugin adds."""
    found = next((each for each in _open_pages() if each[1].name == f"{plugin}.{page}"), None)
    if found is None:
        abort(404)
    settings, asked = found
    context = PageContext(
        settings=settings,
        language=language(),
        login=actor().login,
        now=platform().clock.now(),
        parameters=request.args.to_dict(),
    )
    content = _made(asked, context)
    shown = ShownPage(
        title=asked.label_in(language()), plugin=plugin, content=content or PageContent(), failed=content is None
    )
    return render_template("pages/plugin_page.html", page=shown), _FAILED if content is None else 200


def _made(page: PluginPage, context: PageContext) -> PageContent | None:
    """Give what a page shows; None where its plugin fails, which the log tells and nobody else suffers from."""
    try:
        content = page.show(context)
        if not isinstance(content, PageContent):
            raise TypeError(f"show gave {type(content).__name__}, expected PageContent")
        if content.table is not None and any(len(row) != len(content.table.heads) for row in content.table.rows):
            raise ValueError("a row of the table has not as many cells as there are heads")
    except Exception:
        _LOG.exception("the page %s of a plugin failed", page.name)
        return None
    return content


def _open_pages() -> Sequence[tuple[Mapping[str, object], PluginPage]]:
    access = access_of()
    return [(plugin.settings, page) for plugin, page in platform().plugins.pages if access.has_right(page.right)]


def _rows() -> Sequence[PluginRow]:
    manifests = {plugin.manifest.name: plugin.manifest for plugin in platform().plugins.active}
    links: dict[str, list[PageLink]] = {}
    for _settings, page in _open_pages():
        plugin, _dot, name = page.name.partition(".")
        link = PageLink(label=page.label_in(language()), href=f"/plugins/{quote(plugin)}/{quote(name)}")
        links.setdefault(plugin, []).append(link)
    rows = []
    for each in platform().plugins.statuses:
        manifest = manifests.get(each.name)
        rows.append(
            PluginRow(
                name=each.name,
                version=each.version,
                summary=manifest.summary if manifest is not None else "",
                active=each.active,
                reason=each.reason,
                hosts=", ".join(manifest.hosts) if manifest is not None else "",
                objects=", ".join(manifest.objects) if manifest is not None else "",
                pages=tuple(links.get(each.name, ())),
            )
        )
    return rows
