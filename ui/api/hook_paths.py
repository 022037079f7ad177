"""OpenAPI of received webhooks: how a call is signed and answered. Which ones there are is told to nobody."""

from __future__ import annotations

from typing import Any

from engine.automation.calls.webhooks import MOST_BYTES
from ui.api.value_schemas import Schema

_ANSWER: Schema = {
    "type": "object",
    "properties": {"accepted": {"const": True}, "repeated": {"type": "boolean"}},
    "required": ["accepted", "repeated"],
}


def hook_paths() -> dict[str, Any]:
    """Give the path that other systems call."""
    taken = {"application/json": {"schema": _ANSWER}}
    return {
        "/hooks/{webhook}": {
            "parameters": [
                {"name": "webhook", "in": "path", "required": True, "schema": {"type": "string"}},
                _header("X-Fieldstone-Timestamp", "Seconds since 1970 in which it was signed."),
                _header("X-Fieldstone-Signature", "HMAC-SHA256 of time, point and body with the secret."),
                _header("X-Fieldstone-Event", "Names the delivery, which is taken in once; or an `Idempotency-Key`."),
            ],
            "post": {
                "operationId": "receive_webhook",
                "tags": ["automation"],
                "summary": "Receive a webhook",
                "description": f"Starts the rules that wait for it; at most {MOST_BYTES:,} bytes.",
                "security": [],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {
                    "200": {"description": "This delivery came before.", "content": taken},
                    "202": {"description": "It is taken in.", "content": taken},
                    "default": {"$ref": "#/components/responses/Problem"},
                },
            },
        }
    }


def _header(name: str, text: str) -> Schema:
    return {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
