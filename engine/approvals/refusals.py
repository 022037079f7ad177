"""What approvals refuse, with a stable code and a sentence for people."""

from __future__ import annotations

from engine.approvals.messages import say
from engine.errors import EngineError


class ApprovalRefused(EngineError):
    """A request can't be made or moved like this; nothing was written. code: stable, for programs."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class RequestNotFound(EngineError):
    """There is no such request, or the actor may not see it: both look the same."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        super().__init__(f"There is no approval request '{request_id}'.")


def refused(code: str, language: str, **parts: object) -> ApprovalRefused:
    """Make a refusal in the language of who asked."""
    return ApprovalRefused(code, say(code, language, **parts))
