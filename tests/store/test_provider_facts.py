"""What is known of who rents out GPUs: each value with its source, what is unknown left unknown."""

from datetime import date
from types import MappingProxyType

import pytest

from service.errors import InvalidValue
from service.facts import Provider, Source
from service.store import providers
from service.store.catalog_fields import TomlTable
from service.store.catalog_files import _country, _price_vat
from tests.facts_for_tests import shipped_catalog

SAID = Source("terms", "Terms", "https://example.org", date(2026, 9, 1))
READ = {"source": "terms", "read_on": date(2026, 11, 28)}
SOURCED = (
    "headquarters", "price_vat", "billing_increment_s", "minimum_billing_s", "includes_processor",
    "includes_memory", "includes_local_disk", "egress_per_gb", "storage_per_gb_month",
)  # fmt: skip


def table(**values):
    return TomlTable("providers.toml [p]", values, {"terms": SAID})


def test_every_value_of_every_provider_says_who_told_it_and_when():
    for provider in shipped_catalog().providers:
        known = {field for field in SOURCED if getattr(provider, field) is not None}
        assert known == {field for field in provider.sources if field in SOURCED}, provider.slug
        assert all(source.url and source.read_on for source in provider.sources.values()), provider.slug


def test_a_value_has_a_source_and_what_is_left_out_is_unknown():
    told = table(includes={"processor": True, "local_disk": False, **READ})
    found = told.stated("includes", "processor", "memory", "local_disk")
    assert found == {"processor": True, "memory": None, "local_disk": False}
    assert set(told.sources) == {"includes_processor", "includes_local_disk"}
    assert told.sources["includes_processor"].read_on == date(2026, 11, 28)
    assert table().stated("price_vat", "value") == {"value": None}


@pytest.mark.parametrize(
    ("read", "values", "said"),
    [
        (_country, {"headquarters": {"value": "Germany", **READ}}, "ISO 3166"),
        (_country, {"headquarters": "DE"}, "needs a source"),
        (_price_vat, {"price_vat": {"value": "netto", **READ}}, "net"),
        (
            _price_vat,
            {"price_vat": {"value": "net", "source": "nobody", "read_on": date(2026, 1, 1)}},
            "terms",
        ),
    ],
)
def test_a_wrong_one_is_refused_by_name(read, values, said):
    with pytest.raises(InvalidValue, match=said) as refused:
        read(table(**values))
    assert next(iter(values)) in str(refused.value)


@pytest.mark.parametrize(("per_gb", "included"), [(None, None), ("0", True), ("0.09", False)])
def test_egress_is_included_where_it_costs_nothing(sessions, per_gb, included):
    from decimal import Decimal

    price = None if per_gb is None else Decimal(per_gb)
    told = Provider(
        "p", "P", "", "gpu-cloud", sources=MappingProxyType({"price_vat": SAID}), headquarters="FI",
        price_vat="gross", includes_memory=False, egress_per_gb=price, fee_currency="USD",
    )  # fmt: skip
    with sessions.begin() as session:
        assert providers.put(session, told)
    with sessions.reading() as session:
        kept = providers.get(session, "p")
    assert kept == told and kept.includes_egress is included and kept.includes_processor is None
