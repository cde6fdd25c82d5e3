"""The traps of Eurostat's half-yearly prices of households."""

import json
from datetime import UTC, date, datetime

import pytest

from pricing.checks import Known, check
from pricing.refresh import refresh
from pricing.source import Payload, UnreadablePayload
from pricing.sources import SOURCES
from service.store import rates
from service.store.session import Sessions
from tests.pricing.test_every_source import recorded

(EUROSTAT,) = (source for source in SOURCES if source.name == "eurostat")
NOW = datetime(2026, 10, 30, 18, tzinfo=UTC)


def eurostat(change=lambda answer: None):
    answer = json.loads(recorded("eurostat").content)
    change(answer)
    return EUROSTAT.parse(Payload(json.dumps(answer).encode(), EUROSTAT.url, NOW))


def test_eurostat_cells_find_their_country_period_and_tax_level():
    rates = {(r.zone, r.valid_until, r.taxes): r for r in eurostat()}
    germany = rates["DE", date(2025, 12, 31), "all"]
    assert str(germany.per_kwh) == "0.3869" and germany.note == "provisional"
    assert (germany.valid_from, germany.as_of) == (date(2025, 7, 1), date(2025, 12, 31))
    assert rates["AT", date(2025, 12, 31), "all"].note == "estimated"
    assert str(rates["GR", date(2024, 12, 31), "all"].per_kwh) == "0.2311"
    assert rates["EU27", date(2025, 6, 30), "all"].zone_name == "European Union (27)"
    assert not {zone for zone, _, _ in rates} & {"EL", "UK", "GB", "EA20", "CH"}
    # Reliefs booked as negative taxes: dearer without taxes than with all of them.
    ireland = {taxes: rates["IE", date(2024, 12, 31), taxes].per_kwh for taxes in ("all", "excl_taxes")}
    assert ireland["excl_taxes"] > ireland["all"]
    assert not check(eurostat(), Known()).rejected and len(rates) == 25


def test_eurostat_in_another_currency_or_band_is_not_taken_for_euros():
    def to_national(answer):
        answer["dimension"]["currency"]["category"]["index"] = {"NAC": 0}

    with pytest.raises(UnreadablePayload):
        eurostat(to_national)

    def beyond(answer):
        answer["value"]["100000"] = 0.3

    with pytest.raises(UnreadablePayload, match="position"):
        eurostat(beyond)


def test_eurostat_shipped_rows_are_corrected_in_place(catalog_engine):
    sessions = Sessions(catalog_engine)
    with sessions.reading() as session:
        before = len(rates.electricity(session, "DE"))
    revised = recorded("eurostat").content.replace(b"0.3869", b"0.3871")
    outcome = refresh(sessions, EUROSTAT, NOW, lambda a: Payload(revised, a.url, NOW), {})
    assert outcome.outcome == "ok"
    with sessions.reading() as session:
        after = [r for r in rates.electricity(session, "DE") if r.as_of == date(2025, 12, 31)]
        assert [str(r.per_kwh) for r in after] == ["0.3871"]
        assert len(rates.electricity(session, "DE")) == before
    again = refresh(sessions, EUROSTAT, NOW, lambda a: Payload(revised, a.url, NOW), {})
    assert again.outcome == "unchanged"
