"""Addresses of the built front-end files, the macro namespace, and avatars.

Reads ui/static/manifest.json once per environment: an address changes with the file it names. Serves nothing itself.
"""

import json
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment
from markupsafe import Markup

from ui.avatars import initials, tint
from ui.board_cards import BoardCard, write_cards
from ui.controls import control_html, section_start
from ui.frame import compile_frame
from ui.page_parts import Control, Shown
from ui.shown import shown_html
from ui.telling import tell, tell_part, tell_problem
from ui.widgets import ControlWords
from ui.written import written

STATIC_FOLDER = Path(__file__).parent / "static"
_MACRO_FILES = (
    "approvals",
    "icons",
    "buttons",
    "badges",
    "values",
    "layout",
    "feedback",
    "inputs",
    "forms",
    "lists",
    "reports",
    "records",
    "trace",
    "board",
    "calendar",
    "completeness",
)


def register_assets(environment: Environment, static_url: str = "/static") -> None:
    """Add `asset(name)`, `icon_names`, `initials(name)`, `tint(name)`, `frame_part` the macros as `ui`, filters."""
    manifest = json.loads((STATIC_FOLDER / "manifest.json").read_text("utf-8"))
    environment.filters.update(tell=tell, tell_part=tell_part, tell_problem=tell_problem)
    environment.globals.update(
        asset=partial(_asset_url, static_url, manifest["files"]),
        icon_names=frozenset(manifest["icons"]),
        initials=initials,
        tint=tint,
    )
    environment.globals.update(write_control=_write_control, write_shown=_write_shown, section_start=section_start)
    environment.globals.update(board_card_of=BoardCard, write_cards=write_cards)
    environment.globals["frame_part"] = lru_cache(maxsize=64)(partial(_render_frame_part, environment))
    # As a global, `ui` also works in a named block that is rendered alone, where imports of the page never run.
    environment.globals["ui"] = _macro_namespace(environment)
    environment.globals["frame_of"] = partial(compile_frame, environment)


def _write_control(control: Control, **words: str) -> Markup:
    return control_html(control, ControlWords(**words))


def _write_shown(shown: Shown) -> Markup:
    return written((shown_html(shown),))


def _asset_url(static_url: str, hashes: dict[str, str], name: str) -> str:
    return f"{static_url}/{name}?v={hashes[name]}"


def _render_frame_part(environment: Environment, name: str, language: str, theme: str) -> Markup:
    """Render a part that is the same on every page of a language and theme; the caller keeps it."""
    return environment.get_template(name).make_module({"language": language, "theme": theme}).__html__()


def _macro_namespace(environment: Environment) -> SimpleNamespace:
    macros: dict[str, Callable[..., str]] = {}
    for name in _MACRO_FILES:
        module = environment.get_template(f"macros/{name}.html").module
        macros.update({key: value for key, value in vars(module).items() if not key.startswith("_")})
    return SimpleNamespace(**macros)


__all__ = ["STATIC_FOLDER", "initials", "register_assets", "tint"]
