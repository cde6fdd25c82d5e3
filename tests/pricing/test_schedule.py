"""When sources are asked: their own cadence, day-ahead polling, fallbacks; whatever the clock does."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, pairwise

from hypothesis import given
from hypothesis import strategies as st

from pricing.schedule import (
    POLL,
    PUBLISHED_FROM,
    RETRY_AFTER,
    SourceHealth,
    is_wanted,
    next_due,
)
from pricing.sources import SOURCES
from service.estimate.market_day import MARKET_TIME, day_of

BY_NAME = {source.name: source for source in SOURCES}
ECB, GERMANY = BY_NAME["ecb"], BY_NAME["energy_charts"]
SMARD, AWATTAR = BY_NAME["smard_de_lu"], BY_NAME["awattar_de"]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
DST_DAYS = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25), date(2027, 3, 28)]
INSTANTS = st.one_of(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.builds(
        lambda day, minutes: datetime.combine(day, time.min, UTC) + timedelta(minutes=minutes),
        st.sampled_from(DST_DAYS),
        st.integers(-120, 48 * 60),
    ),
)


def local(*when):
    return datetime(*when, tzinfo=MARKET_TIME).astimezone(UTC)


def test_every_source_keeps_its_own_cadence_and_is_retried_sooner_after_a_failure():
    now = local(2026, 11, 24, 10)
    assert BY_NAME["eurostat"].every == 7 * DAY and BY_NAME["uk_carbon_intensity"].every == HOUR / 2
    for source in SOURCES:
        assert next_due(source, "ok", now) == next_due(source, "unchanged", now) == now + source.every
        assert next_due(source, "failed", now) == now + min(RETRY_AFTER, source.every)
        assert now < next_due(source, "asleep", now) <= now + DAY


def test_failures_in_a_row_are_retried_less_and_less_but_never_less_than_the_cadence():
    now = local(2026, 11, 24, 10)
    waits = [(next_due(ECB, "failed", now, failures=n) - now) / HOUR for n in range(1, 9)]
    assert waits == [0.25, 0.5, 1, 2, 4, 6, 6, 6]


def test_a_source_is_not_asked_before_the_time_it_asked_for():
    now = local(2026, 11, 24, 10)
    assert next_due(ECB, "failed", now, retry_after_s=7200) == now + 2 * HOUR
    assert next_due(ECB, "failed", now, retry_after_s=1) == now + RETRY_AFTER
    assert next_due(ECB, "failed", now, retry_after_s=10**12) == now + DAY
    assert next_due(BY_NAME["eurostat"], "failed", now, retry_after_s=10**12) == now + 7 * DAY
    late = local(2026, 11, 24, 14)
    asked = {"retry_after_s": 3600.0, "complete_until": date(2026, 11, 24)}
    assert next_due(GERMANY, "failed", late, **asked) == late + HOUR


def test_tomorrow_is_asked_for_from_one_o_clock_and_no_more_once_it_is_complete():
    today, tomorrow = date(2026, 11, 24), date(2026, 11, 25)

    def due(hour, minute, known):
        return next_due(GERMANY, "ok", local(2026, 11, 24, hour, minute), complete_until=known)

    assert due(9, 0, today) == local(2026, 11, 24, 13)
    assert due(13, 0, today) == local(2026, 11, 24, 13, 15)
    assert due(15, 30, today) == local(2026, 11, 24, 16)
    assert due(13, 15, tomorrow) == due(23, 59, tomorrow) == local(2026, 11, 25, 13)
    assert due(9, 0, date.min) == local(2026, 11, 24, 9, 30)
    assert due(12, 50, date.min) == local(2026, 11, 24, 13)


def test_one_o_clock_is_one_o_clock_in_summer_and_winter():
    before = local(2026, 10, 24, 14)
    due = next_due(GERMANY, "ok", before, complete_until=date(2026, 10, 25))
    assert due == datetime(2026, 10, 25, 12, tzinfo=UTC) and due - before == 24 * HOUR
    before = local(2026, 3, 28, 14)
    due = next_due(GERMANY, "ok", before, complete_until=date(2026, 3, 29))
    assert due == datetime(2026, 3, 29, 11, tzinfo=UTC) and due - before == 22 * HOUR


@given(
    st.sampled_from(SOURCES),
    st.sampled_from(["ok", "unchanged", "failed", "asleep"]),
    INSTANTS,
    st.one_of(st.none(), st.floats(0, 1e9)),
    st.integers(0, 10**6),
    st.one_of(st.none(), st.just(date.min), st.integers(-3, 3)),
)
def test_it_is_always_due_later_and_never_much_later(source, outcome, now, wait, failures, known):
    complete = day_of(now) + timedelta(days=known) if isinstance(known, int) else known
    due = next_due(source, outcome, now, retry_after_s=wait, failures=failures, complete_until=complete)
    longest = max(source.every, 2 * DAY)
    assert now < due <= now + longest
    if wait is not None:
        assert due >= now + min(timedelta(seconds=wait), DAY)


@given(
    st.sampled_from(DST_DAYS),
    st.integers(0, 26 * 60),
    st.lists(st.sampled_from([-0.4, 1, 5, 10, 15, 40]), min_size=3, max_size=20).filter(lambda s: sum(s) > 5),
    st.lists(st.sampled_from([PUBLISHED_FROM, time(13, 40), time(14, 20)]), min_size=5, max_size=5),
)
def test_any_days_with_clock_changes_ask_often_enough_and_not_too_often(day, start, steps, published):
    """Three days of a loop that stops, starts again and has its clock set back a little: each tomorrow
    is fetched soon after it is published, and few requests are made."""
    begin = now = datetime.combine(day - DAY, time.min, MARKET_TIME).astimezone(UTC) + start * MINUTE
    due, asked = now, []
    ticks = cycle(steps)
    while now < begin + 3 * DAY:
        if now >= due:
            asked.append(now)
            out = published[(day_of(now) - day_of(begin)).days] <= now.astimezone(MARKET_TIME).time()
            complete = day_of(now) + DAY if out else day_of(now)
            due = next_due(GERMANY, "ok", now, complete_until=complete)
            if out:
                assert due.astimezone(MARKET_TIME).time() == PUBLISHED_FROM
                assert day_of(due) == day_of(now) + DAY
        now += next(ticks) * MINUTE
    # The first look may fall a few minutes before the hour at which tomorrow can be out.
    early = asked[0].astimezone(MARKET_TIME).time() < PUBLISHED_FROM
    assert all(later - sooner >= POLL for sooner, later in pairwise(asked[1:] if early else asked))
    walls = [at.astimezone(MARKET_TIME) for at in asked[1:]]
    assert all(wall.time() >= PUBLISHED_FROM for wall in walls)
    for later in (day_of(begin) + DAY, day_of(begin) + 2 * DAY):
        on_the_day = [wall.time() for wall in walls if wall.date() == later]
        assert 1 <= len(on_the_day) <= 7 and max(on_the_day) < time(15, 45)


def standing(**fields):
    return SourceHealth(**{"is_failing": False, "last_success": None, "complete_until": None, **fields})


def test_a_fallback_is_asked_only_while_its_first_choice_fails_or_is_stale():
    now, today = local(2026, 11, 24, 14, 45), date(2026, 11, 24)
    well = standing(last_success=now - HOUR, complete_until=today + DAY)
    late = standing(last_success=now - HOUR, complete_until=today)
    down = standing(is_failing=True, last_success=now - DAY, complete_until=today)

    def asked(source, at=now, **standings):
        return is_wanted(source, BY_NAME, standings, at)

    assert asked(GERMANY) and asked(ECB, ecb=down)
    assert not asked(SMARD, energy_charts=well)
    assert asked(SMARD, energy_charts=down) and asked(SMARD, energy_charts=late) and asked(SMARD)
    assert not asked(SMARD, now - HOUR, energy_charts=late)
    assert not asked(AWATTAR, energy_charts=well)
    assert not asked(AWATTAR, energy_charts=down, smard_de_lu=well)
    assert asked(AWATTAR, energy_charts=down, smard_de_lu=down)
    assert not asked(BY_NAME["entsoe_de_lu"], energy_charts=down, smard_de_lu=down, awattar_de=well)
    frankfurter = BY_NAME["frankfurter"]
    assert not asked(frankfurter, ecb=standing(last_success=now - 7 * HOUR))
    assert asked(frankfurter, ecb=standing(last_success=now - 13 * HOUR)) and asked(frankfurter, ecb=down)


def test_every_fallback_has_its_first_choice_and_no_chain_runs_in_a_circle():
    for source in SOURCES:
        seen = [source.name]
        while (first := BY_NAME[seen[-1]].fallback_for) is not None:
            assert first in BY_NAME and first not in seen
            assert BY_NAME[first].market_zone == source.market_zone
            seen.append(first)
        assert len(seen) <= 4
