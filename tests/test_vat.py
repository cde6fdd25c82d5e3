"""Who bears VAT: the bill of a private person and of a business, at home, rented and bought."""

from datetime import UTC, datetime

import numpy as np
import pytest

from service.answers.question import AskedComparison, AskedDecision
from service.answers.told import tell_comparison, tell_decision
from service.reports.words.vat import vat_sentences
from service.reports.words.wording import wording
from service.usecases import compare_home_with_cloud
from service.usecases.candidate_plans import household_of_request, plans_of_request
from service.usecases.deciding import decide
from service.usecases.finding import find_workload
from service.usecases.levers import Parts
from service.usecases.market_days import NO_MARKET

ASKED_AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
RUN = "gpt2-124m"


@pytest.fixture(scope="module")
def snapshot(catalog_copy):
    from service.store.session import Sessions, engine_for
    from service.store.snapshot import load

    engine = engine_for(catalog_copy())
    yield load(Sessions(engine))
    engine.dispose()


@pytest.fixture(scope="module")
def compared(snapshot):
    def ask(**asked):
        return compare_home_with_cloud(snapshot, AskedComparison.of(workload=RUN, **asked), ASKED_AT)

    return ask


def sides(comparison):
    home = next(o for o in comparison.options if o.kind == "home")
    return home, next(o for o in comparison.options if o.kind == "cloud")


def said(comparison):
    told = tell_comparison(comparison)
    return " ".join(vat_sentences(wording("en"), told.vat, told.first("home"), told.first("cloud")))


def tax_input(option):
    return next(i.figure for i in option.inputs if i.figure.name in ("vat_on_rent", "cloud_run.tax_share"))


def test_a_private_person_pays_nineteen_percent_more_rent_than_a_business_in_germany(compared):
    private, business = compared(), compared(buyer="business")
    rent, net = sides(private)[1].cost, sides(business)[1].cost
    assert rent.total.p50 == pytest.approx(net.total.p50 * 1.19)
    assert rent.cash.p50 == pytest.approx(net.cash.p50 * 1.19)
    assert rent.amount("tax") == pytest.approx(net.total.p50 * 0.19)
    assert not any(item.code == "tax" for item in net.items)
    assert "19%" in said(private) and "without VAT" in said(business)


def test_a_business_pays_no_vat_on_electricity(compared):
    home, _ = sides(compared())
    net, _ = sides(compared(buyer="business"))
    assert home.cost.total.p50 == pytest.approx(net.cost.total.p50 * 1.19, rel=1e-6)
    shares = [i.figure for i in net.inputs if i.figure.name == "electricity_vat_share"]
    assert [(f.value, bool(f.source.title)) for f in shares] == [(0.19, True)]
    belgium = [sides(compared(country="BE", buyer=who))[0].cost.total.p50 for who in ("private", "business")]
    assert belgium[0] == pytest.approx(belgium[1] * 1.06, rel=1e-6), "the reduced rate of electricity"


def test_what_a_business_says_of_its_price_is_taken_as_without(compared):
    told = compared(buyer="business", kwh_price="0.25")
    assert sides(told)[0].cost.total.p50 == pytest.approx(sides(compared(kwh_price="0.25"))[0].cost.total.p50)
    assert "taken as without VAT" in said(told)
    by_clock = {"kind": "time_of_use", "windows": [{"from_hour": 0, "until_hour": 24, "per_kwh": "0.3"}]}
    assert "taken as without VAT" in said(compared(buyer="business", tariff=by_clock))


def test_sales_tax_of_a_state_is_said_and_not_guessed(compared):
    there = compared(country="US-CA")
    assert not any(item.code == "tax" for item in sides(there)[1].cost.items)
    assert "Sales tax is not in the rent" in said(there)
    assert (tax_input(sides(there)[1]).low, tax_input(sides(there)[1]).high) == (0, 0.27)
    assert "Türkiye is not known" in said(compared(country="TR"))
    still = said(compared(country="US-CA", buyer="business"))
    assert "still in it" in still


def test_ones_own_tax_wins(compared):
    told = compared(rent_terms={"tax_share": 0.07})
    assert sides(told)[1].cost.tax_factor == pytest.approx(1.07)
    assert "7% tax, as you said" in said(told) and tax_input(sides(told)[1]).basis == "user"
    none = compared(buyer="business", rent_terms={"tax_share": 0.07})
    assert sides(none)[1].cost.tax_factor == pytest.approx(1.07)


