"""How many statements a request of the sales app sends, dbos' included; they are the same text each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.access.actor import Actor, system_actor
from engine.errors import QueryProblem
from engine.platform import Platform
from engine.records.types import ListQuery, Lookups, SortKey
from engine.settings import PlatformSettings
from engine.storage.dialect import Dialect

SALES = Path(__file__).resolve().parents[3] / "sample_apps" / "sales"
SECRET = "a secret of the tests only, long enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """The sales app with a rep, the rep's manager and an account."""

    platform: Platform
    rep: Actor
    account: str

    @property
    def writes_together(self) -> bool:
        """Whether what a save writes goes as one statement."""
        return self.platform.database.dialect is Dialect.POSTGRESQL

    def deal(self, **values: object) -> str:
        """Make a deal of the rep's."""
        given = {"name": "Pumps", "account": self.account, "amount": "100", "close_date": "2030-01-01", **values}
        return self.platform.records.create(self.rep, "opportunity", given, confirm=None).record.id

    def sent(self, act: Callable[[], object]) -> list[str]:
        """Give the statements of an act."""
        with self.platform.database.statements.recording() as sent:
            act()
        return list(sent)


@pytest.fixture(scope="module")
def sales(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sales]:
    folder = tmp_path_factory.mktemp("statements")
    settings = PlatformSettings(
        database_url=module_database_url, data_folder=folder / "data", secret_key=SECRET, testing=True
    )
    platform = Platform.open(settings)
    try:
        platform.apply_release([SALES], author="test")
        records, system = platform.records, system_actor()
        boss = records.create(system, "user", {"name": "Max", "email": "max@example.com"}).record.id
        user = {"name": "Ann", "email": "ann@example.com", "manager": boss}
        made = records.create(system, "user", user).record.id
        rep = Actor(user_id=made, login="ann", name="Ann", roles=frozenset({"sales_rep"}), manager_id=boss)
        account = records.create(rep, "account", {"name": "ACME"}).record.id
        yield Sales(platform=platform, rep=rep, account=account)
    finally:
        platform.close()


def test_a_get_and_a_list_send_one_statement(sales: Sales) -> None:
    deal = sales.deal()
    records = sales.platform.records
    query = ListQuery(object="opportunity", filter="amount > 10", sort=(), fields=("name", "account", "amount"))
    for act in (
        lambda: records.get(sales.rep, "opportunity", deal),
        lambda: records.list(sales.rep, query).json_bytes(),
    ):
        act()
        assert len(sales.sent(act)) == 1


def test_a_create_without_parents_figures_sends_at_most_four(sales: Sales) -> None:
    def create() -> None:
        contact = {"name": "Li", "account": sales.account}
        sales.platform.records.create(sales.rep, "contact", contact)

    create()
    assert len(sales.sent(create)) <= (2 if sales.writes_together else 4)


def test_a_create_that_moves_its_accounts_figures_sends_at_most_six(sales: Sales) -> None:
    sales.deal()
    before = sales.platform.records.get(sales.rep, "account", sales.account)["open_deals"]
    first, second = sales.sent(sales.deal), sales.sent(sales.deal)
    assert len(first) <= (2 if sales.writes_together else 6)
    assert first == second
    assert sales.platform.records.get(sales.rep, "account", sales.account)["open_deals"] == before + 2  # type: ignore[operator]


def test_a_rule_that_a_new_record_starts_knows_the_number_it_was_given(sales: Sales) -> None:
    deal = sales.deal(amount="900000000", stage="qualify")
    number = sales.platform.records.get(sales.rep, "opportunity", deal)["number"]
    run = sales.platform.system.run
    with sales.platform.database.read() as connection:
        (kept,) = connection.execute(select(run.c.snapshot).where(run.c.record_id == deal)).scalars()
    assert kept["facts"]["new"]["number"] == number


def test_an_update_that_fires_one_rule_sends_one_for_its_run_and_none_to_the_durable_engine(sales: Sales) -> None:
    records = sales.platform.records

    def update(deal: str) -> Callable[[], object]:
        return lambda: records.update(sales.rep, "opportunity", deal, {"stage": "proposal"}, confirm=None)

    deals = [sales.deal(amount="900000000", stage="qualify") for _ in range(2)]
    update(deals[0])()
    sent = sales.sent(update(deals[1]))
    assert any("fs_run" in text for text in sent), "the rule did not fire"
    assert not any("workflow_status" in text or "dbos." in text for text in sent)
    assert len(sent) <= (2 if sales.writes_together else 5)


