"""The rule action `generate document`: fill the template, read it as Markdown, set it on pages."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from plugins import ActionContext, ActionDone, ActionFailed, MadeFile, PathUnknown, TemplateSource
from plugins.bundled.documents.blocks import Image, images_in, read_blocks
from plugins.bundled.documents.filling import Filled, fill
from plugins.bundled.documents.fonts import Typeface
from plugins.bundled.documents.pages import Bounds, Pages

PDF = "application/pdf"
MOST_BYTES = 20 * 1024 * 1024
_MOST_IMAGES = 50
_LONGEST_NAME = 120
_NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


def generate_document(context: ActionContext, inputs: Mapping[str, object]) -> ActionDone:
    """Make one document; the same values give the same bytes.

    inputs: template (TemplateSource).

    Raises:
        ActionFailed: the template is wrong, or the document would be larger than documents may be.
    """
    template = inputs["template"]
    assert isinstance(template, TemplateSource)
    settings = context.settings
    ends = time.monotonic() + float(str(settings["making_s"]))
    filled = fill(template, context, most_rows=int(str(settings["max_rows"])))
    blocks = read_blocks(filled.body)
    typeface = Typeface(str(settings["font"] or ""), str(settings["bold_font"] or ""))
    bounds = Bounds(pages=int(str(settings["max_pages"])), is_late=lambda: time.monotonic() > ends)
    pages = Pages(typeface, bounds, paper=template.paper, images=_images(images_in(blocks), context))
    content = pages.written(blocks, title=filled.title, header=filled.header, footer=filled.footer)
    if len(content) > MOST_BYTES:
        raise ActionFailed(f"the document has {len(content):,} bytes; at most {MOST_BYTES:,}", permanent=True)
    name = f"{_NO_NAME.sub('_', filled.title)[:_LONGEST_NAME].strip(' .') or template.name}.pdf"
    summary = f"'{name}' made, {pages.count} {'page' if pages.count == 1 else 'pages'}"
    return ActionDone(
        summary="; ".join((summary, *_notes(context, filled, typeface))),
        value={"name": name, "pages": pages.count, "bytes": len(content)},
        file=MadeFile(name=name, type=PDF, content=content),
    )


def _images(wanted: tuple[Image, ...], context: ActionContext) -> Mapping[str, bytes]:
    paths = dict.fromkeys(image.path for image in wanted)
    if len(paths) > _MOST_IMAGES:
        raise ActionFailed(f"the document has {len(paths)} images; at most {_MOST_IMAGES}", permanent=True)
    try:
        found = {path: context.records.image(path) for path in paths}
    except PathUnknown as error:
        raise ActionFailed(f"an image: {error}", permanent=True) from error
    return {path: content for path, content in found.items() if content is not None}


def _notes(context: ActionContext, filled: Filled, typeface: Typeface) -> list[str]:
    notes = []
    hidden = context.records.hidden()
    if hidden:
        notes.append(f"empty or masked, since the rule's user may not read it: {', '.join(hidden)}")
    if typeface.missing:
        notes.append(f"without a glyph, shown as □: {' '.join(sorted(typeface.missing)[:10])}")
    return notes
