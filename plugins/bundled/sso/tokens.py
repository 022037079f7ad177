"""Checks ID tokens with joserfc: signature by a key of the provider, issuer, audience and times.

The algorithm is one of two and has to fit the kind of the key, so that no token chooses to be unsigned or to be checked
by something else than the provider's public key. The library makes no request: keys are brought to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plugins.sign_in import SignInFailed

if TYPE_CHECKING:
    from joserfc.jwk import GuestProtocol, Key

_LEEWAY_S = 60
_MOST = 50_000
_LEAST_BITS = 2_048
_MOST_OF_HEADER = 8_000
_KINDS = {"RS256": "RSA", "ES256": "EC"}
_PARTS = ("kty", "n", "e", "crv", "x", "y")
# What joserfc raises for tokens and keys that are not what they should be, beside its own errors.
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_WRONG = {
    "iss": "is of another issuer",
    "aud": "is for another audience",
    "azp": "was given to another client",
    "exp": "has expired",
    "iat": "is of the future",
    "nbf": "is of the future",
    "sub": "names nobody",
}


def check_installed() -> None:
    """Refuse where the library of the extra `oidc` is missing. Raises: SignInFailed."""
    try:
        import joserfc  # noqa: F401
    except ModuleNotFoundError as missing:
        reason = "the package joserfc is missing; the operator runs `pip install 'fieldstone[oidc]'`"
        raise SignInFailed(reason) from missing


def read_token(token: str, keys: Sequence[object], *, issuer: str, audience: str, now: float) -> Mapping[str, Any]:
    """Give the claims of an ID token. keys: the provider's, as JSON Web Keys; now: seconds of the epoch.

    Raises: SignInFailed.
    """
    check_installed()
    # Imported with the first log-in, since few installations have a provider.
    from joserfc.errors import ClaimError
    from joserfc.jwt import JWTClaimsRegistry

    claims = _signed(token, keys)
    rules = JWTClaimsRegistry(
        now=int(now), leeway=_LEEWAY_S,
        iss={"essential": True, "value": issuer}, aud={"essential": True, "value": audience},
        sub={"essential": True}, exp={"essential": True}, iat={"essential": True}, azp={"value": audience},
    )  # fmt: skip
    try:
        rules.validate(claims)
    except ClaimError as fault:
        raise SignInFailed(f"the ID token {_WRONG.get(fault.claim, 'claims what is not so')}") from fault
    audiences, party = claims["aud"], claims.get("azp")
    if (isinstance(audiences, list) and len(audiences) > 1 and party is None) or not isinstance(party, str | None):
        raise SignInFailed("the ID token was given to another client")
    return claims


def _signed(token: str, keys: Sequence[object]) -> dict[str, Any]:
    """Give what a token claims whose signature is right."""
    from joserfc.errors import JoseError
    from joserfc.jws import JWSRegistry
    from joserfc.jwt import decode

    if len(token) > _MOST:
        raise SignInFailed("the ID token is none")
    registry = JWSRegistry(algorithms=tuple(_KINDS), strict_check_header=False)
    registry.max_header_length = _MOST_OF_HEADER
    try:
        read = decode(token, lambda signed: _key(keys, signed), registry=registry)
    except (JoseError, *_BROKEN) as fault:
        raise SignInFailed(f"the signature of the ID token is wrong: {str(fault)[:100]}") from fault
    if "crit" in read.header:
        raise SignInFailed("the ID token wants to be read by rules that are not known")
    return read.claims


def _key(keys: Sequence[object], signed: GuestProtocol) -> Key:
    """Give the one key of the provider that a token can be signed by."""
    from joserfc.jwk import JWKRegistry, RSAKey

    header = signed.headers()
    algorithm, name = header["alg"], header.get("kid")
    fitting = [
        key for key in keys
        if isinstance(key, dict) and key.get("kty") == _KINDS[algorithm] and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm and (name is None or key.get("kid") == name)
    ]  # fmt: skip
    if len(fitting) != 1:
        raise SignInFailed("the ID token names no key of the provider")
    # What else stands beside a public key, as the certificates of some providers, is not asked for.
    key = JWKRegistry.import_key({name: fitting[0][name] for name in _PARTS if name in fitting[0]})
    if isinstance(key, RSAKey) and key.public_key.key_size < _LEAST_BITS:
        raise SignInFailed("the key of the provider is short")
    return key
