"""ID tokens: which are believed, and the ways of making one up that are known from elsewhere."""

from __future__ import annotations

import builtins
import hmac
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from plugins.bundled.sso.flow import begin
from plugins.bundled.sso.tokens import read_token
from plugins.sign_in import SignInFailed
from tests.support.oidc_provider import packed

ISSUER, CLIENT, NOW = "https://provider.example", "us", 1_800_000_000
RSA_KEY, SHORT, STRANGE = (
    rsa.generate_private_key(public_exponent=65537, key_size=size) for size in (2048, 1024, 2048)
)
EC_KEY, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
RIGHT = {"iss": ISSUER, "aud": CLIENT, "sub": "7", "iat": NOW, "exp": NOW + 300}


def rsa_jwk(key: rsa.RSAPrivateKey, **more: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    parts = {"n": packed(numbers.n.to_bytes(key.key_size // 8)), "e": "AQAB"}
    return {"kty": "RSA", "kid": "one", "use": "sig", **parts, **more}


def ec_jwk(key: ec.EllipticCurvePrivateKey, **more: Any) -> dict[str, Any]:
    numbers, size = key.public_key().public_numbers(), (key.key_size + 7) // 8
    parts = {"x": packed(numbers.x.to_bytes(size)), "y": packed(numbers.y.to_bytes(size))}
    return {"kty": "EC", "kid": "two", "crv": f"P-{key.key_size}", **parts, **more}


KEYS = (rsa_jwk(RSA_KEY), ec_jwk(EC_KEY))


def token(header: Mapping[str, Any], claims: object, key: object = RSA_KEY) -> str:
    """Sign as the key does; bytes are the secret of an HMAC, None leaves it unsigned."""
    signed = ".".join(packed(json.dumps(each).encode()) for each in (header, claims))
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        halves = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = b"".join(half.to_bytes((key.key_size + 7) // 8) for half in halves)
    else:
        signature = hmac.digest(key, signed.encode(), "sha256") if isinstance(key, bytes) else b""
    return f"{signed}.{packed(signature)}"


def read(written: str, keys: Sequence[object] = KEYS) -> Mapping[str, Any]:
    return read_token(written, keys, issuer=ISSUER, audience=CLIENT, now=NOW)


ONE, TWO = {"alg": "RS256", "kid": "one"}, {"alg": "ES256", "kid": "two"}


def test_tokens_of_the_provider_are_believed() -> None:
    for header, key in ((ONE, RSA_KEY), (TWO, EC_KEY), ({"alg": "RS256"}, RSA_KEY), ({"alg": "ES256"}, EC_KEY)):
        assert read(token(header, RIGHT, key))["sub"] == "7"
    certified = {**ONE, "typ": "JWT", "x5t": "x" * 40, "x5c": ["MIIC" * 300]}
    assert read(token(certified, RIGHT))["sub"] == "7", "headers that we do not ask for"
    broken_beside = (*KEYS, {"kty": "RSA", "kid": "other"}, {"kty": "OKP", "kid": "one"}, "none", None)
    assert read(token(ONE, RIGHT), broken_beside)["sub"] == "7"
    for claims in (
        {"aud": [CLIENT]}, {"aud": ["other", CLIENT], "azp": CLIENT}, {"azp": CLIENT}, {"nbf": NOW + 60},
        {"exp": NOW - 59}, {"exp": NOW + 0.5}, {"iat": NOW + 60}, {"exp": 10**400},
    ):  # fmt: skip
        assert read(token(ONE, {**RIGHT, **claims}))["sub"] == "7", claims


def test_tokens_that_somebody_else_signed_are_not() -> None:
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    as_json = json.dumps(KEYS[0]).encode()
    secret = {"kty": "oct", "kid": "one", "k": packed(b"s" * 32)}
    for header, key, keys in (
        ({"alg": "none"}, None, KEYS), ({"alg": "None", "kid": "one"}, None, KEYS), (ONE, None, KEYS),
        ({**ONE, "alg": "HS256"}, public, KEYS), ({**ONE, "alg": "HS256"}, as_json, KEYS), (ONE, public, KEYS),
        ({**ONE, "alg": "HS256"}, b"s" * 32, (secret,)), (ONE, b"s" * 32, (secret,)),
        (ONE, STRANGE, KEYS), ({**ONE, "jwk": rsa_jwk(STRANGE)}, STRANGE, KEYS),
        ({**ONE, "jku": "https://evil.example/keys"}, STRANGE, KEYS),
        ({**ONE, "kid": "wrong"}, RSA_KEY, KEYS), ({**ONE, "kid": "two"}, RSA_KEY, KEYS),
        ({**ONE, "kid": ["one"]}, RSA_KEY, KEYS), ({**ONE, "kid": None}, RSA_KEY, (*KEYS, rsa_jwk(STRANGE))),
        ({"alg": "RS256"}, RSA_KEY, (*KEYS, rsa_jwk(STRANGE, kid="three"))), (ONE, RSA_KEY, (*KEYS, rsa_jwk(STRANGE))),
        (ONE, SHORT, (rsa_jwk(SHORT),)), (ONE, RSA_KEY, (rsa_jwk(RSA_KEY, use="enc"),)),
        (ONE, RSA_KEY, (rsa_jwk(RSA_KEY, alg="RS512"),)), (ONE, RSA_KEY, (rsa_jwk(RSA_KEY, kty="EC"),)),
        ({**TWO, "kid": "one"}, RSA_KEY, KEYS), ({**ONE, "alg": "ES256"}, EC_KEY, (rsa_jwk(RSA_KEY),)),
        (TWO, P384, (ec_jwk(P384),)), (TWO, EC_KEY, (ec_jwk(EC_KEY, crv="P-384"),)), (TWO, RSA_KEY, KEYS),
        ({**ONE, "alg": "RS512"}, RSA_KEY, KEYS), ({**ONE, "alg": ["RS256"]}, RSA_KEY, KEYS), ({}, RSA_KEY, KEYS),
        ({**ONE, "crit": ["b64"], "b64": False}, RSA_KEY, KEYS), ({**ONE, "crit": ["exp"], "exp": 1}, RSA_KEY, KEYS),
        (ONE, RSA_KEY, ()), (ONE, RSA_KEY, ("one", None, 7, {})), (ONE, RSA_KEY, ({"kty": "RSA", "kid": "one"},)),
        (ONE, RSA_KEY, (rsa_jwk(RSA_KEY, e="AQ"),)), (TWO, EC_KEY, (ec_jwk(EC_KEY, x="AA"),)),
        (ONE, RSA_KEY, (rsa_jwk(RSA_KEY, n=7),)), ({**ONE, "note": "x" * 9_000}, RSA_KEY, KEYS),
    ):  # fmt: skip
        with pytest.raises(SignInFailed):
            pytest.fail(f"believed: {header} {read(token(header, RIGHT, key), keys)}")


def test_claims_that_are_not_so_are_refused_with_their_reason() -> None:
    times: tuple[Any, ...] = (None, True, str(NOW), "", float("inf"), float("nan"), [NOW], {})
    wrong: dict[str, tuple[str, tuple[Any, ...]]] = {
        "exp": ("expired|not so", (*times, False, NOW - 60, 0, -1)),
        "iat": ("future|not so", (*times, NOW + 61)),
        "nbf": ("future", (*times, NOW + 61)),
        "iss": ("issuer|not so", (None, "", ISSUER + "/", [ISSUER], ISSUER.upper())),
        "aud": ("audience|another client|not so", (None, "", [], "other", ["other"], [CLIENT, 7], [CLIENT, "other"],
                                                   {CLIENT: 1}, CLIENT + "er")),
        "azp": ("another client", (None, "", "other", [CLIENT], 7)),
        "sub": ("nobody|not so", (None, "", 7, ["7"])),
    }  # fmt: skip
    for name, (reason, values) in wrong.items():
        for value in values:
            with pytest.raises(SignInFailed, match=reason):
                pytest.fail(f"believed: {name} {read(token(ONE, {**RIGHT, name: value}))}")
        if name not in ("nbf", "azp"):
            with pytest.raises(SignInFailed):
                read(token(ONE, {key: value for key, value in RIGHT.items() if key != name}))


def test_nothing_that_is_no_token_gets_further_than_a_refusal() -> None:
    good, chance = token(ONE, RIGHT), random.Random(3)
    altered = ["", ".", "..", "...", "x" * 60_000, "ä.ö.ü", token(ONE, [RIGHT]), token(ONE, "x"), good + ".x"]
    deep = packed(b'{"alg":"RS256","kid":"one","x":' + b"[" * 4_000 + b"]" * 4_000 + b"}")
    altered.append(f"{deep}.{good.partition('.')[2]}")
    for _ in range(150):
        at = chance.randrange(len(good) - 8)
        altered.append(good[:at] + chance.choice("AZaz09-_.!= \x00é") + good[at + chance.choice((0, 1, 2)) :])
    for each in altered:
        if each != good:
            with pytest.raises(SignInFailed):
                pytest.fail(f"believed: {read(each)}")


def test_a_server_without_the_library_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "joserfc":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    for ask in (lambda: read(token(ONE, RIGHT)), lambda: begin(None)):  # type: ignore[arg-type]
        with pytest.raises(SignInFailed, match=r"fieldstone\[oidc\]"):
            ask()
