"""Widgets of fields that hold several values: boxes for options, lines, words for tags, parts of an address."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ui.page_parts import Control
from ui.widgets import INVALID, ControlState, ControlWords, Widget, WidgetWriter, area_widget, input_widget
from ui.written import html_text


def _compile_checks(control: Control, words: ControlWords) -> WidgetWriter:
    name, label = html_text(control.name), html_text(control.label)
    texts = [(option.value, html_text(option.value), html_text(option.label)) for option in control.options]

    def write(now: ControlState, described: str, mark: str) -> str:
        # Boxes that are all unticked send nothing; the empty value before them says that they were on the form.
        parts = [
            f'<fieldset class="checks" id="{now.id}"{INVALID if now.error else ""}{described}>'
            f'<legend class="form-label">{label}{mark}</legend><input type="hidden" name="{name}" value="">'
        ]
        for plain, value, text in texts:
            ticked = plain in now.chosen
            if now.offered is not None and plain not in now.offered and not ticked:
                continue
            marks = f"{' checked' if ticked else ''}{' disabled' if now.readonly else ''}"
            parts.append(
                f'<label class="check" for="{now.id}-{value}"><input type="checkbox" class="form-check-input" '
                f'id="{now.id}-{value}" name="{name}" value="{value}"{marks}><span>{text}</span></label>'
            )
        return "".join(parts) + "</fieldset>"

    return write


def _compile_parts(control: Control, words: ControlWords) -> WidgetWriter:
    name, label = html_text(control.name), html_text(control.label)
    texts = [(html_text(option.value), html_text(option.label)) for option in control.options]

    def write(now: ControlState, described: str, mark: str) -> str:
        parts = [
            f'<fieldset class="parts" id="{now.id}"{INVALID if now.error else ""}{described}>'
            f'<legend class="form-label">{label}{mark}</legend>'
        ]
        values = [*now.chosen, *("" for _ in texts)]
        marks = " readonly" if now.readonly else ""
        for (part, text), value in zip(texts, values, strict=False):
            parts.append(
                f'<label class="part" for="{now.id}-{part}"><span>{text}</span><input type="text" class="form-control" '
                f'id="{now.id}-{part}" name="{name}__{part}" value="{html_text(value)}"{marks}></label>'
            )
        return "".join(parts) + "</fieldset>"

    return write


SEVERAL_WIDGETS: Mapping[str, Widget] = MappingProxyType(
    {
        "checks": Widget(compile=_compile_checks, labelled=True),
        "parts": Widget(compile=_compile_parts, labelled=True, wide=True),
        "lines": area_widget(2, ' spellcheck="false"'),
        "tags": input_widget("text", ' data-fs-tags=""'),
    }
)
