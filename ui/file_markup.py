"""The markup of files: an icon or a small preview with the name in lists, a larger preview on record pages.

Names come from people and are escaped here; addresses hold ids only.
"""

from __future__ import annotations

from markupsafe import Markup

from metamodel.content_types import IMAGE_TYPES, size_text
from metamodel.field_types.files import files_in
from metamodel.values import StoredFile
from ui.written import html_text

_SHEET = '<path d="M6.5 3h7.5l4 4v14h-11.5z"/><path d="M14 3v4h4"/>'
_ICON = (
    '<svg class="file-icon" viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" '
    f'stroke-width="1.6" stroke-linejoin="round" aria-hidden="true">{_SHEET}</svg>'
)


def file_chip(file: StoredFile) -> str:
    """Write a file as a link to it: an icon, or a small preview of an image, and its name."""
    return f'<a class="file-chip" href="/files/{file.id}">{_mark(file)}<span>{html_text(str(file))}</span></a>'


def file_chips(value: object) -> str:
    """Write the files of a value, one behind the other."""
    return " ".join(file_chip(file) for file in files_in(value))


def shown_files(value: object) -> Markup:
    """Write the files of a value for a record page: images large, with name and size below."""
    return Markup(f'<div class="files-shown">{"".join(map(_figure, files_in(value)))}</div>')  # noqa: S704


def file_facts(file: StoredFile) -> str:
    """Write a file inside a form: icon or preview, name as a link, size."""
    return f'{file_chip(file)} <span class="muted small">{size_text(file.size or 0)}</span>'


def _figure(file: StoredFile) -> str:
    if file.type not in IMAGE_TYPES:
        return f'<div class="file-line">{file_facts(file)}</div>'
    name, size = html_text(str(file)), size_text(file.size or 0)
    return (
        f'<figure class="file-figure"><a href="/files/{file.id}"><img class="file-preview" loading="lazy" '
        f'src="/files/{file.id}/large" alt="{name}"></a>'
        f'<figcaption>{name} <span class="muted small">{size}</span></figcaption></figure>'
    )


def _mark(file: StoredFile) -> str:
    if file.type not in IMAGE_TYPES:
        return _ICON
    return f'<img class="file-thumb" src="/files/{file.id}/small" alt="" width="28" height="28" loading="lazy">'
