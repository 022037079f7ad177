"""Which rules are started by whom, made once a release: buttons by object and name, the others by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.automation.program import AskedInput, OnButton, OnForm, OnLogin, OnMail, OnPluginEvent, OnWebhook, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of an object; rules: those that it starts, in their order, each with its trigger."""

    object: str
    name: str
    rules: tuple[tuple[Program, OnButton], ...]

    @property
    def inputs(self) -> tuple[AskedInput, ...]:
        """What it asks for; rules of one button that ask ask for the same."""
        return next((trigger.inputs for _, trigger in self.rules if trigger.inputs), ())

    def called(self, language: str) -> str:
        """Give its label: that of its first rule."""
        program, trigger = self.rules[0]
        named = program.labels.get(language) or program.label
        return named or trigger.button.replace("_", " ").capitalize()


class CallIndex:
    """The rules of one release by what calls them; those that are not active are left out."""

    def __init__(self, programs: Iterable[Program]) -> None:
        active = sorted((each for each in programs if each.active), key=lambda each: each.order)
        buttons: dict[str, dict[str, list[tuple[Program, OnButton]]]] = {}
        webhooks: dict[str, list[tuple[Program, OnWebhook]]] = {}
        events: dict[str, list[tuple[Program, OnPluginEvent]]] = {}
        forms: dict[str, list[tuple[Program, OnForm]]] = {}
        mails: dict[str, list[tuple[Program, OnMail]]] = {}
        logins: list[tuple[Program, OnLogin]] = []
        for program in active:
            for trigger in program.on_call:
                match trigger:
                    case OnButton():
                        of_object = buttons.setdefault(trigger.object, {})
                        of_object.setdefault(trigger.button, []).append((program, trigger))
                    case OnWebhook():
                        webhooks.setdefault(trigger.webhook, []).append((program, trigger))
                    case OnPluginEvent():
                        events.setdefault(trigger.event, []).append((program, trigger))
                    case OnForm():
                        forms.setdefault(trigger.form, []).append((program, trigger))
                    case OnMail():
                        mails.setdefault(trigger.address, []).append((program, trigger))
                    case OnLogin():
                        logins.append((program, trigger))
        self._buttons: Mapping[str, Mapping[str, Button]] = {
            key: {name: Button(object=key, name=name, rules=tuple(rules)) for name, rules in named.items()}
            for key, named in buttons.items()
        }
        self._webhooks, self._events, self._forms = webhooks, events, forms
        self._mails = mails
        self.logins = tuple(logins)

    def buttons(self, object_key: str) -> Mapping[str, Button]:
        """Give the buttons of an object by name, in the order of their rules."""
        return self._buttons.get(object_key, {})

    def webhooks(self, name: str) -> tuple[tuple[Program, OnWebhook], ...]:
        """Give the rules that a received webhook starts."""
        return tuple(self._webhooks.get(name, ()))

    def forms(self, name: str) -> tuple[tuple[Program, OnForm], ...]:
        """Give the rules that a form starts when it is sent."""
        return tuple(self._forms.get(name, ()))

    def mails(self, address: str) -> tuple[tuple[Program, OnMail], ...]:
        """Give the rules that a mail to an address starts."""
        return tuple(self._mails.get(address, ()))

    def events(self, name: str) -> tuple[tuple[Program, OnPluginEvent], ...]:
        """Give the rules that a plugin's event starts."""
        return tuple(self._events.get(name, ()))
