"""The rights in a role's `system:`, which are not about one object's records; apps add theirs by `permissions:`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from metamodel.apps import Metamodel

SYSTEM_RIGHTS: Mapping[str, str] = MappingProxyType(
    {
        "manage_users": "create users, give them roles, switch them off",
        "log_in_as": "log in as another user who has no more rights, seen and noted",
        "manage_tokens": "see and revoke the API tokens of others",
        "configure": "check, plan and apply configurations",
        "grant_system": "publish rules that act `as system`, with all rights",
        "view_runs": "see the runs of rules, with what they did",
        "retry_runs": "retry or dismiss failed runs",
        "view_audit": "read the audit log",
        "import": "import files of records",
        "export": "export records, of objects whose export is granted",
        "create_view": "save views for others",
        "reveal": "show one masked value in clear; the audit log notes it",
        "share": "share records for reading that one may read and not change",
    }
)


def known_rights(metamodel: Metamodel) -> tuple[str, ...]:
    """Give the rights of an installation by name: the product's, then those that its apps add."""
    return tuple(dict.fromkeys((*SYSTEM_RIGHTS, *(name for app in metamodel.apps for name in app.permissions))))
