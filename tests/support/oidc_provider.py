"""A provider of OpenID Connect for tests, in a process of its own on loopback; it keeps the rules unless told.

`POST /next` says what the next ID tokens claim and how they are signed. Codes are good once and want their verifier.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "fieldstone-tests", "a client secret of the tests"


def packed(raw: bytes) -> str:
    """Write bytes as JSON Web Tokens do."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Provider:
    """What one process remembers."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.issuer = ""
        self.told: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []

    def document(self) -> dict[str, Any]:
        """Give what the provider tells of itself."""
        return {
            "issuer": self.told.get("document_issuer", self.issuer),
            "authorization_endpoint": f"{self.issuer}/authorise",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def keys(self) -> dict[str, Any]:
        """Give the public key."""
        numbers = self.key.public_key().public_numbers()
        parts = {"n": packed(numbers.n.to_bytes(256)), "e": packed(numbers.e.to_bytes(3))}
        return {"keys": [{"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", **parts}]}

    def authorise(self, asked: dict[str, str]) -> str:
        """Give the address to come back to, with a code."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        self.asked.append(asked)
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def exchange(self, form: dict[str, str], proof: str) -> dict[str, Any] | None:
        """Give the ID token for a code, once; None where anything is not as it was asked for."""
        asked = self.codes.pop(form.get("code", ""), None)
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        if asked is None or proof != expected or form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        challenge = packed(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked.get("code_challenge_method") != "S256" or challenge != asked.get("code_challenge"):
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "248289", "iat": now, "exp": now + 300,
                  "nonce": asked.get("nonce"), "email_verified": True, **self.told.get("claims", {})}  # fmt: skip
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.token(claims)}

    def token(self, claims: dict[str, Any]) -> str:
        """Sign claims as told."""
        way = self.told.get("signed", "rightly")
        header = {"alg": {"not": "none", "by the public key": "HS256"}.get(way, "RS256"), "kid": "one"}
        signed = f"{packed(json.dumps(header).encode())}.{packed(json.dumps(claims).encode())}"
        if way == "not":
            return f"{signed}."
        if way == "by the public key":
            public = json.dumps(self.keys()["keys"][0]).encode()
            return f"{signed}.{packed(hmac.digest(public, signed.encode(), 'sha256'))}"
        key = self.other_key if way == "by another key" else self.key
        return f"{signed}.{packed(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def serve() -> None:
    """Run until the process is ended; print the port first."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorise":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self._answer(302, {}, location=provider.authorise(asked))
            elif parts.path == "/asked":
                self._answer(200, {"asked": provider.asked})
            else:
                self._answer(200, provider.keys() if parts.path == "/keys" else provider.document())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/next":
                provider.told = json.loads(body)
                self._answer(200, {})
                return
            form = {name: values[0] for name, values in parse_qs(body).items()}
            given = provider.exchange(form, self.headers.get("Authorization", ""))
            self._answer(200 if given else 400, given or {"error": "invalid_grant"})

        def _answer(self, status: int, told: dict[str, Any], location: str = "") -> None:
            raw = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    print(server.server_port, flush=True)
    server.serve_forever()


@dataclass(frozen=True, slots=True)
class RunningProvider:
    """The provider's process as a test sees it."""

    port: int

    @property
    def issuer(self) -> str:
        """Its issuer."""
        return f"http://127.0.0.1:{self.port}"

    def say(self, **told: Any) -> None:
        """Tell what comes next: `claims`, `signed`, `document_issuer`."""
        self._ask("POST", "/next", json.dumps(told))

    def asked(self) -> list[dict[str, str]]:
        """Give what browsers were sent with."""
        found: list[dict[str, str]] = json.loads(self._ask("GET", "/asked")[1])["asked"]
        return found

    def visit(self, address: str) -> str:
        """Go where a browser is sent; give where it is sent back to, without the host."""
        assert address.startswith(self.issuer)
        back = urlsplit(self._ask("GET", address.removeprefix(self.issuer))[0])
        return f"{back.path}?{back.query}"

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[str, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.getheader("Location", ""), answer.read()
        finally:
            connection.close()


@contextmanager
def oidc_provider() -> Iterator[RunningProvider]:
    """Run a provider."""
    command = [sys.executable, "-m", "tests.support.oidc_provider"]
    folder = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield RunningProvider(int(process.stdout.readline()))
        finally:
            process.kill()


if __name__ == "__main__":
    serve()
