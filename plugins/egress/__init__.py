"""Requests to the outside that cannot be turned inwards: `SafeEgress` is the one client plugins get."""

from __future__ import annotations

from plugins.egress.addresses import is_public
from plugins.egress.client import EgressLimits, EgressPolicy, SafeEgress

__all__ = ["EgressLimits", "EgressPolicy", "SafeEgress", "is_public"]
