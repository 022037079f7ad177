"""Draws a QR code as inline SVG: one path without styles, which the content security policy lets stand."""

from __future__ import annotations

from markupsafe import Markup
from markupsafe import escape as html_escape

_QUIET = 4


def qr_code(text: str, label: str) -> Markup:
    """Give the SVG of a text's QR code, dark on white whatever the theme; label: its name for who can't see it."""
    # Imported here: only this page draws.
    from reportlab.graphics.barcode import qrencoder

    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    count = code.getModuleCount()  # type: ignore[no-untyped-call]
    cells = (
        f"M{column + _QUIET} {row + _QUIET}h1v1h-1z"
        for row in range(count)
        for column in range(count)
        if code.isDark(row, column)  # type: ignore[no-untyped-call]
    )
    size = count + 2 * _QUIET
    return Markup(  # noqa: S704 - numbers of our own and an escaped label
        f'<svg class="qr-code" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="220" height="220" '
        f'role="img" aria-label="{html_escape(label)}" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{"".join(cells)}" fill="#000"/></svg>'
    )
