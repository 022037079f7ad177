"""Measures how long checking a large app takes beside parsing its YAML with yaml's C loader: `python -m bench.reading`.

Processor time of this process, in turns, the least of several; other work on the machine counts less that way.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from engine.platform import check_app_folders
from plugins.manager import PluginManager
from tests.support.generated_app import Sizes, write_generated

TURNS = 7


def main() -> None:
    """Print both times and how many times as long the check takes."""
    plugins = PluginManager.load()
    with tempfile.TemporaryDirectory() as folder:
        app = write_generated(Path(folder) / "big", Sizes())
        texts = [path.read_text("utf-8") for path in sorted(app.rglob("*.yaml"))]
        pairs = [(_time(lambda: _parse(texts)), _time(lambda: check_app_folders([app], plugins))) for _ in range(TURNS)]
    parsing, checking = (min(times) for times in zip(*pairs, strict=True))
    print(f"parsing {parsing:.2f} s, checking {checking:.2f} s: {checking / parsing:.1f} times")


def _parse(texts: list[str]) -> None:
    for text in texts:
        yaml.load(text, Loader=yaml.CSafeLoader)


def _time(work: Callable[[], object]) -> float:
    start = time.process_time()
    made = work()
    taken = time.process_time() - start
    # What was made is let go when the time is taken: a check ends with what it found.
    del made
    return taken


if __name__ == "__main__":
    main()
