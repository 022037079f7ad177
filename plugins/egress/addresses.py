"""Which addresses are public, and which way of writing a host is honest.

`ipaddress.is_private` is false for 100.64/10, NAT64 and 6to4, and `getaddrinfo` takes `0177.0.0.1` and `127.1`: both
are closed here. Nothing here opens a connection.
"""

from __future__ import annotations

import ipaddress
import re

from plugins.contexts import EgressRefused

_CARRIES_AN_IPV4_ADDRESS = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of a local network
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
    )
)
# Only what is certainly handed out to the public: a list of what is allowed outlives new special ranges.
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
_NUMERIC_LABEL = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)\Z")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\Z")


def is_public(address: str) -> bool:
    """Say whether an address belongs to the public internet, and to no range that leads back inside."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.scope_id is not None or parsed not in _PUBLIC_IPV6:
            return False
        if any(parsed in network for network in _CARRIES_AN_IPV4_ADDRESS):
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def check_host(host: str) -> str:
    """Give a host in one spelling: lower case, no brackets, no dot at the end.

    Raises:
        EgressRefused: it is written in a way that programs read differently (`0177.0.0.1`, `127.1`, `2130706433`).
    """
    plain = host.rstrip(".").lower()
    if ":" in plain:
        return _check_ipv6(plain)
    if not _HOST.match(plain):
        raise EgressRefused(f"'{host}' is not a host name")
    if _NUMERIC_LABEL.match(plain.rsplit(".", 1)[-1]):
        try:
            ipaddress.IPv4Address(plain)
        except ValueError as error:
            raise EgressRefused(f"'{host}' is not an address in plain decimal notation") from error
    return plain


def _check_ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError as error:
        raise EgressRefused(f"'{text}' is not an IPv6 address") from error
