"""Whom `send survey` asks, decided once a step: each person with an address gets a letter of their own.

What the outbox keeps of it names links by ids; a link itself is made when its mail leaves (survey_courier.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.automation.inside_actions import Work
from engine.automation.people import references_of, users_of
from engine.automation.program import SendSurvey, Value
from metamodel.values import Ref

SEND_SURVEY = "send_survey"
LETTERS = "letters"


def survey_inputs(action: SendSurvey, work: Work, names: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the letters: `to`, `link`, `language`, `asked` and `about` (object and id, None where there is none)."""
    context = work.context(names)
    transaction = work.transaction
    own = context.this.get("id") if context.this else None
    about = [context.object_key, str(own)] if own is not None else None  # type: ignore[attr-defined]
    letters: dict[str, dict[str, Any]] = {}
    for value in action.recipients:
        for person, address in _people(value, value.evaluate(context), work):
            letters.setdefault(
                address.lower(),
                {
                    "to": address,
                    "link": transaction.services.ids.new(),
                    "language": _language(work, person),
                    "asked": [person.object, person.id] if person is not None else None,
                    "about": about,
                },
            )
    return {"form": action.form, LETTERS: list(letters.values())}


def _people(value: Value, found: Any, work: Work) -> Iterator[tuple[Ref | None, str]]:
    """Give who is asked, None where only an address is known, with the address."""
    directory = work.directory
    for object_key, key in references_of(value.typed, found):
        if object_key is None:
            yield None, key
            continue
        users = object_key in ("role", "team", "queue")
        ids = users_of(value.typed, found, directory) if users else (key,)
        for record_id in ids:
            person = Ref("user" if users else object_key, record_id)
            address = directory.address(person.object, person.id)
            if address:
                yield person, address


def _language(work: Work, person: Ref | None) -> str:
    languages = work.transaction.parts.metamodel.main.languages
    values = work.transaction.cache.related(person.object, person.id) if person is not None else None
    wanted = (values or {}).get("language")
    return str(wanted) if wanted in languages else languages[0]
