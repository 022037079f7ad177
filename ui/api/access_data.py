"""Answers about access as JSON values."""

from __future__ import annotations

from engine.access.explaining.answers import AccessAnswer, Ground
from ui.api.insight_data import part_to_json


def answer_to_json(answer: AccessAnswer) -> dict[str, object]:
    """Give an answer with its grounds."""
    asked = answer.asked
    return {
        "answer": answer.answer.value,
        "user": answer.login,
        "roles": list(answer.roles),
        "action": asked.action,
        "object": asked.object,
        "id": asked.record_id,
        "field": asked.field,
        "grounds": [ground_to_json(each) for each in answer.grounds],
        "control": [ground_to_json(each) for each in answer.of_control],
    }


def ground_to_json(ground: Ground) -> dict[str, object]:
    """Give one ground, what it rests on included."""
    return {
        "basis": ground.basis.value,
        "holds": ground.holds,
        "decides": ground.decides,
        "role": ground.role or None,
        "through": list(ground.through),
        "at": None if ground.at is None else str(ground.at),
        "written": ground.written or None,
        "note": ground.note or None,
        "until": None if ground.until is None else ground.until,
        "condition": part_to_json(ground.condition),
        "parts": [ground_to_json(each) for each in ground.parts],
    }
