"""POST /forms/{form}: what a public form brings, from anybody, without a log-in; it tells of its own mistakes only."""

from __future__ import annotations

from flask import Response, request

from engine.intake.forms import TRAP, Filled
from metamodel.texts import label_text
from ui.api.answers import json_answer
from ui.api.body import read_object
from ui.api.parameters import read_parameters
from ui.auth import anonymous
from ui.context import language, platform, release


@anonymous
def submit_form(form_name: str) -> Response:
    """Take a form in: 201 with its thanks, also where the trap was filled and nothing was kept."""
    read_parameters(())
    forms = platform().intake.forms
    form = forms.require(form_name, release())
    values = read_object()
    trap = str(values.pop(TRAP, None) or "")
    tongue = language()
    forms.submit(form_name, Filled(values=values, address=request.remote_addr or "", language=tongue, trap=trap))
    return json_answer({"accepted": True, "thanks": label_text(form.thanks, tongue, "")}, 201)
