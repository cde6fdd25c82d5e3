"""Traffic by marginal tiers: more of it never costs less."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidValue
from service.estimate.cost import egress_cost
from service.estimate.rental import tiers_share
from service.facts import EgressTier, Provider
from tests.facts_for_tests import shipped_catalog

PROVIDERS = {provider.slug: provider for provider in shipped_catalog().providers}
GIGABYTES = st.decimals(0, 10**6, places=3)
TIERS = st.lists(
    st.tuples(st.integers(1, 10**6), st.decimals(0, 1, places=4)), max_size=5, unique_by=lambda t: t[0]
)


@st.composite
def providers(draw):
    tiers = tuple(EgressTier(Decimal(start), price) for start, price in sorted(draw(TIERS)))
    first = draw(st.decimals(0, 1, places=4))
    return Provider("p", "P", "", "gpu-cloud", egress_per_gb=first, egress_tiers=tiers)


@pytest.mark.parametrize(
    ("provider", "gigabytes", "dollars"),
    [
        # SkyPilot's GCP function prices every GB at the last tier reached: 122.88 for 1,024 GB, but
        # 112.75 for 1,025. Its AWS function does the same beyond 150 TB.
        ("gcp", "1024", "122.88"), ("gcp", "1025", "122.99"), ("gcp", "20480", "1955.84"),
        ("aws", "10240", "921.6"), ("aws", "10241", "921.685"), ("aws", "153601", "11571.25"),
        ("azure", "1", "0.0875"), ("runpod", "5000", "0"), ("lambda", "1", "0"), ("gcp", "0", "0"),
    ],
)  # fmt: skip
def test_known_bills(provider, gigabytes, dollars):
    assert egress_cost(Decimal(gigabytes), PROVIDERS[provider]) == Decimal(dollars)
    assert PROVIDERS[provider].fee_currency == "USD"
    assert PROVIDERS[provider].sources["egress_per_gb"].url


def test_the_bug_of_the_peer_is_not_ours():
    wrong = Decimal(1025) * PROVIDERS["gcp"].egress_tiers[0].per_gb
    assert wrong == Decimal("112.75") < egress_cost(Decimal(1024), PROVIDERS["gcp"])
    assert egress_cost(Decimal(1025), PROVIDERS["gcp"]) > egress_cost(Decimal(1024), PROVIDERS["gcp"])


def test_unknown_is_not_free_and_less_than_nothing_is_refused():
    assert egress_cost(Decimal(1), PROVIDERS["modal"]) is None
    with pytest.raises(InvalidValue, match="gigabytes"):
        egress_cost(Decimal(-1), PROVIDERS["gcp"])


@given(providers(), GIGABYTES, GIGABYTES)
def test_more_traffic_never_costs_less_and_prices_stay_between_the_tiers(provider, one, other):
    less, more = sorted((one, other))
    cost = egress_cost(more, provider)
    assert egress_cost(less, provider) <= cost
    prices = [provider.egress_per_gb, *(tier.per_gb for tier in provider.egress_tiers)]
    assert min(prices) * more <= cost <= max(prices) * more
    assert cost - egress_cost(less, provider) <= max(prices) * (more - less)


@given(providers(), GIGABYTES)
def test_it_is_what_each_gigabyte_costs_added_up(provider, gigabytes):
    tiers = [EgressTier(Decimal(0), provider.egress_per_gb), *provider.egress_tiers]
    edges = sorted({*(tier.from_gb for tier in tiers if tier.from_gb < gigabytes), gigabytes})
    added = Decimal(0)
    for start, end in zip([Decimal(0), *edges], edges, strict=False):
        reached = max((tier for tier in tiers if tier.from_gb <= start), key=lambda tier: tier.from_gb)
        added += (end - start) * reached.per_gb
    assert egress_cost(gigabytes, provider) == added


def test_a_bill_pays_the_mean_of_its_tiers():
    """15 TB at 0.12 for the first 10 and 0.11 beyond: 116.7 thousandths a gigabyte, 0.9722 of the first."""
    provider = Provider(
        "p", "P", "", "hyperscaler", egress_per_gb=Decimal("0.12"), fee_currency="USD",
        egress_tiers=(EgressTier(Decimal(10_000), Decimal("0.11")),),
    )  # fmt: skip
    assert tiers_share(provider, 15_000) == pytest.approx((1200 + 550) / 1800)
    assert tiers_share(provider, 9_000) == 1.0 and tiers_share(None, 9_000) == 1.0
