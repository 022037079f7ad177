"""Counts how many altered programs the tests notice: `python -m tests.support.mutants [--sample 80] [--seed 1]`.

Draws mutants of the code that decides (permissions, expressions, matching, runs), as many of each topic, and runs each
against the tests that come by it. The same seed draws the same mutants of the same code. Verdicts are kept in
var/mutants.jsonl; `--resume` takes over those of files that have not changed. Exit code 1 under 80 % killed, 2 where a
test fails on the program as it is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.support.mutants.drawing import ON_POSTGRESQL, REPOSITORY, TESTS, draw, files
from tests.support.mutants.kept import Kept
from tests.support.mutants.noticing import Noticing, Verdict

OWED = 0.8
_NO_RECORD = ("-p", "no:promises", "-p", "no:cacheprovider", "-p", "no:xdist")
"""A run of mutants says nothing about promises, and leaves the record of the last run of tests alone."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw a sample, run it, print each verdict and the share that was killed."""
    given = _parsed(arguments)
    # The same tests in every run: those of random examples draw the same ones.
    os.environ["CI"] = "1"
    sys.dont_write_bytecode = True
    kept = Kept(REPOSITORY, resume=given.resume)
    drawn = draw(given.sample, given.seed, topics=given.topics, path=given.path)
    verdicts = [verdict for mutant in drawn if (verdict := kept.verdict_of(mutant)) is not None]
    known = {verdict.mutant for verdict in verdicts}

    def tell(verdict: Verdict) -> None:
        verdicts.append(verdict)
        kept.add(verdict)
        print(_line(verdict), flush=True)

    noticing = Noticing(
        root=REPOSITORY,
        mutants=[mutant for mutant in drawn if mutant not in known],
        files=files(),
        at_a_time=given.jobs,
        told=tell,
        on_postgresql=ON_POSTGRESQL,
        resume=given.resume,
    )
    if noticing.mutants:
        marks = "not browser and not faults and not real_data"
        pytest.main(["-q", "-s", "-m", marks, "-W", "ignore", *_NO_RECORD, *TESTS], plugins=[noticing])
        for name in noticing.failing:
            print(f"fails on the program as it is: {name}")
        if noticing.failing:
            return 2
    return _count(verdicts)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.support.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=80, help="how many mutants, spread over the topics")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many processes at a time")
    parser.add_argument("--topics", nargs="*", help="only these of: permissions expressions matching runs")
    parser.add_argument("--path", default="", help="only files whose path contains this")
    parser.add_argument("--resume", action="store_true", help="take over the verdicts kept in var/mutants.jsonl")
    return parser.parse_args(arguments)


def _count(verdicts: Sequence[Verdict]) -> int:
    total = Counter(verdict.mutant.topic for verdict in verdicts)
    killed = Counter(verdict.mutant.topic for verdict in verdicts if verdict.is_killed)
    for verdict in verdicts:
        if not verdict.is_killed:
            print(f"alive: {verdict.outcome}: {verdict.mutant.path}:{verdict.mutant.line}  {verdict.mutant.key}")
    for topic, number in total.items():
        print(f"{topic:12} killed {killed[topic]} of {number}: {killed[topic] / number:.0%}")
    share = killed.total() / max(total.total(), 1)
    print(f"killed {killed.total()} of {total.total()}: {share:.0%}")
    return 0 if share >= OWED else 1


def _line(verdict: Verdict) -> str:
    mutant = verdict.mutant
    where = f"{mutant.path}:{mutant.line}"
    return f"{verdict.outcome:8} {mutant.topic:11} {where} {mutant.change} {verdict.seconds:.1f} s {verdict.by}"


if __name__ == "__main__":
    sys.exit(main())
