"""The language's functions on numbers for PostgreSQL: 28 digits, rounded half to even, as memory computes them.

Irrational results are computed to many more digits than they have in the end. What memory refuses gives NULL.
"""

from __future__ import annotations

from engine.expressions.postgresql_texts import PLPGSQL

_PLACES = 100


def number_sources() -> dict[str, tuple[str, ...]]:
    """Give what creates each function, by name."""
    return {"fs_power": (_POWER,), "fs_sqrt": (_SQRT,), "fs_log": (_LOG,), "fs_mod": (_MOD,)}


_POWER = f"""
CREATE OR REPLACE FUNCTION fs_power(x numeric, y numeric) RETURNS numeric {PLPGSQL} AS $f$
DECLARE found numeric;
BEGIN
  IF abs(y) > 10000 OR (x = 0 AND y <= 0) OR (x < 0 AND y <> trunc(y)) THEN RETURN NULL; END IF;
  IF x = 0 THEN RETURN 0; END IF;
  IF abs(y * log(abs(x))) > 10000 THEN RETURN NULL; END IF;
  -- As many places as keep the digits of a small result.
  found := power(round(x, {_PLACES}), round(y, {_PLACES} + greatest(0, ceil(-y * log(abs(x))))::int));
  RETURN fs_sig(found);
END $f$"""

_SQRT = f"""
CREATE OR REPLACE FUNCTION fs_sqrt(x numeric) RETURNS numeric {PLPGSQL} AS $f$
BEGIN
  RETURN CASE WHEN x < 0 THEN NULL ELSE fs_sig(trim_scale(sqrt(round(x, {_PLACES})))) END;
END $f$"""

_LOG = f"""
CREATE OR REPLACE FUNCTION fs_log(x numeric, base numeric) RETURNS numeric {PLPGSQL} AS $f$
BEGIN
  IF x <= 0 OR base <= 0 OR base = 1 THEN RETURN NULL; END IF;
  IF base = 10 THEN RETURN fs_sig(trim_scale(log(round(x, {_PLACES})))); END IF;
  RETURN fs_sig(trim_scale(round(ln(round(x, {_PLACES})) / ln(round(base, {_PLACES})), 60)));
END $f$"""

_MOD = f"""
CREATE OR REPLACE FUNCTION fs_mod(x numeric, divisor numeric) RETURNS numeric {PLPGSQL} AS $f$
DECLARE rest numeric;
BEGIN
  IF divisor = 0 THEN RETURN NULL; END IF;
  rest := fs_sig(mod(x, divisor));
  RETURN CASE WHEN rest <> 0 AND sign(rest) <> sign(divisor) THEN fs_sig(rest + divisor) ELSE rest END;
END $f$"""
