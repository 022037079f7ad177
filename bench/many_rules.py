"""Measures what rules cost a save: `python -m bench.many_rules` saves in three installations in turns.

One has 300 objects and no rule, one the same objects and 10,000 rules of which none looks at the save, one those and
one after-rule that matches it. CPU seconds of this process and wall time are told; the database is the same server.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.__main__ import database_maker
from bench.filling import measured_settings
from engine.access.actor import system_actor
from engine.platform import Platform

_ROUNDS = 9
_OWED = {"10,000 rules, none matching": 1.1, "10,000 rules, one matching": 2.0}
_MATCHING = "rule tell\n  when thing_0.size changes\n  if size > 1\n  then set note = 'seen'\n"


def main() -> None:
    """Measure as told and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.many_rules", description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--saves", type=int, default=100, help="of each of the nine turns")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as name:
        for kind in given.databases:
            with database_maker(kind, Path(name)) as make:
                _measure(kind, make, Path(name) / kind, given)


def _measure(kind: str, make: Callable[[str], str], folder: Path, given: argparse.Namespace) -> None:
    kinds = {
        "no rules": (0, ""),
        "10,000 rules, none matching": (given.rules, ""),
        "10,000 rules, one matching": (given.rules, _MATCHING),
    }
    with ExitStack() as open_ones:
        savers = {}
        for number, (name, (rules, more)) in enumerate(kinds.items()):
            at = folder / str(number)
            _write_app(at / "app", given.objects, rules, more)
            platform = Platform.open(measured_settings(make(f"rules_{number}"), at))
            open_ones.callback(platform.close)
            started = time.process_time()
            platform.apply_release([at / "app"], author="bench")
            print(f"{kind}, {name}: applied in {time.process_time() - started:.1f} CPU seconds", flush=True)
            savers[name] = _saver(platform)
        for save in savers.values():
            save(20)
        turns = [{name: save(given.saves) for name, save in savers.items()} for _ in range(_ROUNDS)]
    for name in kinds:
        wall = statistics.median(turn[name][0] for turn in turns)
        by_wall, by_cpu = (
            statistics.median(turn[name][part] / turn["no rules"][part] for turn in turns) for part in (0, 1)
        )
        owed = f" (owed at most {_OWED[name]})" if name in _OWED else ""
        print(f"{kind}, {name}: {wall * 1e3:.2f} ms a save, {by_wall:.2f} times{owed}; {by_cpu:.2f} by CPU", flush=True)


def _saver(platform: Platform) -> Callable[[int], tuple[float, float]]:
    actor = system_actor()
    record = platform.records.create(actor, "thing_0", {"name": "one", "size": 0}).record
    state = {"size": 1}

    def save(count: int) -> tuple[float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            state["size"] += 1
            platform.records.update(actor, "thing_0", record.id, {"size": state["size"]})
        return (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count

    return save


def _write_app(folder: Path, objects: int, rules: int, more: str) -> None:
    (folder / "objects").mkdir(parents=True)
    (folder / "rules").mkdir()
    head = "app: many\nversion: 1.0.0\nlabel: Many\ncurrency: CNY\ntimezone: Asia/Shanghai\n"
    (folder / "app.yaml").write_text(head, encoding="utf-8")
    fields = "  name: {type: text}\n  size: {type: integer}\n  other: {type: integer}\n  note: {type: text}\n"
    for number in range(objects):
        text = f"object: thing_{number}\nlabel: Thing {number}\nfields:\n{fields}"
        (folder / "objects" / f"thing_{number}.yaml").write_text(text, encoding="utf-8")
    texts: dict[int, list[str]] = {}
    for number in range(rules):
        # Those on the saved object look at another field.
        place = number % objects
        texts.setdefault(place, []).append(
            f"rule r{number}\n  when thing_{place}.other changes\n  if size > {number}\n  then set note = 'n{number}'\n"
        )
    for place, found in texts.items():
        (folder / "rules" / f"thing_{place}.rules").write_text("\n".join(found), encoding="utf-8")
    if more:
        (folder / "rules" / "more.rules").write_text(more, encoding="utf-8")


if __name__ == "__main__":
    main()
