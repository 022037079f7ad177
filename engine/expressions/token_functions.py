"""Tokens of records as an SQL function: HMAC-SHA256 from a key's pads, by PostgreSQL's own `sha256`."""

from __future__ import annotations

import hashlib

from engine.storage.functions import SqlFunction
from workflow_dsl.record_tokens import TOKEN_DIGITS

_BLOCK = 64


def pads(key: bytes) -> tuple[str, str]:
    """Give the inner and outer pad of a key (RFC 2104) as hexadecimal texts, as the SQL function takes them."""
    filled = key.ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in filled).hex(), bytes(byte ^ 0x5C for byte in filled).hex()


def token_function() -> SqlFunction:
    """Make `fs_token(object key, id, inner pad, outer pad)` for both databases."""
    return SqlFunction(name="fs_token", call=_token, arguments=4, postgresql=(_PG_TOKEN,))


def _token(object_key: str | None, record_id: str | None, inner: str, outer: str) -> str | None:
    if object_key is None or record_id is None:
        return None
    first = hashlib.sha256(bytes.fromhex(inner) + f"{object_key}:{record_id}".encode()).digest()
    return hashlib.sha256(bytes.fromhex(outer) + first).hexdigest()[:TOKEN_DIGITS]


_PG_TOKEN = f"""
CREATE OR REPLACE FUNCTION fs_token(object_key text, record_id text, inner_pad text, outer_pad text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
  SELECT left(encode(sha256(decode(outer_pad, 'hex') || sha256(
    decode(inner_pad, 'hex') || convert_to(object_key || ':' || record_id, 'UTF8'))), 'hex'), {TOKEN_DIGITS})
$f$"""
