"""The rule action `send email`: fill the template, build the mail, hand it to the mail server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.headerregistry import Address

from plugins import ActionContext, ActionDone, ActionFailed, PathUnknown, TemplateSource
from plugins.bundled.email.message import build_message, one_line, parse_address
from plugins.bundled.email.smtp import SmtpMailer
from plugins.bundled.email.templates import nest, record_paths, render


def send_email(context: ActionContext, inputs: Mapping[str, object]) -> ActionDone:
    """Send one mail to all recipients.

    inputs: template (TemplateSource), to (sequence of addresses, doubles and empties already gone) and, where something
    goes along, files (MadeFile). must_leave: without a mail server it fails, instead of saying what was not sent.

    Raises:
        ActionFailed: an address or the template is wrong, or the server did not take it.
    """
    template = inputs["template"]
    assert isinstance(template, TemplateSource)
    to = _addresses(inputs["to"])
    if not to:
        return ActionDone(summary="nobody to write to: every recipient is empty", delivered=False)
    files = inputs.get("files") or ()
    assert isinstance(files, Sequence)
    subject, body = fill(template, context)
    shown = ", ".join(address.addr_spec for address in to)
    if not context.settings["host"]:
        reason = "no mail server is set (FIELDSTONE_PLUGIN_EMAIL_HOST)"
        if inputs.get("must_leave"):
            raise ActionFailed(f"not sent to {shown}: {reason}; retry the run once it is", permanent=True)
        value = {"to": shown, "subject": one_line(subject)}
        return ActionDone(summary=f"not sent to {shown}: {reason}", value=value, delivered=False)
    cc = [parse_address(text) for text in template.cc]
    message = build_message(
        sender=parse_address(_sender(template, context)),
        to=to,
        cc=cc,
        reply_to=parse_address(template.reply_to) if template.reply_to else None,
        subject=subject,
        body=body,
        key=context.idempotency_key,
        domain=str(context.settings["message_id_domain"]),
        now=context.now,
        files=files,
    )
    SmtpMailer(context.settings).send(message, [address.addr_spec for address in (*to, *cc)])
    value = {"to": shown, "subject": one_line(subject), "message_id": str(message["Message-ID"])}
    along = f" with {', '.join(one_line(file.name) for file in files)}" if files else ""
    return ActionDone(summary=f"'{one_line(subject)}'{along} sent to {shown}", value=value)


def fill(template: TemplateSource, context: ActionContext) -> tuple[str, str]:
    """Give subject and text with the values that the rule's user may read."""
    paths = record_paths(template.subject, template.body)
    try:
        record = nest(context.records.read(paths, template.language)) if paths else {}
    except PathUnknown as error:
        raise ActionFailed(f"template '{template.name}': {error}", permanent=True) from error
    values: dict[str, object] = {
        "record": record,
        "user": dict(context.user),
        "app": dict(context.app_settings),
        "url": lambda *_: context.records.url(),
    }
    subject = render(template.subject, values, html=False)
    return subject, render(template.body, values, html=False)


def _addresses(given: object) -> list[Address]:
    assert isinstance(given, Sequence)
    found = {address.addr_spec.lower(): address for address in map(parse_address, map(str, given))}
    return list(found.values())


def _sender(template: TemplateSource, context: ActionContext) -> str:
    sender = template.sender or str(context.settings["sender"] or "")
    if not sender:
        raise ActionFailed("no sender is set: neither in the template (from) nor as plugin setting", permanent=True)
    return sender
