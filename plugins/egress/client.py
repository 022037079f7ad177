"""The safe client: resolve once, check every address, connect to the checked one, and stay within size and time.

A redirect is a new request and checked like the first. Private addresses are reached only where the operator names the
host. It keeps no cookies, uses no proxy of the environment and sends nothing but what it is given.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from plugins.contexts import Answer, EgressFailed, EgressRefused
from plugins.egress.addresses import check_host, is_public

Resolver = Callable[[str, int], list[str]]
_REDIRECTS_THAT_KEEP_THE_BODY = (307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """Where a client may go.

    hosts: names the plugin may reach, `*` = any, `*.example.com` = those below. private_hosts: `host` or `host:port`
    of the operator's own network that may be reached although private, and without TLS.
    """

    hosts: tuple[str, ...] = ("*",)
    private_hosts: tuple[str, ...] = ()

    def allows(self, host: str) -> bool:
        """Say whether the plugin's manifest names the host."""
        return any(_matches(pattern, host) for pattern in self.hosts)

    def trusts(self, host: str, port: int) -> bool:
        """Say whether the operator lets this host of the own network be reached."""
        return host in self.private_hosts or f"{host}:{port}" in self.private_hosts


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressLimits:
    """How long a request may take in all, how much is sent and read, and how often it is redirected."""

    total_s: float = 20.0
    connect_s: float = 5.0
    request_bytes: int = 1_000_000
    answer_bytes: int = 65_536
    redirects: int = 3


# What proves to one host who we are is no business of another that it points to.
_OWN_TO_A_HOST = frozenset({"authorization", "cookie", "proxy-authorization"})


class SafeEgress:
    """An EgressClient for one plugin."""

    def __init__(
        self,
        policy: EgressPolicy,
        limits: EgressLimits | None = None,
        *,
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._limits = limits or EgressLimits()
        self._resolve = resolve or resolve_host
        self._tls = tls

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body and give the answer, whatever its status."""
        if len(body) > self._limits.request_bytes:
            raise EgressRefused(f"the request has {len(body)} bytes; at most {self._limits.request_bytes} are sent")
        deadline = time.monotonic() + self._limits.total_s
        for _ in range(self._limits.redirects + 1):
            answer = self._once(url, body, headers, deadline)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS_THAT_KEEP_THE_BODY or not target:
                return answer
            following = urljoin(url, target)
            if _origin(following) != _origin(url):
                headers = {name: value for name, value in headers.items() if name.lower() not in _OWN_TO_A_HOST}
            url = following
        raise EgressFailed(f"more than {self._limits.redirects} redirects")

    def get(self, url: str, *, headers: Mapping[str, str]) -> Answer:
        """Ask for an address and give the answer, whatever its status; redirects are not followed."""
        return self._once(url, None, headers, time.monotonic() + self._limits.total_s)

    def _once(self, url: str, body: bytes | None, headers: Mapping[str, str], deadline: float) -> Answer:
        parts = _split(url)
        host, port = check_host(parts.hostname or ""), _port(parts)
        address = self._checked_address(parts.scheme, host, port)
        timeout = min(self._limits.connect_s, _left(deadline))
        try:
            connection = self._connect(parts.scheme, host, port, address, timeout)
        except OSError as error:
            raise EgressFailed(f"no connection to {host}:{port}: {error}") from error
        watch = threading.Timer(_left(deadline), _break, args=(connection.sock,))
        watch.daemon = True
        watch.start()
        try:
            return self._exchange(connection, parts, body, headers, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            late = time.monotonic() >= deadline
            reason = f"took longer than {self._limits.total_s:g} seconds" if late else f"failed: {error}"
            raise EgressFailed(f"the request to {host}:{port} {reason}") from error
        finally:
            watch.cancel()
            connection.close()

    def _checked_address(self, scheme: str, host: str, port: int) -> str:
        if not self._policy.allows(host):
            raise EgressRefused(f"the plugin does not name the host '{host}' in its plugin.yaml")
        trusted = self._policy.trusts(host, port)
        if scheme != "https" and not trusted:
            raise EgressRefused(f"'{host}' is called without TLS; write https://")
        addresses = self._resolve(host, port)
        if not addresses:
            raise EgressFailed(f"the name '{host}' has no address")
        # All of them must be public: a name with one public and one private address is an attempt at rebinding.
        if not trusted and not all(is_public(address) for address in addresses):
            raise EgressRefused(f"'{host}' leads to an address that is not public; the operator may allow the host")
        return addresses[0]

    def _connect(self, scheme: str, host: str, port: int, address: str, timeout: float) -> http.client.HTTPConnection:
        raw = socket.create_connection((address, port), timeout=timeout)
        if scheme == "https":
            try:
                raw = (self._tls or ssl.create_default_context()).wrap_socket(raw, server_hostname=host)
            except BaseException:
                raw.close()
                raise
        connection = http.client.HTTPConnection(host, port)
        connection.sock = raw
        return connection

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        parts: SplitResult,
        body: bytes | None,
        headers: Mapping[str, str],
        deadline: float,
    ) -> Answer:
        connection.sock.settimeout(_left(deadline))
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        method = "GET" if body is None else "POST"
        connection.request(method, path, body=body, headers={**headers, "Connection": "close"})
        response = connection.getresponse()
        content = response.read(self._limits.answer_bytes)
        if time.monotonic() >= deadline:
            raise TimeoutError
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=content,
        )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # reading it is the check
    except ValueError as error:
        raise EgressRefused(f"'{url}' is not an address") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise EgressRefused(f"'{url}' is not an http or https address")
    if parts.username is not None or parts.password is not None:
        raise EgressRefused("an address with a user name or password in it is not called")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def resolve_host(host: str, port: int) -> list[str]:
    """Give the addresses of a host. Raises: EgressFailed."""
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise EgressFailed(f"the name '{host}' was not found: {error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _matches(pattern: str, host: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return pattern == host


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)


def _break(sock: socket.socket) -> None:
    # A peer that sends a byte now and then never runs into the socket's own timeout; this ends it.
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port
