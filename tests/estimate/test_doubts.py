"""Every doubt that is stated is in the interval: by hand, one offer as many, and against drawing."""

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decide.frontier import CERTAIN, Futures, Limits, probability_within
from service.estimate.cloud_bill import CloudTerms, Doubt, Rented, cloud_bill
from service.estimate.cloud_futures import cloud_futures
from service.estimate.debugging import debugging_of, with_debugging
from service.estimate.home_bill import HomeTerms, Purchase, cash_needed, home_bill
from service.estimate.interval import Interval, around, certain
from service.estimate.quantile import QUANTILE_90
from service.estimate.rent_moves import FURTHEST, MIDDLE, SHARES, Looks, RentMove, RentMoves, moves_seen
from service.estimate.rental import cloud_terms, rented_cost, terms_inputs
from service.estimate.tariff import flat, with_solar
from service.facts import Figure, given_by_user
from service.store.rent_moves import shipped_moves
from tests.facts_for_tests import D32, GERMANY, OFFER, RATES, SOURCE, shipped_catalog

TODAY = date(2026, 11, 28)
FIGURES = {figure.name: figure for figure in shipped_catalog().figures}
PLAIN = CloudTerms(0, 0, 1000, 0, 0, 0.1, 0, 0, 1, 0)
IDLE = Doubt("idle_share", replace(PLAIN, idle_share=0), replace(PLAIN, idle_share=0.3))


def rented(n=1, *, price=10.0, spot=False, term=0.0, moved=None):
    zeros = np.zeros(n)
    return Rented(
        np.full(n, price), np.full(n, spot), np.full(n, term), zeros, zeros, np.full(n, np.nan),
        np.full(n, np.nan), rent_doubt=moved,
    )  # fmt: skip


def bill(terms, offers=None, hours=100.0):
    return cloud_bill(np.full((3, 1), hours), offers or rented(), terms)


def alone(run, offer, terms, rent_today=None):
    found = rented_cost(run, offer, None, currency="EUR", rates=RATES, terms=terms, rent_today=rent_today)
    return found.cost, found.calendar_hours


def ends(of):
    return pytest.approx([float(end) for end in of[:, 0]])


def test_idle_hours_between_none_and_three_in_ten_by_hand():
    """100 h at 10 and a tenth idle: 1,100; with none 1,000, with three tenths 1,300."""
    terms = replace(PLAIN, doubts=(IDLE,))
    assert ends(bill(terms).total) == [1000, 1100, 1300]
    assert ends(bill(terms).calendar_hours) == [100, 100, 100]
    assert ends(bill(PLAIN).total) == [1100, 1100, 1100]


def test_set_up_is_in_the_calendar_too_and_doubts_join_in_squares():
    """A run of one hour: half an hour of set-up, 12 minutes to two hours."""
    one = replace(PLAIN, set_up_hours=0.5, idle_share=0)
    set_up = Doubt("set_up_hours", replace(one, set_up_hours=0.2), replace(one, set_up_hours=2))
    found = bill(replace(one, doubts=(set_up,)), hours=1.0)
    assert ends(found.total) == [12, 15, 30] and ends(found.calendar_hours) == [1.2, 1.5, 3.0]
    old = rented(moved=np.array([[0.5], [2.0]]))
    both = bill(replace(one, doubts=(set_up,)), old, hours=1.0)
    up = math.hypot(math.log(2), math.log(2))
    down = math.hypot(math.log(15 / 12), math.log(2))
    assert [15 * math.exp(-down), 15, 15 * math.exp(up)] == ends(both.total)
    assert ends(both.calendar_hours) == [1.2, 1.5, 3.0]


def test_a_term_that_is_paid_whole_has_no_doubt_of_idle_hours_until_another_begins():
    terms = replace(PLAIN, doubts=(IDLE,))
    assert ends(bill(terms, rented(term=1.0)).total) == [7300, 7300, 7300]
    assert ends(bill(terms, rented(term=1.0), hours=600.0).total) == [7300, 7300, 14600]


