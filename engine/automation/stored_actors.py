"""What a run keeps of who caused it; what that person may do is read again at each step."""

from __future__ import annotations

from typing import Any

from engine.access.actor import Actor, Origin
from engine.automation.program import Program


def stored_actor(actor: Actor, program: Program) -> dict[str, Any]:
    """Give what a run keeps of who caused it; rights are read again at each step.

    What the product or a rule `as system` saves, nobody saved: the run it starts has the roles of `automation:`.
    """
    return {
        "user_id": actor.user_id,
        "system": actor.is_system and actor.origin is not Origin.RULE,
        "name": actor.name,
        "language": actor.language,
        "on_behalf_of": actor.on_behalf_of,
        "runs_as": program.runs_as,
    }
