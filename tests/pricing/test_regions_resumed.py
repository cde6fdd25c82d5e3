"""A list in regions: what failed is asked for alone, soon, all of it when it is due; nothing is lost."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pricing.http import Door
from pricing.parts import wanted_parts
from pricing.refresh import refresh
from pricing.schedule import next_due
from pricing.source import Asked
from pricing.sources.cloud import aws, aws_savings_plans, azure
from pricing.standing import due_after
from service.store import offers, source_answers
from tests.pricing.test_cloud_sources import serving, told
from tests.pricing.test_contracts import FRANKFURT, MAPS, OREGON, price_map
from tests.pricing.test_every_source import recorded

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OHIO = price_map("US East (Ohio)", p5_48xlarge="55.0400000000")
ALL = {"/maps/US%20West%20%28Oregon%29": OREGON, "/maps/EU%20%28Frankfurt%29": FRANKFURT,
       "/maps/US%20East%20%28Ohio%29": OHIO}  # fmt: skip
OREGON_ALONE = {path: body for path, body in ALL.items() if "Oregon" in path}


@pytest.fixture
def read(database):
    def one(answers, minutes):
        asked = []
        with serving(answers, asked) as base:
            settings = {aws.SOURCE.url_setting: f"{base}/maps/{{location}}#us-west-2,eu-central-1,us-east-2"}
            at = NOW + timedelta(minutes=minutes)
            outcome = refresh(database, aws.SOURCE, at, None, settings)
        due = due_after(database, aws.SOURCE, outcome, at) - NOW
        return outcome, {path.split("/")[-1] for path in asked}, due

    one.database = database
    return one


def listed(sessions):
    with sessions.reading() as session:
        page = offers.search(session, offers.OfferFilter(provider="aws"), limit=500).offers
    return {o.region: o.fetched_at - NOW for o in page if o.origin == "aws"}


def test_only_what_failed_is_asked_for_and_the_rest_stays_as_it_was_read(read):
    everything, minute = {path.split("/")[-1] for path in ALL}, timedelta(minutes=1)
    first, asked, due = read(OREGON_ALONE, 0)
    assert (first.outcome, asked, due) == ("ok", everything, 15 * minute)
    assert "left out, kept as they were: eu-central-1, us-east-2" in first.error
    second, asked, due = read({**OREGON_ALONE, "/maps/US%20East%20%28Ohio%29": OHIO}, 15)
    assert (second.outcome, due) == ("ok", 30 * minute)
    assert asked == {"EU%20%28Frankfurt%29", "US%20East%20%28Ohio%29"}
    assert "only eu-central-1, us-east-2, left out before; left out" in second.error
    assert listed(read.database) == {"us-west-2": 0 * minute, "us-east-2": 15 * minute}
    down, asked, due = read({}, 30)
    assert (down.outcome, asked) == ("failed", {"EU%20%28Frankfurt%29"}) and due <= timedelta(hours=24)
    assert set(listed(read.database)) == {"us-west-2", "us-east-2"}
    _, asked, due = read(ALL, 60)
    assert (asked, due) == ({"EU%20%28Frankfurt%29"}, timedelta(hours=25))
    assert set(listed(read.database)) == {"us-west-2", "us-east-2", "eu-central-1"}
    _, asked, _ = read(ALL, 25 * 60)
    assert asked == everything


def test_a_region_that_never_answers_keeps_no_other_from_being_read_again(read):
    without = {path: body for path, body in ALL.items() if "Frankfurt" not in path}
    _, _, due = read(without, 0)
    times = []
    while due < timedelta(hours=24):
        times.append(int(due.total_seconds() // 60))
        outcome, asked, due = read(without, times[-1])
        assert outcome.outcome == "failed" and asked == {"EU%20%28Frankfurt%29"}
    assert times[0] == 15 and len(times) > 3 and due == timedelta(hours=24)
    again, asked, _ = read(without, 24 * 60)
    assert again.outcome == "unchanged" and len(asked) == 3
    with read.database.reading() as session:
        answer = source_answers.get(session, "aws")
    assert answer.left_out == ("eu-central-1",) and answer.asked_all_at == NOW + timedelta(hours=24)


def test_what_a_region_no_longer_names_is_gone_when_it_is_read_alone(read):
    read({path: body for path, body in ALL.items() if "Frankfurt" not in path}, 0)
    smaller = price_map("EU (Frankfurt)", p4d_24xlarge="26.1")
    read({**MAPS, "/maps/EU%20%28Frankfurt%29": smaller}, 15)
    assert set(listed(read.database)) == {"us-west-2", "us-east-2", "eu-central-1"}


def test_when_it_is_due_and_which_parts_are_wanted():
    at = NOW + timedelta(hours=2)
    assert next_due(aws.SOURCE, "ok", at, asked_all_at=NOW) == at + timedelta(hours=2)
    assert next_due(aws.SOURCE, "ok", NOW + timedelta(hours=20), asked_all_at=NOW) == NOW + timedelta(days=1)
    assert next_due(aws.SOURCE, "failed", at, asked_all_at=NOW, retry_after_s=3 * 3600) == at + timedelta(
        hours=3
    )
    asked = Asked("", NOW, only=("b", "gone"))
    assert wanted_parts(["a", "b"], asked) == (["b"], ("b",))
    assert wanted_parts(["a"], asked) == (["a"], ()) == wanted_parts(["a"], Asked("", NOW))


def test_azure_too_asks_for_the_named_regions_alone():
    asked = []

    class Page:
        def get(self, url, headers=None):
            asked.append(url)
            return recorded("azure")

        def same_host(self, link, host):
            raise AssertionError(link)

    payload = azure.fetch(Page(), Asked("https://x/{region}#eastus,uksouth", NOW, only=("uksouth",)))
    assert asked == ["https://x/uksouth"] and payload.only == ("uksouth",) and not payload.left_out


def test_savings_plans_are_read_by_region_and_term_and_one_region_fails_alone():
    year, years = "/sp/1%20year/EU%20%28Frankfurt%29", "/sp/3%20year/EU%20%28Frankfurt%29"
    content = recorded("aws_savings_plans").content
    answers = {year: content, years: content, "/sp/1%20year/US%20West%20%28Oregon%29": content}
    with serving(answers) as base, Door(NOW) as door:
        asked = Asked(f"{base}/sp/{{term}}/{{location}}#eu-central-1,us-west-2", NOW)
        payload = aws_savings_plans.fetch(door, asked)
    assert list(payload.left_out) == ["us-west-2"] and b"m7g" not in payload.content
    kept, reasons = told(aws_savings_plans.parse(payload))
    found = {
        (o.instance, o.region, o.tier, o.term_months): (o.hourly_price, o.gpu_count) for o in kept.values()
    }
    assert found == {
        ("p5.48xlarge (savings plan)", "eu-central-1", "reserved", 12): (Decimal("45.5"), 8),
        ("g6e.2xlarge (savings plan)", "eu-central-1", "reserved", 36): (Decimal("1.41"), 1),
    }
    assert set(reasons) == {"2.01 is dearer than 1.258 on demand", "which GPUs p9.48xlarge has is not known"}
    assert {o.as_of for o in kept.values()} == {date(2026, 9, 10)}
