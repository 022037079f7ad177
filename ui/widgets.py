"""The widgets of form controls: each a function that makes, once a form, the writer of its control's markup.

A widget is added to `WIDGETS` under the name that its field type has in ui/pages/controls.py. Label, help and error
around it are written by ui/controls.py; how records and rights come in is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from metamodel.values import StoredFile
from ui.page_parts import Control, Shown
from ui.written import html_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlWords:
    """What controls say in the user's language; lock, alert: icons as markup.

    currency_of: the name of a currency's own control, with `%(label)s` for the label. kept: what is said under the
    control of a masked value, with `%(mask)s` for the mask. The last ones are of files.
    """

    required: str
    choose: str
    currency_of: str
    lock: str
    alert: str
    kept: str = ""
    choose_file: str = ""
    keep_file: str = ""
    sign_here: str = ""


@dataclass(slots=True, kw_only=True)
class ControlState:
    """What of a control differs from record to record; everything else is in its `Control`.

    id: with nothing that needs an escape. options: written with `option_html`. chosen: the values selected. offered:
    those that may be chosen now, None = all. masked: what stands for a value that is kept unless another is entered.
    why: where it says why the field is read-only, escaped.
    """

    id: str
    value: str = ""
    checked: bool = False
    options: str = ""
    chosen: Sequence[str] = ()
    offered: Sequence[str] | None = None
    required: bool = False
    readonly: bool = False
    error: str = ""
    currency: str = ""
    lookup_url: str = ""
    shown: Shown | None = None
    masked: str = ""
    why: str = ""
    files: Sequence[StoredFile] = ()


REQUIRED = ' aria-required="true"'
INVALID = ' aria-invalid="true"'

ControlWriter = Callable[[ControlState], str]
WidgetWriter = Callable[[ControlState, str, str], str]
"""Gets the state, the attribute `aria-describedby` (or nothing) and the marks that stand behind a label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """One kind of control. labelled: it writes the label itself. wide: it takes the whole width of a form."""

    compile: Callable[[Control, ControlWords], WidgetWriter]
    labelled: bool = False
    wide: bool = False


def option_html(value: str, label: str, selected: bool = False, disabled: bool = False) -> str:
    """Write one option of a select."""
    marks = f"{' selected' if selected else ''}{' disabled' if disabled else ''}"
    return f'<option value="{html_text(value)}"{marks}>{html_text(label)}</option>'


def _attributes(now: ControlState, name: str, described: str, locked: str) -> str:
    return (
        f' id="{now.id}" name="{name}"{REQUIRED if now.required else ""}{locked if now.readonly else ""}'
        f"{INVALID if now.error else ''}{described}"
    )


def input_widget(kind: str, more: str = "", *, end: bool = False) -> Widget:
    """Make the widget of a one-line input. kind: its HTML type. more: attributes. end: digits stand at the end."""

    def compile_input(control: Control, words: ControlWords) -> WidgetWriter:
        start = f'<input type="{kind}" class="form-control{" end" if end else ""}"'
        name, rest = (
            html_text(control.name),
            f'"{more}{_limits(control)} autocomplete="{html_text(control.autocomplete)}">',
        )

        def write(now: ControlState, described: str, mark: str) -> str:
            attributes = _attributes(now, name, described, " readonly")
            return f'{start}{attributes} value="{html_text(now.value)}{rest}'

        return write

    return Widget(compile=compile_input)


def _limits(control: Control) -> str:
    pairs = (
        ("placeholder", control.placeholder),
        ("min", control.minimum),
        ("max", control.maximum),
        ("maxlength", str(control.max_length or "")),
    )
    return "".join(f' {name}="{html_text(text)}"' for name, text in pairs if text)


_DECIMAL = input_widget("text", ' inputmode="decimal"', end=True)


def area_widget(rows: int, more: str = "") -> Widget:
    """Make the widget of a text of several lines; more: attributes."""

    def compile_area(control: Control, words: ControlWords) -> WidgetWriter:
        start, name = f'<textarea class="form-control" rows="{rows}"', html_text(control.name)
        limit = f' maxlength="{control.max_length}"' if control.max_length else ""

        def write(now: ControlState, described: str, mark: str) -> str:
            attributes = _attributes(now, name, described, " readonly")
            # A line break right behind the start is none of the text's.
            return f"{start}{attributes}{limit}{more}>\n{html_text(now.value)}</textarea>"

        return write

    return Widget(compile=compile_area, wide=True)


def _compile_percent(control: Control, words: ControlWords) -> WidgetWriter:
    digits = _DECIMAL.compile(control, words)

    def write(now: ControlState, described: str, mark: str) -> str:
        sign = '<span class="affix-text" aria-hidden="true">%</span>'
        return f'<div class="affix">{digits(now, described, mark)}{sign}</div>'

    return write


def _compile_money(control: Control, words: ControlWords) -> WidgetWriter:
    digits = _DECIMAL.compile(control, words)
    name = html_text(words.currency_of.replace("%(label)s", control.label))
    named = {each.value: each.label for each in control.currencies}
    unnamed = "".join(option_html(value, label) for value, label in named.items())
    choices = {
        chosen: "".join(option_html(value, label, value == chosen) for value, label in named.items())
        for chosen in named
    }

    def write(now: ControlState, described: str, mark: str) -> str:
        head = ""
        if named and not now.readonly:
            head = (
                f'<select class="form-select affix-select" name="{html_text(control.currency_name)}" '
                f'id="{now.id}-currency" aria-label="{name}">{choices.get(now.currency, unnamed)}</select>'
            )
        elif now.currency:
            head = f'<span class="affix-text" id="{now.id}-currency">{html_text(now.currency)}</span>'
        return f'<div class="affix">{head}{digits(now, described, mark)}</div>'

    return write


