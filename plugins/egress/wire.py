"""Connections for protocols other than HTTP under the same policy: resolve once, check all, connect to one."""

from __future__ import annotations

import socket
import ssl

from plugins.contexts import EgressFailed, EgressRefused
from plugins.egress.addresses import check_host, is_public
from plugins.egress.client import EgressPolicy, Resolver, resolve_host


class SafeWire:
    """A `Wire` for one plugin. timeout_s: of connecting, and of each read and write."""

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        timeout_s: float,
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._timeout_s = timeout_s
        self._resolve = resolve or resolve_host
        self._tls = tls

    def may_be_plain(self, host: str, port: int) -> bool:
        """Say whether the operator lets a host of the own network be reached without TLS."""
        return self._policy.trusts(check_host(host), port)

    def open(self, host: str, port: int, *, tls: bool) -> socket.socket:
        """Connect to a checked address of a host."""
        name = check_host(host)
        if not self._policy.allows(name):
            raise EgressRefused(f"the plugin does not name the host '{name}' in its plugin.yaml")
        addresses = self._resolve(name, port)
        if not addresses:
            raise EgressFailed(f"the name '{name}' has no address")
        if not self._policy.trusts(name, port) and not all(is_public(address) for address in addresses):
            raise EgressRefused(f"'{name}' leads to an address that is not public; the operator may allow the host")
        try:
            raw = socket.create_connection((addresses[0], port), timeout=self._timeout_s)
        except OSError as error:
            raise EgressFailed(f"no connection to {name}:{port}: {error}") from error
        if not tls:
            return raw
        try:
            return (self._tls or ssl.create_default_context()).wrap_socket(raw, server_hostname=name)
        except OSError as error:
            raw.close()
            raise EgressFailed(f"no TLS with {name}:{port}: {error}") from error
