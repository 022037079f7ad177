"""POST /events: behaviour events of persons, each once by the id that its sender gave it."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Response

from engine.errors import FieldError
from engine.intake.events import LONGEST_ID, MOST, OUTCOMES, EventResult, NoEvents, SentEvent
from engine.records.persons import behaviour_objects
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import read_parameters
from ui.api.records import object_key
from ui.api.visible import visible_object
from ui.context import actor, platform, release
from ui.errors import ApiProblem

_KEYS = frozenset(("object", "events"))
_EVENT_KEYS = frozenset(("id", "values"))


def take_events() -> Response:
    """Take up to 1,000 events in, each judged by itself; one result an event."""
    read_parameters(())
    values = read_object()
    check_keys(values, _KEYS)
    key, sent = _object(values.get("object")), values.get("events")
    if not isinstance(sent, list) or not sent:
        _refuse("`events` is a list of events.")
    if len(sent) > MOST:
        raise ApiProblem(400, "too_many_rows", f"A call takes up to {MOST:,} events, not {len(sent):,}.")
    events = [_event(index, each) for index, each in enumerate(sent)]
    try:
        results = platform().intake.events.take(actor(), release(), key, events)
    except NoEvents as refused:
        raise ApiProblem(422, "no_events", str(refused)) from refused
    counts = {name: sum(each.outcome == name for each in results) for name in OUTCOMES}
    rows = [_row(event.id, each) for event, each in zip(events, results, strict=True)]
    return json_answer({"counts": counts, "events": rows})


def _object(name: Any) -> str:
    """Give the object of the events; it needs no name where the caller can send those of one object only."""
    if isinstance(name, str):
        return object_key(name)
    objects = behaviour_objects(release().metamodel.objects.values())
    found = [each.key for each in objects if visible_object(release(), actor(), each.key) is not None]
    if name is not None or len(found) != 1:
        _refuse("`object` names the object whose records the events are.")
    return found[0]


def _event(index: int, sent: Any) -> SentEvent:
    if not isinstance(sent, dict) or sent.keys() - _EVENT_KEYS:
        _refuse(f"events[{index}] is an object with `id` and `values`.")
    event_id, values = sent.get("id"), sent.get("values", {})
    if not isinstance(event_id, str) or not 1 <= len(event_id) <= LONGEST_ID or not event_id.isprintable():
        _refuse(f"events[{index}]: `id` is a text of 1 to {LONGEST_ID} characters.")
    if not isinstance(values, dict):
        _refuse(f"events[{index}]: `values` is an object.")
    return SentEvent(id=event_id, values=values)


def _refuse(detail: str) -> NoReturn:
    raise ApiProblem(400, "bad_request", detail)


def _row(event_id: str, result: EventResult) -> dict[str, Any]:
    found: dict[str, Any] = {"id": event_id, "outcome": result.outcome, "record": result.record_id}
    if result.errors:
        found["errors"] = [_told(each) for each in result.errors]
    return found


def _told(error: FieldError) -> dict[str, Any]:
    return {"field": error.field, "code": error.code, "message": error.message}
