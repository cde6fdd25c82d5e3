"""What a rented run costs in all: the terms it needs beside its hours, and the bill as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

import numpy as np

from service.errors import InvalidValue, MissingFact, worded
from service.estimate.architecture import parameters
from service.estimate.cloud_bill import (
    HOURS_PER_MONTH,
    NO_NUMBERS,
    PRICE_VAT,
    CloudBill,
    CloudTerms,
    Doubt,
    Rented,
    cloud_bill,
)
from service.estimate.cost import BillLine, Cost, CostItem, conversion, egress_cost
from service.estimate.inputs import Input
from service.estimate.interval import Interval
from service.estimate.training_state import checkpoint_bytes
from service.estimate.vat import Vat
from service.facts import CloudOffer, ExchangeRate, Figure, Provider, Source, Workload

GB = 1e9
WEIGHT_BYTES = 2.0
PREFIX = "cloud_run."
FIGURES = (
    "set_up_hours", "download_bytes_per_token", "download_mbit_per_s", "checkpoints_kept", "idle_share",
    "interruptions_per_day", "restart_hours", "checkpoint_interval_hours", "checkpoint_gb_per_s",
    "tax_share",
)  # fmt: skip
OF_SPOT = ("interruptions_per_day", "restart_hours", "checkpoint_interval_hours", "checkpoint_gb_per_s")
NOT_DOUBTED = ("tax_share",)
"""A range of countries, not of what may come."""


def cloud_terms(
    workload: Workload,
    figures: Mapping[str, Figure],
    own: Mapping[str, float] | None = None,
    *,
    vat: Vat | None = None,
    told: Source | None = None,
) -> CloudTerms:
    """What a run needs on a rented machine: assumed per figure, sized by the model and its tokens, with the
    doubt of each assumption that has a range.

    `own` replaces any field of CloudTerms, and its doubt; a tax told there wins over `vat`; `told` is who
    says so. Raises InvalidValue for one that is none of them.
    """
    assumed = {name: figures[PREFIX + name].value for name in FIGURES}
    usual = _terms(workload, assumed, own or {})
    doubts = []
    for name in FIGURES:
        low, high = figures[PREFIX + name].low, figures[PREFIX + name].high
        if low is None or high is None or name in NOT_DOUBTED:
            continue
        least, most = (_terms(workload, {**assumed, name: end}, own or {}) for end in (low, high))
        if least != usual or most != usual:
            doubts.append(Doubt(name, least, most, is_of_spot=name in OF_SPOT))
    return replace(usual, doubts=tuple(doubts), vat=vat, told=told)


def _terms(workload: Workload, of: Mapping[str, float], own: Mapping[str, float]) -> CloudTerms:
    checkpoint_gb = checkpoint_bytes(workload.architecture, workload.recipe) / GB
    data_gb = _data_gb(workload, of["download_bytes_per_token"])
    usual = CloudTerms(
        set_up_hours=of["set_up_hours"],
        download_gb=data_gb,
        download_mbit_per_s=of["download_mbit_per_s"],
        storage_gb=data_gb + of["checkpoints_kept"] * checkpoint_gb,
        egress_gb=checkpoint_gb,
        idle_share=of["idle_share"],
        interruptions_per_day=of["interruptions_per_day"],
        restart_hours=of["restart_hours"],
        checkpoint_interval_hours=of["checkpoint_interval_hours"],
        checkpoint_seconds=checkpoint_gb / of["checkpoint_gb_per_s"],
        tax_share=of["tax_share"],
    )
    names = [field.name for field in fields(CloudTerms) if field.name not in NO_NUMBERS]
    for name in own:
        if name not in names:
            raise InvalidValue("rent_terms", name, worded("unknown"), names)
    said: dict[str, Any] = dict(own)
    said["interruptions_as_told"] = "interruptions_per_day" in own
    said["tax_as_told"] = "tax_share" in own
    return replace(usual, **said)


def _data_gb(workload: Workload, bytes_per_token: float) -> float:
    """What is brought in before training: every token once, however many trials and epochs; the model that is
    fine-tuned in 16 bits, as it is published."""
    data = workload.fine_tuning
    if data is None:
        return workload.tokens / workload.runs_computed * bytes_per_token / GB
    model = WEIGHT_BYTES * parameters(workload.architecture)
    return (data.examples * data.mean_tokens * bytes_per_token + model) / GB


def terms_inputs(
    terms: CloudTerms, figures: Mapping[str, Figure], offer: CloudOffer, provider: Provider | None = None
) -> tuple[Input, ...]:
    """The assumptions behind the lines of a bill that this offer has, each with the range that its doubt is
    from, or what is known of it or was told instead."""
    is_spot = offer.tier == "spot"
    known = None if terms.interruptions_as_told else offer.interruptions
    names = [
        "set_up_hours",
        "download_bytes_per_token",
        "download_mbit_per_s",
        "checkpoints_kept",
        "idle_share",
    ]
    if is_spot:
        names += [
            "interruptions_per_day",
            "restart_hours",
            "checkpoint_interval_hours",
            "checkpoint_gb_per_s",
        ]
    tax = replace(figures[PREFIX + "tax_share"], value=terms.tax_share)
    if terms.tax_as_told:
        tax = _as_used(tax, "tax_share", terms)
    elif terms.vat is not None:
        tax = terms.vat.figure(provider.price_vat if provider else None, tax)
    lines = tuple(
        Input(
            "rented run",
            known if known and known.name == PREFIX + name else _as_used(figures[PREFIX + name], name, terms),
        )
        for name in names
    )
    return (*lines, Input("rented run", tax))


def _as_used(assumed: Figure, name: str, terms: CloudTerms) -> Figure:
    value = getattr(terms, name, assumed.value)
    if assumed.low is None or any(doubt.name == name for doubt in terms.doubts):
        return replace(assumed, value=value)
    if terms.told is None or not hasattr(terms, name):
        return replace(assumed, value=value, low=None, high=None)
    return Figure(assumed.name, value, assumed.unit, terms.told, basis="user")


def rented_columns(
    offers: Sequence[tuple[CloudOffer, Provider | None]],
    currency: str,
    rates: Sequence[ExchangeRate],
    instances: int = 1,
    *,
    egress_gb: float = 0.0,
    skip_unpriced: bool = False,
    rent_doubt: np.ndarray | None = None,
) -> Rented:
    """Offers as the columns of a bill, prices and fees in one currency; the egress fee is the mean of the
    marginal tiers that `egress_gb` go through. `rent_doubt` as in Rented.

    Raises MissingFact for a currency without an exchange rate; with `skip_unpriced` its price is NaN.
    """
    factors: dict[str, float] = {}

    def factor(source: str) -> float:
        if source not in factors:
            try:
                factors[source] = float(conversion(source, currency, rates).factor)
            except MissingFact:
                if not skip_unpriced:
                    raise
                factors[source] = float("nan")
        return factors[source]

    def fee(provider: Provider | None, name: str) -> float:
        value = getattr(provider, name) if provider else None
        if provider is None or value is None or provider.fee_currency is None:
            return float("nan")
        return float(value) * factor(provider.fee_currency)

    def seconds(provider: Provider | None, name: str) -> float:
        return float(getattr(provider, name) or 0.0) if provider else 0.0

    return Rented(
        price_per_hour=np.array(
            [float(offer.hourly_price) * factor(offer.currency) * instances for offer, _ in offers]
        ),
        is_spot=np.array([offer.tier == "spot" for offer, _ in offers]),
        term_months=np.array([float(offer.term_months or 0) for offer, _ in offers]),
        billing_increment_s=np.array([seconds(p, "billing_increment_s") for _, p in offers]),
        minimum_billing_s=np.array([seconds(p, "minimum_billing_s") for _, p in offers]),
        egress_per_gb=np.array([fee(p, "egress_per_gb") * tiers_share(p, egress_gb) for _, p in offers]),
        storage_per_gb_month=np.array([fee(p, "storage_per_gb_month") for _, p in offers]),
        interruptions_per_day=np.array(
            [o.interruptions.value if o.interruptions else np.nan for o, _ in offers]
        ),
        price_vat=np.array([PRICE_VAT.index(p.price_vat if p else None) for _, p in offers], dtype=np.int8),
        rent_doubt=rent_doubt,
    )


def tiers_share(provider: Provider | None, egress_gb: float) -> float:
    """The mean fee of so many gigabytes over the fee of the first: 1 within the first tier, less beyond."""
    if provider is None or not provider.egress_per_gb or not provider.egress_tiers or egress_gb <= 0:
        return 1.0
    cost = egress_cost(Decimal(repr(egress_gb)), provider)
    return 1.0 if cost is None else float(cost / provider.egress_per_gb) / egress_gb


@dataclass(frozen=True, slots=True)
class RentedRun:
    """What a run on one offer comes to."""

    cost: Cost
    calendar_hours: Interval
    """From start to end."""
    machine_hours: Interval
    """Billed: set-up, idle and interrupted hours too."""


def rented_cost(
    hours: Interval,
    offer: CloudOffer,
    provider: Provider | None,
    *,
    currency: str,
    rates: Sequence[ExchangeRate],
    terms: CloudTerms,
    instances: int = 1,
    rent_today: Figure | None = None,
) -> RentedRun:
    """The bill of one offer as lines, and the hours it rests on; `rent_today` is how far its rent may have
    moved since it was stated (RentMoves.figure).

    Lines that come to nothing are left out, but what is unknown of the provider stays, without an amount.
    """
    moved = None if rent_today is None else np.array([[rent_today.low], [rent_today.high]], dtype=np.float64)
    columns = rented_columns(
        [(offer, provider)], currency, rates, instances, egress_gb=terms.egress_gb, rent_doubt=moved
    )
    training = np.array([[hours.p10], [hours.p50], [hours.p90]])
    bill = cloud_bill(training, columns, terms)
    converted = conversion(offer.currency, currency, rates)
    per_hour = offer.hourly_price * converted.factor * instances
    items = [
        _hours_line(code, bill, per_hour)
        for code in ("rent", "set_up", "idle", "interruptions", "commitment")
    ]
    months = bill.machine_hours / HOURS_PER_MONTH
    items.append(
        _fee_line("storage", terms.storage_gb * months, "GB-months", columns.storage_per_gb_month[0])
    )
    sent = np.full_like(training, terms.egress_gb)
    items.append(_fee_line("egress", sent, "GB", columns.egress_per_gb[0]))
    tax = float(bill.tax_factor[0]) - 1
    if bill.tax.any():
        line = _fee_line("tax", bill.summed - bill.tax, currency, round(tax, 9))
        items.append(replace(line, amount=Interval(*sorted(float(x) for x in bill.tax[:, 0]))))
    kept = tuple(item for item in items if item.code == "rent" or item.amount is None or item.amount.p90)
    total = _interval(bill.total)
    return RentedRun(
        Cost(currency, total, kept, converted, cash=total),
        _interval(bill.calendar_hours),
        _interval(bill.machine_hours),
    )


def _hours_line(code: BillLine, bill: CloudBill, per_hour: Decimal) -> CostItem:
    amount = _interval(getattr(bill, code))
    return CostItem(code, amount * (1 / float(per_hour)), "h", per_hour, amount)


def _fee_line(code: BillLine, quantity: np.ndarray, unit: str, unit_price: float) -> CostItem:
    many = _interval(quantity)
    if np.isnan(unit_price):
        return CostItem(code, many, unit, None, None)
    return CostItem(code, many, unit, Decimal(repr(float(unit_price))), many * float(unit_price))


def _interval(column: np.ndarray) -> Interval:
    return Interval(*(float(value) for value in column[:, 0]))
