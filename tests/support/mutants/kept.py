"""Keeps verdicts, so that a broken-off run of mutants goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.support.mutants.noticing import Verdict
from tests.support.mutants.sites import Mutant

_FILE = Path("var") / "mutants.jsonl"


class Kept:
    """Hold the verdicts of mutants by what they change and the content of the file."""

    def __init__(self, root: Path, *, resume: bool) -> None:
        self._root = root
        self._path = root / _FILE
        self._path.parent.mkdir(exist_ok=True)
        if not resume:
            self._path.unlink(missing_ok=True)
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        self._known = {entry["of"]: entry for entry in map(json.loads, lines)}

    def verdict_of(self, mutant: Mutant) -> Verdict | None:
        """Give what is known; only what was killed stays so, the others may meet new tests."""
        entry = self._known.get(self._name(mutant))
        if entry is None or entry["outcome"] not in ("killed", "hung"):
            return None
        return Verdict(mutant=mutant, outcome=entry["outcome"], by=entry["by"])

    def add(self, verdict: Verdict) -> None:
        """Keep one more."""
        entry = {"of": self._name(verdict.mutant), "outcome": verdict.outcome, "by": verdict.by}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _name(self, mutant: Mutant) -> str:
        content = hashlib.sha256((self._root / mutant.path).read_bytes()).hexdigest()[:16]
        return f"{mutant.number} {content} {mutant.key}"
