"""The widget of fields of files: the files there are, each with a box that keeps it, and a control to add others.

Without scripts a file travels with the form; with them it is sent when it is chosen (js/files.js), and a signature is
drawn on a pad. What was sent once comes back with a refused form.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ui.file_markup import file_facts
from ui.page_parts import Control
from ui.widgets import INVALID, ControlState, ControlWords, Widget, WidgetWriter
from ui.written import html_text

UPLOAD = "__upload"
"""What stands behind a field's name in the control that a file is chosen with."""


def _compile_files(control: Control, words: ControlWords) -> WidgetWriter:
    name, label = html_text(control.name), html_text(control.label)
    keep = html_text(words.keep_file)
    many = " multiple" if control.multiple else ""
    accept = f' accept="{html_text(control.accept)}"' if control.accept else ""
    camera = ' capture="environment"' if control.camera else ""
    pad = f' data-fs-sign="{html_text(words.sign_here)}"' if control.draws else ""
    tools = (
        f' data-fs-files="{html_text(control.upload_url)}" data-fs-name="{name}"{pad}'
        f"{' data-fs-many' if control.multiple else ''}"
    )

    def write(now: ControlState, described: str, mark: str) -> str:
        # The empty value says that the field was on the form, also where no box is ticked.
        parts = [
            f'<fieldset class="files" id="{now.id}"{tools}{INVALID if now.error else ""}{described}>'
            f'<legend class="form-label">{label}{mark}</legend><input type="hidden" name="{name}" value="">'
            f'<ul class="file-list" id="{now.id}-list">'
        ]
        parts += [
            f'<li id="{now.id}-{file.id}">{file_facts(file)}<label class="check file-keep"><input type="checkbox" '
            f'class="form-check-input" name="{name}" value="{file.id}" checked><span>{keep}</span></label></li>'
            for file in now.files
        ]
        parts.append(
            f'</ul><input type="file" class="form-control" id="{now.id}-file" name="{name}{UPLOAD}"'
            f'{accept}{camera}{many} aria-label="{html_text(words.choose_file)}: {label}">'
            f'<div class="file-tools" id="{now.id}-tools" data-fs-keep></div></fieldset>'
        )
        return "".join(parts)

    return write


FILE_WIDGETS: Mapping[str, Widget] = MappingProxyType({"file": Widget(compile=_compile_files, labelled=True)})