@given(
    st.floats(0.5, 5000), st.floats(0, 0.4), st.booleans(), st.sampled_from([None, (0.7, 1.6)]),
    st.sampled_from([{}, {"idle_share": 0.2}, {"download_gb": 500.0, "set_up_hours": 1.0}]),
)  # fmt: skip
def test_one_offer_as_many_and_as_interval_widened(hours, spread, spot, moved, own):
    """The bill of an offer alone is its column among others; every doubt widens it and leaves its median."""
    figures = FIGURES
    terms = cloud_terms(D32, figures, own, told=given_by_user(TODAY))
    run = around(hours, spread)
    rent = None if moved is None else Figure("rent_today", 1.0, "", SOURCE, *moved)
    offer = replace(OFFER, tier="spot" if spot else "on_demand", currency="EUR", hourly_price=Decimal(10))
    cost, calendar = alone(run, offer, terms, rent)
    drift = None if moved is None else np.repeat(np.array([moved]).T, 3, axis=1)
    many = cloud_bill(
        np.repeat(np.array([[run.p10], [run.p50], [run.p90]]), 3, axis=1),
        rented(3, spot=spot, moved=drift),
        terms,
    )
    for whole, column in ((cost.total, many.total), (calendar, many.calendar_hours)):
        assert column[:, 1] == pytest.approx([whole.p10, whole.p50, whole.p90])
    bare, quick = alone(run, offer, replace(terms, doubts=()))
    assert (cost.total.p50, calendar.p50) == pytest.approx((bare.total.p50, quick.p50))
    expected, elapsed = bare.total, quick
    for doubt in terms.doubts:
        low, high = (alone(certain(hours), offer, end) for end in (doubt.low, doubt.high))
        for which, now in ((0, bare.total.p50), (1, quick.p50)):
            least, most = sorted((_median(low[which]) / now, _median(high[which]) / now))
            factor = Interval(min(least, 1.0), 1.0, max(most, 1.0))
            expected, elapsed = (
                (expected.widened(factor), elapsed) if which == 0 else (expected, elapsed.widened(factor))
            )
    if moved is not None:
        expected = expected.widened(Interval(*moved[:1], 1.0, moved[1]))
    assert (cost.total.p10, cost.total.p90) == pytest.approx((expected.p10, expected.p90), rel=1e-6)
    assert (calendar.p10, calendar.p90) == pytest.approx((elapsed.p10, elapsed.p90), rel=1e-6)


def _median(of):
    return getattr(of, "total", of).p50


def test_every_doubt_is_named_with_its_range_and_what_was_told_has_none():
    figures = FIGURES
    told = cloud_terms(D32, figures, {"idle_share": 0.1}, told=given_by_user(TODAY))
    assert "idle_share" not in {doubt.name for doubt in told.doubts}
    usual = cloud_terms(D32, figures)
    for terms in (usual, told):
        spot = terms_inputs(terms, figures, replace(OFFER, tier="spot"))
        ranged = {i.figure.name.removeprefix("cloud_run.") for i in spot if i.figure.low is not None}
        assert ranged - {"tax_share"} == {doubt.name for doubt in terms.doubts}
        assert all(i.figure.source.title for i in spot)
    said = next(i.figure for i in spot if i.figure.name.endswith("idle_share"))
    assert (said.value, said.low, said.high, said.basis) == (0.1, None, None, "user")
    assert said.source == given_by_user(TODAY)


def test_a_published_mean_is_two_fifths_off_and_ones_own_price_is_not():
    spread = FIGURES["home_run.contract_spread"]
    published = replace(GERMANY.rate, kind="retail", per_kwh=Decimal("0.40"))
    price = flat(published, spread)
    assert price.doubt == Interval(0.6, 1.0, 1.4) and spread in price.figures
    assert flat(replace(published, kind="contract"), spread).doubt == certain(1.0)
    line = home_bill(certain(100), certain(100), price, HomeTerms())[0]
    assert (line.amount.p10, line.amount.p90) == (pytest.approx(24.0), pytest.approx(56.0))
    half = Figure("solar_share", 0.5, "share", SOURCE)
    sunny = with_solar(price, half, Figure("feed_in_per_kwh", 0.08, "EUR/kWh", SOURCE))
    assert (sunny.doubt.p10, sunny.doubt.p90) == (pytest.approx(0.16 / 0.24), pytest.approx(0.32 / 0.24))


