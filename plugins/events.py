"""The events of one plugin: it tells of those only that it declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metamodel.names import did_you_mean
from plugins.contexts import EventSink, EventUnknown, Plain
from plugins.loading import LoadedPlugin


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvents:
    """Hands a plugin's events on to whom they are for."""

    plugin: LoadedPlugin
    sink: EventSink

    def tell(self, event: str, payload: Mapping[str, Plain], *, key: str | None = None) -> None:
        """Tell of an event of the plugin.

        Raises: EventUnknown.
        """
        known = [each.name for each in self.plugin.events]
        if event not in known:
            hint = did_you_mean(event, known) or f"known: {', '.join(known) or 'none'}"
            raise EventUnknown(f"the plugin {self.plugin.manifest.name} declares no event '{event}'; {hint}")
        self.sink.tell(event, payload, key=key)
