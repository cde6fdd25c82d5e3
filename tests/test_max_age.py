"""How old a rent may be: any while only shipped prices are known, 30 days afterwards, or as asked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.alerts import evaluate
from service.answers.question import AskedComparison, AskedDecision
from service.answers.told import tell_comparison, tell_decision
from service.errors import InvalidValue
from service.estimate.price_age import USUAL_MAX_AGE_DAYS, age_limit_days
from service.estimate.superseded import Coverage
from service.facts import CloudOffer
from service.reports.words.answer_sentences import say_comparison, say_decision
from service.reports.words.wording import wording
from service.store import offers, source_answers
from service.store.alerts import Rule
from service.store.session import Sessions
from service.store.snapshot import load
from service.store.source_answers import SourceAnswer
from service.usecases.alerts import save_alert
from service.usecases.comparing import compare_home_with_cloud
from service.usecases.deciding import decide
from service.usecases.recent_prices import KEPT, recent
from tests.facts_for_tests import SOURCE

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
RUN = {"workload": "gpt2-124m"}


@pytest.fixture
def sessions(catalog_engine):
    return Sessions(catalog_engine)


def add(sessions, price, days_old, *, origin="live", read=NOW, gpu_count=8, instance="p"):
    offer = CloudOffer(
        "runpod", instance, "", None, "h100-sxm", "H100 SXM", gpu_count, 80.0, "on_demand", Decimal(price),
        "USD", NOW.date() - timedelta(days=days_old), SOURCE, origin=origin,
    )  # fmt: skip
    with sessions.begin() as session:
        offers.add_all(session, [offer], read)
    return offers.offer_slug(offer)


def decided(sessions, lang="en", **asked):
    decision = decide(load(sessions), AskedDecision.of(**RUN, **asked), NOW)
    return say_decision(wording(lang), tell_decision(decision))


def compared(sessions, lang="en", **asked):
    comparison = compare_home_with_cloud(load(sessions), AskedComparison.of(**RUN, **asked), NOW)
    return say_comparison(wording(lang), tell_comparison(comparison))


def test_before_any_refresh_the_shipped_price_answers_with_its_age_and_the_way_to_todays(sessions):
    answer = compared(sessions)
    used = {"max_age_days": None, "left_out": 0, "is_refreshed": False, "too_cheap": 0}
    assert answer.prices.model_dump() == used
    offer = answer.first("cloud").offer
    said = answer.verdict.summary
    assert f"The rent is {(NOW.date() - offer.as_of).days} days old, as shipped" in said
    assert "heimvorteil prices refresh --quick" in said
    assert "wie mitgeliefert" in compared(sessions, "de").verdict.summary
    assert "as shipped" in decided(sessions).summary


def test_once_an_offer_was_refreshed_older_ones_are_no_recommendation(sessions):
    add(sessions, 90, 0)
    answer = decided(sessions)
    rents = {plan.offer.as_of for plan in answer.shortlist if plan.offer}
    assert rents == {NOW.date()} and answer.prices.max_age_days == USUAL_MAX_AGE_DAYS
    assert answer.prices.left_out == len(load(sessions).offers) - 1
    assert "days old" not in answer.summary
    assert compared(sessions).first("cloud").offer.hourly_price == 90
    asked = compared(sessions, max_age_days=400)
    assert asked.first("cloud").offer.hourly_price < 90 and asked.prices.left_out == 0
    assert "reads today's prices" in asked.verdict.summary


def test_the_day_of_the_limit_still_counts(sessions):
    add(sessions, 1, USUAL_MAX_AGE_DAYS)
    assert compared(sessions).first("cloud").offer.hourly_price == 1
    assert compared(sessions, max_age_days=USUAL_MAX_AGE_DAYS - 1).first("cloud").offer is None


def test_what_is_missing_for_its_age_is_said(sessions):
    add(sessions, 1, 0, gpu_count=3)
    answer = compared(sessions)
    assert answer.first("cloud").offer is None and answer.first("cloud").cost is None
    left = answer.prices.left_out
    assert f"{left} offers older than 30 days were left out (--max-age)" in answer.verdict.summary
    assert f"{left} Angebote, die älter als 30 Tage sind" in compared(sessions, "de").verdict.summary


def test_who_asks_for_no_rent_is_not_told_of_rents_that_are_too_old(sessions):
    add(sessions, 1, 0, gpu_count=3)
    asked = {"own": ["rtx-4090"], "budget": 500}
    assert decided(sessions, **asked, tier="reserved").prices.left_out > 0
    answer = decided(sessions, **asked, tier="none")
    assert answer.prices.left_out == 0 and "--max-age" not in str(answer)


def test_an_offer_named_by_its_slug_counts_unless_an_age_is_asked_for(sessions):
    add(sessions, 90, 0)
    old = add(sessions, 80, 50, instance="old")
    answer = compared(sessions, cloud=old)
    assert answer.first("cloud").offer.slug == old and "50 days old" in answer.verdict.summary
    assert compared(sessions, cloud=old, max_age_days=50).first("cloud").offer.slug == old
    with pytest.raises(InvalidValue, match="50 days"):
        compared(sessions, cloud=old, max_age_days=49)


@pytest.mark.usefixtures("facts_are_read")
def test_a_price_in_a_providers_own_list_is_as_young_as_its_last_reading(sessions):
    add(sessions, 70, 90)
    assert compared(sessions).first("cloud").offer is None
    answer = SourceAnswer("live", "u", "", "", "", NOW, covers=(Coverage("runpod", ("on_demand",)),))
    with sessions.begin() as session:
        source_answers.put(session, answer)
    assert compared(sessions, cloud="8xh100-sxm").first("cloud").offer.hourly_price == 70
    with sessions.reading() as session:
        since = offers.OfferFilter(known_since=NOW.date(), gpu="h100-sxm")
        assert [o.hourly_price for o in offers.search(session, since).offers] == [70]


@pytest.mark.parametrize(
    ("days_old", "origin", "fires"), [(0, "live", 1), (0, "catalog", 0), (31, "live", 0)]
)
def test_an_alert_never_fires_on_a_shipped_or_stale_price(sessions, days_old, origin, fires):
    rule = Rule("", "h100-sxm", 8, "USD", threshold_per_hour=Decimal(5))
    save_alert(sessions, load(sessions), rule, "me", NOW)
    add(sessions, 1, days_old, origin=origin)
    assert evaluate(sessions, NOW) == fires


@given(st.none() | st.integers(0, 400), st.booleans())
def test_what_is_asked_wins_and_shipped_prices_have_no_limit(asked, is_refreshed):
    limit = age_limit_days(asked, is_refreshed=is_refreshed)
    assert limit == (asked if asked is not None else 30 if is_refreshed else None)


def test_prices_of_a_past_day_have_their_age_by_that_day(sessions):
    add(sessions, 1, 60, read=NOW - timedelta(days=60))
    with sessions.reading() as session:
        for since, found in ((60, 1), (59, 0)):
            wanted = offers.OfferFilter(
                provider="runpod", gpu="h100-sxm", gpu_count_min=8, as_of=NOW.date() - timedelta(days=40),
                known_since=NOW.date() - timedelta(days=since),
            )  # fmt: skip
            assert offers.search(session, wanted).total == found


def test_of_all_the_ages_that_are_asked_for_few_are_kept(sessions):
    """Anybody may ask for any; each holds offers of its own, and the same one twice is made once."""
    for days in range(1, 12):
        add(sessions, "9", days, instance=f"p{days}")
    snapshot = load(sessions)

    def younger(days):
        return recent(snapshot, AskedComparison.of(**RUN, max_age_days=days), NOW.date())[0]

    seen = [younger(days) for days in range(1, 11)]
    assert len({len(one.offers) for one in seen}) == 10
    held = [ref(one) for one in seen]
    assert younger(10) is seen[-1]
    del seen
    assert sum(one() is not None for one in held) == KEPT
