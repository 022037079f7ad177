"""Fields of forms as markup: label, widget, help and error of a control, and the sections that controls stand in.

Forms, dialogs, filter bars and templates (`ui.field`) all show controls through `compile_control`. What a control holds
comes from ui/pages/field_controls.py or from a template; this knows neither records nor requests.
"""

from __future__ import annotations

from markupsafe import Markup

from ui.file_widget import FILE_WIDGETS
from ui.page_parts import Control
from ui.several_widgets import SEVERAL_WIDGETS
from ui.shown import masked_html, shown_html
from ui.widgets import WIDGETS, ControlState, ControlWords, ControlWriter, option_html
from ui.written import html_text, written


def compile_control(control: Control, words: ControlWords) -> ControlWriter:
    """Make the writer of a field of a form: label, widget, help and error; `control` says what never differs."""
    name = control.widget
    widget = SEVERAL_WIDGETS.get(name) or FILE_WIDGETS.get(name) or WIDGETS.get(name, WIDGETS["text"])
    inside = widget.compile(control, words)
    start = f'<div class="form-field{" full" if control.full or widget.wide else ""}" id="'
    opened = '-field" data-fs-no-draft>' if control.keep_no_draft else '-field">'
    label, has_help, help_text = html_text(control.label), bool(control.help), html_text(control.help)
    required = f'<span class="req" aria-hidden="true">*</span><span class="sr-only">{html_text(words.required)}</span>'

    def write(now: ControlState) -> str:
        id_, error = now.id, now.error
        described = _described(id_, has_help, error, bool(now.masked))
        lock = _lock(words.lock, now.why) if now.readonly else ""
        mark = (required if now.required else "") + lock
        if now.readonly and now.shown is not None:
            body = (
                f'<div class="form-label" id="{id_}-label">{label}{lock}</div><div class="form-shown" id="{id_}" '
                f'role="group" aria-labelledby="{id_}-label"{described}>{shown_html(now.shown)}</div>'
            )
        elif widget.labelled:
            body = inside(now, described, mark)
        else:
            body = f'<label class="form-label" for="{id_}">{label}{mark}</label>{inside(now, described, mark)}'
        if now.masked:
            kept = words.kept.replace("%(mask)s", masked_html(now.masked))
            body += f'<p class="field-help" id="{id_}-masked">{kept}</p>'
        if has_help:
            body += f'<p class="field-help" id="{id_}-help">{help_text}</p>'
        if error:
            body += f'<p class="field-error" id="{id_}-error">{words.alert}<span>{html_text(error)}</span></p>'
        return f"{start}{id_}{opened}{body}</div>"

    return write


def _lock(icon: str, why: str) -> str:
    """Write the mark of a read-only field; it leads to the reason, which opens in the dialog."""
    return f'<a class="why" href="{why}" hx-get="{why}" hx-target="#dialog-body">{icon}</a>' if why else icon


def control_html(control: Control, words: ControlWords) -> Markup:
    """Write a control that stands alone, as templates do with `ui.field`."""
    return written((compile_control(control, words)(_state_of(control)),))


def section_start(label: str = "", id: str = "", columns: int = 2) -> Markup:
    """Write the start of a group of controls; `SECTION_END` ends it."""
    name = f' id="{html_text(id)}"' if id else ""
    legend = f"<legend>{html_text(label)}</legend>" if label else ""
    css = "form-grid form-grid-1" if columns == 1 else "form-grid"
    return written((f'<fieldset class="form-section"{name}>{legend}<div class="{css}">',))


SECTION_END = "</div></fieldset>"


def _state_of(control: Control) -> ControlState:
    return ControlState(
        id=html_text(control.id),
        value=control.value,
        checked=control.checked,
        options="".join(option_html(o.value, o.label, o.selected, o.disabled) for o in control.options),
        chosen=[option.value for option in control.options if option.selected],
        required=control.required,
        readonly=control.readonly,
        error=control.error,
        currency=control.currency,
        lookup_url=control.lookup_url,
        shown=control.shown,
    )


def _described(id_: str, has_help: bool, error: str, masked: bool) -> str:
    told = (("error", error), ("masked", masked), ("help", has_help))
    ids = " ".join(f"{id_}-{part}" for part, is_there in told if is_there)
    return f' aria-describedby="{ids}"' if ids else ""
