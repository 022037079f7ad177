"""Hands a mail to the operator's mail server by SMTP, and tells failures that pass from those that stay."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage

from plugins import ActionFailed


class SmtpMailer:
    """A Mailer over one connection a mail."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._host = str(settings["host"])
        self._port = int(str(settings["port"]))
        self._security = str(settings["security"])
        self._username = str(settings["username"] or "")
        self._password = str(settings["password"] or "")
        self._timeout_s = float(str(settings["timeout_s"]))

    def send(self, message: EmailMessage, recipients: Sequence[str]) -> None:
        """Send it.

        Raises:
            ActionFailed: permanent where the server answered 5xx, else to be tried again.
        """
        try:
            with self._connect() as server:
                if self._username:
                    server.login(self._username, self._password)
                refused = server.send_message(message, to_addrs=list(recipients))
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refused(error.recipients) from error
        except smtplib.SMTPResponseException as error:
            raise ActionFailed(_said(error.smtp_code, error.smtp_error), permanent=error.smtp_code >= 500) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ActionFailed(f"the mail server {self._host}:{self._port} did not take it: {error}") from error
        if refused:
            raise self._refused(refused)

    def _connect(self) -> smtplib.SMTP:
        if self._security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_s, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)
        if self._security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _refused(self, recipients: Mapping[str, tuple[int, bytes]]) -> ActionFailed:
        address, (code, text) = next(iter(recipients.items()))
        permanent = all(answer[0] >= 500 for answer in recipients.values())
        return ActionFailed(f"{address}: {_said(code, text)}", permanent=permanent)


def _said(code: int, text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"the mail server answered {code} {shown}"