def test_a_price_of_which_nobody_told_whether_vat_is_in_it_is_in_doubt(compared, snapshot):
    told = compared(cloud="8xh100-sxm")
    assert sides(told)[1].rental.provider.price_vat is None
    figure = tax_input(sides(told)[1])
    assert (figure.value, figure.low, figure.high, figure.basis) == (0.19, 0.0, 0.19, "assumed")
    offers = snapshot.offers
    slug = next(
        offers.slug[i] for i in range(len(offers)) if offers.provider[i] == "lambda" and offers.gpu[i] >= 0
    )
    known = sides(compared(cloud=slug))[1]
    assert known.rental.provider.price_vat == "net" and tax_input(known).basis == "published"
    doubt = [o.cost.total.p50 / o.cost.total.p10 for o in (sides(told)[1], known)]
    hours = [o.hours.p50 / o.hours.p10 for o in (sides(told)[1], known)]
    assert doubt[0] / hours[0] > doubt[1] / hours[1]
    assert "whether Hyperstack" in said(told) and "as shown is without it" in said(compared(cloud=slug))


def test_the_verdict_turns_at_a_rent_as_it_is_shown(compared):
    """At that rent per hour, without VAT, both cost the same."""
    private = compared()
    home, rented = sides(private)
    hours, other = rented.cost.split(("rent", "set_up", "idle", "interruptions", "commitment"))
    at = float(private.break_even.rent_per_hour)
    assert (at * hours + other) * 1.19 == pytest.approx(home.cost.total.p50)


@pytest.fixture(scope="module")
def decided(snapshot):
    def ask(**asked):
        return decide(snapshot, AskedDecision.of(workload=RUN, **asked), ASKED_AT)

    return ask


def bought(decision):
    return next(r.option for r in decision.shortlist if r.way == "buy")


def test_a_new_card_at_a_dated_price_bears_vat_and_is_sold_without(decided):
    private = bought(decided(buy=["rtx-4090=new"], own=[])).purchase
    business = bought(decided(buy=["rtx-4090=new"], own=[], buyer="business")).purchase
    assert float(private.price) == pytest.approx(float(business.price) * 1.19)
    assert float(private.resale) == pytest.approx(float(business.resale))
    assert private.price_range.p90 == pytest.approx(business.price_range.p90 * 1.19)
    assert private.resale_share.value == pytest.approx(business.resale_share.value / 1.19)
    option = bought(decided(buy=["rtx-4090=new"], own=[]))
    assert option.cost.cash.p50 >= float(private.price)
    assert [i.figure.value for i in option.inputs if i.figure.name == "vat_share"] == [0.19]


@pytest.mark.parametrize("wish", ["rtx-4090=used", "rtx-4090=1500"])
def test_a_used_card_and_ones_own_price_bear_none(decided, wish):
    private, business = (bought(decided(buy=[wish], own=[], buyer=who)) for who in ("private", "business"))
    assert private.purchase.price == business.purchase.price and private.purchase.vat is None


def test_plans_and_their_bills_bear_the_same_vat(decided, snapshot):
    told = tell_decision(decided())
    assert told.vat.share == 0.19 and told.vat.buyer == "private" and told.vat.source and told.vat.as_of
    for plan in told.shortlist:
        if plan.plan == "rent":
            tax = next(item for item in plan.cost.items if item.code == "tax")
            assert tax.unit_price == pytest.approx(0.19)
            assert sum(i.p50 for i in plan.cost.items if i.p50) == pytest.approx(plan.cost.p50, rel=2e-3)


def test_a_rent_moves_its_plans_with_their_vat(snapshot):
    """The part of every plan's money that follows the rent is its lines with 19 %; of a business without."""
    parts = {}
    for buyer in ("private", "business"):
        asked = AskedDecision.of(workload=RUN, buyer=buyer)
        household = household_of_request(snapshot, asked, ASKED_AT.date(), NO_MARKET)
        plans = plans_of_request(snapshot, asked, find_workload(snapshot, RUN), household, ASKED_AT.date())
        parts[buyer] = Parts.of(plans, 1.0)
    rented = parts["business"].rent > 0
    assert rented.any()
    ratio = parts["private"].rent[rented] / parts["business"].rent[rented]
    assert np.allclose(ratio, 1.19)


def test_german_says_the_same(compared):
    told = tell_comparison(compared(country="AT"))
    lines = vat_sentences(wording("de"), told.vat, told.first("home"), told.first("cloud"))
    assert "20 % Mehrwertsteuer" in lines[0]