def test_the_cash_for_a_dated_card_and_its_electricity_join_in_squares():
    bought = Purchase(Decimal(1000), Decimal(500), 1, SOURCE, price_range=Interval(900.0, 1000.0, 1200.0))
    terms = HomeTerms(purchase=bought)
    price = replace(flat(GERMANY.rate), per_kwh=Decimal(1))
    lines = home_bill(certain(1), Interval(40.0, 100.0, 190.0), price, terms)
    cash = cash_needed(lines, terms)
    assert (cash.p10, cash.p50, cash.p90) == pytest.approx(
        (1100 - math.hypot(60, 100), 1100, 1100 + math.hypot(90, 200))
    )


def test_debugging_at_home_by_hand():
    """Half of the idle tenth is saved (a tenth to nine tenths of it): 1,050 (1,010 to 1,090), and idle hours
    of none to three tenths: 1,000 to 1,150. 8 h (2 to 40) at 0.25 kW and 0.40 (0.24 to 0.56)."""
    figures = FIGURES
    debugging = debugging_of(replace(PLAIN, doubts=(IDLE,)), figures)
    assert {doubt.name for doubt in debugging.terms.doubts} == {"idle_share", "debugged_share"}
    found = bill(debugging.terms)
    down = math.hypot(math.log(1050 / 1010), math.log(1050 / 1000))
    up = math.hypot(math.log(1090 / 1050), math.log(1150 / 1050))
    assert [1050 * math.exp(-down), 1050, 1050 * math.exp(up)] == ends(found.total)
    money, calendar = with_debugging(
        found.total, found.calendar_hours, debugging, 0.25, Interval(0.24, 0.4, 0.56)
    )
    assert float(money[1, 0]) == pytest.approx(1050.8)
    assert ends(calendar) == [102, 108, 140]
    grown = math.log(money[2, 0] / 1050.8) / math.log(found.total[2, 0] / 1050)
    assert 0.99 < grown < 1.01


def looks(*rows):
    offer, kind, day, rent = (np.array(column) for column in zip(*rows, strict=True))
    zeros, offer = np.zeros(len(offer), dtype=np.int64), offer.astype(np.int64)
    return Looks(offer, kind.astype(np.int64), zeros, day.astype(np.int64), rent * 1.0, offer)


def test_rents_are_paired_by_offer_and_days_and_only_cheap_ones_count():
    """Four offers of one card: the cheapest doubles within a week, a dear one falls, two were gone. Of three
    there is little to choose from, of one seller's four nothing."""
    rows = (
        (1, 0, 100, 1), (1, 0, 107, 2), (2, 0, 100, 9), (2, 0, 107, 1), (3, 0, 100, 5), (4, 0, 100, 6)
    )  # fmt: skip
    seen = looks(*rows)
    (week,) = moves_seen(seen, ("on_demand",), SOURCE)
    assert (week.days, week.blocks, week.offers, week.observations) == (7, 1, 1, 1)
    assert week.ends[MIDDLE] == 2.0 and week.ends[0] == 1 / FURTHEST and week.ends[-1] == FURTHEST
    assert moves_seen(looks((1, 0, 100, 1), (2, 0, 107, 2)), ("on_demand",), SOURCE) == ()
    few = looks((1, 0, 100, 1), (1, 0, 107, 2), (2, 0, 100, 9), (3, 0, 100, 5))
    assert moves_seen(few, ("on_demand",), SOURCE) == ()
    assert moves_seen(replace(seen, seller=np.zeros(6, dtype=np.int64)), ("on_demand",), SOURCE) == ()


def market(kind, days, rents, first=0):
    """A card that one seller offers at these rents, below three others."""
    cheap = [(10 * kind, kind, day, rent) for day, rent in zip(days, rents, strict=True)]
    return [*cheap, *((10 * kind + i, kind, day, 1e6) for i in (1, 2, 3) for day in days)]


