"""SQL functions the engine needs in the database: Python functions registered on SQLite, SQL functions on PostgreSQL.

Which functions the expression language needs is said by its SQL back end, which hands them to `Database`; only
`fs_fold`, the folding that `contains` and sort keys compare by, is known here.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFunction:
    """A function that SQL texts may call.

    call: what SQLite runs. arguments: how many it takes, -1 = any. postgresql: the statements that create the same
    function there (`CREATE OR REPLACE FUNCTION …`), run whenever their text has changed.
    """

    name: str
    call: Callable[..., str | bytes | int | float | None]
    arguments: int
    postgresql: Sequence[str] = ()
    deterministic: bool = True


# No character from here on has a case in Unicode: beyond lie ideographs, tags and private use.
_CASED_END = 0x20000


def fold(text: str | None) -> str | None:
    """Fold a text so that case and width do not matter: NFKC, then case folding."""
    return None if text is None else unicodedata.normalize("NFKC", text).casefold()


def has_word(words: str | None, needles: str) -> bool:
    """Say whether one of some words, a line each, stands among words with spaces between them.

    A needle begins with a space; one that ends with a space too is a whole word, another one the beginning of a word.
    """
    inside = f" {words} " if words else ""
    return any(needle in inside for needle in needles.split("\n"))


def words_function() -> SqlFunction:
    """Make `fs_has_word` for SQLite; PostgreSQL asks for words by itself."""
    return SqlFunction(name="fs_has_word", call=has_word, arguments=2)


@functools.cache
def fold_function() -> SqlFunction:
    """Make `fs_fold` for both databases from Python's own folding table."""
    return SqlFunction(name="fs_fold", call=fold, arguments=1, postgresql=_postgresql_fold())


def _postgresql_fold() -> tuple[str, ...]:
    single: dict[str, str] = {}
    several: dict[str, str] = {}
    for code in range(128, _CASED_END):
        character = chr(code)
        folded = character.casefold()
        if folded != character:
            (single if len(folded) == 1 else several)[character] = folded
    replaced = "n"
    for character, folded in several.items():
        replaced = f"replace({replaced}, '{character}', '{folded}')"
    sources, targets = "".join(single), "".join(single.values())
    # Three stages, so that plain ASCII and Chinese texts never pay for the long tables.
    wide = f"""
CREATE OR REPLACE FUNCTION fs_fold_wide(n text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $fold$
BEGIN
  n := translate(n, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
  IF n COLLATE "C" ~ '[{"".join(several)}]' THEN n := {replaced}; END IF;
  IF n COLLATE "C" ~ '[{sources}]' THEN n := translate(n, '{sources}', '{targets}'); END IF;
  RETURN n;
END $fold$"""
    plain = """
CREATE OR REPLACE FUNCTION fs_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $fold$
  SELECT CASE WHEN value COLLATE "C" ~ '^[ -~]*$' THEN lower(value COLLATE "C")
              ELSE fs_fold_wide(normalize(value, NFKC)) END
$fold$"""
    return (wide, plain)