def _compile_select(control: Control, words: ControlWords) -> WidgetWriter:
    name = html_text(control.name)
    start = f'<select class="form-select"{" multiple" if control.multiple else ""}'
    placeholder = f' data-fs-placeholder="{html_text(control.placeholder)}"' if control.placeholder else ""
    is_lookup = control.widget in LOOKUPS
    free, asked = ("", "") if control.multiple else (
        option_html("", control.placeholder or "—"), option_html("", control.placeholder or words.choose)
    )  # fmt: skip

    def write(now: ControlState, described: str, mark: str) -> str:
        attributes = _attributes(now, name, described, " disabled")
        if is_lookup:
            # Without scripts a plain select over the options given; with them a picker that asks lookup_url?q=….
            url = f' data-fs-lookup="{html_text(now.lookup_url)}"' if now.lookup_url else ""
            attributes = f"{attributes}{url}{placeholder}"
        written_ = f"{start}{attributes}>{asked if now.required else free}{now.options}</select>"
        if is_lookup:
            written_ = f'<div class="lookup" id="{now.id}-lookup">{written_}</div>'
        return written_ + _sent_anyway(now, name)

    return write


def _sent_anyway(now: ControlState, name: str) -> str:
    """Write the hidden fields that carry the value of a disabled control."""
    if not now.readonly:
        return ""
    return "".join(f'<input type="hidden" name="{name}" value="{html_text(value)}">' for value in now.chosen)


def _compile_check(control: Control, words: ControlWords) -> WidgetWriter:
    is_switch = control.widget == "switch"
    name, label = html_text(control.name), html_text(control.label)
    css, role = ("form-switch-input", ' role="switch"') if is_switch else ("form-check-input", "")

    def write(now: ControlState, described: str, mark: str) -> str:
        # An unticked box sends nothing; the hidden empty field before it says that it was on the form.
        sent = "true" if now.readonly and now.checked else ""
        marks = (
            f"{' checked' if now.checked else ''}{' disabled' if now.readonly else ''}{INVALID if now.error else ''}"
        )
        return (
            f'<label class="check" for="{now.id}"><input type="hidden" name="{name}" value="{sent}"><input '
            f'type="checkbox" class="{css}" id="{now.id}" name="{name}" value="true"{role}{marks}{described}>'
            f"<span>{label}{mark}</span></label>"
        )

    return write


def _compile_radio(control: Control, words: ControlWords) -> WidgetWriter:
    name, label = html_text(control.name), html_text(control.label)
    texts = [
        (
            option,
            html_text(option.value),
            html_text(option.label),
            f'<span class="muted small"> {html_text(option.hint)}</span>',
        )
        for option in control.options
    ]

    def write(now: ControlState, described: str, mark: str) -> str:
        parts = [
            f'<fieldset class="form-section" id="{now.id}"{described}><legend class="form-label">{label}{mark}</legend>'
        ]
        for option, value, text, hint in texts:
            marks = " checked" if option.value in now.chosen else ""
            marks += " disabled" if now.readonly or option.disabled else ""
            parts.append(
                f'<label class="check" for="{now.id}-{value}"><input type="radio" class="form-check-input" '
                f'id="{now.id}-{value}" name="{name}" value="{value}"{marks}>'
                f"<span>{text}{hint if option.hint else ''}</span></label>"
            )
        return "".join(parts) + "</fieldset>"

    return write


LOOKUPS = frozenset({"lookup", "user"})
_COLOR = "#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?"
WIDGETS: Mapping[str, Widget] = MappingProxyType(
    {
        "text": input_widget("text"),
        "long_text": area_widget(4),
        "rich_text": area_widget(8, " data-fs-rich"),
        "json": area_widget(8, ' spellcheck="false"'),
        "select": Widget(compile=_compile_select),
        "rating": Widget(compile=_compile_select),
        "lookup": Widget(compile=_compile_select),
        "user": Widget(compile=_compile_select),
        "money": Widget(compile=_compile_money),
        "percent": Widget(compile=_compile_percent),
        "number": _DECIMAL,
        "integer": input_widget("text", ' inputmode="numeric"', end=True),
        "barcode": input_widget("text", ' inputmode="numeric"'),
        "email": input_widget("email", ' inputmode="email" spellcheck="false"'),
        "phone": input_widget("tel", ' inputmode="tel"'),
        "url": input_widget("url", ' inputmode="url" spellcheck="false"'),
        "date": input_widget("date"),
        "datetime": input_widget("datetime-local", ' step="60"'),
        "time": input_widget("time"),
        "duration": input_widget("text", end=True),
        "color": input_widget("text", f' pattern="{_COLOR}" spellcheck="false" data-fs-color=""'),
        "password": input_widget("password"),
        "search": input_widget("search"),
        "checkbox": Widget(compile=_compile_check, labelled=True),
        "switch": Widget(compile=_compile_check, labelled=True),
        "radio": Widget(compile=_compile_radio, labelled=True),
    }
)
