"""From the bytes of a mail to what rules know of it. Mails come from anybody: nothing in one makes this fail.

Bounded are the parts looked at, how deep they lie, and the length of each value; what cannot be decoded is read as well
as it can be. HTML keeps harmless formatting only.
"""

from __future__ import annotations

import datetime as dt
import email
import email.header
import email.parser
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, TypeVar

from metamodel.field_types.rich_text import plain_text, sanitised

Found = TypeVar("Found")
_MOST_LINES = 200_000
_MOST_BOUNDARIES = 60
_MOST_PARTS = 200
_DEEPEST = 20
_MOST_NAMES = 100
_MOST_HEADERS = 20
_LONGEST_LINE = 1_000
_LONGEST_TEXT = 100_000
_LONGEST_HTML = 200_000
_HEADER_READ = 20_000
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]+")
_BREAKS = re.compile(r"[\r\n\t]+")
_ID = re.compile(r"<[^<>\s]+>")
_CHARSETS = re.compile(
    r"(utf|us-ascii|ascii|latin|iso|windows|cp\d|gb|hz|big5|euc|shift|sjis|ks|koi8|tis|mac)[a-z0-9_-]*\Z", re.IGNORECASE
)
_DELIVERED = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
_OWN_KEY = "x-fieldstone-idempotency-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """A file that was attached."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """A mail. identity: the same for each copy of it. sent_to: all addresses it was for, in small letters.

    automatic: why it is an answer of a machine, or one of our own mails; '' for mails of people.
    """

    identity: str
    sender: str | None
    sender_name: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    sent_to: frozenset[str]
    subject: str
    text: str
    html: str | None
    date: dt.datetime | None
    message_id: str | None
    in_reply_to: str | None
    attachments: tuple[str, ...]
    files: tuple[MailFile, ...]
    automatic: str = ""

    def names(self) -> Mapping[str, Any]:
        """Give what rules know it by."""
        known = {
            "from": self.sender,
            "from_name": self.sender_name,
            "to": self.to,
            "cc": self.cc,
            "subject": self.subject or None,
            "text": self.text or None,
            "html": self.html,
            "date": self.date,
            "message_id": self.message_id,
            "in_reply_to": self.in_reply_to,
            "attachments": self.attachments,
        }
        return {f"mail.{name}": value for name, value in known.items()}


def read_mail(raw: bytes) -> ReceivedMail:
    """Read a mail; whatever the bytes are, there is an answer."""
    message = _guarded(lambda: _parsed(raw), Message())
    head = _Head(message)
    text, html, files = _Body(message).read()
    name, address = next(iter(head.people("from")), ("", ""))
    return ReceivedMail(
        identity=_identity(head, raw),
        sender=address or None,
        sender_name=name or None,
        to=tuple(each for _, each in head.people("to")),
        cc=tuple(each for _, each in head.people("cc")),
        sent_to=frozenset(each.lower() for name in _DELIVERED for _, each in head.people(name)),
        subject=head.line("subject"),
        text=text,
        html=html,
        date=head.moment(),
        message_id=head.id("message-id"),
        in_reply_to=head.id("in-reply-to"),
        attachments=tuple(each.name for each in files),
        files=files,
        automatic=_automatic(head, message),
    )


def _parsed(raw: bytes) -> Message:
    """Parse a mail. What parts within parts cost is their depth by its lines, so both are bounded beforehand."""
    if raw.count(b"\n") > _MOST_LINES:
        raw = b"\n".join(raw.split(b"\n", _MOST_LINES)[:_MOST_LINES])
    if raw.lower().count(b"boundary=") > _MOST_BOUNDARIES:
        return email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(raw)
    return email.message_from_bytes(raw, policy=email.policy.compat32)


class _Head:
    """The headers of a mail, decoded."""

    def __init__(self, message: Message) -> None:
        self._message = message

    def all(self, name: str) -> list[str]:
        found: list[object] = _guarded(lambda: list(self._message.get_all(name) or ()), [])
        return [_as_text(each) for each in found[:_MOST_HEADERS]]

    def line(self, name: str) -> str:
        return _clean(_decoded(next(iter(self.all(name)), "")), _LONGEST_LINE, one_line=True)

    def id(self, name: str) -> str | None:
        found = _ID.search(next(iter(self.all(name)), ""))
        return _clean(found[0], _LONGEST_LINE, one_line=True) if found is not None else None

    def people(self, name: str) -> list[tuple[str, str]]:
        """Give names and addresses. Addresses are read before names are decoded, so that a name cannot hide one."""
        pairs: list[tuple[str, str]] = _guarded(lambda: email.utils.getaddresses(self.all(name)), [])
        found = [(_clean(_decoded(who), 200, one_line=True), _clean(where, 254, one_line=True)) for who, where in pairs]
        return [(who, where) for who, where in found if "@" in where and " " not in where][:_MOST_NAMES]

    def moment(self) -> dt.datetime | None:
        found = _guarded(lambda: email.utils.parsedate_to_datetime(self.line("date")), None)
        if found is None:
            return None
        aware = found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
        return _guarded(lambda: aware.astimezone(dt.UTC), None)


class _Body:
    """The parts of a mail: its text, its HTML, what is attached."""

    def __init__(self, message: Message) -> None:
        self._message = message

    def read(self) -> tuple[str, str | None, tuple[MailFile, ...]]:
        text, html, files = "", "", list[MailFile]()
        for part in _parts(self._message):
            kind = _guarded(part.get_content_type, "text/plain")
            name = _guarded(part.get_filename, None)
            attached = _guarded(part.get_content_disposition, None) == "attachment"
            if attached or name or not kind.startswith("text/"):
                if len(files) < _MOST_NAMES:
                    shown = _clean(_decoded(str(name or "")), 255, one_line=True)
                    files.append(MailFile(name=shown or kind, content=_content(part)))
            elif kind == "text/html":
                html = html or _written(part)[:_LONGEST_HTML]
            else:
                text = text or _written(part)
        clean = sanitised(_clean(html, _LONGEST_HTML)) if html else None
        shown = text if text.strip() or clean is None else plain_text(clean)
        return _clean(shown, _LONGEST_TEXT).strip(), clean, tuple(files)


def _parts(message: Message) -> Iterator[Message]:
    """Give the parts that hold something, in their order; what is attached as a mail is one part."""
    waiting, seen = [(message, 0)], 0
    while waiting and seen < _MOST_PARTS:
        part, depth = waiting.pop(0)
        seen += 1
        # What holds no parts is not asked for its content here: that would be decoded by whatever it names.
        inner = part.get_payload() if part.is_multipart() else None
        if _guarded(part.get_content_maintype, "text") == "multipart" and isinstance(inner, list):
            if depth < _DEEPEST:
                waiting = [(each, depth + 1) for each in inner[:_MOST_PARTS] if isinstance(each, Message)] + waiting
        else:
            yield part


def _content(part: Message) -> bytes:
    """Give the bytes of what is attached; those of an attached mail are the mail."""
    if part.is_multipart():
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        return _guarded(first.as_bytes, b"") if isinstance(first, Message) else b""
    raw: object = _guarded(lambda: part.get_payload(decode=True), None)
    return raw if isinstance(raw, bytes) else b""


def _written(part: Message) -> str:
    raw = _content(part)
    charset = str(_guarded(part.get_content_charset, None) or "utf-8")
    return _in_charset(raw, {"gb2312": "gb18030", "gbk": "gb18030"}.get(charset, charset))


def _in_charset(raw: bytes, charset: str) -> str:
    """Decode bytes; what names no charset of mails, or one that decodes slowly, is read as UTF-8."""
    known = charset if _CHARSETS.match(charset) else "utf-8"
    return _guarded(lambda: raw.decode(known, "replace"), raw.decode("utf-8", "replace"))


def _decoded(text: str) -> str:
    """Give a header with its encoded words (RFC 2047) as they read."""

    def decode() -> str:
        parts = email.header.decode_header(text)
        return "".join(part if isinstance(part, str) else _in_charset(part, charset or "") for part, charset in parts)

    return _guarded(decode, text)


def _as_text(header: object) -> str:
    return _guarded(lambda: str(header)[:_HEADER_READ], "")


def _clean(text: str, longest: int, *, one_line: bool = False) -> str:
    """Take out what no database keeps; line ends are one character."""
    shorter = _UNREADABLE.sub("", text[: 2 * longest].replace("\r\n", "\n").replace("\r", "\n"))
    return (_BREAKS.sub(" ", shorter).strip() if one_line else shorter)[:longest]


def _identity(head: _Head, raw: bytes) -> str:
    """Give what makes mails the same: their id, with sender and date, since some programs use one id for all."""
    message_id = head.id("message-id")
    if message_id is None:
        return hashlib.sha256(raw).hexdigest()
    parts = (message_id, *head.all("from")[:1], *head.all("date")[:1])
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def _automatic(head: _Head, message: Message) -> str:
    """Say why a mail is none of a person: an answer to it could go round for ever."""
    if head.all(_OWN_KEY):
        return "one of our own mails"
    submitted = head.line("auto-submitted").lower()
    if submitted and not submitted.startswith("no"):
        return "an automatic reply"
    kind = _guarded(message.get_content_type, "text/plain")
    returned = [each.strip() for each in head.all("return-path")]
    if kind == "multipart/report" or "<>" in returned:
        return "a report of a mail server"
    if head.all("x-autoreply") or head.all("x-autorespond") or head.line("precedence").lower() == "auto_reply":
        return "an automatic reply"
    return ""


def _guarded(read: Callable[[], Found], otherwise: Found) -> Found:
    """Give what is read of a mail, or something else where the parser stumbles over it."""
    try:
        return read()
    except Exception:  # the parser raises almost anything on what hostile mails hold
        return otherwise
