"""The language's functions on texts for PostgreSQL, made from the same tables as those in memory.

They never raise: where memory tells of a failure (a format that is none), they give NULL.
"""

from __future__ import annotations

from collections.abc import Mapping

from workflow_dsl.letter_cases import WHITE_SPACE, lower_table, upper_table
from workflow_dsl.limits import MAX_NUMBER_DIGITS, MAX_VALUE_BYTES
from workflow_dsl.phone_formats import SEPARATORS, lengths_by_code, plans

SQL = "LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
PLPGSQL = "LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE"
BLANK = "E'" + "".join(f"\\u{ord(character):04x}" for character in WHITE_SPACE) + "'"


def text_sources() -> dict[str, tuple[str, ...]]:
    """Give what creates each function, by name."""
    return {
        "fs_lower": _cased("fs_lower", "lower", lower_table(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "fs_upper": _cased("fs_upper", "upper", upper_table(), "abcdefghijklmnopqrstuvwxyz"),
        "fs_trim": (_sql("fs_trim", "t text", "text", f"SELECT nullif(btrim(t, {BLANK}), '')"),),
        "fs_find": (_sql("fs_find", "t text, part text, start int", "int", _FIND),),
        "fs_replace": (
            _sql("fs_replace", "t text, part text, by text", "text", "SELECT nullif(replace(t, part, by), '')"),
        ),
        "fs_split": (_sql("fs_split", "t text, separator text", "jsonb", _SPLIT),),
        "fs_join": (_sql("fs_join", "items jsonb, separator text", "text", _JOIN),),
        "fs_pad": (_sql("fs_pad", "t text, n int, c text", "text", _PAD),),
        "fs_title": (_sql("fs_title", "t text", "text", _TITLE),),
        "fs_read_number": (_sql("fs_read_number", "t text", "numeric", _READ_NUMBER),),
        "fs_format_number": (_FORMAT_NUMBER,),
        "fs_format_phone": (_phone(),),
    }


def _sql(name: str, takes: str, gives: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}({takes}) RETURNS {gives}\n{SQL} AS $f$\n  {body.strip()}\n$f$"


def _cased(name: str, plain: str, table: Mapping[str, str], letters: str) -> tuple[str, ...]:
    """Make `lower` or `upper`: ASCII at once, the rest by the table, texts without such letters past it."""
    single = {character: other for character, other in table.items() if len(other) == 1 and ord(character) > 127}
    several = {character: other for character, other in table.items() if len(other) > 1}
    replaced = "t"
    for character, other in several.items():
        replaced = f"replace({replaced}, '{character}', '{other}')"
    other_letters = letters.lower() if plain == "lower" else letters.upper()
    sources, targets = "".join(single), "".join(single.values())
    wide = f"""
CREATE OR REPLACE FUNCTION {name}_wide(t text) RETURNS text {PLPGSQL} AS $f$
BEGIN
  t := translate(t, '{letters}', '{other_letters}');
  IF t COLLATE "C" ~ '[{"".join(several)}]' THEN t := {replaced}; END IF;
  IF t COLLATE "C" ~ '[{sources}]' THEN t := translate(t, '{sources}', '{targets}'); END IF;
  RETURN t;
END $f$"""
    body = f"""SELECT CASE WHEN t COLLATE "C" ~ '^[ -~]*$' THEN {plain}(t COLLATE "C") ELSE {name}_wide(t) END"""
    return (wide, _sql(name, "t text", "text", body))


_FIND = """
SELECT CASE WHEN strpos(substr(t, greatest(start, 1)), part) = 0 THEN 0
            ELSE strpos(substr(t, greatest(start, 1)), part) + greatest(start, 1) - 1 END"""

_SPLIT = """
SELECT coalesce(jsonb_agg(p ORDER BY n), '[]'::jsonb)
FROM (SELECT btrim(x, @0@) AS p, n FROM unnest(string_to_array(t, separator)) WITH ORDINALITY AS u(x, n)) AS parts
WHERE p <> ''""".replace("@0@", BLANK)

_JOIN = """
SELECT nullif(string_agg(x, separator ORDER BY n), '')
FROM jsonb_array_elements_text(items) WITH ORDINALITY AS u(x, n)"""

_PAD = f"""
SELECT CASE WHEN n <= length(t) THEN t WHEN n > {MAX_VALUE_BYTES} THEN NULL
            ELSE repeat(left(c, 1), n - length(t)) || t END"""

_TITLE = """
SELECT string_agg(CASE WHEN inside THEN fs_lower(c) ELSE fs_upper(c) END, '' ORDER BY n)
FROM (SELECT c, n, coalesce(lag(fs_lower(c) <> c OR fs_upper(c) <> c) OVER (ORDER BY n), false) AS inside
      FROM unnest(string_to_array(t, NULL)) WITH ORDINALITY AS u(c, n)) AS letters"""

_READ_NUMBER = """
SELECT CASE WHEN plain ~ '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$' AND length(plain) <= @1@
            THEN plain::numeric END
FROM (SELECT replace(replace(btrim(t, @0@), ',', ''), '_', '') AS plain) AS written""".replace("@0@", BLANK).replace(
    "@1@", str(MAX_NUMBER_DIGITS + 2)
)

_FORMAT_NUMBER = f"""
CREATE OR REPLACE FUNCTION fs_format_number(x numeric, pattern text) RETURNS text {PLPGSQL} AS $f$
DECLARE form text[]; rounded numeric; whole text; fraction text;
BEGIN
  form := regexp_match(pattern, '^(#,##)?(0+)(?:[.](0+))?(%)?$');
  IF form IS NULL THEN RETURN NULL; END IF;
  IF form[4] IS NOT NULL THEN x := x * 100; END IF;
  rounded := round(x, coalesce(length(form[3]), 0));
  whole := trunc(abs(rounded))::text;
  IF length(whole) + coalesce(length(form[3]), 0) > 28 THEN RETURN NULL; END IF;
  fraction := split_part(abs(rounded)::text, '.', 2);
  IF form[1] IS NOT NULL THEN whole := regexp_replace(whole, '([0-9])(?=([0-9][0-9][0-9])+$)', '\\1,', 'g'); END IF;
  whole := repeat('0', length(form[2]) - length(whole)) || whole;
  RETURN CASE WHEN rounded < 0 THEN '-' ELSE '' END || whole
         || CASE WHEN fraction <> '' THEN '.' || fraction ELSE '' END || coalesce(form[4], '');
END $f$"""


def _phone() -> str:
    """Make `format_phone`: the dialling plans of all countries stand in the function."""
    countries = ", ".join(
        f'"{country}": ["{plan.code}", "{plan.national}", "{plan.international}", {sorted(plan.lengths)}]'
        for country, plan in plans().items()
    )
    codes = ", ".join(f'"{code}": {sorted(lengths)}' for code, lengths in lengths_by_code().items())
    return f"""
CREATE OR REPLACE FUNCTION fs_format_phone(t text, country text) RETURNS text {PLPGSQL} AS $f$
DECLARE
  plans CONSTANT jsonb := '{{{countries}}}'; codes CONSTANT jsonb := '{{{codes}}}';
  number text; digits text; plan jsonb; code text; trunk text;
BEGIN
  number := translate(normalize(t, NFKC), E'{_escaped(SEPARATORS)}', '');
  plan := plans -> upper(country);
  IF number !~ '^[+]?[0-9]{{2,20}}$' OR (plan IS NULL AND left(number, 1) <> '+') THEN RETURN t; END IF;
  code := plan ->> 0;
  trunk := plan ->> 1;
  IF left(number, 1) = '+' THEN
    digits := substr(number, 2);
  ELSIF starts_with(number, plan ->> 2) THEN
    digits := substr(number, length(plan ->> 2) + 1);
  END IF;
  FOR size IN 1..3 LOOP
    IF codes -> left(digits, size) @> to_jsonb(length(digits) - size) THEN RETURN '+' || digits; END IF;
  END LOOP;
  IF left(number, 1) = '+' THEN RETURN t; END IF;
  IF trunk <> '' AND starts_with(number, trunk) AND plan -> 3 @> to_jsonb(length(number) - length(trunk)) THEN
    RETURN '+' || code || substr(number, length(trunk) + 1);
  ELSIF plan -> 3 @> to_jsonb(length(number)) THEN
    RETURN '+' || code || number;
  ELSIF starts_with(number, code) AND plan -> 3 @> to_jsonb(length(number) - length(code)) THEN
    RETURN '+' || number;
  END IF;
  RETURN t;
END $f$"""


def _escaped(characters: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in characters)
