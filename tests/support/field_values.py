"""Values that each field type takes or refuses, raw as they come, and how to make a field of a type."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from metamodel.field_types import ValueContext, standard_field_types
from metamodel.fields import ChoiceDef, FieldDef, OptionDef, RelationDef, RelationKind
from metamodel.source import NOWHERE
from metamodel.values import Duration, Money, Ref

TYPES = standard_field_types()
CHINA = ValueContext(currency="CNY", country="CN", timezone="Asia/Shanghai")
OPTIONS = ChoiceDef(options=(OptionDef(name="won", at=NOWHERE), OptionDef(name="lost", at=NOWHERE, active=False)))


def field(type_: str, **options: object) -> FieldDef:
    given_options: dict[str, object] = {"name": "x", "type": type_, "app": "a", "at": NOWHERE}
    if type_ == "choice":
        given_options["choice"] = OPTIONS
    if type_ in ("lookup", "child_of", "user"):
        targets = options.pop("targets", ("account",))
        given_options["relation"] = RelationDef(kind=RelationKind(type_), targets=targets, at=NOWHERE)  # type: ignore[arg-type]
    return FieldDef(**(given_options | options))  # type: ignore[arg-type]


def parse(type_: str, raw: object, **options: object) -> object:
    return TYPES.parse(raw, field(type_, **options), CHINA)


GOOD: list[tuple[str, object, object]] = [
    ("text", "阀门", "阀门"),
    ("text", "  kept  ", "  kept  "),
    ("long_text", "a\r\nb\rc", "a\nb\nc"),
    ("email", " ann@example.com ", "ann@example.com"),
    ("email", "安@例子.公司".replace("安", "an"), "an@例子.公司"),
    ("phone", "138 0013 8000", "+8613800138000"),
    ("phone", "+1 650-253-0000", "+16502530000"),
    ("phone", "+49 30 901820 ext. 12", "+4930901820;ext=12"),
    ("url", "https://例子.cn/路?a=1", "https://例子.cn/路?a=1"),
    ("url", "http://[::1]:8080/x", "http://[::1]:8080/x"),
    ("integer", "12", 12),
    ("integer", 12, 12),
    ("integer", "1e3", 1000),
    ("integer", 12.0, 12),
    ("decimal", "1234.5", Decimal("1234.5")),
    ("decimal", 0.1, Decimal("0.1")),
    ("decimal", "-.5", Decimal("-0.5")),
    ("decimal", "1.23450000", Decimal("1.2345")),
    ("percent", "20%", Decimal("0.2")),
    ("percent", "12.5 %", Decimal("0.125")),
    ("percent", "0.2", Decimal("0.2")),
    ("percent", Decimal("0.2"), Decimal("0.2")),
    ("money", "12.50 CNY", Money(Decimal("12.50"), "CNY")),
    ("money", "12.50", Money(Decimal("12.50"), "CNY")),
    ("money", 12, Money(Decimal(12), "CNY")),
    ("money", {"amount": "3.1", "currency": "EUR"}, Money(Decimal("3.1"), "EUR")),
    ("money", {"amount": "3.1"}, Money(Decimal("3.1"), "CNY")),
    ("money", {"amount": "", "currency": "EUR"}, None),
    ("money", Money(Decimal(1), "USD"), Money(Decimal(1), "USD")),
    ("boolean", "on", True),
    ("boolean", "False", False),
    ("boolean", 1, True),
    ("boolean", True, True),
    ("date", "2026-11-21", date(2026, 11, 21)),
    ("date", date(2026, 11, 21), date(2026, 11, 21)),
    ("datetime", "2026-11-21T09:00", datetime(2026, 11, 21, 1, 0, tzinfo=UTC)),
    ("datetime", "2026-11-21 09:00:30Z", datetime(2026, 11, 21, 9, 0, 30, tzinfo=UTC)),
    ("datetime", "2026-11-21T09:00:00.25+02:00", datetime(2026, 11, 21, 7, 0, 0, 250_000, tzinfo=UTC)),
    ("rich_text", "<p>Hi <b>you</b></p>", "<p>Hi <b>you</b></p>"),
    ("rich_text", "<p onclick='x()'>Hi<script>alert(1)</script></p>", "<p>Hi</p>"),
    ("rich_text", "1 < 2 & 3", "1 &lt; 2 &amp; 3"),
    ("rich_text", "<p> </p>", None),
    (
        "rich_text",
        '<a href="javascript:x()">a</a><img src=x onerror=x()>b',
        '<a rel="noopener noreferrer nofollow">a</a>b',
    ),
    ("color", " #1A73E8 ", "#1a73e8"),
    ("color", "#fc0", "#ffcc00"),
    ("barcode", "4 006381-333931", "4006381333931"),
    ("barcode", "96385074", "96385074"),
    ("rating", "5", 5),
    ("time", "09:30", time(9, 30)),
    ("time", "23:59:59.5", time(23, 59, 59, 500_000)),
    ("duration", "1:30", Duration(seconds=Decimal(5400))),
    ("duration", "PT1H30M", Duration(seconds=Decimal(5400))),
    ("duration", "1h 30m", Duration(seconds=Decimal(5400))),
    ("duration", "1.5 hours", Duration(seconds=Decimal(5400))),
    ("duration", "2 小时", Duration(seconds=Decimal(7200))),
    ("duration", "3 days", Duration(seconds=Decimal(259_200))),
    ("duration", "-0:05", Duration(seconds=Decimal(-300))),
    ("duration", Duration(days=Decimal(1)), Duration(seconds=Decimal(86_400))),
    ("choice", "won", "won"),
    ("choice", "lost", "lost"),
    ("lookup", "0193-ab", "0193-ab"),
    ("lookup", {"id": "0193-ab", "title": "ACME"}, "0193-ab"),
    ("lookup", Ref("account", "0193"), "0193"),
    ("child_of", "account:0193", "0193"),
    ("user", "0193", "0193"),
]


BAD: list[tuple[str, object, str]] = [
    ("text", 12, "not_text"),
    ("text", ["a"], "not_text"),
    ("text", "a\nb", "line_break"),
    ("text", "a\x00b", "bad_character"),
    ("text", "\ud800", "bad_character"),
    ("text", "x" * 1_001, "too_long"),
    ("long_text", "x" * 65_537, "too_long"),
    ("email", "ann@", "not_email"),
    ("email", "ann@example", "not_email"),
    ("email", "a b@example.com", "not_email"),
    ("email", "ann@example.com\nbcc: all@example.com", "line_break"),
    ("email", "ann@-example.com", "not_email"),
    ("phone", "abc", "not_phone"),
    ("phone", "12", "not_phone"),
    ("url", "javascript:alert(1)", "not_url"),
    ("url", "https://", "not_url"),
    ("url", "https://exa mple.com", "not_url"),
    ("url", "https://example.com:port/", "not_url"),
    ("url", "//example.com", "not_url"),
    ("integer", "1.5", "not_integer"),
    ("integer", True, "not_integer"),
    ("integer", "1,000", "not_integer"),
    ("integer", "１２", "not_integer"),
    ("integer", 2**63, "too_large"),
    ("integer", "9e99", "too_large"),
    ("decimal", "NaN", "not_number"),
    ("decimal", float("inf"), "not_number"),
    ("decimal", Decimal("Infinity"), "not_number"),
    ("decimal", "1.23456", "too_many_digits"),
    ("decimal", "1e99", "too_large"),
    ("decimal", "99999999999999999", "too_large"),
    ("decimal", {}, "not_number"),
    ("percent", "20 %%", "not_percent"),
    ("percent", "12.345%", "too_many_digits"),
    ("money", "12.50 RMBs", "not_currency"),
    ("money", "CNY 12", "not_money"),
    ("money", {"amount": "1", "currency": 7}, "not_currency"),
    ("money", {"value": 1}, "not_money"),
    ("money", "¥12", "not_money"),
    ("boolean", "maybe", "not_boolean"),
    ("boolean", 2, "not_boolean"),
    ("boolean", [], "not_boolean"),
    ("date", "21.11.2026", "not_date"),
    ("date", "2026-02-30", "not_date"),
    ("date", "2026-11-21T09:00", "not_date"),
    ("date", datetime(2026, 11, 21, tzinfo=UTC), "not_date"),
    ("date", 20261121, "not_date"),
    ("datetime", "2026-11-21", "not_datetime"),
    ("datetime", "2026-11-21T25:00", "not_datetime"),
    ("datetime", "0001-01-01T00:00+14:00", "not_datetime"),
    ("rich_text", 7, "not_text"),
    ("rich_text", "x" * 65_537, "too_long"),
    ("color", "red", "not_color"),
    ("color", "#12345", "not_color"),
    ("color", "#１２３", "not_color"),
    ("color", 255, "not_color"),
    ("barcode", "4006381333932", "barcode_digit"),
    ("barcode", "12345", "not_barcode"),
    ("barcode", "４００６３８１３", "not_barcode"),
    ("barcode", 4006381333931, "not_text"),
    ("rating", 0, "not_rating"),
    ("rating", 6, "not_rating"),
    ("rating", "2.5", "not_integer"),
    ("time", "9:30", "not_time"),
    ("time", "24:00", "not_time"),
    ("time", "09:30+01:00", "not_time"),
    ("time", 930, "not_time"),
    ("duration", "90", "not_duration"),
    ("duration", 90, "not_duration"),
    ("duration", "1:75", "not_duration"),
    ("duration", "2 months", "not_duration"),
    ("duration", Duration(months=Decimal(1)), "no_fixed_length"),
    ("duration", "PT99999999999S", "not_duration"),
    ("choice", "wonn", "unknown_option"),
    ("choice", ["won"], "unknown_option"),
    ("lookup", 7, "not_record"),
    ("lookup", "a b", "not_record"),
    ("lookup", {"id": 7}, "not_record"),
    ("lookup", "contact:0193", "wrong_object"),
    ("autonumber", "OPP-1", "computed"),
    ("rollup", "1", "computed"),
]
