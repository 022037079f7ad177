"""The rule action `generate document`: a template of the app, in Markdown, becomes a PDF.

It fetches nothing and writes nothing: what a template may see is asked from the record service, so the rights of the
rule's user hold, and the engine files what was made.
"""

from __future__ import annotations

from collections.abc import Sequence

from plugins import RuleAction, hookimpl
from plugins.bundled.documents.action import generate_document


@hookimpl
def rule_actions() -> Sequence[RuleAction]:
    """Add `generate document`."""
    return [
        RuleAction(
            name="generate_document", summary="Makes a PDF of a template.", run=generate_document, timeout_s=310.0
        )
    ]