def test_a_form_with_what_all_its_lookups_offer_is_asked_for_by_two(sales: Sales) -> None:
    deal = sales.deal()

    def form() -> None:
        with sales.platform.records.reading(sales.rep) as transaction:
            state = transaction.form_state("opportunity", deal, {})
            assert state.title == "Pumps"
            own = Lookups(object="opportunity", names=state.lookups, values=state.values)
            rows = Lookups(object="opportunity_line", names=("product",), values={"opportunity": deal})
            offered, of_rows = transaction.choices_of([own, rows])
            assert offered["account"][0].title == "ACME"
            assert of_rows == {"product": []}

    form()
    assert len(sales.sent(form)) == 2


def test_another_record_asks_for_its_choices_by_the_statement_that_is_kept(sales: Sales) -> None:
    records = sales.platform.records
    one, other = (records.create(sales.rep, "account", {"name": name}).record.id for name in ("One", "Other"))
    for account, name in ((one, "Wang"), (one, "Li"), (other, "Zhao")):
        records.create(sales.rep, "contact", {"name": name, "account": account})

    def offered(deal: str) -> list[str]:
        with records.reading(sales.rep) as transaction:
            state = transaction.form_state("opportunity", deal, {})
            (found,) = transaction.choices_of([Lookups(object="opportunity", names=("contact",), values=state.values)])
            return [choice.title for choice in found["contact"]]

    deals = [sales.deal(account=one), sales.deal(account=other), sales.deal(account=None)]
    assert offered(deals[0]) == ["Li", "Wang"]
    statements = records.parts(sales.platform.releases.current()).asked
    kept = len(statements)
    assert offered(deals[1]) == ["Zhao"]
    assert len(statements) == kept
    assert offered(deals[2]) == []
    records.create(sales.rep, "contact", {"name": "Nobody's"})
    assert offered(deals[2]) == ["Nobody's"]


def test_parts_of_a_record_whose_form_was_judged_are_asked_for_by_one_more(sales: Sales) -> None:
    deal = sales.deal()

    def form() -> None:
        with sales.platform.records.reading(sales.rep) as transaction:
            transaction.form_state("opportunity", deal, {})
            assert not transaction.related("opportunity", deal, "lines").rows

    form()
    assert len(sales.sent(form)) == 2


def test_choices_are_given_for_the_lookups_that_are_asked_for_only(sales: Sales) -> None:
    with sales.platform.records.reading(sales.rep) as transaction:
        every = transaction.form_state("opportunity", None, {}).lookups
        (some,) = transaction.choices_of([Lookups(object="opportunity", names=("account",), values={})])
        none = sales.sent(lambda: transaction.choices_of([Lookups(object="opportunity", names=(), values={})]))
        for name in ("name", "nothing"):
            with pytest.raises(QueryProblem):
                transaction.choices_of([Lookups(object="opportunity", names=(name,), values={})])
    assert {"account", "contact"} <= {*every}
    assert some.keys() == {"account"}
    assert none == []


def test_choices_stand_as_lists_sort_titles_and_hold_the_words_typed(sales: Sales) -> None:
    records = sales.platform.records
    for name in ("zeta works", "Alpha Works", "beta Works", "阿里 works"):
        records.create(sales.rep, "account", {"name": name})
    by_name = ListQuery(object="account", sort=(SortKey(path="name"),), fields=("name",))
    listed = [row.title for row in records.list(sales.rep, by_name).rows]
    assert [choice.title for choice in records.choices(sales.rep, "opportunity", "account")] == listed
    assert listed.index("Alpha Works") < listed.index("beta Works") < listed.index("zeta works")
    found = records.choices(sales.rep, "opportunity", "account", "WORKS a")
    assert [choice.title for choice in found] == [
        name for name in listed if "works" in name.lower() and "a" in name.lower()
    ]


def test_a_picker_given_what_is_no_record_offers_nothing_of_others(sales: Sales) -> None:
    records = sales.platform.records
    account = records.create(sales.rep, "account", {"name": "Lone"}).record.id
    records.create(sales.rep, "contact", {"name": "Sun", "account": account})
    for given in ("nonsense", "\0", "", "01a200ff-7b06-710a-9ea1-9c0cbdf7fc3a", None):
        found = records.choices(sales.rep, "opportunity", "contact", "sun", values={"account": given})
        assert list(found) == []
    found = records.choices(sales.rep, "opportunity", "contact", "sun", values={"account": account})
    assert [choice.title for choice in found] == ["Sun"]
