"""Which approvals there are, by the names that an app's rules call them: its own first, then those of other apps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from metamodel.apps import Metamodel
from workflow_dsl.syntax import Approval, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownApproval:
    """An approval as others name it. object: key of what it is about, None where that is not known."""

    key: str
    object: str | None


Approvals = Mapping[str, KnownApproval]
NO_APPROVALS: Approvals = MappingProxyType({})


def known_approvals(items: Iterable[tuple[str, Item]], metamodel: Metamodel) -> Mapping[str, Approvals]:
    """Give what the approvals are called in each app. items: app → item, in the order of apps, files and lines."""
    of_all: dict[str, KnownApproval] = {}
    of_app: dict[str, dict[str, KnownApproval]] = {app.name: {} for app in metamodel.apps}
    for app, item in items:
        if not isinstance(item, Approval) or item.name.text in of_app[app]:
            continue
        name = item.name.text
        object_def = metamodel.find_object(item.object.dotted)
        key = name if name not in of_all else f"{app}.{name}"
        known = KnownApproval(key=key, object=object_def.key if object_def is not None else None)
        of_app[app][name] = known
        of_all.setdefault(name, known)
    return {app: {**of_all, **own} for app, own in of_app.items()}
