"""Finds plugins, loads each one alone, and keeps what they add; a failing one is switched off with its reason.

Plugins come from the entry point group `fieldstone.plugins` of installed packages and, by name, from those shipped in
plugins/bundled; never from a folder of an app. One manager is made by the platform and handed on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pluggy

from metamodel.source import Problem
from plugins import hookspecs
from plugins.contexts import EventSink, NoEvents, StartContext
from plugins.contributions import ExpressionFunction, FieldTypeAddition, RuleAction
from plugins.discovery import Candidate, bundled_candidates, installed_candidates
from plugins.events import OwnEvents
from plugins.loading import LoadedPlugin, LoadFailed, load_plugin, problem_of
from plugins.mailboxes import MailReader
from plugins.pages import PluginPage
from plugins.sign_in import SignInWay

_LOG = logging.getLogger("fieldstone.plugins")


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginStatus:
    """How a plugin stands, for the admin page; `reason` says why it is off."""

    name: str
    version: str
    active: bool
    reason: str = ""


class PluginManager:
    """Holds the plugins of one process."""

    def __init__(self) -> None:
        self._hooks = pluggy.PluginManager(hookspecs.PROJECT)
        self._hooks.add_hookspecs(hookspecs)
        self._loaded: dict[str, LoadedPlugin] = {}
        self._off: dict[str, PluginStatus] = {}
        self._problems: list[Problem] = []

    @staticmethod
    def load(
        settings: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
        *,
        candidates: Iterable[Candidate] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> PluginManager:
        """Load the shipped plugins and those of installed packages.

        settings: plugin → setting → value; they go before FIELDSTONE_PLUGIN_* variables.
        candidates: what to load instead. environment: in place of the process's own.
        """
        manager = PluginManager()
        chosen = (*bundled_candidates(), *installed_candidates()) if candidates is None else tuple(candidates)
        for candidate in chosen:
            manager._load_one(candidate, settings, environment)
        return manager

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What went wrong, one problem (PLGnnn) a plugin."""
        return tuple(self._problems)

    @property
    def statuses(self) -> tuple[PluginStatus, ...]:
        """All plugins, the active ones first."""
        active = tuple(
            PluginStatus(name=plugin.manifest.name, version=plugin.manifest.version, active=True)
            for plugin in self._loaded.values()
        )
        return active + tuple(self._off.values())

    @property
    def active(self) -> tuple[LoadedPlugin, ...]:
        """The plugins that are switched on, in the order they were loaded."""
        return tuple(self._loaded.values())

    @property
    def functions(self) -> tuple[ExpressionFunction, ...]:
        """The functions that plugins add to the expression language."""
        return tuple(function for plugin in self._loaded.values() for function in plugin.functions)

    @property
    def field_types(self) -> tuple[FieldTypeAddition, ...]:
        """The field types that plugins add."""
        return tuple(field_type for plugin in self._loaded.values() for field_type in plugin.field_types)

    @property
    def action_names(self) -> tuple[str, ...]:
        """The names of the actions that plugins add."""
        return tuple(action.name for plugin in self._loaded.values() for action in plugin.actions)

    @property
    def event_names(self) -> tuple[str, ...]:
        """The names of the events that plugins tell of."""
        return tuple(event.name for plugin in self._loaded.values() for event in plugin.events)

    def find_action(self, name: str) -> tuple[LoadedPlugin, RuleAction] | None:
        """Give an action with the plugin that offers it; None where no active plugin does."""
        for plugin in self._loaded.values():
            for action in plugin.actions:
                if action.name == name:
                    return plugin, action
        return None

    def find_mail_reader(self, kind: str) -> tuple[LoadedPlugin, MailReader] | None:
        """Give who reads mail boxes of a kind, with the plugin; None where no active plugin does."""
        readers = ((plugin, reader) for plugin in self._loaded.values() for reader in plugin.mail_readers)
        return next((each for each in readers if each[1].kind == kind), None)

    def sign_in_ways(self) -> Sequence[tuple[LoadedPlugin, SignInWay]]:
        """Give the ways to sign in elsewhere that the operator has set up, each with its plugin."""
        ways = ((plugin, way) for plugin in self._loaded.values() for way in plugin.sign_in_ways)
        return [(plugin, way) for plugin, way in ways if way.label(plugin.settings)]

    @property
    def pages(self) -> tuple[tuple[LoadedPlugin, PluginPage], ...]:
        """The pages that plugins add, each with its plugin."""
        return tuple((plugin, page) for plugin in self._loaded.values() for page in plugin.pages)

    def start(self, events: EventSink | None = None) -> None:
        """Call `on_start` of each plugin; one that raises is switched off. events: whom plugins tell of theirs."""
        for plugin in tuple(self._loaded.values()):
            own = OwnEvents(plugin=plugin, sink=events or NoEvents())
            self._guarded(plugin, "on_start", context=StartContext(settings=plugin.settings, events=own))

    def stop(self) -> None:
        """Call `on_stop` of each plugin, last loaded first."""
        for plugin in reversed(tuple(self._loaded.values())):
            self._guarded(plugin, "on_stop")

    def switch_off(self, name: str, reason: str, *, code: str = "PLG105") -> None:
        """Take a plugin out, with its reason for people; what it added is gone with the next release or call."""
        plugin = self._loaded.pop(name, None)
        version = plugin.manifest.version if plugin else ""
        if plugin is not None and self._hooks.is_registered(plugin.module):
            self._hooks.unregister(plugin.module)
        self._off[name] = PluginStatus(name=name, version=version, active=False, reason=reason)
        self._problems.append(problem_of(code, name, version, reason))
        _LOG.warning("plugin %s %s is switched off: %s", name, version, reason)

    def _load_one(
        self,
        candidate: Candidate,
        settings: Mapping[str, Mapping[str, object]],
        environment: Mapping[str, str] | None,
    ) -> None:
        try:
            plugin = load_plugin(candidate, settings, environment)
            self._hooks.register(plugin.module, name=plugin.manifest.name)
            added = plugin.with_additions(
                actions=self._ask(plugin, "rule_actions"),
                events=self._ask(plugin, "rule_events"),
                functions=self._ask(plugin, "expression_functions"),
                field_types=self._ask(plugin, "field_types"),
                mail_readers=self._ask(plugin, "mail_readers"),
                sign_in_ways=self._ask(plugin, "sign_in_ways"),
                pages=self._ask(plugin, "pages"),
                taken=self._taken_names(),
            )
        except LoadFailed as failure:
            self._reject(candidate.name, failure)
        except Exception as error:
            self._reject(candidate.name, LoadFailed("PLG102", f"it raised while loading: {error!r}"))
        else:
            self._loaded[added.manifest.name] = added

    def _reject(self, name: str, failure: LoadFailed) -> None:
        registered = self._hooks.get_plugin(name)
        if registered is not None and name not in self._loaded:
            self._hooks.unregister(registered)
        status = PluginStatus(name=name, version=failure.version, active=False, reason=failure.reason)
        self._off[name if name not in self._loaded else f"{name} (second)"] = status
        self._problems.append(problem_of(failure.code, name, failure.version, failure.reason))
        _LOG.warning("plugin %s is switched off: %s", name, failure.reason)

    def _ask(self, plugin: LoadedPlugin, hook: str) -> Sequence[object]:
        return [item for part in self._caller(plugin, hook)() for item in part]

    def _guarded(self, plugin: LoadedPlugin, hook: str, **arguments: object) -> None:
        try:
            self._caller(plugin, hook)(**arguments)
        except Exception as error:
            if hook == "on_stop":
                _LOG.warning("plugin %s: %s raised %r", plugin.manifest.name, hook, error)
            else:
                self.switch_off(plugin.manifest.name, f"{hook} raised {error!r}")

    def _caller(self, plugin: LoadedPlugin, hook: str) -> pluggy.HookCaller:
        others = [other for other in self._hooks.get_plugins() if other is not plugin.module]
        return self._hooks.subset_hook_caller(hook, others)

    def _taken_names(self) -> frozenset[str]:
        return frozenset(name for plugin in self._loaded.values() for name in plugin.added_names)
