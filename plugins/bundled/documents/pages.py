"""Sets blocks on pages and writes them as PDF: margins, header and footer, numbers of pages, bounds.

Nothing of the moment or the machine goes into the file: the same blocks give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image as Pictures
from PIL import UnidentifiedImageError
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, A5, LETTER, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, HRFlowable, PageTemplate, Paragraph
from reportlab.platypus import Image as Picture
from reportlab.platypus.doctemplate import LayoutError

from plugins import ActionFailed
from plugins.bundled.documents.blocks import Block, Image, Rule, Table, Text
from plugins.bundled.documents.fonts import PLAIN_FONT, Typeface
from plugins.bundled.documents.markup import is_broken_anywhere, marked_up
from plugins.bundled.documents.shielding import PAGE, PAGES
from plugins.bundled.documents.tables import set_table

PAPERS = {"A4": A4, "A5": A5, "letter": LETTER}
_MARGIN = 18 * mm
_GREY, _LINE = HexColor("#52525b"), HexColor("#d4d4d8")
_SIZES = {0: 10.0, 1: 18.0, 2: 14.0, 3: 12.0}
_SMALL = 8.0
_INDENT = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a document may be. is_late: whether its time is over."""

    pages: int
    is_late: Callable[[], bool]


class Pages:
    """The pages of one document; count: how many there are, once they are written."""

    def __init__(
        self, typeface: Typeface, bounds: Bounds, *, paper: str | None = None, images: Mapping[str, bytes] | None = None
    ) -> None:
        self._typeface = typeface
        self._bounds = bounds
        self._images = images or {}
        name, _, lies = (paper or "A4").partition(" ")
        size = PAPERS.get(name, A4)
        self._size = landscape(size) if lies else size
        self.count = 0
        self._refused: ActionFailed | None = None

    def written(
        self, blocks: Sequence[Block], *, title: str, header: Sequence[str] = (), footer: Sequence[str] = ()
    ) -> bytes:
        """Write the file.

        Raises: ActionFailed: it has more pages, or takes longer, than it may; a row or image fits on no page.
        """
        out = io.BytesIO()
        width, height = self._size
        room = (width - 2 * _MARGIN, height - 2 * _MARGIN)
        frame = Frame(_MARGIN, _MARGIN, *room, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
        document = BaseDocTemplate(out, pagesize=self._size, title=title, invariant=1, author="", creator="")
        document.addPageTemplates([PageTemplate(frames=[frame], onPage=lambda *_: self._begin_page())])
        story = [self._set(block, room) for block in blocks] or [Paragraph("")]
        typeface, size = self._typeface, self._size

        class Numbered(Canvas):
            """Draws headers and footers at the end, when the number of pages is known."""

            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                self._kept: list[dict[str, Any]] = []

            def showPage(self) -> None:
                self._kept.append(dict(self.__dict__))
                self._startPage()  # type: ignore[attr-defined]

            def save(self) -> None:
                for number, kept in enumerate(self._kept, 1):
                    self.__dict__.update(kept)
                    counted = {ord(PAGE): str(number), ord(PAGES): str(len(self._kept))}
                    for parts, at in ((header, size[1] - _MARGIN * 0.6), (footer, _MARGIN * 0.5)):
                        _draw_line(self, typeface, [part.translate(counted) for part in parts], at, size[0])
                    super().showPage()
                super().save()

        try:
            document.build(story, canvasmaker=Numbered)
        except LayoutError as error:
            raise ActionFailed("a row or image of the document fits on no page", permanent=True) from error
        except ActionFailed as error:
            # On its way through ReportLab an exception is made anew, of its text alone.
            raise self._refused or error from None
        return out.getvalue()

    def _begin_page(self) -> None:
        self.count += 1
        if self.count > self._bounds.pages:
            raise self._refuse(f"the document has more than {self._bounds.pages} pages (max_pages)")
        self._keep_to_time()

    def _keep_to_time(self) -> None:
        if self._bounds.is_late():
            raise self._refuse("the document takes longer to set than it may (making_s)")

    def _refuse(self, reason: str) -> ActionFailed:
        self._refused = ActionFailed(reason, permanent=True)
        return self._refused

    def _set(self, block: Block, room: tuple[float, float]) -> Flowable:
        self._keep_to_time()
        match block:
            case Table():
                return set_table(block, self._typeface, room[0])
            case Image():
                return self._picture(block, room)
            case Rule():
                return HRFlowable(width="100%", thickness=0.5, color=_LINE, spaceBefore=6, spaceAfter=6)
            case Text():
                return Paragraph(
                    marked_up(block.spans, self._typeface, bold=block.level > 0),
                    _style_of(block),
                    bulletText=block.mark or None,
                )

    def _picture(self, image: Image, room: tuple[float, float]) -> Flowable:
        content = self._images.get(image.path)
        if content is None:
            return Paragraph("")
        try:
            with Pictures.open(io.BytesIO(content), formats=("WEBP", "PNG", "JPEG")) as found:
                width, height = found.size
                # Without its alpha: where it is not, it is paper.
                flat = Pictures.new("RGB", found.size, "white")
                flat.paste(found.convert("RGBA"), mask=found.convert("RGBA"))
        except (UnidentifiedImageError, OSError) as error:
            raise ActionFailed(f"the image '{image.path}' can't be read", permanent=True) from error
        plain = io.BytesIO()
        flat.save(plain, format="PNG")
        scale = min(1.0, room[0] * 0.5 / width, room[1] * 0.4 / height)
        return Picture(io.BytesIO(plain.getvalue()), width=width * scale, height=height * scale, hAlign="LEFT")


def _draw_line(canvas: Canvas, typeface: Typeface, parts: Sequence[str], at: float, width: float) -> None:
    """Draw the parts of a header or footer: one stands left, two left and right, three left, middle and right."""
    canvas.setFillColor(_GREY)
    shares = [0.0, 1.0] if len(parts) == 2 else [0.0, 0.5, 1.0]
    for part, share in zip(parts, shares, strict=False):
        x = _MARGIN + (width - 2 * _MARGIN - typeface.width(part, _SMALL)) * share
        for font, run in typeface.runs(part):
            canvas.setFont(font, _SMALL)
            canvas.drawString(x, at, run)
            x += canvas.stringWidth(run, font, _SMALL)


def _style_of(text: Text) -> ParagraphStyle:
    size = _SIZES.get(text.level, 11.0)
    indent = text.depth * _INDENT + (_INDENT if text.quoted else 0)
    return ParagraphStyle(
        f"text-{text.level}-{text.depth}",
        fontName=PLAIN_FONT,
        fontSize=size,
        leading=size * 1.4,
        spaceBefore=size * 0.8 if text.level else 2,
        spaceAfter=size * 0.3 if text.level else 4,
        leftIndent=indent,
        bulletIndent=max(indent - _INDENT, 0),
        textColor=_GREY if text.quoted else HexColor("#18181b"),
        keepWithNext=1 if text.level else 0,
        wordWrap="CJK" if is_broken_anywhere(text.spans) else None,
    )
