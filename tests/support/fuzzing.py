"""Any text as YAML, expression or rules: inputs made by changing seeds, and what must hold of whatever comes of them.

What ends in a set of problems or nodes that nothing before it ended in is changed further; it is kept when two of them
never came together before. The kept ones lie in tests/corpus/fuzz, a JSON text a line:
`python -m tests.support.fuzzing --minutes 60` looks for more and adds them.
A text for YAML says in its first line, a comment, which file of an app it is; the whole app is checked with it.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path
from random import Random

from engine.platform import installed_language
from engine.releases.candidate import Language, check_sources
from engine.testing.app_cases import demo_sources
from metamodel.folder import file_kind
from metamodel.source import LocatedText, Problem, Problems
from metamodel.yaml_nodes import SourceText
from metamodel.yaml_source import read_yaml
from plugins.manager import PluginManager
from tests.support.dsl_corpus import load_cases, sample_context, sample_scope
from tests.support.dsl_model import sample_metamodel
from tests.support.metadata_corpus import metadata_cases
from workflow_dsl.checker import check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.parser import parse_template
from workflow_dsl.rule_checker import check_all_rules
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.typed_walk import walk

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
SEEDS = CORPUS / "fuzz"
LONGEST = 10_000
# Longer ones are tried and not kept: the corpus shall stay small, and each is a few changes away from a shorter one.
_LONGEST_KEPT = 1_500
_MOST_KEPT = 200
# Generous for a busy machine, and far below what a text that is not bounded would take.
MOST_SECONDS = 5.0
MOST_KILOBYTES = 96 * 1024

# Problems of a folder that has lost its app.yaml.
_OF_FOLDERS = frozenset(("APP301",))
_WORD = re.compile(r"[\w.]+")
_FILE = re.compile(r"# (\S+\.yaml)\n")
_OTHERS = {
    "objects/account.yaml": "object: account\nlabel: Account\ntitle: '{name}'\nfields: {name: {type: text}}\n",
    "roles/rep.yaml": "role: rep\nlabel: Rep\nobjects: {deal: {read: own, update: own}}\nmenus: [all]\n",
}

Signature = frozenset[str]
Ending = Callable[[str], tuple[Signature, Iterable[Problem]]]

_PIECES: Sequence[str] = (
    *"()[]{}\"'`:,.-+*/&|<>=!%#@\\\n\t \r\0", "“", "”", "（", "，", "商", "\u2028", "\ud7ff", "\U0001f600", "e\u0301",
    "\ufeff", "\x85", "0", "9" * 30, "1e999", "0x1F", "1_000", "2026-02-30", "2026-11-21T25:61", "99999 years",
    "not ", " and ", " or ", " between ", " in ", " is empty", "if(", "case(", "sum(lines.price where ", "old.",
    "this.", "user.", "{", "}", "{{", "}}", "&a ", "*a", "<<: ", "!!python/object ", "? ", "- ", ": ", "|\n", ">-\n",
    "rule ", " when ", " then ", " if ", " else ", " end", "before ", " is saved", " wait ", " for each ", "every ",
)  # fmt: skip


@dataclass(slots=True)
class Fuzzer:
    """Makes inputs of one kind from seeds, and keeps those that end as none did before."""

    name: str
    ending: Ending
    seeds: list[str]
    known: set[Signature] = field(default_factory=set)
    together: set[tuple[str, str]] = field(default_factory=set)
    kept: int = 0

    def changed(self, chance: Random) -> str:
        """Give a seed with a few changes, at most as long as a text may be."""
        text = chance.choice(self.seeds)
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            text = self._change(text, chance)
        return text[:LONGEST]

    def _change(self, text: str, chance: Random) -> str:
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice((0, 1, 1, 3, 20)))
        match chance.randrange(8):
            case 0:
                return text[:start] + text[end:]
            case 1 | 2:
                return text[:start] + chance.choice(_PIECES) + text[end:]
            case 3:
                # Many of the same: depth, length and repeats.
                part = text[start:end] or chance.choice(_PIECES)
                return text[:start] + part * chance.choice((2, 10, 100, 3000)) + text[end:]
            case 4:
                other = chance.choice(self.seeds)
                at = chance.randint(0, len(other))
                return text[:start] + other[at : at + chance.choice((5, 50, 500))] + text[end:]
            case 5:
                return self._with_other_word(text, chance)
            case 6:
                lines = text.splitlines(keepends=True) or [text]
                line = chance.choice(lines) if chance.random() < 0.5 else lines.pop(chance.randrange(len(lines)))
                lines.insert(chance.randint(0, len(lines)), line)
                return "".join(lines)
            case _:
                return text[:start] + chr(chance.choice((chance.randrange(128), chance.randrange(0xD800)))) + text[end:]

    def _with_other_word(self, text: str, chance: Random) -> str:
        """Put a word of any seed in the place of one: most texts stay readable, and mean something else."""
        words, others = list(_WORD.finditer(text)), _WORD.findall(chance.choice(self.seeds))
        if not words or not others:
            return text
        at = chance.choice(words)
        return text[: at.start()] + str(chance.choice(others)) + text[at.end() :]

    def look(self, text: str) -> bool:
        """Try a text, and go on from it where it ended as none did before; says whether it is one to keep.

        Raises: AssertionError, with the text, if anything but a result or problems with a place came of it.
        """
        signature = tried(self.ending, text)
        if signature in self.known:
            return False
        self.known.add(signature)
        self.seeds.append(text)
        pairs = set(combinations_with_replacement(sorted(signature), 2)) - self.together
        self.together |= pairs
        return bool(pairs)


def tried(ending: Ending, text: str) -> Signature:
    """Hold one text to what is promised of all: problems have a place in it, time and memory are bounded."""
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        signature, problems = ending(text)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error} for {text!r}") from error
    took = time.process_time() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert took < MOST_SECONDS, (took, text)
    assert grown < MOST_KILOBYTES, (grown, text)
    for problem in problems:
        lines = text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029")
        assert problem.message, (problem, text)
        assert 1 <= problem.at.line <= lines + 2, (problem, text)
        assert 1 <= problem.at.column <= len(text) + 2, (problem, text)
    return signature


def as_yaml(text: str) -> tuple[Signature, Iterable[Problem]]:
    """Read a text as a file, and check the app that has it: shapes, links, expressions, roles."""
    named = _FILE.match(text)
    path = named[1] if named is not None and file_kind(named[1]) is not None else "objects/any.yaml"
    problems = Problems()
    node = read_yaml(SourceText(path, text), problems)
    assert problems or node is not None or not _has_content(text)
    sources = demo_sources({**_OTHERS, path: text})
    checked = check_sources(sources, _language())
    found = list(checked.problems)
    assert checked.is_sound or checked.problems.errors
    assert all(problem.at.file in sources or problem.code in _OF_FOLDERS for problem in found), (found, text)
    own = [problem for problem in found if problem.at.file == f"demo/{path}"]
    return frozenset(problem.code for problem in own) | {type(node).__name__}, own


@cache
def _language() -> Language:
    return installed_language(PluginManager.load())


def _has_content(text: str) -> bool:
    lines = (line.split("#", 1)[0].strip("\ufeff \t\r\0-.") for line in text.splitlines())
    return any(lines)


def as_expression(text: str) -> tuple[Signature, Iterable[Problem]]:
    """Check a text as an expression, with and without SQL, compute it, and read it as a message."""
    located = LocatedText.plain(text)
    checked = check_text(located, sample_scope())
    for_sql = check_text(located, sample_scope(needs_sql=True, place="a filter"))
    message = parse_template(located)
    found = [*checked.problems, *for_sql.problems, *message.problems]
    assert checked.typed is not None or checked.problems.errors
    assert message.expression is not None or message.problems.errors
    signature = {problem.code for problem in found}
    if checked.typed is not None:
        signature |= {type(node).__name__ for node in walk(checked.typed)}
        try:
            compile_expression(checked.typed, located).evaluate(sample_context())
        except EvaluationError as error:
            signature.add(str(error.args[0])[:12] if error.args else "")
    return frozenset(signature), found


def as_rules(text: str) -> tuple[Signature, Iterable[Problem]]:
    """Check a text as a file of rules."""
    metamodel = sample_metamodel()
    app = replace(metamodel.main, rule_files=(LocatedText.plain(text, "rules/any.rules"),))
    checked = check_all_rules(replace(metamodel, apps=(app,)), standard_functions(), ["erp.push"])
    actions = {type(action).__name__ for rule in checked.rules for action in rule.actions}
    return frozenset({problem.code for problem in checked.problems} | actions), list(checked.problems)


ENDINGS: dict[str, Ending] = {"yaml": as_yaml, "expression": as_expression, "rules": as_rules}


def kept_seeds(name: str) -> list[str]:
    """Give the kept seeds of a kind."""
    path = SEEDS / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def first_seeds(name: str) -> Iterator[str]:
    """Give what a search begins with: texts of the other corpora."""
    if name == "yaml":
        files = {file for case in metadata_cases() for file in case.files.items() if file_kind(file[0]) is not None}
        texts = (f"# {path}\n{text}" for path, text in sorted((p, t) for p, t in files if t and p.endswith(".yaml")))
        yield from (text for text in texts if len(text) <= LONGEST)
    elif name == "rules":
        for path in sorted((CORPUS / "rules").glob("*.rules")):
            yield from (part for part in path.read_text("utf-8").split("\n\n") if part.strip())
    else:
        yield from (case.expr for case in load_cases() if len(case.expr) <= LONGEST)


def search(minutes: float, seed: int, kinds: Sequence[str]) -> None:
    """Look for inputs that end as none did before, and keep them."""
    chance, until = Random(seed), time.monotonic() + minutes * 60
    fuzzers = [_fuzzer(name, ENDINGS[name]) for name in kinds]
    tries = 0
    while time.monotonic() < until:
        for fuzzer in fuzzers:
            text = fuzzer.changed(chance)
            tries += 1
            try:
                shall_keep = fuzzer.look(text)
            except AssertionError as fault:
                print(f"{fuzzer.name}: {str(fault)[:2000]}", flush=True)
                continue
            if shall_keep and len(text) <= _LONGEST_KEPT and fuzzer.kept < _MOST_KEPT:
                fuzzer.kept += 1
                _keep(fuzzer.name, text)
    print(f"{tries} inputs; kept now: {', '.join(f'{len(kept_seeds(each.name))} {each.name}' for each in fuzzers)}")


def _fuzzer(name: str, ending: Ending) -> Fuzzer:
    kept = kept_seeds(name)
    made = Fuzzer(name=name, ending=ending, seeds=[], kept=len(kept))
    texts = [*first_seeds(name), *kept]
    for text in texts:
        made.look(text)
    made.seeds = texts
    return made


def _keep(name: str, text: str) -> None:
    SEEDS.mkdir(exist_ok=True)
    with (SEEDS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(text) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=list(ENDINGS), default=list(ENDINGS))
    given = parser.parse_args()
    search(given.minutes, given.seed, given.kinds)
