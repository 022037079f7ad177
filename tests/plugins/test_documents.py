"""`generate document`: what its PDFs show, what values and templates can't do to them, and where they end."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest

from plugins import ActionDone, ActionFailed, MoneyAmount, MoneyText, OptionText, Plain, Share, TemplateSource
from plugins.discovery import bundled_candidates
from plugins.loading import LoadedPlugin
from plugins.manager import PluginManager
from plugins.testing import FixedRecord, action_context, check_plugin

RECORD: dict[str, Plain] = {
    "number": "Q-7",
    "name": "# Evil | <b>x</b> {{ 7 * 7 }} ![a](http://127.0.0.1/y.png) **bold** [x](http://e.example)\n- no list",
    "on": dt.date(2026, 11, 22),
    "at": dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC),
    "total": MoneyAmount(Decimal("12345.6"), "CNY"),
    "euro": MoneyText(Decimal("3.5"), "EUR"),
    "rate": Share("0.205"),
    "count": 12345,
    "stage": OptionText("won", "赢单"),
    "open": True,
    "long": "word " * 20_000,
    "wide": "中文" * 30_000,
    "emoji": "a😀שלוםb\ue000\uf123",
}


@pytest.fixture(scope="module")
def plugin() -> LoadedPlugin:
    found = PluginManager.load(candidates=bundled_candidates(), environment={}).find_action("generate_document")
    assert found is not None
    return found[0]


def _made(
    plugin: LoadedPlugin,
    body: str,
    *,
    lists: Mapping[str, Sequence[Mapping[str, Plain]]] | None = None,
    settings: Mapping[str, object] | None = None,
    front: Mapping[str, Any] | None = None,
) -> ActionDone:
    template = TemplateSource(name="offer", body=body, **{"subject": "Quote {{ record.number }}", **(front or {})})
    context = action_context(plugin, records=FixedRecord(values=RECORD, lists=lists or {}), settings=settings)
    return plugin.actions[0].run(context, {"template": template})


def _pages(done: ActionDone) -> list[str]:
    assert done.file is not None
    document = pypdfium2.PdfDocument(io.BytesIO(done.file.content))
    return [page.get_textpage().get_text_range() for page in document]


def test_the_plugin_keeps_its_contract() -> None:
    assert [fault for each in bundled_candidates() if each.name == "documents" for fault in check_plugin(each)] == []


def test_values_stand_as_the_templates_language_writes_them(plugin: LoadedPlugin) -> None:
    body = (
        "{{ record.on }}; {{ record.at }}; {{ record.on | date('long') }}; {{ record.total }}; {{ record.euro }}; "
        "{{ record.rate }}; {{ record.count }}; {{ record.stage }}; {{ record.open }}; {{ record.count | number(2) }}"
    )
    (chinese,) = _pages(_made(plugin, body, front={"language": "zh", "footer": ""}))
    (english,) = _pages(_made(plugin, body, front={"language": "en", "footer": ""}))
    assert " ".join(chinese.split()) == (
        "2026年11月22日; 2026年11月22日 08:30; 2026年11月22日; ¥12,345.60; EUR 3.50; 20.5%; 12,345; 赢单; 是; 12,345.00"
    )
    assert " ".join(english.split()) == (
        "Nov 22, 2026; Nov 22, 2026 08:30; November 22, 2026; ¥12,345.60; EUR 3.50; 20.5%; 12,345; 赢单; Yes; 12,345.00"
    )


def test_rows_of_lists_fill_tables_over_pages_that_are_numbered(plugin: LoadedPlugin) -> None:
    rows: list[dict[str, Plain]] = [
        {"product.name": f"Pump {number} 水泵 | <x>", "quantity": number} for number in range(90)
    ]
    body = (
        "# 报价单\n\n| Product | Quantity |\n| :-- | --: |\n"
        "{% for line in record.lines if line.quantity > 0 %}\n| {{ line.product.name }} | {{ line.quantity }} |\n"
        "{% endfor %}\n\n{{ record.lines | length }} rows\n"
    )
    front = {
        "header": "Shop 商店|{{ record.number|upper }}",
        "footer": "|{{ page }} of {{ pages }}",
        "paper": "A5 landscape",
    }
    pages = _pages(_made(plugin, body, lists={"lines": rows}, front=front))
    assert len(pages) > 3
    assert all("Product Quantity" in page and "Shop 商店 Q-7" in page for page in pages)
    assert [f"{number} of {len(pages)}" in page for number, page in enumerate(pages, 1)] == [True] * len(pages)
    whole = " ".join("\n".join(pages).split())
    assert "报价单" in pages[0]
    assert "Pump 1 水泵 | <x> 1" in whole
    assert "Pump 89 水泵 | <x> 89" in whole
    assert "Pump 0 " not in whole
    assert "90 rows" in pages[-1]


def test_what_stands_in_values_is_text(plugin: LoadedPlugin) -> None:
    done = _made(plugin, "{{ record.name }}\n\n| a | b |\n|-|-|\n| {{ record.name }} | c |\n", front={"footer": ""})
    (page,) = _pages(done)
    assert page.count("{{ 7 * 7 }}") == 2
    assert "**bold**" in page
    assert "# Evil | <b>x</b>" in page
    assert done.file is not None
    # No link and no image came of it.
    assert b"/URI" not in done.file.content
    assert b"/Subtype /Image" not in done.file.content


def test_characters_without_a_glyph_are_boxes_and_told(plugin: LoadedPlugin) -> None:
    done = _made(plugin, "{{ record.emoji }}", front={"footer": ""})
    assert _pages(done) == ["a□□□□□b□□"]
    assert "without a glyph" in done.summary


def test_the_same_values_give_the_same_bytes(plugin: LoadedPlugin) -> None:
    first, second = (_made(plugin, "# {{ record.number }}\n\n- a\n- 中\n\n> q\n\n---\n\n1. x\n") for _ in range(2))
    assert first.file is not None
    assert first.file == second.file
    assert first.file.content.startswith(b"%PDF-")


REFUSED = {
    "![a](http://127.0.0.1/x.png)": "is not fetched",
    "![a]({{ record.number }})": "is not fetched",
    "![a](file:///etc/passwd)": "is not fetched",
    "![a](record.__class__/../x)": "is not fetched",
    "{{ record.nmber }}": "'nmber' is not a field",
    "{% for line in record.lnes %}{{ line.name }}{% endfor %}": "'lnes' is not a field",
    "{% for line in record.lines %}{% for each in record.lines %}{% endfor %}{% endfor %}": "a loop in a loop",
    "{% for line in record.many %}{{ line.name }}{% endfor %}": "more than 5,000 rows",
    "{{ record.number.__class__ }}": "not a field",
    "{{ ''.__class__ }}": "can",
    "{% set a = 1 %}": "uses set",
    "{% include 'x' %}": "an include",
    "{{ 'a' * 10 ** 9 }}": "power",
    "|" + "a|" * 30 + "\n|" + "-|" * 30: "30 columns",
    "| a |\n|-|\n| {{ record.long }} |": "fits on no page",
    "# a\n" * 9_000: "more than 300 pages",
}


@pytest.mark.parametrize("body", REFUSED)
def test_documents_end_where_they_may(plugin: LoadedPlugin, body: str) -> None:
    with pytest.raises(ActionFailed, match=REFUSED[body]) as refused:
        _made(plugin, body, lists={"lines": [{"name": "a"}], "many": [{"name": "a"}] * 5_001})
    assert refused.value.permanent


def test_long_texts_break_over_pages(plugin: LoadedPlugin) -> None:
    assert len(_pages(_made(plugin, "{{ record.long }}"))) > 10
    assert len(_pages(_made(plugin, "{{ record.wide }}"))) > 10


def test_a_document_that_takes_too_long_is_refused(plugin: LoadedPlugin) -> None:
    with pytest.raises(ActionFailed, match="making_s") as refused:
        _made(plugin, "# a\n" * 500, settings={"making_s": 0.000001})
    assert refused.value.permanent
