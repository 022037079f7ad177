"""What an address on the network counts as, where tries are counted; it names nobody."""

from __future__ import annotations

import ipaddress


def counted_as(address: str) -> str:
    """Give what an address is counted under: of IPv6 the network that one connection is given (/64).

    >>> [counted_as(each) for each in ("2001:db8:0:1::5", "::ffff:10.0.0.9", "10.0.0.9", "")]
    ['2001:db8:0:1::/64', '10.0.0.9', '10.0.0.9', '']
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found.packed[:8] + bytes(8), 64)))
