"""Addresses of the built front-end files, the macro namespace, and avatars.

Reads ui/static/manifest.json once per environment: an address changes with the file it names. Serves nothing itself.
"""

import json
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from types import SimpleNamespace
from zlib import crc32

from jinja2 import Environment
from markupsafe import Markup

STATIC_FOLDER = Path(__file__).parent / "static"
_TINTS = ("blue", "azure", "indigo", "purple", "pink", "red", "orange", "amber", "green", "teal")
_MACRO_FILES = (
    "icons",
    "buttons",
    "badges",
    "values",
    "layout",
    "feedback",
    "inputs",
    "forms",
    "lists",
    "records",
    "trace",
    "board",
)


def register_assets(environment: Environment, static_url: str = "/static") -> None:
    """Add `asset(name)`, `icon_names`, `initials(name)`, `tint(name)`, `frame_part` and the macros as `ui`."""
    manifest = json.loads((STATIC_FOLDER / "manifest.json").read_text("utf-8"))
    environment.globals.update(
        asset=partial(_asset_url, static_url, manifest["files"]),
        icon_names=frozenset(manifest["icons"]),
        initials=initials,
        tint=tint,
    )
    environment.globals["frame_part"] = lru_cache(maxsize=64)(partial(_render_frame_part, environment))
    # As a global, `ui` also works in a named block that is rendered alone, where imports of the page never run.
    environment.globals["ui"] = _macro_namespace(environment)


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
    # The menu is the dearest part of a page and made of plain values alone: equal menus are drawn once.
    macros["side_menu"] = lru_cache(maxsize=256)(macros["side_menu"])
    return SimpleNamespace(**macros)


def initials(name: str, small: bool = False) -> str:
    """Return the letters of an avatar: two of a Chinese name (one if small), else of the first and last word.

    People are called by the end of a Chinese name, companies by its beginning.

    >>> initials("Anna Maria Stone"), initials("王小明"), initials("王小明", small=True), initials("上海云岭公司")
    ('AS', '小明', '明', '上海')
    """
    words = name.split()
    if not words:
        return "?"
    if _is_han(words[0][0]):
        if len(words[0]) > 4:
            return words[0][:1] if small else words[0][:2]
        return words[0][-1:] if small else words[0][-2:]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def _is_han(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK")


def tint(name: str) -> str:
    """Return the avatar colour of a name, always the same one."""
    return _TINTS[crc32(name.encode()) % len(_TINTS)]
