"""Which rules touched a record and which did not, each with its reason, the first false part and the values."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.automation.insight.views import RuleStanding
from engine.errors import UnknownObject
from metamodel.values import Money
from tests.support.automation import do_runs, person, publish_rules, shop

RULES = """
    rule big when deal.stage changes to "won" if amount >= 100 and not note is empty then set note = "big"
    rule cheap when deal is created if amount < 10 or count > 5 then log "cheap"
    rule lost when deal.stage changes to "lost" then log "lost"
    rule gone when deal is deleted then log "gone"
    rule crossing when deal.count rises above 10 then log "crossed"
    rule dated when 7 days after deal.sent_on then log "a week"
    rule nightly every day at 09:00 for each deal where stage = "open" and amount > 1000 then log "x"
    rule resting when deal is updated then log "never" inactive
    rule cleaned before deal is saved if name = "A" then set count = 3
    rule hush when deal is created if secret = "s" and amount > 1 then log "secret"
    rule of_lines when line is created then update deal { discount: 10% }
"""


@pytest.mark.promise("RUN-17")
def test_a_record_lists_what_touched_it_what_looked_and_what_never_did_with_reasons_and_values(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, RULES) as platform:
        boss, rep = person(platform, "b", "boss"), person(platform, "a", "rep")
        deal = platform.records.create(boss, "deal", {"name": "A", "amount": "50", "note": "x"}).record
        platform.records.update(boss, "deal", deal.id, {"stage": "proposal"})
        platform.records.update(boss, "deal", deal.id, {"stage": "won", "count": 4})
        platform.records.create(boss, "line", {"deal": deal.id, "name": "L"})
        do_runs(platform, waits_too=False)
        told = platform.automation.insight.of_record(boss, "deal", deal.id)
        found = {each.rule: each for each in told.rules}
        assert {name: each.standing.value for name, each in found.items()} == {
            "of_lines": "ran",
            "cleaned": "ran",
            "big": "looked",
            "cheap": "looked",
            "lost": "looked",
            "crossing": "looked",
            "hush": "looked",
            "nightly": "looked",
            "gone": "never fired",
            "dated": "never fired",
            "resting": "off",
        }
        big = found["big"]
        assert big.reason == "Its condition was false."
        first = big.looks[0].because
        assert first is not None
        assert (first.text, first.value) == ("amount >= 100", False)
        assert [(part.text, part.value) for part in first.parts] == [("amount", Money(Decimal(50), "CNY"))]
        other = "The change was another one than its trigger waits for."
        assert [look.reason for look in big.looks[1:]] == [other, other]
        change = found["lost"].looks[0].change
        assert change is not None
        assert (change.field, change.old, change.new) == ("stage", "proposal", "won")
        either = found["cheap"].looks[0].because
        assert either is not None
        assert [part.text for part in either.parts] == ["amount < 10", "count > 5"]
        assert found["crossing"].reason == "The record did not come to match."
        assert found["gone"].reason == "Its trigger never fired: what it waits for has not happened to this record."
        assert found["dated"].reason == "Its time is not known: 'sent_on' is empty."
        assert found["resting"].reason == "The rule is inactive."
        night = found["nightly"].looks[0].because
        assert night is not None
        assert night.text == 'stage = "open"'
        assert [run.rule for run in found["of_lines"].runs] == ["of_lines"]
        hidden = {each.rule: each for each in platform.automation.insight.of_record(rep, "deal", deal.id).rules}
        masked = hidden["hush"].looks[0].because
        assert masked is not None
        assert masked.masked
        assert masked.value is None


def test_who_may_not_read_the_record_is_told_nothing_and_a_rule_that_came_later_says_so(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, 'rule old when deal is created if amount > 5 then log "x"') as platform:
        stranger = person(platform, "s")
        deal = platform.records.create(system_actor(), "deal", {"name": "A", "amount": "1"}).record
        with pytest.raises(UnknownObject):
            platform.automation.insight.of_record(stranger, "deal", deal.id)
        publish_rules(
            platform,
            tmp_path,
            'rule old when deal is created if amount > 0 then log "x"\nrule new when deal is created then log "y"',
        )
        rules = {
            each.rule: each for each in platform.automation.insight.of_record(system_actor(), "deal", deal.id).rules
        }
        # Judged by the text it had then.
        assert rules["old"].standing is RuleStanding.LOOKED
        assert rules["new"].standing is RuleStanding.NEVER
        assert rules["new"].reason == "The rule was not there yet when the record was saved."


def test_conditions_are_judged_with_other_records_as_they_were(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule r when deal is updated if exists(lines where quantity > 3) and reviewer.name = "old" then log "x"
    """
    with shop(database_url, tmp_path, rules) as platform:
        system, look = system_actor(), platform.automation.insight.of_record
        reviewer = person(platform, "old")
        deal = platform.records.create(system, "deal", {"name": "A", "reviewer": reviewer.user_id}).record
        line = platform.records.create(system, "line", {"deal": deal.id, "name": "L", "quantity": 5}).record
        platform.records.update(system, "deal", deal.id, {"note": "first"})
        platform.records.update(system, "line", line.id, {"quantity": 1})
        platform.records.update(system, "user", str(reviewer.user_id), {"name": "new"})
        platform.records.update(system, "deal", deal.id, {"note": "second"})
        (rule,) = look(system, "deal", deal.id).rules
        assert [each.matched for each in rule.looks if each.trigger == "deal is updated"][:1] == [False]
        assert rule.looks[-1].matched


def test_a_rule_that_fills_what_was_empty_is_told_as_having_acted(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule usual before deal is saved if discount is empty then set discount = 5%
        rule other before deal is saved if note is empty and amount > 10 then set note = "big" else set count = 1
    """
    with shop(database_url, tmp_path, rules) as platform:
        boss, insight = person(platform, "b", "boss"), platform.automation.insight
        filled = platform.records.create(boss, "deal", {"name": "A", "amount": "50"}).record.id
        typed = platform.records.create(boss, "deal", {"name": "B", "amount": "1", "discount": "7%"}).record.id
        of_filled = {each.rule: each for each in insight.of_record(boss, "deal", filled).rules}
        assert (of_filled["usual"].standing, of_filled["other"].standing) == (RuleStanding.RAN, RuleStanding.RAN)
        assert of_filled["usual"].reason == "It acted in the save."
        part = of_filled["usual"].looks[0].condition
        assert part is not None
        assert part.value is True
        of_typed = {each.rule: each for each in insight.of_record(boss, "deal", typed).rules}
        assert of_typed["usual"].standing is RuleStanding.LOOKED
        blames = {each.field: each for each in insight.blame(boss, "deal", filled)}
        assert [blames[name].setter.value for name in ("discount", "note", "amount")] == [
            "rule in the save",
            "rule in the save",
            "person",
        ]
        assert {each.field: each.setter.value for each in insight.blame(boss, "deal", typed)}["discount"] == "person"
