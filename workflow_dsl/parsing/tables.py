"""The parser's tables, computed once by whoever changes the grammar: `python -m workflow_dsl.parsing.tables`.

Computing them takes seconds, reading them milliseconds. The file names the grammar and the version of lark it was made
of; where either differs the tables are computed anew in memory, so a stale file costs time and nothing else. It is
plain JSON: nothing that is stored is ever read by pickle.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from importlib import resources
from pathlib import Path
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

_FILE = "grammar_tables.json.z"
_INTEGER_KEYS = "__integer_keys__"


def load_parser(grammar_text: str, options: dict[str, Any]) -> Lark | None:
    """Give the parser of stored tables, or None where they are absent or of another grammar."""
    file = resources.files("workflow_dsl").joinpath(_FILE)
    if not file.is_file():
        return None
    stored = json.loads(zlib.decompress(file.read_bytes()), object_hook=_with_integer_keys)
    if stored["made_of"] != _fingerprint(grammar_text, options):
        return None
    loaded: Lark = Lark._load_from_dict(stored["data"], stored["memo"])  # type: ignore[no-untyped-call]
    return loaded


def write_tables(grammar_text: str, options: dict[str, Any], target: Path) -> None:
    """Compute the tables and write them."""
    data, memo = Lark(grammar_text, **options).memo_serialize([TerminalDef, Rule])
    stored = {"made_of": _fingerprint(grammar_text, options), "data": data, "memo": memo}
    text = json.dumps(_without_integer_keys(stored), ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    target.write_bytes(zlib.compress(text.encode(), 9))


def _fingerprint(grammar_text: str, options: dict[str, Any]) -> str:
    words = json.dumps([lark.__version__, grammar_text, sorted((k, str(v)) for k, v in options.items())])
    return hashlib.sha256(words.encode()).hexdigest()


def _without_integer_keys(value: Any) -> Any:
    match value:
        case dict() if any(isinstance(key, int) for key in value):
            return {_INTEGER_KEYS: [[key, _without_integer_keys(each)] for key, each in value.items()]}
        case dict():
            return {key: _without_integer_keys(each) for key, each in value.items()}
        case list() | tuple():
            return [_without_integer_keys(each) for each in value]
        case set() | frozenset():
            return sorted(value)
        case _:
            return value


def _with_integer_keys(value: dict[str, Any]) -> Any:
    pairs = value.get(_INTEGER_KEYS)
    return dict(pairs) if pairs is not None else value


if __name__ == "__main__":
    from workflow_dsl.parsing.grammar import OPTIONS
    from workflow_dsl.parsing.grammar import grammar_text as text_of_grammar

    write_tables(text_of_grammar(), OPTIONS, Path(__file__).resolve().parent.parent / _FILE)
