"""The rule action `send sms`: fill the template once, and hand it to the gateway for each number that lacks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plugins import ActionContext, ActionDone, ActionFailed, TemplateSource
from plugins.bundled.email.action import fill
from plugins.bundled.sms.gateway import Gateway, Sms


def send_sms(context: ActionContext, inputs: Mapping[str, object]) -> ActionDone:
    """Send one SMS to each number.

    inputs: template (TemplateSource), gateway (its options, with its name), secret (or None), to (E.164 numbers),
    without (who has no number, as sentences).

    Raises:
        ActionFailed: the template is wrong, or the gateway did not take some; the others have theirs.
    """
    template, gateway = inputs["template"], inputs["gateway"]
    assert isinstance(template, TemplateSource)
    assert isinstance(gateway, Mapping)
    numbers, without = _texts(inputs["to"]), _texts(inputs["without"])
    left_out = f"; not sent to all: {'; '.join(without)}" if without else ""
    if not numbers:
        return ActionDone(summary=f"nobody to write to: {'; '.join(without)}", delivered=False)
    text = _text(template, context)
    door = Gateway(gateway, str(inputs["secret"]) if inputs.get("secret") else None)
    failures = []
    for number in numbers:
        if context.parts.is_sent(number):
            continue
        try:
            door.send(Sms(number=number, text=text, key=f"{context.idempotency_key}:{number}"), context)
        except ActionFailed as failed:
            failures.append((number, failed))
        else:
            context.parts.note(number)
    if failures:
        raise _together(failures, left_out)
    shown = ", ".join(numbers)
    return ActionDone(summary=f"sent to {shown}{left_out}", value={"to": shown, "text": text, "without": list(without)})


def _text(template: TemplateSource, context: ActionContext) -> str:
    _, body = fill(template, context)
    text, most = body.strip(), int(str(context.settings["max_characters"]))
    if not text:
        raise ActionFailed(f"template '{template.name}' makes an empty text", permanent=True)
    if len(text) > most:
        reason = f"template '{template.name}' makes {len(text)} characters; an SMS has {most} at most"
        raise ActionFailed(reason, permanent=True)
    return text


def _together(failures: Sequence[tuple[str, ActionFailed]], left_out: str) -> ActionFailed:
    """Give one failure for some: to be tried again where that helps one of them."""
    reason = "; ".join(f"{number}: {failed.reason}" for number, failed in failures) + left_out
    waits = [failed.retry_after_s for _, failed in failures if failed.retry_after_s is not None]
    permanent = all(failed.permanent for _, failed in failures)
    return ActionFailed(reason, permanent=permanent, retry_after_s=max(waits, default=None))


def _texts(given: object) -> tuple[str, ...]:
    assert isinstance(given, Sequence)
    return tuple(map(str, given))
