"""What is read of a mail: charsets, parts, names, who it is for; and that nothing in one makes reading fail."""

from __future__ import annotations

import datetime as dt
import random
import time

import pytest

from engine.automation.mail_in.reading import ReceivedMail, read_mail
from engine.automation.mail_in.taking import addresses_for
from metamodel.apps import ConnectionDef
from metamodel.source import NOWHERE

GB = "From: 王 <wang@buyer.cn>\nSubject: 询价\nContent-Type: text/plain; charset=gb2312\n\n您好，请报价。\n".encode(
    "gb18030"
)
DEEP = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(50)) + b"\nx\n"


def text(*lines: str) -> ReceivedMail:
    return read_mail("\n".join(lines).encode())


def test_names_subjects_and_addresses_are_decoded() -> None:
    mail = text(
        'From: "=?utf-8?b?5p2O6Zu3?= (Sales)" <Li@Buyer.cn>',
        "To: =?utf-8?q?K=C3=B6ln?= <a@x.de>, b@x.de",
        "CC: c@x.de",
        "Subject: =?iso-8859-1?q?Gr=FC=DFe?=",
        " =?utf-8?b?4oKs?=",
        "Date: Sat, 21 Nov 2026 12:00:00 +0800",
        "Message-ID: <1@x.de>",
        "In-Reply-To: <0@x.de> (yours)",
        "",
        "Hello",
    )
    assert (mail.sender, mail.sender_name) == ("Li@Buyer.cn", "李雷 (Sales)")
    assert (mail.to, mail.cc, mail.subject) == (("a@x.de", "b@x.de"), ("c@x.de",), "Grüße€")
    assert mail.date == dt.datetime(2026, 11, 21, 4, tzinfo=dt.UTC)
    assert (mail.message_id, mail.in_reply_to, mail.text) == ("<1@x.de>", "<0@x.de>", "Hello")
    assert mail.sent_to == {"a@x.de", "b@x.de", "c@x.de"}


def test_a_text_in_a_chinese_charset_is_read() -> None:
    mail = read_mail(GB)
    assert (mail.sender, mail.text) == ("wang@buyer.cn", "您好，请报价。")


def test_html_is_harmless_and_files_are_names() -> None:
    mail = text(
        "Content-Type: multipart/mixed; boundary=m",
        "",
        "--m",
        "Content-Type: multipart/alternative; boundary=a",
        "",
        "--a",
        "Content-Type: text/html",
        "",
        '<p onclick="x()">Hi <b>you</b></p><script>alert(1)</script><img src="http://t.example/1.gif">',
        "--a--",
        "--m",
        'Content-Type: text/plain; name="=?utf-8?b?5oql5Lu3?=.txt"',
        "Content-Disposition: attachment",
        "",
        "a file",
        "--m",
        "Content-Type: message/rfc822",
        "",
        "Subject: inner",
        "",
        "inner text",
        "--m--",
    )
    assert (mail.html, mail.text) == ("<p>Hi <b>you</b></p>", "Hi you")
    assert mail.attachments == ("报价.txt", "message/rfc822")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "an automatic reply"),
        ("Auto-Submitted: no", ""),
        ("Precedence: auto_reply", "an automatic reply"),
        ("Precedence: list", ""),
        ("X-Autoreply: yes", "an automatic reply"),
        ("Return-Path: <>", "a report of a mail server"),
        ("Content-Type: multipart/report; boundary=x", "a report of a mail server"),
        ("X-Fieldstone-Idempotency-Key: r:1", "one of our own mails"),
        ("Message-ID: <a@b>", ""),
    ],
)
def test_mails_of_machines_are_known(headers: str, reason: str) -> None:
    assert text("From: a@b.cn", headers, "", "x").automatic == reason


def test_copies_are_the_same_mail_and_another_mail_with_its_id_is_not() -> None:
    one = ("From: a@b.cn", "Message-ID: <1@b>", "Date: Sat, 21 Nov 2026 12:00:00 +0800")
    same = text("Received: by x", *one, "", "x").identity
    assert text(*one, "", "x").identity == same
    assert text(*one[:2], "Date: Sun, 22 Nov 2026 12:00:00 +0800", "", "x").identity != same
    assert text("From: a@b.cn", "", "x").identity != text("From: a@b.cn", "", "y").identity


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ("To: HELP@x.cn", ("help@x.cn",)),
        ("To: a@b.cn\nCc: Sales <sales@x.cn>, help@x.cn", ("sales@x.cn", "help@x.cn")),
        ("To: list@b.cn\nDelivered-To: help@x.cn", ("help@x.cn",)),
        ("To: undisclosed:;", ("sales@x.cn",)),
        ("To: help@x.cn.evil.example", ("sales@x.cn",)),
        ('To: "help@x.cn" <a@b.cn>', ("sales@x.cn",)),
    ],
)
def test_a_mail_is_for_those_whom_it_names_or_for_the_first(headers: str, wanted: tuple[str, ...]) -> None:
    options = {"addresses": ["Sales@x.cn", "help@x.cn"]}
    box = ConnectionDef(name="inbox", app="shop", kind="mailbox", at=NOWHERE, options=options)
    assert addresses_for(box, text("From: a@b.cn", *headers.split("\n"), "", "x")) == wanted


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 1_000,
        b"Subject: \xff\xfe\r\nFrom: <<<>>>@@\r\nTo: " + b"a@b.cn," * 10_000 + b"\r\n\r\nx",
        b"Subject: =?nonsense?b?AAAA?= =?utf-8?b?!?=\nDate: yesterday\n\nx",
        b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n\nx",
        b"Content-Type: text/plain; charset=idna\n\n\xff" + b"x" * 300_000,
        b"Content-Type: text/plain; charset=punycode\n\n\xff" + b"-a9" * 500_000,
        b"Content-Type: multipart/mixed; boundary=\n\n--\n\nx",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 50_000,
        b"Content-Disposition: attachment; filename*0*=utf-8''%ff; filename*1=\"" + b"a" * 5_000 + b'"\n\nx',
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n=====\n",
        b"Content-Type: text/html\n\n" + b"<b>" * 60_000,
        b"Message-ID: " + b"<" * 20_000 + b"\nFrom: " + b"(" * 20_000 + b"\n\nx",
        DEEP,
        DEEP * 3 + b"x\n" * 200_000,
        b"Subject: a\r\n\x00\r\nBcc: x\r\n\r\n" + "\ud800".encode("utf-8", "surrogatepass"),
    ],
    ids=range(16),
)
def test_no_mail_makes_reading_fail_or_go_on_for_long(raw: bytes) -> None:
    begun = time.thread_time()
    mail = read_mail(raw)
    assert time.thread_time() - begun < 20
    told = "".join(str(value) for value in mail.names().values())
    assert len(told) < 400_000
    told.encode()
    assert "\x00" not in told
    assert "\n" not in mail.subject


def test_mails_of_random_bytes_and_of_cut_mails_are_read() -> None:
    chance = random.Random(7)
    whole = "\n".join(["From: a@b.cn", "Content-Type: multipart/mixed; boundary=m", "", "--m", "", "x", "--m--"])
    for _ in range(300):
        raw = bytearray(whole.encode()[: chance.randrange(len(whole))])
        for _ in range(chance.randrange(8)):
            raw.insert(chance.randrange(len(raw) + 1), chance.randrange(256))
        read_mail(bytes(raw))
