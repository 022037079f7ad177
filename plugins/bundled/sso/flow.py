"""The code flow: the browser is sent to the provider, and the code it comes back with is exchanged for an ID token.

State ties the answer to the browser that began, the nonce ties the token to this log-in, and the verifier of PKCE ties
the code to who asked for it. Provider and keys are looked up anew each time: people log in seldom, keys change.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from plugins.bundled.sso.tokens import check_installed, read_token
from plugins.contexts import Answer
from plugins.sign_in import Identity, SignInAccess, SignInBegun, SignInFailed, SignInRules

_JSON = {"Accept": "application/json"}
_FORM = "application/x-www-form-urlencoded"
_MOST = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    issuer: str
    authorise: str
    token: str
    keys: str
    posts_secret: bool


def label(settings: Mapping[str, object]) -> str:
    """Give what the button names, nothing where no provider is set."""
    issuer, client = str(settings["issuer"]), str(settings["client_id"])
    return (str(settings["label"]) or urlsplit(issuer).hostname or "") if issuer and client else ""


def rules(settings: Mapping[str, object]) -> SignInRules:
    """Give what the operator says of users and roles."""
    mapped = settings["roles"]
    assert isinstance(mapped, Mapping)
    return SignInRules(roles=mapped, creates_users=settings["create_users"] is True)


def begin(access: SignInAccess) -> SignInBegun:
    """Send the browser to the provider."""
    check_installed()
    provider = _provider(access)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": str(access.settings["client_id"]),
        "redirect_uri": access.return_to,
        "scope": str(access.settings["scopes"]),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joined = "&" if urlsplit(provider.authorise).query else "?"
    address = f"{provider.authorise}{joined}{urlencode(asked)}"
    return SignInBegun(address=address, state=state, kept={"nonce": nonce, "verifier": verifier})


def finish(access: SignInAccess, kept: Mapping[str, str], brought: Mapping[str, str]) -> Identity:
    """Exchange the code and read who it is."""
    if brought.get("error"):
        raise SignInFailed(f"the provider answered {brought['error'][:100]!r}")
    code = brought.get("code", "")
    if not code or len(code) > _MOST:
        raise SignInFailed("the provider sent no code")
    provider = _provider(access)
    if brought.get("iss", provider.issuer) != provider.issuer:
        raise SignInFailed("the code is of another issuer")
    token = _exchange(access, provider, code, kept["verifier"])
    keys = _document(access, provider.keys).get("keys")
    claims = read_token(
        token, keys if isinstance(keys, list) else [],
        issuer=provider.issuer, audience=str(access.settings["client_id"]), now=access.now.timestamp(),
    )  # fmt: skip
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), kept["nonce"].encode()):
        raise SignInFailed("the nonce of the ID token is another one")
    return _identity(access.settings, provider.issuer, claims)


def _identity(settings: Mapping[str, object], issuer: str, claims: Mapping[str, Any]) -> Identity:
    login = claims.get(str(settings["login_claim"]))
    if not isinstance(login, str) or not login.strip():
        raise SignInFailed(f"the ID token has no {settings['login_claim']}")
    if settings["verified_only"] is True and claims.get("email_verified") is not True:
        raise SignInFailed("the provider has not verified the mail address")
    groups, name, methods = claims.get(str(settings["roles_claim"])), claims.get("name"), claims.get("amr")
    return Identity(
        issuer=issuer,
        subject=claims["sub"],
        login=login.strip().lower(),
        name=name.strip() if isinstance(name, str) else "",
        groups=tuple(each for each in groups if isinstance(each, str)) if isinstance(groups, list) else (),
        factor_given=settings["second_factor"] is True and isinstance(methods, list) and "mfa" in methods,
    )


def _provider(access: SignInAccess) -> _Provider:
    issuer = str(access.settings["issuer"])
    told = _document(access, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if told.get("issuer") != issuer:
        raise SignInFailed("the provider's document is of another issuer")
    places = {name: told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    for name, place in places.items():
        if not isinstance(place, str) or not _is_safe(access, place):
            raise SignInFailed(f"the provider's document has no {name} by https")
    ways = told.get("token_endpoint_auth_methods_supported")
    return _Provider(
        issuer=issuer,
        authorise=str(places["authorization_endpoint"]),
        token=str(places["token_endpoint"]),
        keys=str(places["jwks_uri"]),
        posts_secret=isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways,
    )


def _is_safe(access: SignInAccess, place: str) -> bool:
    parts, private = urlsplit(place), access.settings["private_hosts"]
    assert isinstance(private, list | tuple)
    return parts.scheme == "https" or (
        parts.scheme == "http" and (parts.netloc in private or parts.hostname in private)
    )


def _exchange(access: SignInAccess, provider: _Provider, code: str, verifier: str) -> str:
    client, secret = str(access.settings["client_id"]), str(access.settings["client_secret"])
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": access.return_to,
            "code_verifier": verifier, "client_id": client}  # fmt: skip
    headers = {**_JSON, "Content-Type": _FORM}
    if secret and provider.posts_secret:
        form["client_secret"] = secret
    elif secret:
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    answer = access.egress.post(provider.token, body=urlencode(form).encode(), headers=headers)
    token = _read(answer, "the exchange of the code").get("id_token")
    if not isinstance(token, str):
        raise SignInFailed("the provider gave no ID token")
    return token


def _document(access: SignInAccess, address: str) -> Mapping[str, Any]:
    return _read(access.egress.get(address, headers=_JSON), urlsplit(address).path)


def _read(answer: Answer, what: str) -> Mapping[str, Any]:
    if answer.status != 200:
        raise SignInFailed(f"{what} was answered with {answer.status}")
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as fault:
        raise SignInFailed(f"the answer of {what} is no JSON") from fault
    if not isinstance(found, dict):
        raise SignInFailed(f"the answer of {what} is no JSON object")
    return found