def test_a_block_is_a_card_in_a_window_however_many_offers_and_looks_fall_into_it():
    """Two cards, 60 days: of a month there are two blocks each, of two months one; sixty offers that
    are the cheapest together are one."""
    days = range(60)
    seen = looks(*market(1, days, [1] * 60), *market(2, days, [1] * 60))
    blocks = {found.days: found.blocks for found in moves_seen(seen, ("on_demand",), SOURCE)}
    assert blocks == {1: 118, 3: 38, 7: 16, 14: 8, 30: 4, 60: 2}
    alike = [(100 + i, 7, day, 1) for i in range(60) for day in (0, 7)]
    (week,) = moves_seen(looks(*alike), ("on_demand",), SOURCE)
    assert (week.blocks, week.offers, week.observations) == (1, 60, 60) and not week.is_enough


def test_every_block_counts_the_same_however_often_it_was_looked_at():
    """One card looked at daily for a month that stood still, one looked at twice that trebled: of two blocks
    one jumped."""
    seen = looks(*market(1, range(31), [1] * 31), *market(2, (0, 30), (1, 3)))
    month = {found.days: found for found in moves_seen(seen, ("on_demand",), SOURCE)}[30]
    assert month.blocks == 2 and 1.0 < month.ends[MIDDLE] < 3.0 < month.ends[-1]


def move(days, low, high, *, tier="spot", blocks=50, offers=50):
    below, above = MIDDLE, len(SHARES) - MIDDLE - 1
    return RentMove(tier, days, (low,) * below + (1.0,) + (high,) * above, blocks, offers, 500, SOURCE)


def test_an_older_rent_is_never_surer():
    moves = RentMoves([move(1, 0.9, 1.2), move(30, 0.6, 2.0), move(90, 0.8, 1.1)])
    down, up = moves.spread("spot", np.array([0.0, 1.0, 30.0, 90.0, 360.0]))
    assert down[0] == up[0] == 0 and up[1] == pytest.approx(math.log(1.2) / QUANTILE_90)
    assert up[2] == up[3] == pytest.approx(math.log(2) / QUANTILE_90) and up[4] == pytest.approx(2 * up[3])
    assert np.all(np.diff(down) >= 0) and np.all(np.diff(up) >= 0)
    assert not RentMoves().spread("spot", np.array([30.0])).any() and RentMoves().figure("spot", 30) is None
    assert moves.figure("spot", 0) is None and moves.longest_days("spot") == 90
    of_a_month = moves.figure("spot", 30)
    assert (of_a_month.low, of_a_month.high) == (pytest.approx(0.6), pytest.approx(2.0))
    assert of_a_month.source == SOURCE and "30 days" in of_a_month.unit


def test_a_tier_that_nobody_looked_at_moves_as_the_one_that_moves_most():
    moves = RentMoves([move(7, 0.9, 1.2, tier="on_demand"), move(7, 0.6, 2.0, tier="marketplace", blocks=11)])
    week = np.array([7.0])
    assert np.all(moves.spread("spot", week) == moves.spread("marketplace", week))
    assert np.all(moves.logs("reserved", week) == moves.logs("on_demand", week))
    assert moves.unseen("spot", week) == pytest.approx([1 / 13])


def test_ones_own_history_takes_its_place_where_it_tells_enough():
    shipped = RentMoves([move(1, 0.9, 1.2), move(30, 0.6, 2.0)])
    own = [move(1, 0.99, 1.01), move(30, 0.99, 1.01, blocks=3)]
    joined = shipped.superseded_by(own)
    assert {m.days: m.ends[MIDDLE + 2] for m in joined.moves} == {1: 1.01, 30: 2.0}


def test_the_shipped_table_knows_marketplaces_by_the_day_and_list_prices_by_the_quarter():
    days = np.array([1.0, 7.0, 30.0, 90.0])
    host, listed, reserved, community = (
        shipped_moves().spread(tier, days)[1]
        for tier in ("marketplace", "on_demand", "reserved", "community")
    )
    assert np.all(host > listed) and np.all(community == host) and np.all(reserved == listed)
    assert host[0] > 0.1 and listed[3] > 0.05
    assert all(m.is_enough for m in shipped_moves().moves)


def moved_by(*of):
    """Quantiles of a rent's moves, as logarithms of one offer."""
    return np.log(np.array([of], dtype=float)).T


