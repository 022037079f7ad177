"""Text types: text, long_text, email, phone, url. Values are texts as stored; none is changed but by `normalise`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import phonenumbers
import re2

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.several import ManyType
from metamodel.fields import FieldDef
from metamodel.masks import masked_email, masked_end

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_ALNUM = r"A-Za-z0-9\u00a1-\uffff"
_DOMAIN = f"(?:[{_ALNUM}](?:[{_ALNUM}-]{{0,61}}[{_ALNUM}])?\\.)+[A-Za-z\u00a1-\uffff]{{2,63}}"
_EMAIL = re.compile(f"{_LOCAL}@{_DOMAIN}\\Z")
_HOST = re.compile(f"[{_ALNUM}](?:[{_ALNUM}.-]{{0,252}}[{_ALNUM}])?\\Z")


class TextType(FieldType):
    """A text of one line."""

    name: str = "text"
    dsl_type: str = "text"
    widget: str = "text"
    keys = frozenset(("max_length", "pattern", "normalise", "encrypted", "external_id"))
    text_default: bool = True
    mask: Callable[[str], str] | None = staticmethod(masked_end)
    longest: int = 1_000
    one_line: bool = True

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.TEXT

    def several(self) -> FieldType | None:
        return ManyType(self) if "multiple" in self.keys else None

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        return normalise(text_of(raw), field.normalise) or None

    def stand(self, texts: Sequence[str], field: FieldDef) -> bool:
        if type(self) is not TextType or field.pattern is not None or field.normalise is not None:
            return False
        # Nothing that can't be stored, and no break of a line, is printable.
        fits = max(map(len, texts), default=0) <= (field.max_length or self.longest) and "".join(texts).isprintable()
        return fits and "" not in texts and not any(map(str.isspace, texts))

    def check(self, value: object, field: FieldDef) -> None:
        text = str(value)
        if _UNSTORABLE.search(text):
            raise FieldValueError("bad_character")
        if self.one_line and ("\n" in text or "\r" in text):
            raise FieldValueError("line_break")
        max_length = field.max_length or self.longest
        if len(text) > max_length:
            raise FieldValueError("too_long", length=len(text), max_length=max_length)
        if field.pattern is not None and not re2.fullmatch(field.pattern.text, text):
            raise FieldValueError("pattern", pattern=field.pattern.text)


class LongTextType(TextType):
    """A text of any number of lines."""

    name: str = "long_text"
    widget: str = "textarea"
    mask = None
    longest: int = 65_536
    one_line: bool = False

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        # Browsers send CRLF; one form inside, so that comparing and lengths do not depend on where a text came from.
        return normalise(text_of(raw).replace("\r\n", "\n").replace("\r", "\n"), field.normalise) or None


class EmailType(TextType):
    """An e-mail address."""

    name: str = "email"
    widget: str = "email"
    mask = staticmethod(masked_email)
    keys = TextType.keys | {"multiple"}
    longest: int = 254

    def check(self, value: object, field: FieldDef) -> None:
        super().check(value, field)
        if not _EMAIL.match(str(value)) or len(str(value).partition("@")[0]) > 64:
            raise FieldValueError("not_email")

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        return normalise(text_of(raw).strip(), field.normalise) or None


class UrlType(TextType):
    """A web address with http or https."""

    name: str = "url"
    widget: str = "url"
    mask = None
    keys = TextType.keys | {"multiple"}
    longest: int = 2_048

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        return normalise(text_of(raw).strip(), field.normalise) or None

    def check(self, value: object, field: FieldDef) -> None:
        super().check(value, field)
        text = str(value)
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
            _ = parts.port
        except ValueError as error:
            raise FieldValueError("not_url") from error
        is_ipv6 = ":" in host
        if parts.scheme not in ("http", "https") or " " in text or not (is_ipv6 or _HOST.match(host)):
            raise FieldValueError("not_url")


class PhoneType(TextType):
    """A phone number, kept as E.164; one without + is read as of the installation's country."""

    name: str = "phone"
    widget: str = "phone"
    keys = TextType.keys | {"multiple"}
    longest: int = 40

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        text = text_of(raw).strip()
        try:
            number = phonenumbers.parse(text, context.country)
        except phonenumbers.NumberParseException as error:
            no_country = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
            code = "phone_country" if no_country and not text.startswith("+") else "not_phone"
            raise FieldValueError(code) from error
        if not phonenumbers.is_possible_number(number):
            raise FieldValueError("not_phone")
        plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return f"{plain};ext={number.extension}" if number.extension else plain


def normalise(text: str, how: str | None) -> str:
    """Apply `normalise: trim | lower | upper | digits`."""
    match how:
        case "trim":
            return text.strip()
        case "lower":
            return text.lower()
        case "upper":
            return text.upper()
        case "digits":
            return "".join(character for character in text if character.isdigit())
    return text


def text_of(raw: object) -> str:
    """Give a raw value that must be a text.

    Raises: FieldValueError.
    """
    if isinstance(raw, str):
        return raw
    raise FieldValueError("not_text")
