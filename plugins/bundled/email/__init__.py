"""The rule action `send email`, the function `email_domain`, and mail boxes: mail out by SMTP, mail in by IMAP.

What comes of a mail that is read is decided by whoever asked for it. What a template may see is asked from the record
service, so the rights of the rule's user hold.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from plugins import ExpressionFunction, MailReader, PluginPage, RuleAction, StartContext, hookimpl
from plugins.bundled.email.action import send_email
from plugins.bundled.email.domain import email_domain
from plugins.bundled.email.imap import open_imap
from plugins.bundled.email.page import sending_page

_LOG = logging.getLogger("fieldstone.plugins.email")


@hookimpl
def rule_actions() -> Sequence[RuleAction]:
    """Add `send email`."""
    return [RuleAction(name="send_email", summary="Sends a mail made from a template.", run=send_email)]


@hookimpl
def expression_functions() -> Sequence[ExpressionFunction]:
    """Add `email_domain`."""
    return [
        ExpressionFunction(
            name="email_domain",
            parameters=(("address", "text"),),
            result="text",
            call=email_domain,
            summary="The part of a mail address after the @, in lower case; empty where there is none.",
            example=('email_domain("Ann@Example.COM")', "example.com"),
        )
    ]


@hookimpl
def mail_readers() -> Sequence[MailReader]:
    """Add mail boxes that speak IMAP."""
    return [MailReader(kind="mailbox", summary="Reads a mail box by IMAP.", open=open_imap)]


@hookimpl
def pages() -> Sequence[PluginPage]:
    """Add the page of how mail leaves."""
    return [sending_page()]


@hookimpl
def on_start(context: StartContext) -> None:
    """Say once, at the start, when mail is not set up."""
    if not context.settings["host"]:
        _LOG.info("no mail server is set (FIELDSTONE_PLUGIN_EMAIL_HOST); mails of rules are listed, not sent")


@hookimpl
def on_stop() -> None:
    """Say that no more mail goes out from here."""
    _LOG.debug("mail out is stopped")