STILL = moved_by(1, 1, 1, 1, 1, 1, 1, 1, 1)
JUMPS = moved_by(0.6, 0.8, 0.95, 1, 1, 1, 1.2, 1.7, 2.5)
"""Most stand still, one in ten rises by a fifth or more: no log-normal does."""


def test_a_rent_that_stands_still_or_jumps_by_hand():
    """A certain run of 100 h at 10: within 1,100 unless the rent rises by more than a tenth, as an eighth do:
    half way from the 75th percentile (1) to the 90th (1.2)."""
    run = np.full((3, 1), 100.0)
    terms = replace(PLAIN, idle_share=0.0)
    for moves, share in ((STILL, 1.0), (JUMPS, 0.75 + 0.15 * math.log(1.1) / math.log(1.2))):
        offer = replace(rented(), rent_moves=moves)
        told = cloud_bill(run, offer, terms)
        medians = told.calendar_hours[1], told.total[1]
        futures = Futures.over(medians, *cloud_futures(run, offer, terms, told.tax_factor))
        assert probability_within(*medians, futures, Limits(1100))[0] == pytest.approx(share, abs=0.005)


@given(
    st.floats(0.05, 0.4), st.floats(1, 400), st.floats(0.6, 3.0), st.floats(0.7, 2.0),
    st.sampled_from([STILL, JUMPS]), st.booleans(),
)  # fmt: skip
def test_the_joint_probability_is_what_drawing_every_doubt_finds(
    spread, hours, budget, deadline, moves, spot
):
    """Idle hours, set-up and download, interruptions, the move of the rent and the hours drawn, each bill
    computed anew; runs of an hour as well as of weeks."""
    base = CloudTerms(0.5, 100, 1000, 0, 0, 0.1, 1.0, 0.25, 1, 36)
    doubted = {
        "set_up_hours": (0.2, 2.0), "idle_share": (0.0, 0.3), "download_mbit_per_s": (300, 5000),
        "interruptions_per_day": (0.2, 4.0),
    }  # fmt: skip
    doubts = tuple(
        Doubt(name, replace(base, **{name: min(of)}), replace(base, **{name: max(of)}))
        for name, of in doubted.items()
    )
    run, terms = around(hours, spread), replace(base, doubts=doubts)
    took = np.array([[run.p10], [run.p50], [run.p90]])
    offer = replace(rented(spot=spot), rent_moves=moves)
    told = cloud_bill(took, offer, terms)
    medians = told.calendar_hours[1], told.total[1]
    limits = Limits(float(medians[1][0]) * budget, float(medians[0][0]) * deadline)
    futures = Futures.over(medians, *cloud_futures(took, offer, terms, told.tax_factor))
    said = probability_within(*medians, futures, limits)[0]
    random = np.random.default_rng(3)
    z = random.standard_normal((6, 20_000))
    trained = hours * np.exp(spread * z[0])
    price = 10.0 * np.exp(np.interp(random.random(20_000), SHARES, moves[:, 0]))
    of = {name: _drawn(getattr(base, name), ends, z[1 + i]) for i, (name, ends) in enumerate(doubted.items())}
    elapsed = trained + of["set_up_hours"] + 100 * 8e3 / 3600 / of["download_mbit_per_s"]
    if spot:
        each = 0.5 + 0.25
        expected = of["interruptions_per_day"] / 24 * trained
        lost = trained * 0.01 + each * (expected + z[5] * trained / math.sqrt(24 * hours))
        elapsed = elapsed + np.maximum(lost, 0.0)
    paid = price * (elapsed + trained * of["idle_share"])
    kept = ((paid <= limits.budget) & (elapsed <= limits.deadline_hours)).mean()
    assert said == pytest.approx(min(kept, CERTAIN), abs=0.03)


def _drawn(median, of, z):
    low, high = of
    up = np.exp(math.log(high / median) / QUANTILE_90 * np.abs(z))
    if low == 0:
        return np.where(z < 0, np.maximum(median * (1 - np.abs(z) / QUANTILE_90), 0.0), median * up)
    down = np.exp(math.log(low / median) / QUANTILE_90 * np.abs(z))
    return median * np.where(z < 0, down, up)
