"""What a refused save says is said in the reader's language and of the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import ValidationFailed
from tests.support.deals import Deals


def test_a_validation_names_its_field_in_the_readers_language(deals: Deals) -> None:
    reader = replace(deals.ann, language="zh")
    with pytest.raises(ValidationFailed) as refused:
        deals.records.create(reader, "deal", {"name": "Pumps", "opened": "2026-02-01", "close": "2026-01-01"})
    assert [(error.field, error.message) for error in refused.value.errors] == [("close", "日期颠倒。")]


def test_a_message_is_filled_with_the_record_in_the_readers_language(deals: Deals) -> None:
    account = deals.records.create(deals.ann, "account", {"name": "Acme"}).record.id
    values = {"name": "Pumps", "account": account, "amount": "1234.5", "discount": "20%", "factor": "9000.5"}
    told = {}
    for tongue in ("en", "zh"):
        with pytest.raises(ValidationFailed) as refused:
            deals.records.create(replace(deals.ann, language=tongue), "deal", values)
        told[tongue] = [error.message for error in refused.value.errors]
    assert told == {
        "en": ["Pumps (Open, Acme) of 1,234.50 CNY less 20% has 9000.5 {much}."],
        "zh": ["Pumps（进行中，Acme）1,234.50 CNY，折扣 20%：9000.5。"],
    }


def test_a_refused_move_names_what_is_possible_in_the_readers_language(deals: Deals) -> None:
    deal = deals.deal(stage="lost")
    told = {}
    for tongue in ("en", "zh"):
        with pytest.raises(ValidationFailed) as refused:
            deals.records.update(replace(deals.cara, language=tongue), "deal", deal, {"stage": "sent"})
        told[tongue] = {error.code: error.message for error in refused.value.errors}
    assert told["en"] == {
        "transition": "This can't change from 'Lost' to 'Sent'; possible: Open.",
        "option_requires": "This must be filled in for 'Sent'.",
    }
    assert told["zh"] == {
        "transition": "不能从“丢单”变为“已发送”；可选：进行中。",
        "option_requires": "“已发送”要求填写此项。",
    }
