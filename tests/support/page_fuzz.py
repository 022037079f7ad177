"""Made-up values for the forms and parameters of pages: what pages take is read from pages and sources themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.routing import Rule

from tests.support.sources import REPOSITORY

_ASKED = re.compile(r"""(?:args|form|given|values|posted|asked)(?:\.get(?:list)?\(|\[)\s*"([A-Za-z_][\w-]*)\"""")
ODD: Sequence[str] = (
    "",
    " ",
    "\t\n",
    "0",
    "-1",
    "²",
    "٣",
    "１",
    "9" * 30,
    "9" * 5_000,
    "-" * 300,
    "1e999",
    "NaN",
    "Infinity",
    "0x1F",
    "1_000",
    "true",
    "on",
    "null",
    "None",
    "[]",
    "{}",
    '{"a":',
    '{"a": 1e400}',
    "[" * 2_000,
    "(" * 2_000,
    "a" * 70_000,
    "\u0661\u0662",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    "2026-02-30",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "24:61",
    "99999 years",
    "01900000-0000-7000-8000-000000000000",
    "not-an-id",
    "../../etc/passwd",
    "/..//",
    "//evil.example/",
    "\\evil",
    "name = ",
    "name = 1",
    "sum(name)",
    "{name}",
    "{{ 7 * 7 }}",
    "%s%n",
    "' OR 1=1 --",
    '"><script>x()</script>',
    "\u202e\u2028\ufeff",
    "\U0001f600" * 50,
    "e\u0301",
    "\ud7ff\ufffe",
    "\r\nSet-Cookie: a=b",
    "名" * 500,
    "user",
    "id",
    "deleted_at",
    "version",
    "owner",
    "__class__",
    "-name,-name",
    ",,,",
    "name,name",
    "1,000.50",
    "12.345678901234",
    "€5",
    "99999999999999999999 CNY",
    "CNY",
    "ann@example.com",
    "=1+1",
    "account:read",
    "Asia/Nowhere",
    "zh-TW",
    "1 hour",
    "PT1H",
)  # A query string need not be UTF-8, nor whole.
RAW = ("%ff%fe", "%", "%zz", "%u0041", "%C0%80", "a%00b", "&&&=&", "=", "%F0%9F", "+" * 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of a page: where it goes, and what it sends as it stands."""

    method: str
    action: str
    values: tuple[tuple[str, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What it sends, but for the token that shows it is ours."""
        return tuple(dict.fromkeys(name for name, _ in self.values if name != "csrf_token"))


@dataclass(slots=True)
class _Open:
    method: str
    action: str
    values: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.asked: list[str] = []
        self._page = page
        self._open: _Open | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note forms, what stands in them, and the addresses of links and fragments."""
        given = {name: value or "" for name, value in attributes}
        self.asked += [
            given[name]
            for name in ("href", "hx-get")
            if given.get(name, "").startswith("/") and "/static/" not in given[name]
        ]
        if tag == "form":
            self._close()
            self._open = _Open(given.get("method", "get").upper(), given.get("action") or self._page)
        if self._open is None:
            return
        name = given.get("name") or (self._select if tag == "option" else "")
        if tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and name and "selected" in given:
            self._open.values.append((name, given.get("value", "")))
        elif tag in ("input", "textarea", "button") and name:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given or tag == "button":
                self._open.values.append((name, given.get("value", "on")))
            else:
                self._open.values.append((name, ""))

    def handle_endtag(self, tag: str) -> None:
        """End a form."""
        if tag == "form":
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            values = tuple(self._open.values)
            self.forms.append(Form(method=self._open.method, action=self._open.action, values=values))
        self._open = None


def read_page(text: str, address: str) -> tuple[list[Form], list[str]]:
    """Give the forms of a page, and the addresses that it leads to."""
    found = _Forms(address)
    found.feed(text)
    found.close()
    return found.forms, found.asked


def names_in_sources() -> tuple[str, ...]:
    """Give every name that the sources of the pages ask an address or a form for."""
    texts = (path.read_text("utf-8") for path in sorted((REPOSITORY / "ui").rglob("*.py")))
    return tuple(sorted({name for text in texts for name in _ASKED.findall(text)}))


@dataclass(slots=True)
class PageFuzzer:
    """Makes calls: addresses with other parameters, forms with other values.

    forms: by method and route and names, so that each kind of form counts once. addresses: of pages, by route.
    """

    chance: Random
    names: Sequence[str]
    forms: dict[tuple[str, ...], Form] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)

    def learn(self, rule: Rule | str, address: str, text: str) -> None:
        """Take in a page: its own address, its forms, and the parameters that its links have."""
        self.addresses.setdefault(str(rule), []).append(address)
        forms, asked = read_page(text, address)
        for form in forms:
            route = re.sub(r"[0-9a-f-]{36}", "ID", urlsplit(form.action).path)
            self.forms.setdefault((form.method, route, *form.names), form)
        for each in asked:
            if "?" in each:
                self.addresses.setdefault(str(rule), []).append(each)

    def calls(self, count: int) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
        """Give so many calls: method, address, and what its form sends; every form and route comes up in turn."""
        routes, forms = sorted(self.addresses), sorted(self.forms)
        for number in range(count):
            if number % 2 and forms:
                yield self._form(self.forms[forms[number // 2 % len(forms)]])
            else:
                known = self.addresses[routes[number // 2 % len(routes)]]
                yield "GET", self._address(self.chance.choice(known)), []

    def _address(self, address: str) -> str:
        path, _, query = address.partition("?")
        pairs = [(name, self._odd(value)) for name, value in parse_qsl(query, keep_blank_values=True)]
        pairs += [(self.chance.choice(self.names), self._odd("")) for _ in range(self.chance.choice((1, 1, 2, 4)))]
        self.chance.shuffle(pairs)
        raw = f"&{self.chance.choice(self.names)}={self.chance.choice(RAW)}" if self.chance.random() < 0.15 else ""
        return f"{path}?{urlencode(pairs, errors='replace')}{raw}"

    def _form(self, form: Form) -> tuple[str, str, list[tuple[str, str]]]:
        changed = set(self.chance.sample(form.names, min(len(form.names), self.chance.choice((1, 1, 2, 30)))))
        values = [(name, self._odd(value) if name in changed else value) for name, value in form.values]
        match self.chance.randrange(6):
            case 0 if values:
                values = [pair for pair in values if pair[0] == "csrf_token" or self.chance.random() < 0.5]
            case 1 if form.names:
                values.append((self.chance.choice(form.names), self._odd("")))
            case 2:
                values.append((self.chance.choice(self.names), self._odd("")))
        if form.method == "GET":
            return "GET", f"{form.action.partition('?')[0]}?{urlencode(values, errors='replace')}", []
        return form.method, form.action, values

    def _odd(self, value: str) -> str:
        odd = self.chance.choice(ODD)
        return value[: len(value) // 2] + odd if self.chance.random() < 0.2 else odd
