"""Renders pages/*.html, which hold every macro with awkward values, without the application."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from ui import page_parts as parts
from ui.assets import register_assets

TEMPLATES = Path("ui/templates")
TIMES = {"date": "2026-11-21", "datetime": "2026-11-21T10:30"}
MARKUP = """<b onclick="x()">'"&</b>"""

PAGES = ("form.html", "board.html", "list.html", "record.html", "login.html")


def sample_environment() -> Environment:
    """Make the template environment of the pages, with texts in English."""
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, Path(__file__).parent / "pages"]),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    environment.globals["csrf_token"] = lambda: "token"
    register_assets(environment)
    return environment


def render_page(name: str, theme: parts.Theme = "light", refused: bool = False) -> str:
    """Render one sample page."""
    values = {**_values(), "refused": refused, "chrome": _chrome(theme, signed_in=name != "login.html")}
    return sample_environment().get_template(name).render(values)


def _chrome(theme: parts.Theme, signed_in: bool) -> parts.Chrome:
    link = parts.MenuNode(name="open", label="Open deals", href="/list.html", current=True)
    branch = parts.MenuNode(name="deals", label="Deals", icon="trophy", children=(link,))
    return parts.Chrome(
        product="Fieldstone",
        language="en",
        theme=theme,
        home_url="/list.html",
        login_url="/login.html",
        logout_url="/logout",
        preferences_url="/preferences",
        here="/list.html",
        user=parts.Person(id="7", name="Anna Stone", email="anna@example.com") if signed_in else None,
        menus=(parts.MenuNode(name="sales", label=MARKUP, children=(branch,)),),
        toasts=(parts.Toast(text=MARKUP, kind="error"),),
    )


def _values() -> dict[str, object]:
    option = parts.Option
    stages = (option(value="new", label="New", color="blue"), option(value="won", label="Won", color="green"))
    kinds = (
        "choice",
        "user",
        "lookup",
        "email",
        "phone",
        "url",
        "date",
        "datetime",
        "money",
        "long_text",
        "text",
        "boolean",
    )
    shown = [parts.Shown(kind=kind, text=MARKUP, href="/x", color="amber", iso="2026-11-21") for kind in kinds]
    change = parts.Change(label="Stage", old="New", new=MARKUP)
    leaf = parts.TraceNode(text="amount > 5", verdict="false", values=MARKUP)
    tree = parts.TraceNode(text=MARKUP, verdict="true", children=(leaf, parts.TraceNode(text="x", verdict="unknown")))
    tab = parts.Tab(label="All", href="/list.html", current=True, count="3")
    return {
        "markup": MARKUP,
        "crumbs": (parts.Crumb(label="Sales", href="/"), parts.Crumb(label=MARKUP)),
        "errors": [("deal-7-name", "Name", MARKUP)],
        "controls": _controls(stages),
        "password": parts.Control(id="password", name="password", label="Password", widget="password"),
        "tabs": (tab, parts.Tab(label="Mine", href="/mine.html")),
        "columns": stages,
        "cards": {"new": ["card-1", "card-2"], "won": []},
        "moves": stages,
        "items": [parts.Item(label=f"Label {each.kind}", shown=each, help="Help") for each in shown],
        "heads": (
            parts.Column(label="Name", sort_url="/s", sorted="ascending", title=True),
            parts.Column(label="Stage"),
        ),
        "chips": (parts.Chip(label="Stage", operator="is", value=MARKUP, drop_url="/list.html"),),
        "steps": (
            parts.PathStep(value="new", label="New", state="done", allowed=True),
            parts.PathStep(value="won", label="Won", state="current", tone="won"),
        ),
        "entries": (
            parts.TimelineEntry(
                id="e1", icon="edit", title=MARKUP, iso="2026-11-21T10:00:00Z", when="x", changes=(change,)
            ),
        ),
        "trace": (
            parts.TraceRow(id="s1", title="When", status="done", condition=tree, details={"task": MARKUP}),
            parts.TraceRow(id="s2", title="Call", status="failed", error=MARKUP),
        ),
        "conflicts": (parts.ConflictRow(name="amount", label="Amount", mine=MARKUP, theirs="2", original="3"),),
    }


def _controls(stages: tuple[parts.Option, ...]) -> list[parts.Control]:
    widgets = (
        "text",
        "long_text",
        "money",
        "percent",
        "number",
        "email",
        "phone",
        "url",
        "date",
        "datetime",
        "checkbox",
    )
    plain = [
        parts.Control(
            id=f"deal-7-{each}",
            name=each,
            label=f"A {each}",
            widget=each,
            value=TIMES.get(each, MARKUP),
            help="Help",
            error="Wrong",
        )
        for each in (*widgets, "switch")
    ]
    return [
        parts.Control(id="deal-7-name", name="name", label="Name", value="Old name", required=True),
        parts.Control(
            id="deal-7-account",
            name="account",
            label="Account",
            widget="lookup",
            lookup_url="/lookup",
            options=(parts.Option(value="1", label="Acme", selected=True),),
        ),
        parts.Control(id="deal-7-stage", name="stage", label="Stage", widget="select", options=stages),
        parts.Control(id="deal-7-kind", name="kind", label="Kind", widget="radio", options=stages),
        parts.Control(id="deal-7-fixed", name="fixed", label="Fixed", widget="select", options=stages, readonly=True),
        parts.Control(
            id="deal-7-code",
            name="code",
            label="Code",
            readonly=True,
            shown=parts.Shown(kind="autonumber", text=MARKUP),
        ),
        *plain,
    ]
