"""Takes the pictures of this folder from a served demo: each page wide and narrow, light and dark, in both languages.

    fieldstone demo --port 8103 &
    python docs/screenshots/take.py http://127.0.0.1:8103 [NAME…]

It makes a few records and changes first (a lead that stands twice, changes of a deal, a change under an open form), so
that pages about them have something to show. What needs `duplicates:` is left out where the app has none.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from served_demo import Demo, wait
from shown_pages import ONLY, PAGES
from shown_records import prepare

HERE = Path(__file__).resolve().parent
LOOKS = (("desk", "light", "en"), ("desk", "dark", "zh"), ("phone", "dark", "en"), ("phone", "light", "zh"))
COLOURS = 240


def take(demo: Demo, names: Iterable[str], folder: Path) -> Iterator[str]:
    """Take the pictures of pages in all looks, and give the names of the files."""
    for name in names:
        who, show = PAGES[name]
        for device, scheme, language in LOOKS:
            if ONLY.get(name, device) != device:
                continue
            context = demo.context(who, device, scheme, language)
            page = context.new_page()
            show(page, demo)
            wait(page)
            file = folder / f"{name}-{device}-{scheme}-{language}.png"
            file.write_bytes(small(page.screenshot()))
            context.close()
            yield file.name


def small(picture: bytes) -> bytes:
    """Give a picture with few colours, a third of its size; nobody sees the difference."""
    with Image.open(io.BytesIO(picture)) as found:
        kept = found.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    out = io.BytesIO()
    kept.save(out, "PNG", optimize=True)
    return out.getvalue()


def main(url: str, *names: str) -> None:
    """Take the pictures that are named, or all."""
    with sync_playwright() as play:
        chromium = os.environ.get("FIELDSTONE_CHROMIUM") or shutil.which("chromium")
        browser = play.chromium.launch(executable_path=chromium)
        demo = Demo(browser, url)
        prepare(demo)
        for file in take(demo, names or PAGES, HERE):
            sys.stdout.write(f"{file}\n")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
