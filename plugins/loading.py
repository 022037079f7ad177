"""Turns one candidate into a loaded plugin, or says why not: import, manifest, API version, settings, names.

Nothing here touches another plugin; the manager loads each one through this alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType, ModuleType
from typing import TypeVar

from metamodel.names import did_you_mean, name_fault
from metamodel.source import Location, Problem, Severity
from plugins.contributions import API_VERSION, CONTROLS, ExpressionFunction, FieldTypeAddition, RuleAction, RuleEvent
from plugins.discovery import Candidate
from plugins.mailboxes import MailReader
from plugins.manifest import Manifest, ManifestWrong, read_manifest
from plugins.pages import PluginPage
from plugins.sign_in import SignInWay

# Actions that the rule language itself names; a shipped plugin carries them out.
LANGUAGE_ACTIONS = frozenset({"send_email", "call_webhook", "send_sms", "generate_document"})
_SHIPPED_PREFIX = "plugins.bundled."
_Added = TypeVar(
    "_Added", RuleAction, RuleEvent, ExpressionFunction, FieldTypeAddition, MailReader, SignInWay, PluginPage
)


class LoadFailed(Exception):
    """A plugin cannot be used; `reason` is for the operator."""

    def __init__(self, code: str, reason: str, *, version: str = "") -> None:
        self.code = code
        self.reason = reason
        self.version = version
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """A plugin that is switched on, with the settings in force and what it adds."""

    manifest: Manifest
    module: ModuleType
    settings: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    actions: tuple[RuleAction, ...] = ()
    events: tuple[RuleEvent, ...] = ()
    functions: tuple[ExpressionFunction, ...] = ()
    field_types: tuple[FieldTypeAddition, ...] = ()
    mail_readers: tuple[MailReader, ...] = ()
    sign_in_ways: tuple[SignInWay, ...] = ()
    pages: tuple[PluginPage, ...] = ()

    @property
    def added_names(self) -> tuple[str, ...]:
        """What it added, each with its kind: `action send_email`, `function email_domain`."""
        return (
            *(f"action {action.name}" for action in self.actions),
            *(f"event {event.name}" for event in self.events),
            *(f"function {function.name}" for function in self.functions),
            *(f"field type {field_type.name}" for field_type in self.field_types),
            *(f"reader of {reader.kind}" for reader in self.mail_readers),
            *(f"way to sign in {way.name}" for way in self.sign_in_ways),
            *(f"page {page.name}" for page in self.pages),
        )

    def with_additions(
        self,
        *,
        actions: Sequence[object],
        events: Sequence[object],
        functions: Sequence[object],
        field_types: Sequence[object],
        mail_readers: Sequence[object],
        sign_in_ways: Sequence[object],
        pages: Sequence[object],
        taken: frozenset[str],
    ) -> LoadedPlugin:
        """Give the plugin with what its hooks returned, checked.

        Raises:
            LoadFailed: a hook returned something else, or a name is bad or taken.
        """
        loaded = replace(
            self,
            actions=_only(RuleAction, actions, "rule_actions"),
            events=_only(RuleEvent, events, "rule_events"),
            functions=_only(ExpressionFunction, functions, "expression_functions"),
            field_types=_only(FieldTypeAddition, field_types, "field_types"),
            mail_readers=_only(MailReader, mail_readers, "mail_readers"),
            sign_in_ways=_only(SignInWay, sign_in_ways, "sign_in_ways"),
            pages=_only(PluginPage, pages, "pages"),
        )
        self._check_names(loaded, taken)
        return loaded

    def _check_names(self, loaded: LoadedPlugin, taken: frozenset[str]) -> None:
        seen = set(taken)
        for name in loaded.added_names:
            if name in seen:
                raise LoadFailed("PLG104", f"the {name} exists already", version=self.manifest.version)
            seen.add(name)
        for action in loaded.actions:
            self._check_action_name(action.name)
        for event in loaded.events:
            self._check_own_name("event", event.name)
            if fault := payload_fault(event):
                reason = f"the payload of the event '{event.name}' {fault}"
                raise LoadFailed("PLG104", reason, version=self.manifest.version)
        names = [function.name for function in loaded.functions] + [each.name for each in loaded.field_types]
        for name in names:
            if fault := name_fault(name):
                raise LoadFailed("PLG104", f"the name '{name}' {fault}", version=self.manifest.version)
        self._check_controls(loaded)
        self._check_pages(loaded)

    def _check_controls(self, loaded: LoadedPlugin) -> None:
        for added in loaded.field_types:
            if added.widget not in CONTROLS:
                reason = f"the field type '{added.name}' asks for the control '{added.widget}', which no plugin may"
                hint = did_you_mean(added.widget, CONTROLS) or f"there are {', '.join(CONTROLS)}"
                raise LoadFailed("PLG104", f"{reason}; {hint}", version=self.manifest.version)

    def _check_pages(self, loaded: LoadedPlugin) -> None:
        for page in loaded.pages:
            self._check_own_name("page", page.name)
            if not page.right or not page.label.get("en"):
                reason = f"the page '{page.name}' names no right that opens it, or has no label in English"
                raise LoadFailed("PLG104", reason, version=self.manifest.version)

    def _check_action_name(self, name: str) -> None:
        shipped = self.module.__name__.startswith(_SHIPPED_PREFIX)
        if name in LANGUAGE_ACTIONS and shipped:
            return
        self._check_own_name("action", name)

    def _check_own_name(self, what: str, name: str) -> None:
        if not name.startswith(f"{self.manifest.name}."):
            reason = f"the {what} '{name}' does not start with the plugin's name ('{self.manifest.name}.')"
            raise LoadFailed("PLG104", reason, version=self.manifest.version)


def payload_fault(event: RuleEvent) -> str | None:
    """Say what is wrong with what an event says of its payload, or None; plugins are written without a type checker."""
    payload: object = event.payload
    if not isinstance(payload, tuple | list):
        return f'is {type(payload).__name__}; expected (key, what it is) pairs, as in (("number", "who called"),)'
    seen: set[str] = set()
    for number, pair in enumerate(payload, start=1):
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(isinstance(each, str) for each in pair):
            return f"has {pair!r} as part {number}; expected a pair of texts: the key and what it is"
        key, told = pair
        if fault := name_fault(key, reserved=False):
            return f"has the key '{key}', which {fault}"
        if key in seen:
            return f"has the key '{key}' twice"
        if not told.strip():
            return f"does not say what '{key}' is"
        seen.add(key)
    return None


def load_plugin(
    candidate: Candidate,
    settings: Mapping[str, Mapping[str, object]],
    environment: Mapping[str, str] | None,
) -> LoadedPlugin:
    """Import a candidate and check its manifest and settings.

    Raises:
        LoadFailed: with PLG101 (import), PLG102 (manifest) or PLG103 (API version or settings).
    """
    try:
        module = candidate.import_module()
    except (Exception, SystemExit) as error:  # a plugin that exits on import must not end the server
        raise LoadFailed("PLG101", f"it cannot be imported: {error!r}") from error
    try:
        manifest = read_manifest(candidate.read_manifest(module), where=f"plugin.yaml of {candidate.name}")
    except (ManifestWrong, OSError) as error:
        raise LoadFailed("PLG102", str(error)) from error
    if manifest.name != candidate.name:
        reason = f"plugin.yaml calls it '{manifest.name}', it is installed as '{candidate.name}'"
        raise LoadFailed("PLG102", reason, version=manifest.version)
    if manifest.api != API_VERSION:
        reason = f"it is made for plugin API {manifest.api}; this is API {API_VERSION}"
        raise LoadFailed("PLG103", reason, version=manifest.version)
    given = {**manifest.settings_from_environment(environment), **settings.get(manifest.name, {})}
    try:
        filled = manifest.fill_settings(given)
    except ManifestWrong as error:
        raise LoadFailed("PLG103", str(error), version=manifest.version) from error
    return LoadedPlugin(manifest=manifest, module=module, settings=filled)


def problem_of(code: str, name: str, version: str, reason: str) -> Problem:
    """Make the problem that tells of a plugin that is switched off."""
    title = f"{name} {version}".strip()
    return Problem(
        code=code,
        message=f"plugin {title} is switched off: {reason}",
        at=Location(file=f"<plugin {name}>"),
        severity=Severity.WARNING,
    )


def _only(kind: type[_Added], items: Iterable[object], hook: str) -> tuple[_Added, ...]:
    for item in items:
        if not isinstance(item, kind):
            raise LoadFailed("PLG104", f"{hook} gave {type(item).__name__}, expected {kind.__name__}")
    return tuple(item for item in items if isinstance(item, kind))
