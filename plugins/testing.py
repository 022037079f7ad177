"""Contract tests for authors of plugins: `check_plugin(name)` finds what a plugin breaks, as sentences.

An author's test is two lines: `from plugins.testing import check_plugin` and `assert check_plugin(candidate) == []`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plugins.contexts import (
    ActionContext,
    Answer,
    EgressClient,
    EventSink,
    NoParts,
    PathUnknown,
    Plain,
    RecordAccess,
    SentParts,
)
from plugins.discovery import Candidate
from plugins.events import OwnEvents
from plugins.loading import LoadedPlugin
from plugins.manager import PluginManager


@dataclass(slots=True, kw_only=True)
class RecordedEgress:
    """An egress client that answers what it is told and keeps what was sent."""

    answers: list[Answer] = field(default_factory=lambda: [Answer(status=200, headers={}, body=b"")])
    sent: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Keep the request; answer with the next of the answers, the last one for ever."""
        self.sent.append((url, body, dict(headers)))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass(slots=True, kw_only=True)
class RecordedEvents:
    """Takes a plugin's events and keeps them: (event, payload, key)."""

    told: list[tuple[str, Mapping[str, Plain], str | None]] = field(default_factory=list)

    def tell(self, event: str, payload: Mapping[str, Plain], *, key: str | None = None) -> None:
        """Keep the event."""
        self.told.append((event, dict(payload), key))


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRecord:
    """A record service over values given by path, rows by list and images by path."""

    values: Mapping[str, Plain] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Mapping[str, Plain]]] = field(default_factory=dict)
    images: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, paths: Sequence[str], language: str | None = None) -> Mapping[str, Plain]:
        """Give the values of the paths."""
        for path in paths:
            if path not in self.values:
                raise PathUnknown(path)
        return {path: self.values[path] for path in paths}

    def rows(
        self, name: str, paths: Sequence[str], language: str | None = None, *, most: int
    ) -> Sequence[Mapping[str, Plain]] | None:
        """Give the values of a list's rows."""
        if name not in self.lists:
            raise PathUnknown(name)
        found = self.lists[name]
        return None if len(found) > most else [{path: row[path] for path in paths} for row in found]

    def image(self, path: str) -> bytes | None:
        """Give an image."""
        return self.images.get(path)

    def hidden(self) -> Sequence[str]:
        """Give nothing: all is shown."""
        return ()

    def url(self) -> str:
        """Give an address."""
        return "https://crm.example/o/account/1"


def action_context(
    plugin: LoadedPlugin,
    *,
    records: RecordAccess | None = None,
    egress: EgressClient | None = None,
    key: str = "run-1:actions/0",
    settings: Mapping[str, object] | None = None,
    events: EventSink | None = None,
    parts: SentParts | None = None,
) -> ActionContext:
    """Make the context of a try for a plugin's action, with its default settings."""
    return ActionContext(
        run_id=key.split(":", 1)[0],
        rule="a_rule",
        path=key.split(":", 1)[-1],
        attempt=1,
        idempotency_key=key,
        now=dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC),
        records=records or FixedRecord(),
        egress=egress or RecordedEgress(),
        settings={**plugin.settings, **(settings or {})},
        events=OwnEvents(plugin=plugin, sink=events or RecordedEvents()),
        parts=parts or NoParts(),
    )


def check_plugin(candidate: Candidate) -> list[str]:
    """Load a plugin alone and list what it breaks: loading, names, examples, start and stop."""
    manager = PluginManager.load(candidates=[candidate], environment={})
    faults = [problem.message for problem in manager.problems]
    for plugin in manager.active:
        faults += _faults_of(plugin)
    manager.start()
    manager.stop()
    faults += [problem.message for problem in manager.problems if problem.message not in faults]
    return faults


def _faults_of(plugin: LoadedPlugin) -> list[str]:
    faults = []
    if not plugin.module.__doc__:
        faults.append("the module has no docstring")
    for field_type in plugin.field_types:
        given, stored = field_type.example
        if field_type.normalise(given) != stored or field_type.normalise(stored) != stored:
            faults.append(f"field type {field_type.name}: its example is not what it stores")
        try:
            field_type.normalise(field_type.wrong_example)
            faults.append(f"field type {field_type.name}: it takes its wrong example")
        except ValueError as error:
            if not str(error):
                faults.append(f"field type {field_type.name}: it refuses without saying why")
    faults += [f"{added}: no summary" for added in _without_summary(plugin)]
    return faults


def _without_summary(plugin: LoadedPlugin) -> list[str]:
    summaries = {action.name: action.summary for action in plugin.actions}
    summaries |= {event.name: event.summary for event in plugin.events}
    summaries |= {function.name: function.summary for function in plugin.functions}
    summaries |= {field_type.name: field_type.summary for field_type in plugin.field_types}
    summaries |= {reader.kind: reader.summary for reader in plugin.mail_readers}
    summaries |= {way.name: way.summary for way in plugin.sign_in_ways}
    summaries |= {page.name: page.summary for page in plugin.pages}
    return [name for name, summary in summaries.items() if not summary]
