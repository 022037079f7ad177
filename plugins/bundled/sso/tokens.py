"""Checks ID tokens: signature by a key of the provider, issuer, audience and times.

The algorithm is one of two and has to fit the kind of the key, so that no token chooses to be unsigned or to be checked
by something else than the provider's public key.
"""

from __future__ import annotations

import base64
import json
import math
from binascii import Error as BadBase64
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from plugins.sign_in import SignInFailed

_LEEWAY_S = 60
_MOST = 50_000
_LEAST_BITS = 2_048
_KINDS = {"RS256": "RSA", "ES256": "EC"}


def read_token(token: str, keys: Sequence[object], *, issuer: str, audience: str, now: float) -> Mapping[str, Any]:
    """Give the claims of an ID token. keys: the provider's, as JSON Web Keys; now: seconds of the epoch.

    Raises: SignInFailed.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _MOST:
        raise SignInFailed("the ID token is none")
    header, claims = (_object(part) for part in parts[:2])
    _check_signature(header, f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2]), keys)
    if claims.get("iss") != issuer:
        raise SignInFailed("the ID token is of another issuer")
    named = claims.get("aud")
    audiences = named if isinstance(named, list) else [named]
    if audience not in audiences or (len(audiences) > 1 and "azp" not in claims):
        raise SignInFailed("the ID token is for another audience")
    if claims.get("azp", audience) != audience:
        raise SignInFailed("the ID token was given to another client")
    ends, made, begins = (claims.get(name) for name in ("exp", "iat", "nbf"))
    if not _is_number(ends) or ends <= now - _LEEWAY_S:
        raise SignInFailed("the ID token has expired")
    if not _is_number(made) or made > now + _LEEWAY_S or (begins is not None and not _has_begun(begins, now)):
        raise SignInFailed("the ID token is of the future")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise SignInFailed("the ID token names nobody")
    return claims


def _check_signature(header: Mapping[str, Any], signed: bytes, signature: bytes, keys: Sequence[object]) -> None:
    name, chosen = header.get("alg"), header.get("kid")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None or "crit" in header:
        raise SignInFailed(f"the ID token is signed by {str(name)[:20]!r}, which is not taken")
    fitting = [
        key for key in keys
        if isinstance(key, dict) and key.get("kty") == kind and key.get("use", "sig") == "sig"
        and key.get("alg", name) == name and (chosen is None or key.get("kid") == chosen)
    ]  # fmt: skip
    if len(fitting) != 1:
        raise SignInFailed("the ID token names no key of the provider")
    try:
        if kind == "RSA":
            _rsa(fitting[0]).verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            pair = encode_dss_signature(*_halves(signature))
            _curve(fitting[0]).verify(pair, signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, KeyError, TypeError) as fault:
        raise SignInFailed("the signature of the ID token is wrong") from fault


def _rsa(key: Mapping[str, Any]) -> rsa.RSAPublicKey:
    found = rsa.RSAPublicNumbers(e=_number(key["e"]), n=_number(key["n"])).public_key()
    if found.key_size < _LEAST_BITS:
        raise SignInFailed("the key of the provider is short")
    return found


def _curve(key: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    if key.get("crv") != "P-256":
        raise SignInFailed("the key of the provider is on another curve")
    return ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1()).public_key()


def _halves(signature: bytes) -> tuple[int, int]:
    if len(signature) != 64:
        raise InvalidSignature
    return int.from_bytes(signature[:32]), int.from_bytes(signature[32:])


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text))


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (BadBase64, ValueError) as fault:
        raise SignInFailed("the ID token is none") from fault


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part))
    except (ValueError, RecursionError) as fault:
        raise SignInFailed("the ID token is none") from fault
    if not isinstance(found, dict):
        raise SignInFailed("the ID token is none")
    return found


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _has_begun(begins: Any, now: float) -> bool:
    return _is_number(begins) and bool(begins <= now + _LEEWAY_S)
