"""Stored answers, small and real: the headline, no price, many offers, long bills, hostile names."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType

import orjson

from service.decide.comparison import compare
from service.decide.options import Rental, cloud_option, home_option
from service.estimate.home_bill import HomeTerms, Purchase
from service.reports.sections.rented_price import PricePoint
from tests.facts_for_tests import (
    ASKED_AT,
    D32,
    GERMANY,
    H100_SXM,
    KNOWLEDGE,
    LAMBDA,
    OFFER,
    RATIO,
    RENTAL,
    RTX_4070,
    SOURCE,
    figure,
)
from tests.reports.told_for_tests import as_plain_comparison

IDENTITY = "0123456789abcdef0123"
HISTORY = [
    PricePoint(date(2026, 1, 5), Decimal("36.5"), "USD"),
    PricePoint(date(2026, 5, 7), Decimal("31.92"), "USD"),
]
RECORD = {
    f"track_record.{group}.{name}": figure(f"track_record.{group}.{name}", value, "of the runs")
    for group, values in {"run": (125, 0.0301, 0.7967), "memory": (17, 0.0307, 0.8235)}.items()
    for name, value in zip(("rows", "median_absolute_error", "coverage_80"), values, strict=True)
}
KNOWN = replace(KNOWLEDGE, figures={**KNOWLEDGE.figures, **RECORD})


def stored(
    rentals=(RENTAL,), workload=D32, card=RTX_4070, household=GERMANY, figures=MappingProxyType({}), **kwargs
) -> dict:
    """An answer's JSON as values, with an identity as the store gives it."""
    known = replace(KNOWN, figures={**KNOWN.figures, **figures})
    options = [home_option(workload, card, 1, household, currency="EUR", knowledge=known)]
    options += [
        cloud_option(workload, H100_SXM, 8, rental, currency="EUR", knowledge=known) for rental in rentals
    ]
    found = compare(
        workload,
        options,
        asked_at=ASKED_AT,
        currency="EUR",
        zone="DE",
        knowledge=known,
        data_version=7,
        reference_ratio=RATIO,
        reference_card=RTX_4070,
        **kwargs,
    )
    return {**as_plain_comparison(found), "id": IDENTITY}


def packed(answer: dict) -> bytes:
    """As it is stored."""
    return orjson.dumps(answer)


@cache
def headline() -> bytes:
    return packed(stored())


def without_price() -> bytes:
    return packed(stored([Rental(None)]))


def many(count: int) -> bytes:
    """One option at home and so many rented ones, each a little dearer."""
    answer = stored()
    home, rented = answer["options"]
    dearer = []
    for i in range(count):
        item = rented["cost"]["items"][0]
        factor = 1 + i / 1000
        scaled = {key: round(item[key] * factor, 2) for key in ("p10", "p50", "p90")}
        item = {**item, "unit_price": round(item["unit_price"] * factor, 9), **scaled}
        dearer.append({**rented, "cost": {**rented["cost"], **scaled, "items": [item]}})
    return packed({**answer, "considered_offers": count, "options": [home, *dearer]})


def long_bills() -> bytes:
    """Bills of every line: some priced, one that is not counted, a gain, a tax, one without a known price."""
    home = HomeTerms(
        wear_per_hour=Decimal("0.02"),
        purchase=Purchase(Decimal(600), Decimal(300), 2, SOURCE),
        base_fee_per_month=Decimal(12),
        heating_share=0.3,
        heat_per_kwh=Decimal("0.11"),
    )
    needs = {
        "set_up_hours": 0.5, "download_bytes_per_token": 2, "checkpoints_kept": 3, "idle_share": 0.1,
        "interruptions_per_day": 1.5, "restart_hours": 0.25, "tax_share": 0.19,
    }  # fmt: skip
    figures = {f"cloud_run.{name}": figure(name, value, "x") for name, value in needs.items()}
    provider = replace(LAMBDA, storage_per_gb_month=Decimal("0.02"), fee_currency="USD")
    rental = replace(RENTAL, offer=replace(OFFER, tier="spot"), provider=provider)
    return packed(stored([rental], household=replace(GERMANY, terms=home), figures=figures))


HOSTILE = (
    "=HYPERLINK(\"x\")|<script>alert('ü')</script>",
    "+cmd|' /C calc'!A0",
    "@everyone #1 [a](javascript:b) `c` *d* _e_",
    "-1+1 \\ #let x = 1; $a$ <b> \"quoted\" & 'more' ~f~",
    "W" * 180,
)


def hostile() -> bytes:
    """Names and titles that every format would like to take for something else."""
    answer = stored([RENTAL, replace(RENTAL, offer=replace(OFFER, instance=HOSTILE[1]))])
    answer["workload"]["name"] = HOSTILE[0]
    answer["options"][0]["label"] = HOSTILE[2]
    answer["options"][1]["label"] = HOSTILE[4]
    answer["options"][1]["offer"]["provider_name"] = HOSTILE[3]
    answer["options"][0]["sources"][0]["source"] = HOSTILE[0]
    for number in answer["options"][0]["sources"]:
        number["source"], number["url"] = HOSTILE[3], "javascript:alert(1)"
    return packed(answer)
