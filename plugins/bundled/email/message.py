"""Builds one mail: headers that cannot be forged from values, a stable Message-ID, plain text and HTML parts."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import html
import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from plugins import ActionFailed, MadeFile

_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]+@[^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]+\Z")
_ENCODED = "=?"
"""Begins an encoded word (RFC 2047): the header would be written with what it stands for, line breaks and all."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def parse_address(text: str) -> Address:
    """Read `ann@example.com` or `Ann <ann@example.com>`.

    Raises:
        ActionFailed: it is not one address, or would start a new header.
    """
    if _CONTROL.search(text):
        raise ActionFailed(f"'{_CONTROL.sub(' ', text)}' is not a mail address", permanent=True)
    found = email.utils.getaddresses([text])
    name, spec = found[0] if len(found) == 1 else ("", "")
    if not _ADDRESS.match(spec) or _ENCODED in spec or len(spec) > 254:
        raise ActionFailed(f"'{text}' is not a mail address", permanent=True)
    user, _, domain = spec.rpartition("@")
    try:
        return Address(display_name=one_line(name), username=user, domain=domain.encode("idna").decode())
    except (UnicodeError, ValueError) as error:
        raise ActionFailed(f"'{text}' is not a mail address", permanent=True) from error


def build_message(
    *,
    sender: Address,
    to: Sequence[Address],
    cc: Sequence[Address],
    reply_to: Address | None,
    subject: str,
    body: str,
    key: str,
    domain: str,
    now: dt.datetime,
    files: Sequence[MadeFile] = (),
) -> EmailMessage:
    """Put a mail together; the same key gives the same Message-ID, so that servers and people can tell repeats."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = tuple(to)
    if cc:
        message["Cc"] = tuple(cc)
    if reply_to is not None:
        message["Reply-To"] = reply_to
    message["Subject"] = one_line(subject)
    message["Date"] = now
    message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"
    message["X-Fieldstone-Idempotency-Key"] = one_line(key)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    message.add_alternative(_as_html(body), subtype="html")
    for file in files:
        main, _, sub = file.type.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=one_line(file.name))
    return message


def one_line(text: str) -> str:
    """Take out of what becomes a header line breaks, control characters, and encoded words that could hold them."""
    return _CONTROL.sub(" ", text).replace(_ENCODED, "= ?").strip()[:900]


def _as_html(body: str) -> str:
    paragraphs = "".join(
        f"<p>{html.escape(part.strip()).replace(chr(10), '<br>')}</p>" for part in body.split("\n\n") if part.strip()
    )
    return f"<!doctype html><html><body>{paragraphs}</body></html>"
