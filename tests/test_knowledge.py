"""What follows from a snapshot is worked out once, and again only when what it follows from has changed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from service.facts import ExchangeRate
from service.store import exchange_rates
from service.store.session import Sessions, engine_for
from service.store.snapshot import load
from service.usecases.knowledge import groundwork_of, knowledge_of
from tests.facts_for_tests import SOURCE


def test_plans_and_calibration_outlive_a_change_of_prices_and_no_change_of_runs(catalog_copy):
    engine = engine_for(catalog_copy())
    before = load(Sessions(engine))
    assert knowledge_of(before) is knowledge_of(before)
    with Sessions(engine).begin() as session:
        rate = ExchangeRate("EUR", "USD", Decimal("1.2345"), date(2026, 11, 28), SOURCE)
        exchange_rates.put_all(session, [rate])
    after = load(Sessions(engine))
    engine.dispose()
    rates = [{r.rate for r in knowledge_of(snapshot).exchange_rates} for snapshot in (before, after)]
    assert rate.rate in rates[1] - rates[0]
    assert knowledge_of(after).calibration is knowledge_of(before).calibration
    assert groundwork_of(after).plans is groundwork_of(before).plans
    fewer = replace(after, measured_runs=after.measured_runs[1:])
    assert knowledge_of(fewer).calibration is not knowledge_of(after).calibration
    fewer = replace(after, gpus={slug: gpu for slug, gpu in after.gpus.items() if slug != "rtx-4070"})
    assert groundwork_of(fewer).plans is not groundwork_of(after).plans
